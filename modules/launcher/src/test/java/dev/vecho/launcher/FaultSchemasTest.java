package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Transports;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.server.ConfigurationSchema;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which faults a listener may have: the schema and the code say the same of each, on every transport. */
class FaultSchemasTest {

    private static final Transports TRANSPORTS = Transports.load();
    private static final JsonObject SCHEMA = ConfigurationSchema.of(TRANSPORTS);

    /** Each fault of any transport, with a value that is in order. */
    private static final Map<String, Object> SAMPLES = new TreeMap<>(Map.ofEntries(
            Map.entry("seed", 1),
            Map.entry("probability", 0.5),
            Map.entry("for", "1s"),
            Map.entry("every", "2s"),
            Map.entry("silent", true),
            Map.entry("neverAccept", true),
            Map.entry("handshakeDelay", "1ms"),
            Map.entry("certificates", new JsonObject().put("a.example", "expired")),
            Map.entry("latency", "1ms"),
            Map.entry("bytesPerSecond", 1000),
            Map.entry("slice", new JsonObject().put("bytes", 10)),
            Map.entry("stallAfterBytes", 10),
            Map.entry("cut", new JsonObject().put("afterBytes", 1)),
            Map.entry("corrupt", new JsonObject().put("rate", 0.5)),
            Map.entry("halfClose", "refuse"),
            Map.entry("closeDelay", "1ms"),
            Map.entry("queueBytes", 2048),
            Map.entry("status", new JsonObject().put("code", 503)),
            Map.entry("loseTrailers", true),
            Map.entry("loss", new JsonObject().put("rate", 0.1)),
            Map.entry("duplicate", 0.1),
            Map.entry("reorder", new JsonObject().put("rate", 0.1)),
            Map.entry("truncate", new JsonObject().put("bytes", 1))));

    private static final List<String> DIRECTIONS = List.of("toPeer", "fromPeer");

    private static Vertx vertx;

    @TempDir
    static Path directory;

    @BeforeAll
    static void start() {
        vertx = Launch.vertx("auto");
    }

    @AfterAll
    static void stop() {
        vertx.close().await();
    }

    static Collection<String> names() {
        return TRANSPORTS.names();
    }

    /** The keys of faults, those of a direction with its name before them. */
    private static Set<String> faults() {
        Set<String> found = new TreeSet<>();
        for (String kind : List.of("stream", "messages", "requests")) {
            JsonObject properties = Schemas.definition(SCHEMA, "faults-" + kind).getJsonObject("properties");
            found.addAll(properties.fieldNames());
            for (String direction : DIRECTIONS) {
                properties
                        .getJsonObject(direction)
                        .getJsonObject("properties")
                        .fieldNames()
                        .forEach(key -> found.add(direction + "." + key));
            }
        }
        found.removeAll(DIRECTIONS);
        return found;
    }

    private static String last(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    /** A listener that may have what it can have: TLS, and limits for what sends more than it gets. */
    private static JsonObject listener(String transport) {
        JsonObject listener = new JsonObject();
        Map<String, JsonObject> keys = Schemas.keys(Schemas.definition(SCHEMA, "listener-" + transport));
        if (keys.containsKey("path")) {
            listener.put("path", directory.resolve("echo.sock").toString());
        }
        if (keys.containsKey("tls")) {
            listener.put("tls", new JsonObject().put("selfSigned", true));
        }
        if (keys.containsKey("maxDatagramsPerSecond")) {
            listener.put("allow", new JsonArray().add("127.0.0.0/8")).put("maxDatagramsPerSecond", 100);
        }
        return listener;
    }

    private static JsonObject with(String transport, String path) {
        JsonObject faults = new JsonObject();
        String key = last(path);
        JsonObject object = faults;
        if (!key.equals(path)) {
            object = new JsonObject();
            faults.put(path.substring(0, path.indexOf('.')), object);
        }
        object.put(key, SAMPLES.get(key));
        if (key.equals("every")) {
            faults.put("for", "1s");
        }
        return listener(transport).put("faults", faults);
    }

    private static List<String> problems(String transport, JsonObject listener) {
        Problems problems = new Problems();
        Options options = Options.of(listener, Source.named("listener"), problems);
        TRANSPORTS.named(transport).orElseThrow().server(vertx, options);
        return problems.messages();
    }

    private static String errors(String transport, JsonObject listener) {
        return Schemas.errors(Schemas.definition(SCHEMA, "listener-" + transport), listener);
    }

    @Test
    void hasASampleOfEach() {
        assertThat(faults().stream().map(FaultSchemasTest::last).distinct())
                .containsExactlyInAnyOrderElementsOf(SAMPLES.keySet());
    }

    @ParameterizedTest
    @MethodSource("names")
    void sayTheSameOfEachFault(String transport) {
        for (String path : faults()) {
            JsonObject listener = with(transport, path);
            List<String> problems = problems(transport, listener);
            String errors = errors(transport, listener);
            assertThat(errors.isEmpty())
                    .as("%s of %s: the code says %s, the schema %s", path, transport, problems, errors)
                    .isEqualTo(problems.isEmpty());
        }
    }
}
