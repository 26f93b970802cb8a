package dev.vecho.client.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vecho.client.report.FailureKind;
import dev.vecho.client.script.Budget.Item;
import dev.vecho.client.script.Matrix.Connections;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Source;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ScriptTest {

    private static final Source SOURCE = Source.named("s.json");

    @Test
    void defaultsAreTheDefaultScript() throws IOException {
        Script shipped;
        try (InputStream resource =
                Objects.requireNonNull(ScriptReader.class.getResourceAsStream("default-script.json"))) {
            shipped = Script.parse(Buffer.buffer(resource.readAllBytes()), SOURCE);
        }
        Script standard = Script.standard();

        assertThat(standard.targets()).isEqualTo(shipped.targets()).containsExactly("tcp://localhost:7007");
        assertThat(standard.timeout()).isEqualTo(shipped.timeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(standard.schedule())
                .isEqualTo(shipped.schedule())
                .isEqualTo(new Schedule(1, Duration.ofSeconds(1), Duration.ZERO));
        assertThat(standard.matrix()).isEqualTo(Matrix.NONE);
        assertThat(standard.steps()).hasSameSizeAs(shipped.steps());
        assertThat(standard.steps().get(0)).isInstanceOf(Step.Send.class);
        assertThat(standard.steps().subList(1, 4))
                .isEqualTo(shipped.steps().subList(1, 4))
                .containsExactly(new Step.ExpectEcho(null), new Step.CloseOutput(), new Step.ExpectEnd(null));
        assertThat(bytes(standard.steps().get(0)))
                .isEqualTo(bytes(shipped.steps().get(0)))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("This is the message.  It will be repeated.");
    }

    @Test
    void readsEveryKindOfStep() {
        Script script = parse("""
                { "targets": ["tcp://a:1", "tcp://b:2"], "timeoutMillis": 2000, "repeat": 3, "intervalMillis": 20,
                  "durationMillis": 700, "concurrency": 5, "parallel": 6, "seed": 9,
                  "matrix": { "tls": "TLSv1.3", "families": ["ipv4", "ipv6"], "connections": ["round", "kept"] },
                  "tls": { "trust": "ca.pem" },
                  "steps": [
                    { "send": { "text": "é\\n" } },
                    { "send": { "hex": "00fF" } },
                    { "send": { "base64": "AQI=" } },
                    { "send": { "random": 9, "seed": -7 } },
                    { "send": { "random": 9 } },
                    { "send": { "random": 160 }, "count": 1000, "ratePerSecond": 50 },
                    { "reconnect": true, "withinMillis": 3 },
                    { "startTls": true },
                    { "reset": true },
                    { "reconnect": true },
                    { "expect": "echo", "withinMillis": 500 },
                    { "expect": { "text": "ok" }, "withinMillis": 7 },
                    { "expect": "nothing", "forMillis": 20 },
                    { "pauseMillis": 10 },
                    { "close": "output" },
                    { "expect": "end" } ] }""");

        assertThat(script.targets()).containsExactly("tcp://a:1", "tcp://b:2");
        assertThat(script.timeout()).isEqualTo(Duration.ofSeconds(2));
        assertThat(script.schedule()).isEqualTo(new Schedule(3, Duration.ofMillis(20), Duration.ofMillis(700)));
        assertThat(script.concurrency()).isEqualTo(5);
        assertThat(script.parallel()).isEqualTo(6);
        assertThat(script.seed()).isEqualTo(9);
        assertThat(script.matrix())
                .isEqualTo(new Matrix(
                        List.of(),
                        List.of("TLSv1.3"),
                        List.of("ipv4", "ipv6"),
                        List.of(Connections.ROUND, Connections.KEPT)));
        assertThat(script.tls()).isEqualTo(new JsonObject().put("trust", "ca.pem"));
        List<Step> steps = script.steps();
        assertThat(bytes(steps.get(0))).containsExactly(0xC3, 0xA9, '\n');
        assertThat(bytes(steps.get(1))).containsExactly(0x00, 0xFF);
        assertThat(bytes(steps.get(2))).containsExactly(1, 2);
        assertThat(steps.subList(3, 11))
                .containsExactly(
                        new Step.Send(Payload.random(9, -7)),
                        new Step.Send(Payload.random(9)),
                        new Step.Send(Payload.random(160), 1000, 50),
                        new Step.Reconnect(Duration.ofMillis(3)),
                        new Step.StartTls(null),
                        new Step.Reset(null),
                        new Step.Reconnect(null),
                        new Step.ExpectEcho(Duration.ofMillis(500)));
        assertThat(steps.get(11))
                .isInstanceOfSatisfying(
                        Step.ExpectBytes.class,
                        expect -> assertThat(expect.within()).isEqualTo(Duration.ofMillis(7)));
        assertThat(steps.subList(12, 16))
                .containsExactly(
                        new Step.ExpectNothing(Duration.ofMillis(20)),
                        new Step.Pause(Duration.ofMillis(10)),
                        new Step.CloseOutput(),
                        new Step.ExpectEnd(null));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"step": []}                                | step: is not a known key, did you mean "steps"?
            {"targets": []}                             | targets: must name at least one target
            {"targets": [1]}                            | targets: must be a list of texts, was a list
            {"timeoutMillis": 0}                        | timeoutMillis: must be 1..2147483647, was 0
            {"repeat": -1}                              | repeat: must be 0..2147483647, was -1
            {"intervalMillis": -1}                      | intervalMillis: must be 0..31536000000, was -1
            {"durationMillis": "1h"}                    | durationMillis: must be a number, 0..31536000000, was "1h"
            {"concurrency": 0}                          | concurrency: must be 1..10000, was 0
            {"parallel": 0}                             | parallel: must be 1..10000, was 0
            {"seed": -1}                                | seed: must be 0..9007199254740991, was -1
            {"expectFailure": "refuse"}                 | expectFailure: must be one of dns, refused, unreachable, filtered, timeout, tls, reset, status, closed, truncated, corrupted, injected, foreign, lost, duplicated, reordered, silent, half-close, idle, buffered, slow, unexpected, failed, was "refuse"
            {"expectFailure": "tls:Expired"}            | expectFailure: must have after the colon a reason such as expired, was "tls:Expired"
            {"expectFailure": "tls", "budget": {"p50Millis": 1}} | budget: cannot be given beside expectFailure: nothing is measured then
            {"budget": {"loss": 1.5}}                   | budget.loss: must be 0..1, was 1.5
            {"budget": {"p50Millis": "1"}}              | budget.p50Millis: must be a number, 0..31536000000, was "1"
            {"budget": {"p9Millis": 1}}                 | budget.p9Millis: is not a known key, did you mean "p90Millis"?
            {"variables": []}                           | variables: must be an object
            {"variables": {"1a": 1}}                    | variables.1a: must have a name of letters, digits, _ and -, that begins with a letter
            {"variables": {"a": null}}                  | variables.a: must be a text, a number, true or false
            {"targets": "tcp://${hots}:1", "variables": {"host": "a"}} | targets: the variable "hots" has no value, did you mean "host"?
            {"targets": ["tcp://${host}:1"]}            | targets[0]: the variable "host" has no value
            {"steps": [{"send":{"text":"${a"}}]}        | steps[0].send.text: has a ${ without a }; write $${ for the characters themselves
            {"matrix": []}                              | matrix: must be an object, was a list
            {"matrix": {"size": [1]}}                   | matrix.size: is not a known key, did you mean "sizes"?
            {"matrix": {"sizes": [1, -1]}}              | matrix.sizes[1]: must be a number, 0..1125899906842624, was -1
            {"matrix": {"tls": ["1.3"]}}                | matrix.tls: must be of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3, was "1.3"
            {"matrix": {"families": "ip"}}              | matrix.families: must be of ipv4, ipv6, was "ip"
            {"matrix": {"connections": "new"}}          | matrix.connections: must be of round, kept, was "new"
            {"matrix": {"tls": "TLSv1.2"}, "tls": {"protocols": "TLSv1.3"}} | tls.protocols: cannot be given beside matrix.tls, which varies them
            {"matrix": {"sizes": 1}, "steps": []}       | matrix.sizes: is of no use: no step has ${size}, such as { "random": "${size}" }
            {"matrix": {"sizes": 1}, "variables": {"size": 2}, "steps": []} | variables.size: cannot be given beside matrix.sizes, which are its values
            {"matrix": {"sizes": [1, 2]}, "steps": [{"send":{"random":"${size}"}},{"close":"x"}]} | steps[1].close: must be output, was "x"
            {"tls": 1}                                  | tls: must be an object, was 1
            {"steps": {}}                               | steps: must be a list, was an object
            {"steps": [7]}                              | steps[0]: must be an object, was 7
            {"steps": [{}]}                             | steps[0]: must have one of send, expect, pauseMillis, close, startTls, reset, reconnect, had none
            {"steps": [{"send":{"text":""},"close":"output"}]} | steps[0]: must have one of send, expect, pauseMillis, close, startTls, reset, reconnect, had send and close
            {"steps": [{"pauseMillis":1,"withinMillis":1}]} | steps[0].withinMillis: is not a known key, did you mean "pauseMillis"?
            {"steps": [{"pauseMillis":"1"}]}            | steps[0].pauseMillis: must be a number, 1..2147483647, was "1"
            {"steps": [{"close":"input"}]}              | steps[0].close: must be output, was "input"
            {"steps": [{"close":1}]}                    | steps[0].close: must be a text, was 1
            {"steps": [{"expect":"eko"}]}               | steps[0].expect: must be echo, end, nothing or an object with a payload, a pattern or a service, was "eko"
            {"steps": [{"expect":1}]}                   | steps[0].expect: must be a text, was 1
            {"steps": [{"expect":{}}]}                  | steps[0].expect: must have one of text, hex, base64, file, random, had none
            {"steps": [{"expect":{"hex":"zz"}}]}        | steps[0].expect.hex: not a hexadecimal digit: "z" at index 0
            {"steps": [{"expect":"nothing"}]}           | steps[0].forMillis: is missing
            {"steps": [{"expect":"nothing","forMillis":0}]} | steps[0].forMillis: must be 1..2147483647, was 0
            {"steps": [{"expect":"echo","withinMillis":-1}]} | steps[0].withinMillis: must be 1..2147483647, was -1
            {"steps": [{"expect":"echo","forMillis":1}]} | steps[0].forMillis: is not a known key, expected one of send, expect, pauseMillis, close, startTls, reset, reconnect, withinMillis
            {"steps": [{"send":"hello"}]}               | steps[0].send: must be an object, was a text
            {"steps": [{"send":{"txt":"a"}}]}           | steps[0].send.txt: is not a known key, did you mean "text"?
            {"steps": [{"send":{"text":"a","hex":"00"}}]} | steps[0].send: must have one of text, hex, base64, file, random, had text and hex
            {"steps": [{"send":{"text":1}}]}            | steps[0].send.text: must be a text, was 1
            {"steps": [{"send":{"hex":"abc"}}]}         | steps[0].send.hex: odd number of digits
            {"steps": [{"send":{"hex":"abxc"}}]}        | steps[0].send.hex: not a hexadecimal digit: "x" at index 2
            {"steps": [{"send":{"base64":"A"}}]}        | steps[0].send.base64: not Base64
            {"steps": [{"send":{"random":-1}}]}         | steps[0].send.random: must be 0..1125899906842624, was -1
            {"steps": [{"send":{"random":1,"seed":"x"}}]} | steps[0].send.seed: must be a number, -9223372036854775808..9223372036854775807, was "x"
            {"steps": [{"reset":false}]}                | steps[0].reset: must be true, was false
            {"steps": [{"reconnect":1}]}                | steps[0].reconnect: must be true or false, was 1
            {"steps": [{"reset":true},{"expect":"end"}]} | steps[1]: comes after the step that resets the connection: only reconnect can follow
            {"steps": [{"close":"output"},{"startTls":true}]} | steps[1]: comes after the step that closes the output
            {"steps": [{"expect":{"random":9}}]}        | steps[0].expect.seed: is missing: bytes that differ each time cannot be expected
            {"steps": [{"send":{"text":"a"},"ratePerSecond":1}]} | steps[0].ratePerSecond: belongs to count
            {"steps": [{"send":{"text":"a"},"count":0}]} | steps[0].count: must be 1..100000000, was 0
            {"steps": [{"send":{"random":1125899906842624},"count":2}]} | steps[0].count: so many of them must have at most 1125899906842624 bytes together
            {"steps": [{"send":{"text":"a","seed":1}}]} | steps[0].send.seed: belongs to random
            {"steps": [{"send":{"file":"/does/not/exist"}}]} | steps[0].send.file: no such file: /does/not/exist
            {"steps": [{"send":{"file":"/"}}]}          | steps[0].send.file: is not a regular file: /
            {"steps": [{"close":"output"},{"send":{"text":""}}]} | steps[1]: comes after the step that closes the output
            {"steps": [{"close":"output"},{"close":"output"}]} | steps[1]: comes after the step that closes the output
            {"steps": [{"expect":"end"},{"expect":"echo"}]} | steps[1]: comes after the step that expects the end
            {"steps": [{"expect":{"service":"eko"}}]}   | steps[0].expect.service: must be one of chargen, daytime, discard, time, whoami, was "eko"
            {"steps": [{"expect":{"service":"time","lines":1}}]} | steps[0].expect.lines: is not a known key, expected one of service, toleranceMillis
            {"steps": [{"expect":{"service":"whoami","values":{"a":1}}}]} | steps[0].expect.values.a: must be a JSON Pointer, such as /tls/serverName
            {"steps": [{"expect":{"service":"whoami","values":{"/a":{"pattern":"("}}}}]} | steps[0].expect.values./a.pattern: must be a regular expression: Unclosed group
            {"steps": [{"expect":{"pattern":"a*"}}]}    | steps[0].expect.pattern: matches an answer without a byte, which is the shortest, was "a*"
            {"steps": [{"expect":{"pattern":1}}]}       | steps[0].expect.pattern: must be a text, was 1
            {"steps": [{"expect":{"pattern":"a","maxBytes":65537}}]} | steps[0].expect.maxBytes: must be 1..65536, was 65537
            {"steps": [{"expect":{"pattern":"a","text":"a"}}]} | steps[0].expect.text: is not a known key, expected one of pattern, maxBytes
            {"steps": [{"expect":"end"},{"expect":{"pattern":"a"}}]} | steps[1]: comes after the step that expects the end
            {"steps": [{"expect":{"service":"time"}},{"expect":"echo"}]} | steps[1]: comes after the step that expects a service, which no echo follows
            """)
    void rejects(String json, String problem) {
        assertThat(problems(json)).contains("s.json: " + problem);
    }

    @Test
    void tellsEverythingThatIsWrongAtOnce() {
        assertThat(problems("""
                { "timeoutMillis": -1, "unknown": 1,
                  "steps": [ { "send": { "hex": "0" } }, { "expect": "echo" }, { "send": { "hex": "0g" } } ] }""")).hasSize(4);
    }

    @Test
    void namesLineAndColumnOfBrokenJson() {
        assertThat(problems("{ \"repeat\": 1,\n  oops }"))
                .singleElement()
                .asString()
                .startsWith("s.json:2:");
    }

    @Test
    void resolvesFilesInTheDirectoryOfTheScript(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("content"), "from a file");
        JsonObject json = new JsonObject("{\"steps\": [{\"send\": {\"file\": \"content\"}}]}");

        Script script = Script.of(json, new Source("s.json", directory, false));

        assertThat(bytes(script.steps().get(0)))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("from a file");
    }

    @Test
    void leavesOutOfTheDefaultStepsWhatCannotBeDone() {
        Case own = Case.of("a");
        Case kept = new Case(0, "a", "a", null, null, null, true);
        assertThat(Script.standard().steps(true, own)).hasSize(4);
        assertThat(Script.standard().steps(true, kept)).hasSize(2);
        assertThat(Script.standard().steps(false, own)).hasSize(2);
        assertThat(parse("{\"steps\": [{\"close\": \"output\"}]}").steps(false, own))
                .hasSize(1);
    }

    @Test
    void sendsEachSizeOfTheMatrix() {
        Case large = new Case(0, "a", "a", 70_000L, null, null, false);
        assertThat(parse("{\"matrix\": {\"sizes\": [1, 70000]}}").steps(true, large))
                .isEqualTo(Script.sized(70_000));
        List<Step> steps = parse("""
                { "matrix": {"sizes": [1, 70000]},
                  "steps": [ { "send": { "random": "${size}", "seed": 3 } } ] }""").steps(true, large);
        assertThat(steps).containsExactly(new Step.Send(Payload.random(70_000, 3)));
    }

    @Test
    void playsWithoutEndWhereOnlyADurationIsGiven() {
        assertThat(parse("{\"durationMillis\": 5}").schedule().repeat()).isZero();
        assertThat(parse("{\"durationMillis\": 5, \"repeat\": 2}").schedule().repeat())
                .isEqualTo(2);
    }

    @Test
    void sendsSomeRandomBytesInsteadOfTheText() {
        List<Step> steps = Script.standard().withSize(12).steps();
        assertThat(steps.get(0)).isEqualTo(new Step.Send(Payload.random(12)));
        assertThat(steps.subList(1, 4)).isEqualTo(Script.standard().steps().subList(1, 4));
    }

    @Test
    void remembersWhereEachOptionOfTlsWasWritten() {
        Source flags = Source.named("command line");
        Script script = parse("{\"tls\": {\"trust\": \"a\", \"name\": \"b\"}}")
                .withTls(new JsonObject().put("trust", "c").put("more", "d"), flags);

        assertThat(script.tls())
                .isEqualTo(new JsonObject().put("trust", "c").put("name", "b").put("more", "d"));
        assertThat(script.sources().apply("tls.trust")).isEqualTo(flags);
        assertThat(script.sources().apply("tls.more")).isEqualTo(flags);
        assertThat(script.sources().apply("tls.name")).isEqualTo(SOURCE);
    }

    @Test
    void readsBudgetAndExpectedFailure() {
        assertThat(parse("{\"budget\": {\"loss\": 0.01, \"p99Millis\": 20}}").budget())
                .isEqualTo(new Budget(Map.of(Item.LOSS, 0.01, Item.P99, 20.0)));
        assertThat(parse("{\"expectFailure\": \"tls:expired\"}").expectFailure())
                .isEqualTo(new ExpectedFailure(FailureKind.TLS, "expired"));
        assertThat(Script.standard().expectFailure()).isNull();
    }

    @Test
    void replacesVariables() {
        Script script = Script.parse(
                Buffer.buffer("""
                        { "variables": { "host": "localhost", "port": 7007, "size": 9, "code": "7", "on": true },
                          "targets": ["tcp://${host}:${port}", "tls://${host}:$${port}$"], "repeat": "${more}",
                          "tls": { "insecure": "${on}" },
                          "steps": [ { "send": { "random": "${size}", "seed": 1 } }, { "send": { "text": "${code}" } } ] }"""),
                SOURCE,
                Map.of("host", "[::1]", "more", "3", "code", "8", "on", "false"),
                Source.named("command line"));
        assertThat(script.targets()).containsExactly("tcp://[::1]:7007", "tls://[::1]:${port}$");
        assertThat(script.schedule().repeat()).isEqualTo(3);
        assertThat(script.tls()).isEqualTo(new JsonObject().put("insecure", false));
        assertThat(script.steps().get(0)).isEqualTo(new Step.Send(Payload.random(9, 1)));
        assertThat(bytes(script.steps().get(1))).containsExactly('8');
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            hots | a   | variable hots: the script has none of this name, did you mean "host"?
            port | a   | variable port: must be a number, as its default is, was "a"
            on   | yes | variable on: must be true or false, as its default is, was "yes"
            """)
    void rejectsVariablesThatTheScriptCannotHave(String name, String value, String problem) {
        Buffer script = Buffer.buffer("""
                { "variables": { "host": "localhost", "port": 7007, "on": true }, "targets": "tcp://${host}:${port}" }""");
        assertThat(catchThrowableOfType(
                                InvalidInputException.class,
                                () -> Script.parse(script, SOURCE, Map.of(name, value), Source.named("command line")))
                        .problems())
                .containsExactly("command line: " + problem);
    }

    private static Script parse(String json) {
        return Script.parse(Buffer.buffer(json), SOURCE);
    }

    private static List<String> problems(String json) {
        return catchThrowableOfType(InvalidInputException.class, () -> parse(json))
                .problems();
    }

    private static byte[] bytes(Step step) {
        Payload payload = ((Step.Send) step).payload();
        byte[] bytes = new byte[(int) payload.size()];
        payload.copy(0, bytes, bytes.length);
        return bytes;
    }
}
