package dev.vecho.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.client.FakePeer.Answer;
import dev.vecho.client.play.CaseContext;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Payload;
import dev.vecho.client.script.Script;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.config.Source;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(VertxExtension.class)
@Timeout(180)
final class CheckTest {

    /** For what must happen: never waited for to its end. */
    private static final long AMPLE = 30_000;

    /** For what must not happen: waited for to its end. */
    private static final long SHORT = 40;

    private static final String TEXT = "This is the message.  It will be repeated.";
    private static final Answer NO_ANSWER = (connection, all) -> {};

    private final Vertx vertx;

    CheckTest(Vertx vertx) {
        this.vertx = vertx;
    }

    // ---- what passes

    @Test
    void passesWhenEveryByteComesBack() {
        FakeClient client = new FakeClient(FakePeer.ECHO);

        Report report = play(client, Script.standard());

        assertPassed(report);
        assertThat(report.target()).isEqualTo("fake://peer");
        assertThat(report.round()).isEqualTo(1);
        assertThat(report.bytesSent()).isEqualTo(TEXT.length());
        assertThat(report.bytesReceived()).isEqualTo(TEXT.length());
        assertThat(report.roundTrips().each()).hasSize(1);
        assertThat(report.localAddress()).isEqualTo("near:1");
        assertThat(report.remoteAddress()).isEqualTo("far:2");
        assertThat(report.details()).containsEntry("protocol", "fake");
        assertThat(report.phases().resolve()).isEqualTo(Duration.ofMillis(1));
        assertThat(report.phases().connect()).isEqualTo(Duration.ofMillis(2));
        assertThat(report.phases().tls()).isNull();
        assertThat(report.phases().firstByte()).isNotNull();
        assertThat(report.phases().lastByte()).isNotNull();
        FakeConnection connection = client.connections().get(0);
        assertThat(connection.sent()).hasToString(TEXT);
        assertThat(connection.closed()).isTrue();
        assertPassed(replay(FakePeer.ECHO, Script.standard()));
    }

    @Test
    void measuresFromTheFirstSendToTheLastByte() {
        AtomicLong nanos = new AtomicLong();
        // Ten nanoseconds before each byte that comes, a thousand before each send.
        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                nanos.addAndGet(10);
                connection.receiver().received(bytes.slice(0, 1));
                nanos.addAndGet(10);
                connection.receiver().received(bytes.slice(1, 2));
                nanos.addAndGet(1000);
                return Future.succeededFuture();
            }
        };

        Report report = play(new FakeClient(peer), steps("""
                {"send": {"text": "ab"}}, {"expect": "echo"},
                {"send": {"text": "cd"}}, {"send": {"text": "ef"}}, {"expect": "echo"}"""), nanos::get);

        assertPassed(report);
        assertThat(report.roundTrips().each()).containsExactly(Duration.ofNanos(20), Duration.ofNanos(1040));
        assertThat(report.phases().firstByte()).isEqualTo(Duration.ofNanos(10));
        assertThat(report.phases().lastByte()).isEqualTo(Duration.ofNanos(2060));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void passesHoweverTheEchoIsCutIntoPieces(long seed) {
        Random random = new Random(seed);
        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                int from = 0;
                while (from < bytes.length()) {
                    int to = Math.min(bytes.length(), from + 1 + random.nextInt(20_000));
                    connection.deliver(bytes.slice(from, to));
                    from = to;
                }
                return Future.succeededFuture();
            }
        };

        Report report = play(new FakeClient(peer), steps("""
                {"send": {"random": 300001}}, {"send": {"text": ""}}, {"send": {"random": 13, "seed": 2}},
                {"expect": "echo"}, {"send": {"hex": "00"}}, {"expect": "echo"},
                {"close": "output"}, {"expect": "end"}"""));

        assertPassed(report);
        assertThat(report.bytesReceived()).isEqualTo(300_015);
        assertThat(report.roundTrips().each()).hasSize(2);
    }

    @Test
    void passesWhenThePeerAnswersOnlyAfterTheEnd() {
        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                return Future.succeededFuture();
            }

            @Override
            public Future<Void> outputClosed(FakeConnection connection) {
                connection.deliver(connection.sent());
                connection.deliverEnd();
                return Future.succeededFuture();
            }
        };

        assertPassed(replay(peer, steps("""
                {"send": {"random": 500000}}, {"close": "output"}, {"expect": "echo"}, {"expect": "end"}""")));
    }

    @Test
    void passesWhenEverythingHappensAtOnce() {
        // Sends complete, and echoes come, before send() returns: nothing may recurse, or the stack is not enough.
        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                connection.receiver().received(bytes);
                return Future.succeededFuture();
            }
        };
        StringBuilder many = new StringBuilder("{\"send\": {\"random\": 40000000}}, {\"expect\": \"echo\"}");
        for (int i = 0; i < 5000; i++) {
            many.append(", {\"send\": {\"text\": \"x\"}}, {\"expect\": \"echo\"}");
        }

        assertPassed(play(new FakeClient(peer), steps(many.toString())));
    }

    @Test
    void playsOneRoundAfterAnother() {
        FakeClient client = new FakeClient(FakePeer.ECHO);
        Check check = check(client, Script.standard());

        assertPassed(await(check.play(1)));
        Report second = await(check.play(2));

        assertPassed(second);
        assertThat(second.round()).isEqualTo(2);
        assertThat(client.connections()).hasSize(2);
        assertThat(client.closed()).isFalse();
        await(check.close());
        assertThat(client.closed()).isTrue();
    }

    @Test
    void leavesAnEchoThatNobodyExpects() {
        assertPassed(replay(FakePeer.ECHO, steps("{\"send\": {\"text\": \"a\"}}, {\"pauseMillis\": 1}")));
        assertPassed(replay(NO_ANSWER, steps("{\"send\": {\"text\": \"a\"}}")));
        assertPassed(replay(NO_ANSWER, steps("")));
    }

    @Test
    void expectsOtherBytesThanTheEcho() {
        FakePeer peer = new FakePeer() {
            @Override
            public void opened(FakeConnection connection) {
                connection.deliver(Buffer.buffer("hello"));
            }

            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                connection.deliver(Buffer.buffer(bytes.toString().replace('a', 'A')));
                return Future.succeededFuture();
            }
        };

        assertPassed(replay(peer, steps("""
                {"expect": {"text": "hello"}}, {"send": {"text": "abc"}}, {"expect": {"text": "Abc"}}, {"expect": "echo"},
                {"send": {"text": "b"}}, {"expect": "echo"}""")));
    }

    @Test
    void expectsNothing() {
        assertPassed(replay(FakePeer.ECHO, steps("""
                {"expect": "nothing", "forMillis": 1}, {"send": {"text": "a"}}, {"expect": "echo"},
                {"expect": "nothing", "forMillis": 1}, {"close": "output"}, {"expect": "end"},
                {"expect": "nothing", "forMillis": 1}""")));
    }

    // ---- what comes back wrong

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65_535, 65_536, 199_999})
    void findsTheFirstCorruptedByte(int offset) {
        Answer peer = (connection, all) -> {
            if (all.length() == 200_000) {
                all.setByte(offset, (byte) ~all.getByte(offset));
                connection.deliver(all);
            }
        };

        Report report = replay(peer, steps("""
                {"send": {"random": 200000, "seed": 1}}, {"expect": "echo"}"""));

        Diagnosis diagnosis = assertFailed(report, FailureKind.CORRUPTED, 1);
        assertThat(diagnosis.offset()).isEqualTo(offset);
        byte[] expected = new byte[1];
        Payload.random(200_000, 1).copy(offset, expected, 1);
        assertThat(diagnosis.expected()).startsWith(String.format("%02x", expected[0]));
        assertThat(diagnosis.found()).startsWith(String.format("%02x", ~expected[0] & 0xff));
    }

    @Test
    void findsCorruptionBeforeAStepExpectsTheEcho() {
        Answer peer = (connection, all) -> connection.deliver(Buffer.buffer("ax"));

        Diagnosis diagnosis = assertFailed(replay(peer, steps("""
                {"send": {"text": "ab"}}, {"pauseMillis": 30000}, {"expect": "echo"}""")), FailureKind.CORRUPTED, 2);

        assertThat(diagnosis.sentence()).isEqualTo("byte 1 came back as 0x78, expected 0x62");
    }

    @Test
    void findsTruncation() {
        Answer peer = (connection, all) -> {
            connection.deliver(all.slice(0, 10));
            connection.deliverEnd();
        };

        Diagnosis diagnosis = assertFailed(replay(peer, Script.standard()), FailureKind.TRUNCATED, 1);

        assertThat(diagnosis.offset()).isEqualTo(10);
        assertThat(diagnosis.sentence()).isEqualTo("the peer closed at byte 10 of 42");
    }

    @Test
    void findsTheEndWithoutAReply() {
        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                return Future.succeededFuture();
            }
        };

        Diagnosis diagnosis = assertFailed(replay(peer, steps("""
                {"send": {"text": "ab"}}, {"close": "output"}, {"expect": "echo"}""")), FailureKind.CLOSED, 2);

        assertThat(diagnosis.sentence())
                .isEqualTo("the peer closed without a reply, at byte 0 of 2, after this side closed its output");
    }

    @Test
    void findsBytesBehindTheEcho() {
        Answer peer = (connection, all) -> connection.deliver(all.appendString("xyz"));

        Diagnosis diagnosis = assertFailed(replay(peer, Script.standard()), FailureKind.INJECTED, 3);

        assertThat(diagnosis.offset()).isEqualTo(42);
        assertThat(diagnosis.sentence()).isEqualTo("3 bytes came that were never sent, at offset 42");
    }

    @Test
    void findsBytesBehindTheLastStep() {
        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> outputClosed(FakeConnection connection) {
                connection.deliver(Buffer.buffer("x"));
                connection.deliverEnd();
                return Future.succeededFuture();
            }
        };

        assertFailed(replay(peer, Script.standard()), FailureKind.INJECTED, 3);
    }

    @Test
    void findsBytesThatComeBeforeTheyAreSent() {
        // What will be sent, but was not yet: no echo.
        FakePeer peer = new FakePeer() {
            @Override
            public void opened(FakeConnection connection) {
                connection.deliver(Buffer.buffer("a"));
            }
        };

        Diagnosis diagnosis = assertFailed(replay(peer, steps("""
                {"pauseMillis": 30000}, {"send": {"text": "a"}}, {"expect": "echo"}""")), FailureKind.INJECTED, 0);

        assertThat(diagnosis.offset()).isZero();
    }

    @Test
    void findsEchoWhereNothingIsExpected() {
        String script = """
                {"send": {"text": "abc"}}, {"expect": {"text": "a"}}, %s {"expect": "nothing", "forMillis": 30000},
                {"expect": "echo"}""";

        for (String before : List.of("", "{\"pauseMillis\": 1},")) {
            Report report = replay(FakePeer.ECHO, steps(script.formatted(before)));
            Diagnosis diagnosis = assertFailed(report, FailureKind.UNEXPECTED, 2);
            assertThat(diagnosis.sentence()).isEqualTo("2 bytes came after the expected answer, at offset 1");
            assertThat(diagnosis.offset()).isEqualTo(1);
        }
    }

    @Test
    void findsEndWhereNothingIsExpected() {
        FakePeer peer = new FakePeer() {
            @Override
            public void opened(FakeConnection connection) {
                connection.deliverEnd();
            }
        };

        assertFailed(replay(peer, steps("""
                {"expect": "nothing", "forMillis": 30000}, {"expect": "end"}""")), FailureKind.UNEXPECTED, 0);
    }

    // ---- what never comes

    @Test
    void findsSilence() {
        Diagnosis diagnosis = assertFailed(
                play(new FakeClient(NO_ANSWER), Script.standard().withTimeout(Duration.ofMillis(SHORT))),
                FailureKind.SILENT,
                1);
        assertThat(diagnosis.sentence()).isEqualTo("connected, but nothing came back for 40 ms");
    }

    @Test
    void findsEchoThatStops() {
        Answer peer = (connection, all) -> connection.deliver(all.slice(0, 41));

        Diagnosis diagnosis = assertFailed(
                play(new FakeClient(peer), Script.standard().withTimeout(Duration.ofMillis(SHORT))),
                FailureKind.TIMEOUT,
                1);

        assertThat(diagnosis.sentence()).isEqualTo("41 of 42 bytes came back, then nothing for 40 ms");
        assertThat(diagnosis.offset()).isEqualTo(41);
    }

    @Test
    void findsEndThatNeverComes() {
        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> outputClosed(FakeConnection connection) {
                return Future.succeededFuture();
            }
        };

        assertFailed(
                play(new FakeClient(peer), Script.standard().withTimeout(Duration.ofMillis(SHORT))),
                FailureKind.HALF_CLOSE,
                3);
        assertFailed(
                play(new FakeClient(peer), steps("{\"expect\": \"end\", \"withinMillis\": 40}")),
                FailureKind.TIMEOUT,
                0);
    }

    @Test
    void boundsWhatIsUnderWayToAPeerThatDoesNotRead() {
        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                return Promise.<Void>promise().future();
            }
        };
        FakeClient client = new FakeClient(peer);

        Report report = play(client, steps("""
                {"send": {"random": 100000000}}, {"expect": "echo", "withinMillis": 40}"""));

        Diagnosis diagnosis = assertFailed(report, FailureKind.SILENT, 1);
        assertThat(diagnosis.sentence())
                .isEqualTo(
                        "connected, but nothing came back within 40 ms, and only 0 of 100000000 bytes could be sent");
        assertThat(client.connections().get(0).sent().length()).isEqualTo(4 * 65_536);
        assertThat(report.bytesSent()).isZero();
    }

    @Test
    void letsReceivingHaveItsTurnWhileItSends() {
        AtomicInteger waiting = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                most.accumulateAndGet(waiting.incrementAndGet(), Math::max);
                vertx.runOnContext(turn -> {
                    waiting.decrementAndGet();
                    connection.receiver().received(bytes);
                });
                return Future.succeededFuture();
            }
        };

        assertPassed(play(new FakeClient(peer), echo(4_000_000)));

        assertThat(most.get()).isLessThanOrEqualTo(16);
    }

    @Test
    void isNotOverBeforeAllIsSent() {
        FakePeer slow = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                return vertx.timer(1).mapEmpty();
            }
        };
        Report report = play(new FakeClient(slow), steps("{\"send\": {\"random\": 1000000}}"));
        assertPassed(report);
        assertThat(report.bytesSent()).isEqualTo(1_000_000);

        FakePeer stuck = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                return connection.sent().length() <= 65_536
                        ? Future.succeededFuture()
                        : Promise.<Void>promise().future();
            }
        };
        Script script = steps("{\"send\": {\"random\": 1000000}}").withTimeout(Duration.ofMillis(SHORT));
        Diagnosis diagnosis = assertFailed(play(new FakeClient(stuck), script), FailureKind.TIMEOUT, null);
        assertThat(diagnosis.sentence()).isEqualTo("65536 of 1000000 bytes were sent, nothing more for 40 ms");
    }

    @Test
    void doesNotFailWhatMovesHoweverSlowly() {
        assertPassed(playSlowly("{\"expect\": \"echo\"}"));
    }

    @Test
    void failsWhatMovesTooSlowlyForALimitOfTheStep() {
        Diagnosis diagnosis =
                assertFailed(playSlowly("{\"expect\": \"echo\", \"withinMillis\": 20}"), FailureKind.SLOW, 1);
        assertThat(diagnosis.sentence()).isEqualTo("2 of 3 bytes came back within 20 ms, and they still came");
    }

    /**
     * Three bytes come, 15 ms apart on the round's clock, the limit being 20 ms. The real timers only set the order: between
     * two bytes, the round's fires at least once.
     */
    private Report playSlowly(String expect) {
        AtomicLong nanos = new AtomicLong();
        Answer peer = (connection, all) -> deliverSlowly(connection, all, 0, nanos);
        Script script = steps("{\"send\": {\"text\": \"abc\"}}, " + expect).withTimeout(Duration.ofMillis(20));
        return play(new FakeClient(peer), script, nanos::get);
    }

    private void deliverSlowly(FakeConnection connection, Buffer bytes, int from, AtomicLong nanos) {
        if (from < bytes.length()) {
            vertx.setTimer(50, fired -> {
                nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(15));
                connection.receiver().received(bytes.slice(from, from + 1));
                deliverSlowly(connection, bytes, from + 1, nanos);
            });
        }
    }

    // ---- connections that fail

    @ParameterizedTest
    @EnumSource(Fault.class)
    void namesTheFaultOfConnecting(Fault fault) {
        FakeClient client = new FakeClient(FakePeer.ECHO) {
            @Override
            public Future<Connection> connect(Receiver receiver) {
                return Future.failedFuture(FakePeer.fault(fault));
            }
        };

        Report report = play(client, Script.standard());

        FailureKind word = fault == Fault.TIMEOUT ? FailureKind.FILTERED : word(fault);
        Diagnosis diagnosis = assertFailed(report, word, null);
        assertThat(diagnosis.sentence()).isEqualTo("the fault is " + fault);
        assertThat(report.remoteAddress()).isNull();
    }

    @Test
    void tellsWhatIsKnownOfAPeerThatWasNotTrusted() {
        FakeClient client = new FakeClient(FakePeer.ECHO) {
            @Override
            public Future<Connection> connect(Receiver receiver) {
                return Future.failedFuture(new TransportException(
                        Fault.TLS, "expired", "it has expired", null, Map.of("peer", "CN=gone")));
            }
        };

        assertThat(play(client, Script.standard()).details()).containsEntry("peer", "CN=gone");
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void namesTheFaultOfAnOpenConnection(Fault fault) {
        Answer peer = (connection, all) -> connection.deliverFault(FakePeer.fault(fault));
        assertFailed(replay(peer, Script.standard()), word(fault), 1);
    }

    @Test
    void namesTheFaultOfSending() {
        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                return Future.failedFuture(FakePeer.fault(Fault.RESET));
            }
        };
        Report report = replay(peer, Script.standard());
        assertThat(assertFailed(report, FailureKind.RESET, 0).sentence())
                .isEqualTo("the fault is RESET, after 0 bytes had come back");
    }

    @Test
    void tellsOfTheEndRatherThanOfSendingAfterIt() {
        Promise<Void> reset = Promise.promise();
        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                connection.receiver().ended();
                vertx.runOnContext(turn -> reset.tryFail(FakePeer.fault(Fault.RESET)));
                return reset.future();
            }
        };

        assertFailed(play(new FakeClient(peer), steps("""
                {"send": {"random": 1000000}}, {"pauseMillis": 5}, {"expect": "echo"}""")), FailureKind.CLOSED, 2);
        assertFailed(play(new FakeClient(peer), steps("""
                {"send": {"random": 1000000}}, {"expect": "end"}""")), FailureKind.RESET, null);
    }

    @Test
    void givesUpConnectingAndOpensAnewForTheNextRound() {
        List<FakeClient> clients = new ArrayList<>();
        Promise<Connection> late = Promise.promise();
        List<Receiver> receivers = new ArrayList<>();
        Check check = new Check(
                caseContext(Framing.STREAM, Script.standard().withTimeout(Duration.ofMillis(SHORT)), () -> 0), () -> {
                    FakeClient client = !clients.isEmpty()
                            ? new FakeClient(FakePeer.ECHO)
                            : new FakeClient(FakePeer.ECHO) {
                                @Override
                                public Future<Connection> connect(Receiver receiver) {
                                    receivers.add(receiver);
                                    return late.future();
                                }
                            };
                    clients.add(client);
                    return client;
                });

        Report report = await(check.play(1));
        assertThat(assertFailed(report, FailureKind.FILTERED, null).sentence())
                .isEqualTo("no answer to the attempt to connect within 40 ms");
        assertThat(clients.get(0).closed()).isTrue();

        // The clock stands still, so that this round cannot time out.
        assertPassed(await(check.play(2)));
        assertThat(clients).hasSize(2);

        Promise<FakeConnection> connected = Promise.promise();
        vertx.runOnContext(turn -> {
            FakeConnection connection = clients.get(0).open(receivers.get(0));
            late.complete(connection);
            connected.complete(connection);
        });
        assertThat(await(connected.future()).closed()).isTrue();
    }

    @Test
    void tellsHowFarConnectingCame() {
        FakeClient client = new FakeClient(FakePeer.ECHO) {
            @Override
            public Future<Connection> connect(Receiver receiver) {
                receiver.completed(Receiver.Phase.CONNECT, Duration.ofMillis(1));
                return Promise.<Connection>promise().future();
            }
        };
        Diagnosis diagnosis = assertFailed(
                play(client, Script.standard().withTimeout(Duration.ofMillis(SHORT))), FailureKind.TIMEOUT, null);
        assertThat(diagnosis.sentence()).startsWith("connected, but not ready");
    }

    // ---- never hangs

    @Test
    void reportsThoughTheConnectionNeverCloses() {
        FakeClient client = new FakeClient(FakePeer.ECHO) {
            @Override
            public Future<Void> close() {
                return Promise.<Void>promise().future();
            }

            @Override
            public Future<Connection> connect(Receiver receiver) {
                return super.connect(receiver).map(NeverClosing::new);
            }
        };
        Script script = steps("").withTimeout(Duration.ofMillis(SHORT));
        Check check = check(client, script);

        assertPassed(await(check.play(1)));
        await(check.close());
    }

    @Test
    void endsWhenTheTransportThrows() {
        FakeClient client = new FakeClient(FakePeer.ECHO) {
            @Override
            public Future<Connection> connect(Receiver receiver) {
                throw new UnsupportedOperationException("a bug");
            }
        };
        Check connecting = check(client, Script.standard());
        assertThatThrownBy(() -> await(connecting.play(1))).isInstanceOf(UnsupportedOperationException.class);

        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                throw new UnsupportedOperationException("a bug");
            }
        };
        assertFailed(play(new FakeClient(peer), Script.standard()), FailureKind.FAILED, 0);
    }

    @Test
    void endsTheRoundWhenClosed() {
        Promise<Void> sent = Promise.promise();
        Answer peer = (connection, all) -> sent.complete();
        FakeClient client = new FakeClient(peer);
        Check check = check(client, Script.standard().withTimeout(Duration.ofMillis(AMPLE)));
        Future<Report> playing = check.play(1);
        await(sent.future());

        assertThatThrownBy(() -> await(check.play(2))).isInstanceOf(IllegalStateException.class);
        await(check.close());

        assertThatThrownBy(() -> await(playing)).isInstanceOf(CancellationException.class);
        assertThat(client.connections().get(0).closed()).isTrue();
        assertThatThrownBy(() -> await(check.play(3))).isInstanceOf(IllegalStateException.class);
    }

    // ---- messages

    @Test
    void playsMessages() {
        Report report = play(Framing.MESSAGES, new FakeClient(FakePeer.ECHO), steps("""
                {"send": {"random": 200000}}, {"send": {"text": ""}}, {"send": {"text": "c"}}, {"expect": "echo"},
                {"send": {"text": "d"}}, {"expect": {"text": "d"}}, {"expect": "echo"}"""), System::nanoTime);
        assertPassed(report);
        assertThat(report.roundTrips().each()).hasSize(1);
        assertPassed(play(Framing.MESSAGES, new FakeClient(NO_END), Script.standard(), System::nanoTime));
    }

    private static final FakePeer NO_END = new FakePeer() {
        @Override
        public Future<Void> outputClosed(FakeConnection connection) {
            return Future.failedFuture(FakePeer.fault(Fault.OTHER));
        }
    };

    @Test
    void findsWhatIsWrongWithMessages() {
        assertThat(message(bytes -> List.of(bytes.slice(0, 2))).word()).isEqualTo(FailureKind.TRUNCATED);
        assertThat(message(bytes -> List.of(bytes.copy().appendString("d"))).word())
                .isEqualTo(FailureKind.INJECTED);
        assertThat(message(bytes -> List.of(bytes, bytes)).word()).isEqualTo(FailureKind.DUPLICATED);
        assertThat(message(bytes -> List.of(Buffer.buffer("abx"))).word()).isEqualTo(FailureKind.CORRUPTED);
        assertThat(message(bytes -> List.of(bytes.slice(0, 1), bytes.slice(1, 3)))
                        .word())
                .isEqualTo(FailureKind.TRUNCATED);
        assertThat(message(bytes -> List.of()).word()).isEqualTo(FailureKind.SILENT);
    }

    private interface Mishap {
        List<Buffer> answers(Buffer bytes);
    }

    private Diagnosis message(Mishap mishap) {
        Answer peer = (connection, all) -> mishap.answers(all).forEach(connection::deliver);
        Script script = steps("""
                {"send": {"text": "abc"}}, {"expect": "echo", "withinMillis": 40},
                {"expect": "nothing", "forMillis": 30000}""");
        Diagnosis diagnosis = play(Framing.MESSAGES, new FakeClient(peer), script, System::nanoTime)
                .diagnosis();
        assertThat(diagnosis).isNotNull();
        return Objects.requireNonNull(diagnosis);
    }

    // ---- what the tests share

    private static Script steps(String steps) {
        return Script.of(new JsonObject("{\"steps\": [" + steps + "]}"), Source.named("test"))
                .withTimeout(Duration.ofMillis(AMPLE));
    }

    private static Script echo(int size) {
        return steps("{\"send\": {\"random\": " + size + "}}, {\"expect\": \"echo\"}");
    }

    private static FailureKind word(Fault fault) {
        return switch (fault) {
            case LOCAL -> FailureKind.UNJUDGED;
            case BIND, OTHER -> FailureKind.FAILED;
            default -> FailureKind.valueOf(fault.name());
        };
    }

    private Check check(FakeClient client, Script script) {
        return new Check(caseContext(Framing.STREAM, script, System::nanoTime), () -> client);
    }

    /** Plays it again and again, what comes being cut in all ways. */
    private Report replay(FakePeer peer, Script script) {
        return Replays.play(caseContext(Framing.STREAM, script, System::nanoTime), () -> new FakeClient(peer));
    }

    private Report play(FakeClient client, Script script) {
        return play(client, script, System::nanoTime);
    }

    private Report play(FakeClient client, Script script, LongSupplier nanoTime) {
        return play(Framing.STREAM, client, script, nanoTime);
    }

    private Report play(Framing framing, FakeClient client, Script script, LongSupplier nanoTime) {
        return await(new Check(caseContext(framing, script, nanoTime), () -> client).play(1));
    }

    private CaseContext caseContext(Framing framing, Script script, LongSupplier nanoTime) {
        return Settings.of(vertx, framing, script, nanoTime);
    }

    private static void assertPassed(Report report) {
        assertThat(report.diagnosis()).isNull();
    }

    private static Diagnosis assertFailed(Report report, FailureKind word, @Nullable Integer step) {
        Diagnosis diagnosis = report.diagnosis();
        if (diagnosis == null) {
            throw new AssertionError("expected " + word + ", but the check passed");
        }
        assertThat(diagnosis.word()).as(diagnosis.toString()).isEqualTo(word);
        assertThat(diagnosis.step()).as(diagnosis.toString()).isEqualTo(step);
        return diagnosis;
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.await(AMPLE, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("took more than " + AMPLE + " ms", e);
        }
    }
}
