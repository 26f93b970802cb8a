package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Transport;
import dev.vecho.core.Transports;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.ReadOption;
import dev.vecho.core.config.ReadOption.Kind;
import dev.vecho.core.config.Source;
import dev.vecho.server.ConfigurationSchema;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The schema of each transport's listeners says what its code does: the same keys, types, bounds and defaults. */
class ListenerSchemasTest {

    private static final Transports TRANSPORTS = Transports.load();
    private static final JsonObject SCHEMA = ConfigurationSchema.of(TRANSPORTS);

    /** Those whose TLS is described by the same keys as that of tcp. */
    private static final List<String> SAME_TLS = List.of("unix", "http", "websocket", "grpc");

    /** Beyond these the validator computes with numbers that are not exact. */
    private static final BigInteger EXACT = BigInteger.ONE.shiftLeft(53);

    private static Vertx vertx;

    @TempDir
    static Path directory;

    @BeforeAll
    static void start() {
        // As the command does: on the best io, for some options need it.
        vertx = Launch.vertx("auto");
    }

    @AfterAll
    static void stop() {
        vertx.close().await();
    }

    static Collection<String> names() {
        return TRANSPORTS.names();
    }

    private static JsonObject schema(String name) {
        return Schemas.definition(SCHEMA, "listener-" + name);
    }

    /** A listener that is accepted, with TLS or without. */
    private static JsonObject sample(String name, boolean withTls) {
        JsonObject sample = new JsonObject();
        Map<String, JsonObject> keys = Schemas.keys(schema(name));
        if (keys.containsKey("path")) {
            // Without it a client has no address to go by.
            sample.put("proxyProtocol", true);
            sample.put("path", directory.resolve("echo.sock").toString());
        }
        if (withTls && keys.containsKey("tls")) {
            sample.put("tls", new JsonObject().put("selfSigned", true));
        }
        if (keys.containsKey("requestBufferMaxBytes")) {
            // As much as is kept in memory at most.
            sample.put("requestBufferMaxBytes", 1 << 30);
        }
        return sample;
    }

    private static boolean needsTls(String name) {
        return schema(name).getJsonArray("required", new JsonArray()).contains("tls");
    }

    /** What the code has against a listener. */
    private static List<String> problems(String name, JsonObject listener, Map<String, ReadOption> reads) {
        Problems problems = new Problems();
        Options options = new Options(
                listener,
                path -> Source.named("listener"),
                problems,
                read -> reads.put(read.path().replaceAll("\\[[0-9]+]", "[]"), read));
        Transport transport = TRANSPORTS.named(name).orElseThrow();
        assertThat(transport.unavailable(vertx)).as(name).isEmpty();
        // Which those who read all listeners ask for.
        options.has("transport");
        options.has("enabled");
        transport.server(vertx, options);
        return problems.messages();
    }

    private static List<String> problems(String name, JsonObject listener) {
        return problems(name, listener, new TreeMap<>());
    }

    private static Map<String, ReadOption> reads(String name) {
        Map<String, ReadOption> reads = new TreeMap<>();
        JsonObject sample = sample(name, true);
        if (sample.containsKey("tls")) {
            JsonObject more = sample.copy();
            more.getJsonObject("tls").put("certificates", new JsonArray().add(new JsonObject()));
            problems(name, more, reads);
        }
        sample.remove("requestBufferMaxBytes");
        assertThat(problems(name, sample, reads)).as(name).isEmpty();
        return reads;
    }

    /** The keys of a transport, but for those that all have, and those that it has no use for. */
    private static Map<String, JsonObject> keys(String name) {
        Map<String, JsonObject> keys = new TreeMap<>(Schemas.keys(schema(name)));
        keys.keySet().removeAll(Set.of("transport", "enabled"));
        keys.values().removeIf(schema -> "null".equals(schema.getValue("type")));
        return keys;
    }

    @ParameterizedTest
    @MethodSource("names")
    void hasTheKeysOfTheCode(String name) {
        assertThat(keys(name).keySet()).isEqualTo(new TreeSet<>(reads(name).keySet()));
    }

    @ParameterizedTest
    @MethodSource("names")
    void hasTheTypesBoundsAndDefaultsOfTheCode(String name) {
        Map<String, ReadOption> reads = reads(name);
        keys(name).forEach((path, schema) -> {
            ReadOption read = Objects.requireNonNull(reads.get(path), path);
            assertThat(schema.getString("description")).as(path).isNotBlank();
            assertThat(isOfKind(schema, read.kind()))
                    .as(path + ": " + read.kind() + " " + schema)
                    .isTrue();
            assertThat(schema.getLong("minimum")).as(path + ": minimum").isEqualTo(read.least());
            assertThat(schema.getLong("maximum")).as(path + ": maximum").isEqualTo(read.most());
            if (read.kind() == Kind.CHOICE) {
                List<Object> choices = new ArrayList<>(read.choices());
                choices.add(null);
                assertThat(schema.getJsonArray("enum")).as(path).containsExactlyInAnyOrderElementsOf(choices);
            }
            if (schema.containsKey("default")) {
                assertThat(plain(schema.getValue("default")))
                        .as(path + ": default")
                        .isEqualTo(plain(Objects.requireNonNull(read.otherwise(), path)));
            } else if (read.otherwise() != null) {
                assertThat(schema.getString("description"))
                        .as(path + " has the default " + read.otherwise())
                        .contains("Default: ");
            }
        });
    }

    private static boolean isOfKind(JsonObject schema, Kind kind) {
        return switch (kind) {
            case TEXT, SECRET, CHOICE -> Schemas.allows(schema, "string");
            case INTEGER -> Schemas.allows(schema, "integer");
            case DECIMAL -> Schemas.allows(schema, "number");
            case FLAG -> Schemas.allows(schema, "boolean");
            case NAMED -> schema.containsKey("anyOf") || Schemas.allows(schema, "string");
            case TEXTS, SECRETS, INTEGERS -> schema.containsKey("anyOf");
            case OBJECT -> Schemas.allows(schema, "object");
            case OBJECTS -> Schemas.allows(schema, "array");
        };
    }

    private static String plain(@Nullable Object value) {
        return value instanceof List<?> list ? new JsonArray(list).encode() : String.valueOf(value);
    }

    @Test
    void describesOneTlsForAll() {
        JsonObject tcp = tls("tcp");
        for (String name : SAME_TLS) {
            assertThat(tls(name)).as(name).isEqualTo(tcp);
        }
    }

    private static JsonObject tls(String name) {
        JsonObject tls = schema(name).getJsonObject("properties").getJsonObject("tls");
        tls.getJsonObject("properties").getJsonObject("alpn").remove("default");
        return tls;
    }

    @ParameterizedTest
    @MethodSource("names")
    void acceptsAndRefusesWhatTheCodeDoes(String name) {
        JsonObject plain = sample(name, needsTls(name));
        JsonObject withTls = sample(name, true);
        assertThat(problems(name, plain)).isEmpty();
        assertThat(problems(name, withTls)).isEmpty();
        assertThat(Schemas.errors(schema(name), plain)).isEmpty();
        assertThat(Schemas.errors(schema(name), withTls)).isEmpty();
        Map<String, ReadOption> reads = reads(name);
        reads.forEach((path, read) -> {
            boolean nested = path.indexOf('.') > 0;
            if (path.contains("[]") || (nested && SAME_TLS.contains(name))) {
                return;
            }
            JsonObject base = nested || path.equals("http3") ? withTls : plain;
            JsonObject schema = Objects.requireNonNull(keys(name).get(path), path);
            good(read, schema).forEach(value -> accepted(name, with(base, path, value), path));
            bad(read).forEach(value -> refused(name, with(base, path, value)));
        });
        for (String object : withTls.containsKey("tls") ? List.of("", "tls.") : List.of("")) {
            refused(name, with(withTls, object + "unknownKey", 1));
        }
        Schemas.keys(schema(name)).forEach((path, schema) -> {
            if ("null".equals(schema.getValue("type"))) {
                refused(name, with(withTls, path, "x"));
                accepted(name, with(withTls, path, NULL), path);
            }
        });
    }

    private static Stream<Object> good(ReadOption read, JsonObject schema) {
        Stream<Object> values = switch (read.kind()) {
            case INTEGER -> Stream.of(Objects.requireNonNull(read.least()), Objects.requireNonNull(read.most()));
            case FLAG -> Stream.of(true, false);
            case CHOICE -> read.choices().stream().map(choice -> choice);
            case NAMED ->
                schema.containsKey("anyOf")
                        ? Stream.of(
                                "echo",
                                "discard",
                                new JsonObject().put("echo", new JsonObject()),
                                new JsonObject().put("discard", new JsonObject()))
                        : Stream.of("echo");
            default -> Stream.of();
        };
        boolean optional = read.kind() == Kind.OBJECT || read.kind() == Kind.TEXT || Schemas.allows(schema, "null");
        boolean required = Set.of("path", "tls").contains(read.path());
        return optional && !required ? Stream.concat(values, Stream.of(NULL)) : values;
    }

    private static Stream<Object> bad(ReadOption read) {
        return switch (read.kind()) {
            case INTEGER ->
                Stream.concat(
                        Stream.of("7", 1.5, true, new JsonArray()),
                        Stream.of(
                                        BigInteger.valueOf(Objects.requireNonNull(read.least()))
                                                .subtract(BigInteger.ONE),
                                        BigInteger.valueOf(Objects.requireNonNull(read.most()))
                                                .add(BigInteger.ONE))
                                .filter(number -> number.abs().compareTo(EXACT) < 0)
                                .map(BigInteger::longValueExact));
            case FLAG -> Stream.of("true", 1, new JsonArray());
            case CHOICE -> Stream.of("pigeon", "", 7);
            case TEXT -> Stream.of("", 7, true, new JsonArray());
            case NAMED ->
                Stream.of(
                        "",
                        7,
                        "pigeon",
                        new JsonArray(),
                        new JsonObject(),
                        new JsonObject().put("pigeon", new JsonObject()),
                        new JsonObject().put("discard", 7),
                        new JsonObject().put("discard", new JsonObject().put("unknownKey", 1)),
                        new JsonObject().put("discard", new JsonObject()).put("echo", new JsonObject()));
            case SECRET -> Stream.of(7, true, new JsonArray());
            case TEXTS -> Stream.of(7, "", new JsonArray().add(""), new JsonArray().add(7), new JsonObject());
            case OBJECT -> Stream.of("x", 7, new JsonArray());
            case OBJECTS -> Stream.of("x", new JsonObject(), new JsonArray().add("x"));
            default -> throw new AssertionError("nothing is known of " + read.kind());
        };
    }

    /** Stands for null, which a stream may not have. */
    private static final Object NULL = new Object();

    private static JsonObject with(JsonObject base, String path, Object value) {
        JsonObject listener = base.copy();
        JsonObject at = listener;
        String[] keys = path.split("\\.", -1);
        for (int i = 0; i < keys.length - 1; i++) {
            at = at.getJsonObject(keys[i]);
        }
        at.put(keys[keys.length - 1], value == NULL ? null : value);
        return listener;
    }

    /** By the schema; and by the code, but for what other keys or this machine have against it. */
    private static void accepted(String name, JsonObject listener, String path) {
        List<String> problems = problems(name, listener);
        assertThat(problems)
                .as(name + " " + listener.encode())
                .noneMatch(line -> line.startsWith("listener: " + path + ":"));
        String errors = Schemas.errors(schema(name), listener);
        if (problems.isEmpty() || !errors.isEmpty()) {
            assertThat(errors.isEmpty())
                    .as(name + " " + listener.encode() + " " + errors)
                    .isEqualTo(problems.isEmpty());
        }
    }

    private static void refused(String name, JsonObject listener) {
        assertThat(problems(name, listener)).as(name + " " + listener.encode()).isNotEmpty();
        assertThat(Schemas.errors(schema(name), listener))
                .as("the schema of " + name + " " + listener.encode())
                .isNotEmpty();
    }

    @Test
    void needsWhatTheCodeNeeds() {
        for (String name : names()) {
            JsonObject nothing = new JsonObject();
            assertThat(Schemas.errors(schema(name), nothing).isEmpty())
                    .as(name)
                    .isEqualTo(problems(name, nothing).isEmpty());
            if (sample(name, true).containsKey("tls")) {
                refused(name, sample(name, true).put("tls", new JsonObject()));
            }
        }
    }

    @Test
    void isPartOfTheSchemaOfTheService() {
        JsonObject listeners = new JsonObject();
        names().forEach(name -> listeners.put(name, sample(name, true).put("transport", name)));
        assertThat(Schemas.errors(SCHEMA, new JsonObject().put("listeners", listeners)))
                .isEmpty();
    }
}
