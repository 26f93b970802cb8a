package dev.vecho.client.play;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.Check;
import dev.vecho.client.FakeClient;
import dev.vecho.client.FakeConnection;
import dev.vecho.client.FakePeer;
import dev.vecho.client.Replays;
import dev.vecho.client.Settings;
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
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A peer that waits for the end of the output is told from one that is slow, or silent. */
@ExtendWith(VertxExtension.class)
@Timeout(180)
final class BufferingTest {

    private static final int LIMIT = 500;
    private static final String STEPS = "{\"send\": {\"text\": \"hello\"}}, {\"expect\": \"echo\", \"withinMillis\": "
            + LIMIT + "}, {\"close\": \"output\"}, {\"expect\": \"end\"}";

    private final Vertx vertx;

    BufferingTest(Vertx vertx) {
        this.vertx = vertx;
    }

    /** Answers what came so far, from an offset on, once the output is closed. */
    private static class AtTheEnd implements FakePeer {

        @Override
        public Future<Void> sent(FakeConnection connection, Buffer bytes) {
            return Future.succeededFuture();
        }

        @Override
        public Future<Void> outputClosed(FakeConnection connection) {
            answer(connection);
            connection.deliverEnd();
            return Future.succeededFuture();
        }

        void answer(FakeConnection connection) {
            connection.deliver(connection.sent());
        }
    }

    @Test
    void findsAPeerThatWaitsForTheEnd() {
        Report report = Replays.play(caseContext(STEPS), () -> new FakeClient(new AtTheEnd()));

        Diagnosis found = Objects.requireNonNull(report.diagnosis(), "passed");
        assertThat(found.word()).isEqualTo(FailureKind.BUFFERED);
        assertThat(found.step()).isEqualTo(1);
        assertThat(found.sentence())
                .isEqualTo(
                        "connected, but nothing came back within 500 ms; all of it came when the output was closed, and"
                                + " only then: the server, or a proxy before it, waits for the end of the request");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"send\": {\"random\": 100000}}, {\"expect\": \"echo\", \"withinMillis\": 500}",
                "{\"send\": {\"text\": \"hello\"}}, {\"expect\": {\"text\": \"hello\"}, \"withinMillis\": 500}",
                "{\"send\": {\"text\": \"hello\"}}, {\"expect\": {\"pattern\": \"h.*o\"}, \"withinMillis\": 500}",
                "{\"send\": {\"random\": 9}, \"count\": 3, \"ratePerSecond\": 30}, {\"pauseMillis\": 1},"
                        + " {\"expect\": \"echo\", \"withinMillis\": 500}"
            })
    void findsItInOtherScripts(String steps) {
        assertThat(word(new AtTheEnd(), steps)).isEqualTo(FailureKind.BUFFERED);
    }

    /** As a program does whose standard output is no terminal. */
    @Test
    void findsAPeerThatAnswersInBlocks() {
        FakePeer blocks = new AtTheEnd() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                connection.deliver(bytes.slice(0, 3));
                return Future.succeededFuture();
            }

            @Override
            void answer(FakeConnection connection) {
                connection.deliver(connection.sent().slice(3, 5));
            }
        };
        assertThat(word(blocks, STEPS)).isEqualTo(FailureKind.BUFFERED);
    }

    @Test
    void doesNotSaySoOfASlowPeer() {
        FakePeer slow = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                Buffer echo = bytes.copy();
                vertx.setTimer(LIMIT * 3 / 2, fired -> connection.deliver(echo));
                return Future.succeededFuture();
            }

            @Override
            public Future<Void> outputClosed(FakeConnection connection) {
                return Future.succeededFuture();
            }
        };
        assertThat(word(slow, STEPS)).isEqualTo(FailureKind.SLOW);
    }

    @Test
    void doesNotSaySoOfAPeerThatIsSlowOnce() {
        FakePeer once = perConnection(new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                Buffer echo = bytes.copy();
                vertx.setTimer(LIMIT * 3 / 2, fired -> connection.deliver(echo));
                return Future.succeededFuture();
            }

            @Override
            public Future<Void> outputClosed(FakeConnection connection) {
                return Future.succeededFuture();
            }
        });
        assertThat(word(once, STEPS)).isEqualTo(FailureKind.SLOW);
    }

    @Test
    void doesNotSaySoWhereOneOfSeveralIsSilent() {
        FakePeer dead = new AtTheEnd() {
            @Override
            void answer(FakeConnection connection) {
                // That is it.
            }
        };
        assertThat(word(perConnection(dead), STEPS)).isEqualTo(FailureKind.SILENT);
        assertThat(word(dead, STEPS)).isEqualTo(FailureKind.SILENT);
    }

    @Test
    void doesNotSaySoOfAPeerThatSaysSomethingElse() {
        for (String answer : new String[] {"hell", "HELLO", "what?"}) {
            FakePeer other = new AtTheEnd() {
                @Override
                void answer(FakeConnection connection) {
                    connection.deliver(Buffer.buffer(answer));
                }
            };
            assertThat(word(other, STEPS)).isEqualTo(FailureKind.SILENT);
        }
    }

    /** As of HTTP, a status. */
    @Test
    void tellsWhatThePeerSaysOfItInstead() {
        for (Fault fault : new Fault[] {Fault.OTHER, Fault.RESET}) {
            FakePeer refuses = new AtTheEnd() {
                @Override
                public Future<Void> outputClosed(FakeConnection connection) {
                    connection.deliverFault(FakePeer.fault(fault));
                    return Future.succeededFuture();
                }
            };
            assertThat(word(refuses, STEPS)).isEqualTo(fault == Fault.OTHER ? FailureKind.FAILED : FailureKind.SILENT);
        }
    }

    @Test
    void isBounded() {
        FakePeer silent = new FakePeer.Answer() {
            @Override
            public void answer(FakeConnection connection, Buffer all) {
                // Nothing.
            }

            @Override
            public Future<Void> outputClosed(FakeConnection connection) {
                return Future.succeededFuture();
            }
        };
        long start = System.nanoTime();
        assertThat(word(silent, STEPS)).isEqualTo(FailureKind.SILENT);
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(990), Duration.ofSeconds(20));
    }

    /** The first connection of a round has another peer than the others, which are healthy. */
    private static FakePeer perConnection(FakePeer first) {
        Map<FakeConnection, FakePeer> peers = new ConcurrentHashMap<>();
        return new FakePeer() {
            private FakePeer of(FakeConnection connection) {
                return peers.computeIfAbsent(connection, each -> peers.isEmpty() ? first : ECHO);
            }

            @Override
            public void opened(FakeConnection connection) {
                of(connection).opened(connection);
            }

            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                return of(connection).sent(connection, bytes);
            }

            @Override
            public Future<Void> outputClosed(FakeConnection connection) {
                return of(connection).outputClosed(connection);
            }
        };
    }

    private FailureKind word(FakePeer peer, String steps) {
        Report report = new Check(caseContext(steps), () -> new FakeClient(peer))
                .play(1)
                .await();
        return Objects.requireNonNull(report.diagnosis(), "passed").word();
    }

    private CaseContext caseContext(String steps) {
        Script script = Script.of(new JsonObject("{\"steps\": [" + steps + "]}"), Source.named("test"))
                .withTimeout(Duration.ofSeconds(30));
        return Settings.of(vertx, Framing.STREAM, script, System::nanoTime);
    }
}
