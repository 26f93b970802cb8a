package dev.vecho.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.play.CaseContext;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.config.Source;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Scripts with exact answers and echoes: what settles what, and what comes beyond it; cut in all ways. */
@ExtendWith(VertxExtension.class)
@Timeout(180)
final class AnswersTest {

    private static final String LOGIN = "{'send': {'text': 'LOGIN\\n'}}, {'expect': {'text': 'OK\\n'}}";
    private static final String HELLO = "{'send': {'text': 'hello'}}, {'expect': 'echo'}";
    private static final String CLOSE = "{'close': 'output'}, {'expect': 'end'}";
    private static final String NOTHING = "{'expect': 'nothing', 'forMillis': 60}";
    private static final String PAUSE = "{'pauseMillis': 60}";
    private static final String END = "<end>";
    private static final String RESET = "<reset>";

    private final Vertx vertx;

    AnswersTest(Vertx vertx) {
        this.vertx = vertx;
    }

    /**
     * Says something once so many bytes have come on a connection, nothing else, and ends when the other side does.
     *
     * @param takesTime whether what is sent to it is taken a turn later
     */
    private record Dialogue(boolean takesTime, List<Line> lines) implements FakePeer {

        private record Line(int after, String answer) {}

        @Override
        public void opened(FakeConnection connection) {
            say(connection, -1);
        }

        @Override
        public Future<Void> sent(FakeConnection connection, Buffer bytes) {
            say(connection, connection.sent().length() - bytes.length());
            return takesTime ? Vertx.currentContext().owner().timer(1).mapEmpty() : Future.succeededFuture();
        }

        private void say(FakeConnection connection, int before) {
            for (Line line : lines) {
                if (line.after() <= before || line.after() > connection.sent().length()) {
                    continue;
                }
                switch (line.answer()) {
                    case END -> connection.deliverEnd();
                    case RESET -> connection.deliverFault(FakePeer.fault(Fault.RESET));
                    default -> connection.deliver(Buffer.buffer(line.answer()));
                }
            }
        }
    }

    /** A peer's lines: after how many bytes, and what; again and again. */
    private static Dialogue says(Object... lines) {
        return new Dialogue(
                false,
                Stream.iterate(0, i -> i < lines.length, i -> i + 2)
                        .map(i -> new Dialogue.Line((Integer) lines[i], (String) lines[i + 1]))
                        .toList());
    }

    static Stream<Arguments> streams() {
        Dialogue polite = says(6, "OK\n", 11, "hello");
        String user = "{'send': {'text': 'USER'}}, {'expect': {'text': 'S'}}";
        Dialogue more = says(4, "S", 4, "orry, no");
        return Stream.of(
                // An exact answer settles what was sent before it.
                play(LOGIN + "," + HELLO, polite, "passed"),
                play(LOGIN + "," + HELLO + "," + CLOSE, polite, "passed"),
                play(
                        "{'send': {'text': 'A'}}, {'expect': {'text': 'welcome'}}, " + HELLO,
                        says(1, "welcome", 6, "hello"),
                        "passed"),
                play(
                        "{'send': {'text': 'USER'}}, {'send': {'text': 'PASS'}}, {'expect': {'text': '230'}}, " + HELLO,
                        says(8, "230", 13, "hello"),
                        "passed"),
                play(
                        "{'send': {'text': 'a'}}, {'expect': 'echo'}, {'expect': {'text': 'DONE'}}, " + HELLO + ","
                                + LOGIN,
                        says(1, "a", 1, "DONE", 6, "hello", 12, "OK\n"),
                        "passed"),
                play(
                        "{'expect': {'text': '220'}}, " + HELLO + "," + LOGIN + "," + HELLO,
                        says(0, "220", 5, "hello", 11, "OK\n", 16, "hello"),
                        "passed"),
                play(LOGIN + "," + LOGIN + "," + HELLO, says(6, "OK\n", 12, "OK\n", 17, "hello"), "passed"),
                play(
                        "{'send': {'random': 1000}}, {'expect': {'text': 'OK'}}, " + HELLO,
                        says(1000, "OK", 1005, "hello"),
                        "passed"),
                play(
                        "{'send': {'text': 'x'}, 'count': 5}, {'expect': {'text': 'OK'}}, "
                                + "{'send': {'text': 'y'}, 'count': 3}, {'expect': 'echo'}",
                        says(5, "OK", 8, "yyy"),
                        "passed"),
                play(
                        "{'send': {'text': 'xy'}, 'count': 5, 'ratePerSecond': 1000}, {'expect': {'text': 'OK'}}, "
                                + HELLO,
                        says(10, "OK", 15, "hello"),
                        "passed"),
                play(
                        "{'send': {'text': 'LOGIN\\n'}}, {'close': 'output'}, {'expect': {'text': 'OK\\n'}}, {'expect': 'end'}",
                        polite,
                        "passed"),
                // An empty answer settles, too; an empty send has nothing to come back.
                play(
                        "{'send': {'text': 'LOGIN\\n'}}, {'expect': {'text': ''}}, " + HELLO + "," + CLOSE,
                        says(11, "hello"),
                        "passed"),
                play(
                        "{'send': {'text': ''}}, {'expect': 'echo'}, {'expect': {'text': ''}}, " + HELLO + "," + CLOSE,
                        says(5, "hello"),
                        "passed"),
                play(
                        "{'send': {'text': 'LOGIN\\n'}}, {'expect': {'text': ''}}, " + CLOSE,
                        says(6, "no"),
                        "injected 3 0"),
                // Beyond the last step nobody looks, and beyond an answer nothing may come where somebody does.
                play(user, more, "passed"),
                play(user + ", {'send': {'text': 'bye'}}", more, "passed"),
                play(user + ", {'send': {'text': 'bye'}}, {'close': 'output'}", more, "passed"),
                play(user + ", {'reconnect': true}," + user, more, "passed"),
                play(user + "," + NOTHING, more, "unexpected 2 1"),
                play(user + "," + PAUSE, more, "unexpected 2 1"),
                play(user + "," + CLOSE, more, "unexpected 3 1"),
                play(user + ", {'send': {'text': 'QUIT'}}, " + CLOSE, more, "unexpected 4 1"),
                play(user + ", {'send': {'text': 'QUIT'}}, " + CLOSE, says(4, "S", 8, "BYE"), "unexpected 4 1"),
                play(user + ", {'send': {'text': 'QUIT'}}, " + CLOSE, says(4, "S", 8, "QUIT"), "passed"),
                play(LOGIN + "," + HELLO, says(6, "OK\n", 6, "WELCOME\n", 11, "hello"), "injected 3 3"),
                play(HELLO + "," + PAUSE, says(5, "hello!"), "injected 2 5"),
                play(HELLO, says(5, "hello!"), "passed"),
                // An answer that is not the one.
                play(LOGIN + "," + HELLO, says(6, "NO\n", 6, END), "corrupted 1 0"),
                play(LOGIN + "," + HELLO, says(6, "O", 6, END), "truncated 1 1"),
                play(LOGIN + "," + HELLO, says(6, END), "closed 1 0"),
                play(LOGIN + "," + HELLO, says(6, "OK\n", 11, END), "closed 3 3"),
                play(LOGIN + "," + HELLO, says(6, RESET), "reset: before 1 0"),
                play(LOGIN + "," + HELLO, says(6, "OK\n", 11, RESET), "reset: during 3 3"),
                play(LOGIN + "," + HELLO, says(6, "\25\3\3\0\2\2\50"), "tls: required 1 0"),
                play(LOGIN.replace("}}, {", "}}, {'withinMillis': 500, "), says(6, "O"), "timeout 1 1"),
                // Before it is sent: an answer may be a greeting, an echo may not.
                play(PAUSE + "," + LOGIN, says(0, "OK\n"), "passed"),
                play(PAUSE + "," + HELLO, says(0, "hello"), "injected 0 0"),
                play(PAUSE + "," + HELLO + "," + LOGIN, says(0, "OK\n"), "injected 0 0"),
                play(HELLO + "," + HELLO, says(5, "hellohello"), "passed"),
                play(HELLO + "," + PAUSE + "," + HELLO, says(5, "hellohello"), "injected 2 5"),
                // Nothing is nothing, whatever comes after it.
                play(
                        "{'send': {'text': 'hello'}}," + NOTHING + ", {'expect': 'echo'}",
                        says(5, "hello"),
                        "unexpected 1 0"),
                play(
                        "{'send': {'text': 'hello'}}," + NOTHING + ", {'expect': 'echo'}",
                        says(5, "he?lo"),
                        "unexpected 1 0"),
                play(NOTHING + "," + HELLO, says(5, "hello"), "passed"),
                play(HELLO + "," + NOTHING, says(5, "hello", 5, END), "idle: closed 2"),
                play(HELLO + "," + NOTHING, says(5, "hello!"), "injected 2 5"),
                // The end, or a reset, right behind the last byte.
                play(HELLO, says(5, "hello", 5, END), "passed"),
                play(HELLO, says(5, "hello", 5, RESET), "passed"),
                play(HELLO + ", {'expect': 'end'}", says(5, "hello", 5, END), "passed"),
                play(HELLO + ", {'expect': 'end'}", says(5, "hello", 5, RESET), "reset: after 2 5"),
                play(HELLO + "," + HELLO, says(5, "hello", 5, END), "closed 3 5"),
                play(HELLO + "," + PAUSE, says(5, "hello", 5, END), "idle: closed 2"));
    }

    private static Arguments play(String steps, Dialogue peer, String verdict) {
        return Arguments.of(steps.replace('\'', '"'), peer, verdict);
    }

    @ParameterizedTest(name = "{2}: {0}")
    @MethodSource("streams")
    void judges(String steps, Dialogue peer, String verdict) {
        for (boolean takesTime : new boolean[] {false, true}) {
            Dialogue played = new Dialogue(takesTime, peer.lines());
            Report report = Replays.play(caseContext(Framing.STREAM, steps), () -> new FakeClient(played));
            assertThat(verdict(report)).as("%s", report.diagnosis()).isEqualTo(verdict);
        }
    }

    @Test
    void judgesKeptConnections() {
        List<String> healthy = kept(LOGIN + "," + HELLO, says(6, "OK\n", 11, "hello", 17, "OK\n", 22, "hello"));
        assertThat(healthy).containsExactly("passed", "passed");
        assertThat(kept(LOGIN, says(6, "OK\n", 12, "OK\n"))).containsExactly("passed", "passed");
        assertThat(kept(LOGIN, says(6, "OK\n", 6, "and more", 12, "OK\n"))).containsExactly("passed", "unexpected 0");
        assertThat(kept(HELLO, says(5, "hello, you", 10, "hello"))).containsExactly("passed", "injected 0");
    }

    private List<String> kept(String steps, Dialogue peer) {
        CaseContext caseContext = Settings.kept(caseContext(Framing.STREAM, steps.replace('\'', '"')));
        return Replays.play(caseContext, () -> new FakeClient(peer), 2).stream()
                .map(AnswersTest::verdict)
                .toList();
    }

    static Stream<Arguments> messages() {
        Dialogue polite = says(6, "OK\n", 11, "hello");
        return Stream.of(
                play(LOGIN + "," + HELLO, polite, "passed"),
                play(
                        "{'send': {'text': 'USER'}}, {'send': {'text': 'PASS'}}, {'expect': {'text': '230'}}, " + HELLO,
                        says(8, "230", 13, "hello"),
                        "passed"),
                play(
                        "{'send': {'random': 10}, 'count': 5}, {'expect': {'text': 'OK'}}, " + HELLO,
                        says(50, "OK", 55, "hello"),
                        "passed"),
                play("{'send': {'text': ''}}, {'expect': {'text': ''}}, " + HELLO, says(0, "", 5, "hello"), "passed"),
                play(LOGIN + "," + NOTHING, says(6, "OK\n", 6, "LOGIN\n"), "unexpected 2 3"),
                play(LOGIN + "," + NOTHING, says(6, "OK\n", 6, "a word of welcome"), "unexpected 2 3"),
                play(
                        LOGIN + "," + HELLO + "," + NOTHING,
                        says(6, "OK\n", 11, "hello", 11, "hello again"),
                        "injected 4 8"),
                play(LOGIN + ", {'send': {'text': 'QUIT'}}," + NOTHING, says(6, "OK\n", 10, "BYE"), "unexpected 3 3"),
                play(LOGIN, says(6, "OK\n", 6, "LOGIN\n"), "passed"),
                play(LOGIN + "," + HELLO, says(6, "NO\n"), "corrupted 1 0"));
    }

    @ParameterizedTest(name = "{2}: {0}")
    @MethodSource("messages")
    void judgesMessages(String steps, Dialogue peer, String verdict) throws Exception {
        Check check = new Check(caseContext(Framing.MESSAGES, steps), () -> new FakeClient(peer));
        Report report =
                check.play(1).toCompletionStage().toCompletableFuture().get(20, java.util.concurrent.TimeUnit.SECONDS);
        assertThat(verdict(report)).as("%s", report.diagnosis()).isEqualTo(verdict);
    }

    /** The kind, the step and the offset. */
    private static String verdict(Report report) {
        Diagnosis found = report.diagnosis();
        if (found == null) {
            return "passed";
        }
        return found.kind() + " " + found.step() + (found.offset() == null ? "" : " " + found.offset());
    }

    private CaseContext caseContext(Framing framing, String steps) {
        Script script = Script.of(new JsonObject("{\"steps\": [" + steps + "]}"), Source.named("test"))
                .withTimeout(Duration.ofSeconds(30));
        return Settings.of(vertx, framing, script, System::nanoTime);
    }
}
