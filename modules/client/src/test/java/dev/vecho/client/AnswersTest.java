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
import java.util.Objects;
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

    private static final String GREETING = "{'expect': {'pattern': '220[ -][^\\\\r\\\\n]*\\\\r\\\\n'}}";
    private static final String LINES =
            "{'expect': {'pattern': '(250-[^\\\\r\\\\n]*\\\\r\\\\n)*250 [^\\\\r\\\\n]*\\\\r\\\\n'}}";

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

    /** Echoes random bytes, answers with a line, and then sends the random bytes once more. */
    private record Again(int echo, int answerAfter, String answer, int againAfter) implements FakePeer {

        @Override
        public Future<Void> sent(FakeConnection connection, Buffer bytes) {
            int now = connection.sent().length();
            int before = now - bytes.length();
            if (before < echo && now >= echo) {
                connection.deliver(connection.sent().slice(0, echo));
            }
            if (before < answerAfter && now >= answerAfter) {
                connection.deliver(Buffer.buffer(answer));
            }
            if (before < againAfter && now >= againAfter) {
                connection.deliver(connection.sent().slice(0, echo));
            }
            return Future.succeededFuture();
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

    /** Answers by a pattern: the shortest that matches settles the step. */
    static Stream<Arguments> patterns() {
        String ehlo = "{'send': {'text': 'EHLO\\r\\n'}}," + LINES;
        String greeting = "220 mail.example ESMTP\r\n";
        return Stream.of(
                play(GREETING, says(0, greeting), "passed"),
                play(GREETING + "," + CLOSE, says(0, "220-\r\n"), "passed"),
                play(GREETING + "," + HELLO + "," + CLOSE, says(0, greeting, 5, "hello"), "passed"),
                play(
                        GREETING + "," + ehlo + "," + HELLO + "," + LOGIN + "," + CLOSE,
                        says(0, greeting, 6, "250-mail\r\n250-SIZE 1\r\n250 HELP\r\n", 11, "hello", 17, "OK\n"),
                        "passed"),
                play(GREETING + ", {'startTls': true}," + HELLO, says(0, greeting, 5, "hello"), "passed"),
                play(GREETING + "," + NOTHING + "," + HELLO, says(0, greeting, 5, "hello"), "passed"),
                play(
                        GREETING + ", {'reconnect': true}," + GREETING + "," + HELLO,
                        says(0, greeting, 5, "hello"),
                        "passed"),
                // None of what was sent before is an echo any more.
                play(
                        "{'send': {'random': 1000}}," + LINES + "," + HELLO,
                        says(1000, "250 ok\r\n", 1005, "hello"),
                        "passed"),
                // Bytes that are not known beforehand, and then some that are.
                play(
                        "{'expect': {'pattern': '.{3}\\\\x00[^\\\\x00]+\\\\x00.{4}'}}, " + HELLO + "," + CLOSE,
                        says(0, "\1\2\n\0" + "5.5.5\0" + "\0\n\0\r", 5, "hello"),
                        "passed"),
                // The first byte with which nothing matches any more.
                play(GREETING, says(0, "554 no\r\n"), "unexpected: pattern 0 0"),
                play(GREETING, says(0, "221 no\r\n"), "unexpected: pattern 0 2"),
                play(GREETING + "," + HELLO, says(0, "220 mail\n", 5, "hello"), "unexpected: pattern 0 8"),
                play(GREETING + "," + ehlo, says(0, greeting, 6, "250-a\r\n220 b\r\n"), "unexpected: pattern 2 32"),
                play(
                        GREETING.replace("}}", ", 'maxBytes': 10}}"),
                        says(0, "220 mail.example\r\n"),
                        "unexpected: pattern 0 9"),
                play(GREETING.replace("}}", ", 'maxBytes': 10}}"), says(0, "220 mail\r\n"), "passed"),
                // What comes behind it is none of it.
                play(GREETING + "," + PAUSE, says(0, greeting + "more"), "unexpected 1 24"),
                play(GREETING + "," + NOTHING, says(0, greeting + greeting), "unexpected 1 24"),
                play(GREETING + "," + HELLO + "," + CLOSE, says(0, greeting, 5, "hello, you"), "injected 4 29"),
                play(GREETING + "," + HELLO, says(0, greeting, 5, "heLlo"), "corrupted 2 26"),
                play(GREETING, says(0, greeting + "more"), "passed"),
                // It ends, or stays away.
                play(GREETING, says(0, "220 ma", 0, END), "truncated 0 6"),
                play(GREETING, says(0, END), "closed 0 0"),
                play(GREETING, says(0, "220 ma", 0, RESET), "reset: during 0 6"),
                play(GREETING + "," + HELLO, says(0, greeting, 5, END), "closed 2 24"),
                play(GREETING + "," + HELLO, says(0, greeting, 5, "he", 5, END), "truncated 2 26"),
                play(GREETING + "," + ehlo, says(0, greeting, 6, END), "closed 2 24"),
                play(GREETING + "," + ehlo, says(0, greeting, 6, "250-", 6, END), "truncated 2 28"),
                play(GREETING.replace("}}", "}, 'withinMillis': 500}"), says(0, "220 mail"), "timeout 0 8"),
                play(GREETING.replace("}}", "}, 'withinMillis': 500}"), says(), "silent 0"),
                // Known bytes once more, or of elsewhere, have their places in spite of what came between.
                play(
                        "{'send': {'random': 100, 'seed': 7}}, {'expect': 'echo'}, {'send': {'text': 'x'}}," + LINES
                                + ", {'send': {'text': 'y'}}, {'expect': 'echo'}",
                        new Again(100, 101, "250 x\r\n", 102),
                        "injected 5 107"));
    }

    private static Arguments play(String steps, FakePeer peer, String verdict) {
        return Arguments.of(steps.replace('\'', '"'), peer, verdict);
    }

    @Test
    void saysWhereAnAnswerLeavesThePattern() {
        assertThat(sentence(GREETING, says(0, "220 mail\n")))
                .isEqualTo(
                        "this is not an answer that matches the pattern: its byte 8 is \\n, expected [^\\n]; it began"
                                + " with \"220 mail\"");
        assertThat(sentence(GREETING, says(0, "mail")))
                .isEqualTo("this is not an answer that matches the pattern: its byte 0 is m, expected 2");
        assertThat(sentence(GREETING, says(0, "220 " + "m".repeat(100), 0, END)))
                .isEqualTo("the peer closed within an answer that matches the pattern, after 104 bytes; it began with"
                        + " \"220 " + "m".repeat(60) + "…\"");
        assertThat(sentence(GREETING.replace("}}", "}, 'withinMillis': 300}"), says(0, "220\0")))
                .startsWith("this is not an answer that matches the pattern: its byte 3 is \\x00, expected [ -]");
        assertThat(sentence(GREETING.replace("}}", "}, 'withinMillis': 300}"), says(0, "220 \0")))
                .isEqualTo(
                        "5 bytes came, and not all of an answer that matches the pattern within 300 ms; it began with"
                                + " \"220 \\x00\"");
    }

    /** What is known beforehand keeps its place behind an answer that is not. */
    @Test
    void countsWhatIsMissingBehindAnAnswer() {
        FakePeer loses = new FakePeer() {
            @Override
            public void opened(FakeConnection connection) {
                connection.deliver(Buffer.buffer("220 mail\r\n"));
            }

            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                connection.deliver(bytes.getBuffer(0, 100).appendBuffer(bytes.getBuffer(1100, bytes.length())));
                return Future.succeededFuture();
            }
        };
        assertThat(sentence(GREETING + ", {'send': {'random': 5000}}, {'expect': 'echo'}", loses))
                .isEqualTo("1000 bytes are missing at offset 110, then the echo goes on");
    }

    private String sentence(String steps, FakePeer peer) {
        Report report = Replays.play(caseContext(Framing.STREAM, steps.replace('\'', '"')), () -> new FakeClient(peer));
        return Objects.requireNonNull(report.diagnosis()).sentence();
    }

    @ParameterizedTest(name = "{2}: {0}")
    @MethodSource({"streams", "patterns"})
    void judges(String steps, FakePeer peer, String verdict) {
        for (boolean takesTime : new boolean[] {false, true}) {
            FakePeer played = peer instanceof Dialogue lines ? new Dialogue(takesTime, lines.lines()) : peer;
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
        assertThat(kept(
                        LINES.replace("{'expect", "{'send': {'text': 'x'}}, {'expect"),
                        says(1, "250 a\r\n", 2, "250 b\r\n")))
                .containsExactly("passed", "passed");
        assertThat(kept(
                        LINES.replace("{'expect", "{'send': {'text': 'x'}}, {'expect"),
                        says(1, "250 a\r\n+", 2, "250 b\r\n")))
                .containsExactly("passed", "unexpected 0");
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
                // A message matches as a whole.
                play(
                        "{'send': {'text': 'A'}}, {'expect': {'pattern': '2\\\\d*'}}, " + HELLO,
                        says(1, "220", 6, "hello"),
                        "passed"),
                play(
                        "{'send': {'text': 'A'}}, {'expect': {'pattern': '2\\\\d*'}}",
                        says(1, "220 "),
                        "unexpected: pattern 1 0"),
                play(
                        "{'send': {'text': 'A'}}, {'expect': {'pattern': '220 a?b'}}",
                        says(1, "220 a"),
                        "unexpected: pattern 1 0"),
                play(
                        "{'send': {'text': 'A'}}, {'expect': {'pattern': '.*x', 'maxBytes': 3}}",
                        says(1, "220x"),
                        "unexpected: pattern 1 0"),
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
