package dev.vecho.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.play.CaseContext;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
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
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with a stream is found out, and is the same in whatever pieces the stream comes. */
@ExtendWith(VertxExtension.class)
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
final class StreamFaultsTest {

    private static final int SIZE = 1000;
    private static final Duration AMPLE = Duration.ofSeconds(30);
    private static final String ECHO = "{\"send\": {\"random\": 1000}}, {\"expect\": \"echo\"}";
    private static final String TEXT =
            "{\"send\": {\"text\": \"This is the message.  It will be repeated.\"}}, {\"expect\": \"echo\"}";

    private final Vertx vertx;

    StreamFaultsTest(Vertx vertx) {
        this.vertx = vertx;
    }

    /** Answers once all has come, with something else. */
    private record Peer(int all, boolean ends, UnaryOperator<Buffer> fault) implements FakePeer {

        @Override
        public Future<Void> sent(FakeConnection connection, Buffer bytes) {
            if (connection.sent().length() == all) {
                Buffer answer = fault.apply(connection.sent());
                if (answer.length() > 0) {
                    connection.deliver(answer);
                }
                if (ends) {
                    connection.deliverEnd();
                }
            }
            return Future.succeededFuture();
        }
    }

    @Test
    void findsNothingWrongWithAHealthyPeer() {
        for (boolean ends : new boolean[] {false, true}) {
            assertThat(play(new Peer(SIZE, ends, sent -> sent), ECHO).diagnosis())
                    .isNull();
            assertThat(play(new Peer(42, ends, sent -> sent), TEXT).diagnosis()).isNull();
        }
    }

    @Test
    void findsCorruption() {
        for (int at : new int[] {0, 1, 500, 991, 992, 998, 999}) {
            Diagnosis found = diagnose(FailureKind.CORRUPTED, sent -> flip(sent, at, 1));
            assertThat(found.offset()).isEqualTo(at);
            assertThat(found.expected()).hasSize(2 * Math.min(8, SIZE - at));
            assertThat(found.found()).hasSize(2 * Math.min(8, SIZE - at));
            assertThat(found.sentence()).startsWith("byte " + at + " came back as 0x");
        }
        assertThat(diagnose(FailureKind.CORRUPTED, sent -> flip(sent, 10, 20)).offset())
                .isEqualTo(10);
        assertThat(diagnose(FailureKind.CORRUPTED, sent -> flip(sent, 0, SIZE)).offset())
                .isZero();
        for (int at : new int[] {0, 20, 41}) {
            assertText(FailureKind.CORRUPTED, at, sent -> flip(sent, at, 1));
        }
    }

    @Test
    void findsInjectedBytes() {
        for (int at : new int[] {0, 1, 500, 999}) {
            for (String more : new String[] {"!", "hello, this is a proxy", "x".repeat(200)}) {
                Diagnosis found = diagnose(FailureKind.INJECTED, sent -> insert(sent, at, more));
                // What is put in may begin with what should have come, then it goes wrong one byte later.
                assertThat(found.offset()).isBetween((long) at, at + 2L);
                assertThat(found.found()).startsWith(hex(more).substring(0, 2));
            }
        }
        assertText(FailureKind.INJECTED, 0, sent -> insert(sent, 0, "!"));
    }

    @Test
    void findsInjectedBytesBehindTheEcho() {
        String end = ", {\"close\": \"output\"}, {\"expect\": \"end\"}";
        for (String more : new String[] {"!", "hello, this is a proxy", "x".repeat(300)}) {
            Diagnosis found = word(play(new Peer(SIZE, false, sent -> insert(sent, SIZE, more)), ECHO + end));
            assertThat(found.word()).isEqualTo(FailureKind.INJECTED);
            assertThat(found.offset()).isEqualTo(SIZE);
            assertThat(found.found()).isEqualTo(hex(more.substring(0, Math.min(8, more.length()))));
            assertThat(found.expected()).isNull();
        }
    }

    @Test
    void findsBytesThatComeTwice() {
        Diagnosis found = diagnose(
                FailureKind.INJECTED,
                sent -> sent.slice(0, 600)
                        .copy()
                        .appendBuffer(sent.slice(100, 600))
                        .appendBuffer(sent.slice(600, SIZE)));
        assertThat(found.sentence()).isEqualTo("bytes came once more, at offset 600, that had come at offset 100");
    }

    @Test
    void findsMissingBytes() {
        for (int[] cut : new int[][] {{0, 1}, {500, 1}, {500, 100}, {10, 900}, {996, 2}}) {
            Diagnosis found = diagnose(FailureKind.LOST, sent -> drop(sent, cut[0], cut[1]));
            assertThat(found.offset()).isEqualTo(cut[0]);
            assertThat(found.sentence()).startsWith(Diagnosis.bytes(cut[1]) + " are missing at offset " + cut[0]);
        }
        assertText(FailureKind.LOST, 5, sent -> drop(sent, 5, 10));
    }

    @Test
    void findsManyMissingBytesOfAText() {
        String text = "{\"send\": {\"random\": 300000, \"seed\": 3}}, {\"send\": {\"text\": \"" + "abcdefg".repeat(9000)
                + "-the very end of it\"}}, {\"expect\": \"echo\"}";
        Peer peer = new Peer(363_019, false, sent -> drop(sent, 300_005, 62_995));
        assertThat(word(play(peer, text)).word()).isEqualTo(FailureKind.LOST);
    }

    @Test
    void findsTheEndTooEarly() {
        for (int at : new int[] {1, 500, 999}) {
            Diagnosis found = word(play(new Peer(SIZE, true, sent -> sent.slice(0, at)), ECHO));
            assertThat(found.word()).isEqualTo(FailureKind.TRUNCATED);
            assertThat(found.offset()).isEqualTo(at);
        }
        Diagnosis found = word(play(new Peer(SIZE, true, sent -> Buffer.buffer()), ECHO));
        assertThat(found.word()).isEqualTo(FailureKind.CLOSED);
        assertThat(found.sentence()).isEqualTo("the peer closed without a reply, at byte 0 of 1000");
    }

    @Test
    void findsTlsWherePlainTextIsSpoken() {
        for (String record : new String[] {"15030300020246", "160303007a0200"}) {
            for (boolean ends : new boolean[] {false, true}) {
                Diagnosis found = word(play(new Peer(42, ends, sent -> Buffer.buffer(bytes(record))), TEXT));
                assertThat(found.kind()).isEqualTo("tls: required");
                assertThat(found.found()).isEqualTo(record.substring(0, 6));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"15aabbccdd", "1503aabbcc"})
    void findsTlsThoughItBeginsLikeWhatWasSent(String sent) {
        String steps = "{\"send\": {\"hex\": \"" + sent + "\"}}, {\"expect\": \"echo\"}";
        Diagnosis found = word(play(new Peer(5, true, all -> Buffer.buffer(bytes("15030300020246"))), steps));
        assertThat(found.kind()).isEqualTo("tls: required");
    }

    @Test
    void findsTheBytesOfAnotherConnection() {
        for (int size : new int[] {8, 9, 15, 16, 100, SIZE}) {
            Diagnosis found = second("{\"send\": {\"random\": " + size + "}}, {\"expect\": \"echo\"}", () -> {
                List<Buffer> before = new ArrayList<>();
                return new Peer(size, false, sent -> {
                    before.add(sent);
                    return before.get(0);
                });
            });
            assertThat(found.word()).as(size + " bytes: " + found).isEqualTo(FailureKind.FOREIGN);
            assertThat(found.sentence()).endsWith("came bytes that were sent on fake://peer, round 1");
        }
    }

    @Test
    void findsTheBytesOfAnotherConnectionInTheMiddle() {
        Diagnosis found = second(ECHO, () -> {
            List<Buffer> before = new ArrayList<>();
            return new Peer(SIZE, false, sent -> {
                before.add(sent);
                return before.size() == 1
                        ? sent
                        : sent.slice(0, 300).copy().appendBuffer(before.get(0).slice(100, 800));
            });
        });
        assertThat(found.word()).isEqualTo(FailureKind.FOREIGN);
    }

    /** What the second round fails with, the first having passed. */
    private Diagnosis second(String steps, Supplier<FakePeer> peer) {
        List<Report> reports = Replays.play(caseContext(steps), () -> new FakeClient(peer.get()), 2);
        assertThat(reports.get(0).diagnosis()).isNull();
        return word(reports.get(1));
    }

    @Test
    void saysWhenTheConnectionWasReset() {
        for (int[] come : new int[][] {{0}, {500}, {SIZE}}) {
            FakePeer peer = new FakePeer.Answer() {
                @Override
                public void answer(FakeConnection connection, Buffer all) {
                    connection.deliver(all.slice(0, come[0]));
                    connection.deliverFault(FakePeer.fault(Fault.RESET));
                }
            };
            Diagnosis found = word(play(peer, ECHO + ", {\"expect\": \"end\"}"));
            String when = come[0] == 0 ? "before" : come[0] == SIZE ? "after" : "during";
            assertThat(found.kind()).isEqualTo("reset: " + when);
        }
    }

    @Test
    void tellsSlowFromStalled() {
        // A byte each 20 ms, of which the last never comes; and one that stops in the middle.
        assertThat(verdictOnTrickle(SIZE)).isEqualTo(FailureKind.SLOW);
        assertThat(verdictOnTrickle(3)).isEqualTo(FailureKind.TIMEOUT);
    }

    /** Tries again where this machine stood still for so long that it looked like a stall of the peer. */
    private FailureKind verdictOnTrickle(int stop) {
        while (true) {
            Trickle peer = new Trickle(stop);
            FailureKind found = word(once(
                            peer, "{\"send\": {\"random\": 1000}}, {\"expect\": \"echo\", \"withinMillis\": 1000}"))
                    .word();
            if (peer.longestPauseMillis() < 200) {
                return found;
            }
        }
    }

    /** Sends a byte each 20 ms. */
    private final class Trickle implements FakePeer.Answer {

        private final int stop;
        private volatile long last;
        private volatile long longestPause;
        private volatile int sent;

        Trickle(int stop) {
            this.stop = stop;
        }

        @Override
        public void answer(FakeConnection connection, Buffer all) {
            last = System.nanoTime();
            trickle(connection, all, 0);
        }

        /** Until it stopped, or until now, with the pause that goes on. */
        long longestPauseMillis() {
            long current = sent < stop ? System.nanoTime() - last : 0;
            return Math.max(longestPause, current) / 1_000_000;
        }

        private void trickle(FakeConnection connection, Buffer bytes, int from) {
            if (from < stop) {
                vertx.setTimer(20, fired -> {
                    longestPause = Math.max(longestPause, System.nanoTime() - last);
                    last = System.nanoTime();
                    sent = from + 1;
                    connection.deliver(bytes.slice(from, from + 1));
                    trickle(connection, bytes, from + 1);
                });
            }
        }
    }

    @Test
    void findsTheCutOfAnIdleConnection() {
        for (boolean reset : new boolean[] {false, true}) {
            FakePeer peer = new FakePeer() {
                @Override
                public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                    connection.deliver(bytes);
                    vertx.setTimer(50, fired -> {
                        if (reset) {
                            connection.deliverFault(FakePeer.fault(Fault.RESET));
                        } else {
                            connection.deliverEnd();
                        }
                    });
                    return Future.succeededFuture();
                }
            };
            for (String wait :
                    new String[] {"{\"pauseMillis\": 30000}", "{\"expect\": \"nothing\", \"forMillis\": 30000}"}) {
                Diagnosis found = word(play(peer, ECHO + ", " + wait + ", " + ECHO));
                assertThat(found.kind()).isEqualTo(reset ? "idle: reset" : "idle: closed");
                assertThat(found.sentence()).matches(".* after it had been idle for \\d+\\.\\d{3} s");
                assertThat(found.step()).isEqualTo(2);
            }
        }
    }

    @Test
    void doesNotCallAnEndIdleThatTheScriptExpects() {
        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> outputClosed(FakeConnection connection) {
                vertx.setTimer(20, fired -> connection.deliverEnd());
                return Future.succeededFuture();
            }
        };
        assertThat(play(peer, ECHO + ", {\"close\": \"output\"}, {\"pauseMillis\": 60}, {\"expect\": \"end\"}")
                        .diagnosis())
                .isNull();
    }

    // ---- what the tests share

    private void assertText(FailureKind word, int at, UnaryOperator<Buffer> fault) {
        for (boolean ends : new boolean[] {false, true}) {
            Diagnosis found = word(play(new Peer(42, ends, fault), TEXT));
            assertThat(found.word()).as(found.toString()).isEqualTo(word);
            assertThat(found.offset()).as(found.toString()).isEqualTo(at);
        }
    }

    private Diagnosis diagnose(FailureKind word, UnaryOperator<Buffer> fault) {
        Diagnosis open = word(play(new Peer(SIZE, false, fault), ECHO));
        Diagnosis ended = word(play(new Peer(SIZE, true, fault), ECHO));
        assertThat(open.word()).as(open.toString()).isEqualTo(word);
        assertThat(ended).isEqualTo(open);
        return open;
    }

    private static Buffer flip(Buffer sent, int at, int count) {
        for (int i = at; i < at + count; i++) {
            sent.setByte(i, (byte) ~sent.getByte(i));
        }
        return sent;
    }

    private static Buffer insert(Buffer sent, int at, String more) {
        return sent.slice(0, at).copy().appendString(more).appendBuffer(sent.slice(at, sent.length()));
    }

    private static Buffer drop(Buffer sent, int at, int count) {
        return sent.slice(0, at).copy().appendBuffer(sent.slice(at + count, sent.length()));
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    private CaseContext caseContext(String steps) {
        Script script = Script.of(new JsonObject("{\"steps\": [" + steps + "]}"), Source.named("test"))
                .withTimeout(AMPLE);
        return Settings.of(vertx, Framing.STREAM, script, System::nanoTime);
    }

    private Report play(FakePeer peer, String steps) {
        return Replays.play(caseContext(steps), () -> new FakeClient(peer));
    }

    /** Not in other pieces: the peer takes its time. */
    private Report once(FakePeer peer, String steps) {
        return await(new Check(caseContext(steps), () -> new FakeClient(peer)).play(1));
    }

    private static Diagnosis word(Report report) {
        return Objects.requireNonNull(report.diagnosis(), "passed");
    }

    private static Report await(Future<Report> future) {
        try {
            return future.await(AMPLE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("took more than " + AMPLE, e);
        }
    }
}
