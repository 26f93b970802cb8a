package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Transports;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.ReadOption;
import dev.vecho.core.config.Source;
import dev.vecho.server.ConfigurationSchema;
import dev.vecho.server.Section;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The schema of each section beside the listeners says what its code does. */
class SectionSchemasTest {

    private static final JsonObject SCHEMA = ConfigurationSchema.of(Transports.load());

    /** A section that is accepted and has TLS, by key. */
    private static final Map<String, JsonObject> SAMPLES = Map.of(
            "management",
            new JsonObject()
                    .put(
                            "tls",
                            new JsonObject()
                                    .put("selfSigned", true)
                                    .put("certificates", new JsonArray().add(new JsonObject()))),
            "accessLog",
            new JsonObject(),
            "checks",
            new JsonObject().put("*", new JsonObject()),
            "probe",
            new JsonObject().put("scripts", new JsonObject().put("*", new JsonObject())),
            "notify",
            new JsonObject()
                    .put("*", new JsonObject().put("url", "https://localhost").put("tls", new JsonObject())));

    private static Vertx vertx;

    @BeforeAll
    static void start() {
        vertx = Launch.vertx("auto");
    }

    @AfterAll
    static void stop() {
        vertx.close().await();
    }

    static Stream<Section> sections() {
        return Section.all().stream();
    }

    private static JsonObject schema(Section section) {
        return Schemas.definition(SCHEMA, "section-" + section.key());
    }

    private static List<String> problems(Section section, JsonObject json, Map<String, ReadOption> reads) {
        Problems problems = new Problems();
        section.read(
                vertx,
                new Options(
                        json,
                        path -> Source.named("section"),
                        problems,
                        read -> reads.put(read.path().replaceAll("\\[[0-9]+]", "[]"), read)));
        return problems.messages();
    }

    @Test
    void haveSamples() {
        assertThat(SAMPLES.keySet())
                .isEqualTo(new TreeSet<>(sections().map(Section::key).toList()));
    }

    @ParameterizedTest
    @MethodSource("sections")
    void haveTheKeysBoundsAndDefaultsOfTheCode(Section section) {
        Map<String, ReadOption> reads = new TreeMap<>();
        problems(section, Objects.requireNonNull(SAMPLES.get(section.key())), reads);
        Map<String, JsonObject> keys = new TreeMap<>(Schemas.keys(schema(section)));
        keys.values().removeIf(schema -> "null".equals(schema.getValue("type")));
        assertThat(keys.keySet()).isEqualTo(reads.keySet());
        keys.forEach((path, schema) -> {
            ReadOption read = Objects.requireNonNull(reads.get(path), path);
            assertThat(schema.getString("description")).as(path).isNotBlank();
            assertThat(schema.getLong("minimum")).as(path + ": minimum").isEqualTo(read.least());
            assertThat(schema.getLong("maximum")).as(path + ": maximum").isEqualTo(read.most());
            if (schema.getValue("default") instanceof Number || schema.getValue("default") instanceof Boolean) {
                assertThat(String.valueOf(schema.getValue("default")))
                        .as(path + ": default")
                        .isEqualTo(String.valueOf(read.otherwise()));
            }
        });
    }

    @Test
    void refuseWhatTheCodeRefuses() {
        Section management = sections()
                .filter(section -> section.key().equals("management"))
                .findFirst()
                .orElseThrow();
        JsonObject tls = new JsonObject().put("selfSigned", true);
        for (JsonObject wrong : List.of(
                new JsonObject().put("port", 70_000),
                new JsonObject().put("port", "7070"),
                new JsonObject().put("host", ""),
                new JsonObject().put("token", ""),
                new JsonObject().put("token", 7),
                new JsonObject().put("enabled", "yes"),
                new JsonObject().put("prot", 7070),
                new JsonObject().put("tls", tls.copy().put("alpn", "h2")),
                new JsonObject().put("tls", tls.copy().put("engine", "jdk")),
                new JsonObject().put("tls", new JsonObject()))) {
            assertThat(problems(management, wrong, new TreeMap<>()))
                    .as(wrong.encode())
                    .isNotEmpty();
            assertThat(Schemas.errors(schema(management), wrong))
                    .as(wrong.encode())
                    .isNotEmpty();
            assertThat(Schemas.errors(SCHEMA, new JsonObject().put("management", wrong)))
                    .as(wrong.encode())
                    .isNotEmpty();
        }
        for (JsonObject right : List.of(
                new JsonObject(),
                new JsonObject().put("host", "127.0.0.1").put("port", 0),
                new JsonObject().put("host", "::1"),
                new JsonObject().put("host", "0.0.0.0").put("token", "secret"),
                new JsonObject().put("tls", tls),
                new JsonObject().put("enabled", false).put("port", "whatever"))) {
            assertThat(problems(management, right, new TreeMap<>()))
                    .as(right.encode())
                    .isEmpty();
            assertThat(Schemas.errors(SCHEMA, new JsonObject().put("management", right)))
                    .as(right.encode())
                    .isEmpty();
        }
        assertThat(problems(management, new JsonObject().put("host", "0.0.0.0"), new TreeMap<>()))
                .singleElement()
                .asString()
                .startsWith("section: host: must be loopback");
        assertThat(problems(management, new JsonObject().put("token", "a").put("tokenFile", "b"), new TreeMap<>()))
                .containsExactly("section: tokenFile: stands beside token: give one or the other");
        assertThat(problems(management, new JsonObject().put("tokenFile", "/nowhere/token"), new TreeMap<>()))
                .containsExactly("section: tokenFile: no such file: /nowhere/token");
    }
}
