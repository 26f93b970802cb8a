package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Transports;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.server.Configuration;
import dev.vecho.server.ConfigurationSchema;
import dev.vecho.server.ConfiguredValue;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The schema of the service's configuration says what the service does, and the copy beside the examples is the same. */
class ConfigurationSchemaTest {

    private static final Transports TRANSPORTS = Transports.load();
    private static final JsonObject SCHEMA = ConfigurationSchema.of(TRANSPORTS);
    private static final Path COPY = Path.of("..", "..", "conf", "vecho.schema.json");

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

    private static List<ConfiguredValue> effective(String json) throws IOException {
        Path file = Files.writeString(directory.resolve("vecho.json"), json);
        return Configuration.load(vertx, List.of(file)).await().effective(vertx, TRANSPORTS);
    }

    private static List<String> problems(String json) throws IOException {
        try {
            effective(json);
            return List.of();
        } catch (InvalidInputException e) {
            return e.problems();
        }
    }

    static List<Path> examples() throws IOException {
        return ConfFilesTest.files();
    }

    @Test
    void isBesideTheExamples() throws IOException {
        assertThat(Files.readString(COPY))
                .as("to renew it: ./vecho config --schema >conf/vecho.schema.json")
                .isEqualTo(SCHEMA.encodePrettily() + "\n");
    }

    @ParameterizedTest
    @MethodSource("examples")
    void takesTheExamples(Path file) throws IOException {
        JsonObject example = new JsonObject(Files.readString(file));
        assertThat(example.getString("$schema")).as("for editors").isEqualTo("vecho.schema.json");
        assertThat(Schemas.errors(SCHEMA, example)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{ '$schema': 'vecho.schema.json' }",
                "{ '$schema': null, 'io': null, 'drainMillis': null, 'busyPollMicros': null, 'listeners': null }",
                "{ 'io': 'epoll', 'drainMillis': 0, 'busyPollMicros': 0 }",
                "{ 'io': 'auto', 'drainMillis': 86400000, 'busyPollMicros': 1000 }",
                "{ 'drainDelayMillis': 86400000, 'configScanMillis': 0 }",
                "{ 'drainDelayMillis': null, 'configScanMillis': null, 'stores': null }",
                "{ 'stores': [] }",
                "{ 'stores': [ { 'type': 'event-bus', 'format': 'json', 'optional': true, 'config': { 'address': 'a' } } ] }",
                "{ 'stores': [ { 'type': 'json', 'format': null, 'optional': null, 'config': null } ] }",
                "{ 'listeners': {} }",
                "{ 'listeners': { 'a': {} } }",
                "{ 'listeners': { 'a': { 'transport': null, 'enabled': null, 'noDelay': false } } }",
                "{ 'listeners': { 'a': { 'transport': 'tcp', 'enabled': true }, 'a_B-9': { 'port': 0 } } }",
                "{ 'listeners': { 'a': {}, 'b': null, 'c d': null } }",
                "{ 'listeners': { 'a': {}, 'b': { 'enabled': false, 'transport': 'pigeon', 'port': -1 } } }",
                "{ 'listeners': { 'a': { 'transport': 'udp', 'maxDatagramsPerSecond': 5 } } }",
                "{ 'listeners': { 'a': { 'transport': 'udp', 'refusedSourcePorts': ['65535', '7', ' 1 - 1023 '] } } }",
                "{ 'listeners': { 'a': { 'transport': 'eventbus', 'localOnly': true } } }",
                "{ 'listeners': { 'a': { 'faults': { 'toPeer': { 'cut': { 'afterBytes': 1 } } } } } }",
                "{ 'listeners': { 'a': { 'transport': 'udp', 'faults': { 'toPeer': { 'loss': { 'rate': 0.5 } } } } } }",
                "{ 'listeners': { 'a': { 'transport': 'http', 'faults': { 'toPeer': { 'loseTrailers': true } } } } }",
                "{ 'listeners': { 'a': { 'transport': 'grpc', 'faults': { 'toPeer': { 'loseTrailers': true } } } } }",
                "{ 'listeners': { 'a': { 'transport': 'websocket', 'faults': { 'toPeer': { 'loss': { 'rate': 0.5 } } } } } }",
                "{ 'checks': {} }",
                "{ 'checks': null }",
                "{ 'checks': { 'a': {}, 'b': null, 'c': { 'enabled': false } } }",
                "{ 'checks': { 'a': { 'targets': ['tcp://localhost:7'], 'everyMillis': 100, 'labels': { 'a': 'b' } } } }",
                "{ 'checks': { 'a': { 'script': { 'repeat': 3 }, 'alert': { 'failures': 3, 'outOf': 5 } } } }"
            })
    void takesWhatTheServiceTakes(String json) throws IOException {
        String strict = json.replace('\'', '"');
        assertThat(problems(strict)).isEmpty();
        assertThat(Schemas.errors(SCHEMA, new JsonObject(strict))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{ '$schema': 7 }",
                "{ 'schema': 'vecho.schema.json' }",
                "{ 'io': 'abacus' }",
                "{ 'io': '' }",
                "{ 'io': 7 }",
                "{ 'drainMillis': -1 }",
                "{ 'drainMillis': 86400001 }",
                "{ 'drainMillis': '10' }",
                "{ 'busyPollMicros': -1 }",
                "{ 'busyPollMicros': 1001 }",
                "{ 'drainDelayMillis': -1 }",
                "{ 'configScanMillis': 86400001 }",
                "{ 'stores': {} }",
                "{ 'stores': [ {} ] }",
                "{ 'stores': [ { 'type': 7 } ] }",
                "{ 'stores': [ { 'type': 'sys', 'optional': 'no' } ] }",
                "{ 'stores': [ { 'type': 'sys', 'name': 'none' } ] }",
                "{ 'listeners': [] }",
                "{ 'listeners': 'tcp' }",
                "{ 'listeners': { 'a': 7 } }",
                "{ 'listeners': { 'a b': {} } }",
                "{ 'listeners': { 'a': { 'enabled': 'no' } } }",
                "{ 'listeners': { 'a': { 'transport': 'pigeon' } } }",
                "{ 'listeners': { 'a': { 'transport': '' } } }",
                "{ 'listeners': { 'a': { 'transport': ['tcp'] } } }",
                "{ 'listeners': { 'a': { 'transport': 'tcp', 'maxDatagramsPerSecond': 5 } } }",
                "{ 'listeners': { 'a': { 'maxDatagramsPerSecond': 5 } } }",
                "{ 'listeners': { 'a': { 'transport': 'udp', 'noDelay': true } } }",
                "{ 'listeners': { 'a': { 'transport': 'unix' } } }",
                "{ 'listeners': { 'a': { 'transport': 'quic' } } }",
                "{ 'listeners': { 'a': { 'transport': 'quic', 'tls': { 'selfSigned': true, 'engine': 'jdk' } } } }",
                "{ 'listeners': { 'a': { 'transport': 'quic', 'tls': { 'selfSigned': true, 'protocols': 'TLSv1.2' } } } }",
                "{ 'listeners': { 'a': { 'tls': { 'engine': 'jdk' } } } }",
                "{ 'listeners': { 'a': { 'tls': { 'selfSigned': true, 'protocols': ['TLSv9'] } } } }",
                "{ 'listeners': { 'a': { 'transport': 'udp', 'refusedSourcePorts': ['echo'] } } }",
                "{ 'listeners': { 'a': { 'transport': 'udp', 'refusedSourcePorts': '65536' } } }",
                "{ 'listeners': { 'a': { 'transport': 'udp', 'refusedSourcePorts': ['1-'] } } }",
                "{ 'listeners': { 'a': { 'transport': 'http', 'subprotocols': ['a b'] } } }",
                "{ 'listeners': { 'a': { 'transport': 'eventbus', 'address': 'a b' } } }",
                "{ 'listeners': { 'a': { 'faults': { 'toPeer': { 'loseTrailers': true } } } } }",
                "{ 'listeners': { 'a': { 'transport': 'udp', 'faults': { 'toPeer': { 'cut': { 'afterBytes': 1 } } } } } }",
                "{ 'checks': [] }",
                "{ 'checks': { 'a': 7 } }",
                "{ 'checks': { 'a b': {} } }",
                "{ 'checks': { 'a': { 'everyMillis': 99 } } }",
                "{ 'checks': { 'a': { 'targets': [] } } }",
                "{ 'checks': { 'a': { 'labels': { 'a': 7 } } } }",
                "{ 'checks': { 'a': { 'alert': { 'failures': 0 } } } }",
                "{ 'checks': { 'a': { 'target': 'tcp://localhost:7' } } }"
            })
    void refusesWhatTheServiceRefuses(String json) throws IOException {
        String strict = json.replace('\'', '"');
        assertThat(problems(strict)).isNotEmpty();
        assertThat(Schemas.errors(SCHEMA, new JsonObject(strict))).isNotEmpty();
    }

    @Test
    void hasTheKeysAndDefaultsOfTheService() throws IOException {
        Map<String, Object> values = new TreeMap<>();
        effective("{ \"listeners\": { \"a\": { \"transport\": \"eventbus\" } } }").stream()
                .filter(value -> value.source().equals("default"))
                .forEach(value -> values.put(value.key(), value.value()));
        JsonObject properties = SCHEMA.getJsonObject("properties");
        assertThat(new TreeSet<>(properties.fieldNames()))
                .containsExactlyInAnyOrder(
                        "$schema",
                        "io",
                        "busyPollMicros",
                        "drainMillis",
                        "drainDelayMillis",
                        "configScanMillis",
                        "stores",
                        "listeners",
                        "accessLog",
                        "management",
                        "notify",
                        "checks",
                        "probe");
        for (String key : List.of("io", "busyPollMicros", "drainMillis", "drainDelayMillis", "configScanMillis")) {
            assertThat(String.valueOf(properties.getJsonObject(key).getValue("default")))
                    .as(key)
                    .isEqualTo(String.valueOf(values.get(key)));
        }
        JsonObject listener =
                Schemas.definition(SCHEMA, "listener").getJsonObject("else").getJsonObject("properties");
        assertThat(listener.getJsonObject("enabled").getValue("default")).isEqualTo(values.get("listeners.a.enabled"));
        assertThat(problems("{ \"listeners\": { \"a\": { \"noDelay\": true } } }"))
                .as("the default transport is "
                        + listener.getJsonObject("transport").getValue("default"))
                .isEmpty();
        assertThat(listener.getJsonObject("transport").getJsonArray("enum").stream()
                        .filter(name -> name != null))
                .containsExactlyElementsOf(TRANSPORTS.names());
    }

    @Test
    void saysWhatEachKeyIs() {
        Stream<String> names = TRANSPORTS.names().stream().map(name -> "listener-" + name);
        assertThat(names)
                .allSatisfy(name -> Schemas.keys(Schemas.definition(SCHEMA, name))
                        .forEach((path, schema) -> assertThat(
                                        List.of("transport", "enabled").contains(path)
                                                || schema.containsKey("description"))
                                .as(name + ": " + path)
                                .isTrue()));
        Schemas.keys(SCHEMA)
                .forEach((path, schema) ->
                        assertThat(schema.getString("description")).as(path).isNotBlank());
    }

    /** Draft 2020-12's own keywords, spelled right: the validator passes over those that it does not know. */
    @Test
    void hasKeywordsOfTheDraftOnly() {
        Set<String> found = new TreeSet<>();
        keywords(SCHEMA, found);
        assertThat(List.of(
                        "$schema",
                        "$ref",
                        "$defs",
                        "title",
                        "description",
                        "type",
                        "properties",
                        "patternProperties",
                        "additionalProperties",
                        "required",
                        "default",
                        "enum",
                        "const",
                        "minimum",
                        "maximum",
                        "minLength",
                        "maxProperties",
                        "minProperties",
                        "maxLength",
                        "minItems",
                        "pattern",
                        "anyOf",
                        "allOf",
                        "if",
                        "then",
                        "else",
                        "items",
                        "contains"))
                .containsAll(found);
    }

    private static void keywords(Object schema, Set<String> found) {
        if (schema instanceof JsonObject object) {
            object.forEach(entry -> {
                found.add(entry.getKey());
                boolean named =
                        List.of("properties", "patternProperties", "$defs").contains(entry.getKey());
                if (named) {
                    ((JsonObject) entry.getValue()).forEach(each -> keywords(each.getValue(), found));
                } else if (!entry.getKey().equals("default")) {
                    keywords(entry.getValue(), found);
                }
            });
        } else if (schema instanceof JsonArray array) {
            array.forEach(item -> keywords(item, found));
        }
    }
}
