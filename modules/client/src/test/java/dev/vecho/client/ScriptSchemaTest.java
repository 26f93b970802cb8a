package dev.vecho.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vecho.client.script.Script;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.net.tls.TlsClient;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.Validator;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The JSON Schema for editors says what the reader does. */
final class ScriptSchemaTest {

    /** Far from every known key, so that the reader lists them all. */
    private static final String UNKNOWN = "z".repeat(100);

    private static final JsonObject SCHEMA = read();

    static List<Path> scripts() throws IOException {
        return ConfScriptsTest.files();
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void takesEachExample(Path file) throws IOException {
        JsonObject script = new JsonObject(Files.readString(file));
        assertThat(errors(script)).isEmpty();
        assertThat(script.getString("$schema")).as("for editors").isEqualTo("script.schema.json");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{ 'targets': 'tcp://${host}:${port}', 'repeat': '${n}', 'variables': { 'host': 'a', 'port': 1, 'n': 2 } }",
                "{ 'expectFailure': 'tls:expired', 'steps': [] }",
                "{ 'concurrency': 10000, 'parallel': 10000 }",
                "{ 'budget': { 'loss': 0.5, 'p99Millis': 2.5, 'maxMillis': 7 } , 'targets': 'udp://a:1'}",
                "{ 'matrix': { 'sizes': [1, 2], 'tls': 'TLSv1.2', 'families': ['ipv4'], 'connections': 'kept' } }",
                "{ 'steps': [ { 'send': { 'random': 5 }, 'count': 3, 'ratePerSecond': 7 }, { 'expect': 'echo', 'withinMillis': 5 } ] }",
                "{ 'steps': [ { 'send': { 'hex': '00ff' } }, { 'expect': { 'random': 5, 'seed': -1 } }, { 'expect': 'nothing', 'forMillis': 5 } ] }",
                "{ 'steps': [ { 'expect': { 'service': 'chargen', 'lines': 5 }, 'withinMillis': 5 }, { 'expect': 'end' } ] }",
                "{ 'steps': [ { 'expect': { 'service': 'discard', 'forMillis': 5 } }, { 'expect': { 'service': 'time', 'toleranceMillis': 5000 } } ] }",
                "{ 'steps': [ { 'expect': { 'service': 'whoami', 'values': { '/a/0': 1, '/b': null, '/c': { 'pattern': 'x' } } } } ] }",
                "{ 'steps': [ { 'expect': { 'pattern': '220 .*x', 'maxBytes': 5 }, 'withinMillis': 5 }, { 'startTls': true } ] }",
                "{ 'steps': [ { 'expect': { 'pattern': '220 ${name}', 'maxBytes': '${most}' } } ], 'variables': { 'name': 'a', 'most': 5 } }",
                "{ 'options': { 'http': { 'method': 'PUT', 'headers': { 'X-A': ['1', '2'], 'X-B': '${b}' } } }, 'variables': { 'b': '' } }",
                "{ 'options': { 'ws': { 'compression': true, 'subprotocols': 'a' }, 'quic': { 'alpn': ['a'] }, 'stamp': { 'key': 'a', 'timestamps': 'ptp', 'tlvs': false, 'clockErrorMicros': 5 }, 'foreign': { 'a': 1 } } }",
                "{ 'steps': [ { 'startTls': true }, { 'pauseMillis': 5 }, { 'reset': true }, { 'reconnect': true, 'withinMillis': 5 } ] }"
            })
    void takesWhatTheReaderTakes(String json) {
        JsonObject script = new JsonObject(json.replace('\'', '"'));
        assertThat(problems(script)).isEmpty();
        assertThat(errors(script)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{ 'target': 'tcp://a:1' }",
                "{ 'targets': [] }",
                "{ 'repeat': -1 }",
                "{ 'repeat': '5' }",
                "{ 'intervalMillis': 0.5 }",
                "{ 'concurrency': 0 }",
                "{ 'parallel': 0 }",
                "{ 'parallel': 10001 }",
                "{ 'seed': -1 }",
                "{ 'variables': { 'a b': 1 } }",
                "{ 'variables': { 'a': [] } }",
                "{ 'expectFailure': 'budget' }",
                "{ 'expectFailure': 'tls:' }",
                "{ 'budget': { 'loss': 1.5 } }",
                "{ 'budget': { 'p95Millis': 1 } }",
                "{ 'matrix': { 'sizes': -1 } }",
                "{ 'matrix': { 'tls': '1.3' } }",
                "{ 'matrix': { 'families': ['ipv5'] } }",
                "{ 'options': [] }",
                "{ 'steps': {} }",
                "{ 'steps': [ {} ] }",
                "{ 'steps': [ { 'send': {} } ] }",
                "{ 'steps': [ { 'send': { 'text': 'a', 'hex': '00' } } ] }",
                "{ 'steps': [ { 'send': { 'hex': '0' } } ] }",
                "{ 'steps': [ { 'send': { 'text': 'a', 'seed': 1 } } ] }",
                "{ 'steps': [ { 'send': { 'text': 'a' }, 'close': 'output' } ] }",
                "{ 'steps': [ { 'send': { 'text': 'a' }, 'count': 0 } ] }",
                "{ 'steps': [ { 'expect': { 'random': 5 } } ] }",
                "{ 'steps': [ { 'expect': 'nothing' } ] }",
                "{ 'steps': [ { 'expect': 'echo', 'forMillis': 5 } ] }",
                "{ 'steps': [ { 'expect': { 'service': 'echo' } } ] }",
                "{ 'steps': [ { 'expect': { 'service': 'chargen', 'lines': 0 } } ] }",
                "{ 'steps': [ { 'expect': { 'service': 'daytime', 'lines': 5 } } ] }",
                "{ 'steps': [ { 'expect': { 'service': 'whoami', 'values': { 'a': 1 } } } ] }",
                "{ 'steps': [ { 'expect': { 'service': 'whoami', 'values': { '/a': {} } } } ] }",
                "{ 'steps': [ { 'expect': { 'service': 'whoami', 'values': { '/a': { 'pattern': 'x', 'b': 1 } } } } ] }",
                "{ 'steps': [ { 'expect': { 'pattern': '' } } ] }",
                "{ 'steps': [ { 'expect': { 'pattern': 'a', 'maxBytes': 0 } } ] }",
                "{ 'steps': [ { 'expect': { 'pattern': 'a', 'hex': '00' } } ] }",
                "{ 'steps': [ { 'expect': { 'pattern': 'a' }, 'forMillis': 5 } ] }",
                "{ 'steps': [ { 'close': 'input' } ] }",
                "{ 'steps': [ { 'reset': false } ] }",
                "{ 'steps': [ { 'pauseMillis': 5, 'withinMillis': 5 } ] }"
            })
    void refusesWhatTheReaderRefuses(String json) {
        JsonObject script = new JsonObject(json.replace('\'', '"'));
        assertThat(problems(script)).isNotEmpty();
        assertThat(errors(script)).isNotEmpty();
    }

    @Test
    void knowsTheKeysOfAScript() {
        assertThat(properties(SCHEMA)).isEqualTo(known(new JsonObject().put(UNKNOWN, 1)));
        for (String part : List.of("matrix", "budget")) {
            assertThat(properties(definition(part)))
                    .as(part)
                    .isEqualTo(known(new JsonObject().put(part, new JsonObject().put(UNKNOWN, 1))));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'send': { 'text': '' }",
                "'expect': 'echo'",
                "'expect': 'end'",
                "'expect': 'nothing', 'forMillis': 1",
                "'expect': { 'text': '' }",
                "'pauseMillis': 1",
                "'close': 'output'",
                "'startTls': true",
                "'reset': true",
                "'reconnect': true"
            })
    void knowsTheKeysOfAStep(String step) {
        JsonObject json = new JsonObject("{" + step.replace('\'', '"') + "}");
        Set<String> verbs =
                new TreeSet<>(List.of("send", "expect", "pauseMillis", "close", "startTls", "reset", "reconnect"));
        Set<String> known = known(steps(json.copy().put(UNKNOWN, 1)));
        // The reader asks for all verbs, to tell which step it is.
        known.removeIf(key -> verbs.contains(key) && !json.containsKey(key));
        List<Set<String>> matching = new ArrayList<>();
        for (Object kind : definition("step").getJsonArray("anyOf")) {
            JsonObject one = (JsonObject) kind;
            if (errors(one, json).isEmpty()) {
                matching.add(properties(one));
            }
        }
        assertThat(matching).as(step).containsExactly(known);
    }

    @Test
    void knowsTheKeysOfAPayload() {
        Set<String> sent = known(steps(
                new JsonObject().put("send", new JsonObject().put(UNKNOWN, 1).put("text", ""))));
        assertThat(payloadKeys("payload")).isEqualTo(sent);
        assertThat(payloadKeys("expectedPayload")).isEqualTo(sent);
    }

    @Test
    @ExtendWith(VertxExtension.class)
    void knowsTheKeysOfTls(Vertx vertx) {
        Problems problems = new Problems();
        TlsClient.read(Options.of(new JsonObject().put(UNKNOWN, 1), Source.named("s.json"), problems), "host");
        assertThat(properties(definition("tls")))
                .isEqualTo(listed(catchThrowableOfType(InvalidInputException.class, problems::throwIfAny)
                        .problems()));
    }

    @Test
    void saysWhatEachKeyIs() {
        assertThat(undescribed(SCHEMA, "")).isEmpty();
    }

    private static Stream<String> undescribed(Object schema, String place) {
        if (schema instanceof JsonArray array) {
            return array.stream().flatMap(item -> undescribed(item, place));
        }
        if (!(schema instanceof JsonObject object)) {
            return Stream.empty();
        }
        Stream<String> own = object.getJsonObject("properties", new JsonObject()).stream()
                .filter(entry -> {
                    JsonObject value = (JsonObject) entry.getValue();
                    return !value.containsKey("description") && !value.containsKey("$ref") && !isVerb(value);
                })
                .map(entry -> place + "/" + entry.getKey());
        return Stream.concat(
                own, object.stream().flatMap(entry -> undescribed(entry.getValue(), place + "/" + entry.getKey())));
    }

    /** What a step does is said of the step. */
    private static boolean isVerb(JsonObject value) {
        return value.containsKey("const")
                || value.containsKey("enum")
                || value.encode().contains("\"const\"");
    }

    private static Set<String> payloadKeys(String definition) {
        Set<String> keys = new TreeSet<>();
        definition(definition).getJsonArray("anyOf").forEach(kind -> keys.addAll(properties((JsonObject) kind)));
        return keys;
    }

    private static JsonObject steps(JsonObject step) {
        return new JsonObject().put("steps", new JsonArray().add(step));
    }

    private static JsonObject definition(String name) {
        return SCHEMA.getJsonObject("$defs").getJsonObject(name);
    }

    private static Set<String> properties(JsonObject schema) {
        return new TreeSet<>(schema.getJsonObject("properties").fieldNames());
    }

    /** The keys that the reader knows where it finds one that it does not. */
    private static Set<String> known(JsonObject script) {
        return listed(problems(script));
    }

    private static Set<String> listed(List<String> problems) {
        String mark = "is not a known key, expected one of ";
        String problem = problems.stream()
                .filter(text -> text.contains(mark))
                .findFirst()
                .orElseThrow(() -> new AssertionError(problems));
        return new TreeSet<>(
                List.of(problem.substring(problem.indexOf(mark) + mark.length()).split(", ")));
    }

    private static List<String> problems(JsonObject script) {
        InvalidInputException invalid =
                catchThrowableOfType(InvalidInputException.class, () -> Script.of(script, Source.named("s.json")));
        return invalid == null ? List.of() : invalid.problems();
    }

    private static String errors(JsonObject script) {
        return errors(SCHEMA, script);
    }

    private static String errors(JsonObject schema, JsonObject value) {
        JsonObject whole = schema.copy().put("$defs", SCHEMA.getJsonObject("$defs"));
        OutputUnit output = Validator.create(
                        JsonSchema.of(whole),
                        new JsonSchemaOptions()
                                .setBaseUri("file:///script.schema.json")
                                .setDraft(Draft.DRAFT202012)
                                .setOutputFormat(OutputFormat.Basic))
                .validate(value);
        return Objects.requireNonNull(output.getValid()) ? "" : String.valueOf(output.getErrors());
    }

    private static JsonObject read() {
        try (InputStream resource = Objects.requireNonNull(Script.class.getResourceAsStream("script.schema.json"))) {
            return new JsonObject(new String(resource.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
