package dev.vecho.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.play.CaseContext;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Trace;
import dev.vecho.client.script.Script;
import dev.vecho.client.script.Seed;
import dev.vecho.client.verify.SentHistory;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Receiver.Phase;
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
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps that begin and end connections, connections that are kept, sends at a rate, and what is told of a round. */
@ExtendWith(VertxExtension.class)
@Timeout(180)
final class StepsTest {

    private static final Duration AMPLE = Duration.ofSeconds(30);
    private static final String ECHO = "{\"send\": {\"random\": 100}}, {\"expect\": \"echo\"}";

    private final Vertx vertx;

    StepsTest(Vertx vertx) {
        this.vertx = vertx;
    }

    // ---- connections

    @Test
    void reconnects() {
        FakeClient client = new FakeClient(FakePeer.ECHO);

        Report report = play(
                client,
                ECHO + ", {\"reconnect\": true}, " + ECHO + ", {\"close\": \"output\"},"
                        + " {\"expect\": \"end\"}, {\"reconnect\": true, \"withinMillis\": 30000}, " + ECHO);

        assertThat(report.diagnosis()).isNull();
        assertThat(report.bytesSent()).isEqualTo(300);
        assertThat(report.bytesReceived()).isEqualTo(300);
        assertThat(report.roundTrips().count()).isEqualTo(3);
        assertThat(client.connections()).hasSize(3).allMatch(FakeConnection::closed);
        assertThat(client.connections().stream().map(FakeConnection::sent))
                .as("random bytes of each connection")
                .doesNotHaveDuplicates();
    }

    /** Scripts whose steps begin and end connections, or send at a rate; what comes is cut in all ways. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                ECHO + ", {\"reconnect\": true}, " + ECHO,
                ECHO + ", {\"reset\": true}, {\"pauseMillis\": 1}, {\"reconnect\": true}, " + ECHO,
                ECHO + ", {\"startTls\": true}, " + ECHO,
                "{\"send\": {\"random\": 20}, \"count\": 10, \"ratePerSecond\": 500}, {\"expect\": \"echo\"}",
                "{\"send\": {\"random\": 8}, \"count\": 100}, {\"expect\": \"echo\"}"
            })
    void passesInWhateverPieces(String steps) {
        Report report = replay(FakePeer.ECHO, steps);
        assertThat(report.diagnosis()).isNull();
    }

    @Test
    void reconnectsWhenAllWasSentAndLeavesWhatNobodyExpected() {
        FakePeer late = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                Buffer copy = bytes.copy();
                return vertx.timer(20)
                        .onSuccess(now -> connection.deliver(copy))
                        .mapEmpty();
            }
        };
        FakeClient client = new FakeClient(late);

        Report report = play(client, "{\"send\": {\"random\": 100000}}, {\"reconnect\": true}, " + ECHO);

        assertThat(report.diagnosis()).isNull();
        assertThat(client.connections().get(0).sent().length()).isEqualTo(100_000);
        assertThat(report.bytesSent()).isEqualTo(100_100);
    }

    @Test
    void saysWhyItCannotReconnect() {
        FakeClient client = new FakeClient(FakePeer.ECHO) {
            @Override
            public Future<Connection> connect(Receiver receiver) {
                return connections().isEmpty()
                        ? super.connect(receiver)
                        : Future.failedFuture(FakePeer.fault(Fault.REFUSED));
            }
        };

        Diagnosis found = diagnosis(play(client, ECHO + ", {\"reconnect\": true}, " + ECHO));

        assertThat(found.word()).isEqualTo(FailureKind.REFUSED);
        assertThat(found.step()).isEqualTo(2);
    }

    @Test
    void givesUpReconnecting() {
        FakeClient client = new FakeClient(FakePeer.ECHO) {
            @Override
            public Future<Connection> connect(Receiver receiver) {
                return connections().isEmpty()
                        ? super.connect(receiver)
                        : Promise.<Connection>promise().future();
            }
        };

        Diagnosis found = diagnosis(play(client, ECHO + ", {\"reconnect\": true, \"withinMillis\": 40}"));

        assertThat(found.word()).isEqualTo(FailureKind.FILTERED);
        assertThat(found.step()).isEqualTo(2);
        assertThat(client.closed()).isTrue();
    }

    @Test
    void resets() {
        FakeClient client = new FakeClient(FakePeer.ECHO);

        Report report = play(
                client,
                ECHO + ", {\"reset\": true}, {\"pauseMillis\": 1}, {\"reconnect\": true}, " + ECHO
                        + ", {\"send\": {\"random\": 1000000}}, {\"reset\": true}");

        assertThat(report.diagnosis()).isNull();
        assertThat(client.connections()).hasSize(2).allMatch(FakeConnection::wasReset);
    }

    @Test
    void beginsTls() {
        FakeClient client = new FakeClient(FakePeer.ECHO);

        Report report = play(client, ECHO + ", {\"startTls\": true}, " + ECHO);

        assertThat(report.diagnosis()).isNull();
        assertThat(report.details()).containsEntry("protocol", "fake TLS");
    }

    @Test
    void saysWhyTlsCannotBeBegun() {
        FakePeer refuses = new FakePeer() {
            @Override
            public Future<Void> tlsBegun(FakeConnection connection) {
                return Future.failedFuture(new TransportException(Fault.TLS, "expired", "it has expired", null));
            }
        };
        Diagnosis found = diagnosis(play(new FakeClient(refuses), ECHO + ", {\"startTls\": true}, " + ECHO));
        assertThat(found.kind()).isEqualTo("tls: expired");
        assertThat(found.step()).isEqualTo(2);

        FakePeer silent = new FakePeer() {
            @Override
            public Future<Void> tlsBegun(FakeConnection connection) {
                return Promise.<Void>promise().future();
            }
        };
        assertThat(diagnosis(play(new FakeClient(silent), "{\"startTls\": true, \"withinMillis\": 40}, " + ECHO))
                        .kind())
                .isEqualTo("tls: timeout");
    }

    @ParameterizedTest
    @EnumSource(Phase.class)
    void saysWhichPhaseOfConnectingTookTooLong(Phase phase) {
        FakeClient client = new FakeClient(FakePeer.ECHO) {
            @Override
            public Future<Connection> connect(Receiver receiver) {
                receiver.began(phase);
                return Promise.<Connection>promise().future();
            }
        };
        Script script = script(ECHO).withTimeout(Duration.ofMillis(40));
        Report report =
                await(new Check(Settings.of(vertx, Framing.STREAM, script, System::nanoTime), () -> client).play(1));
        assertThat(diagnosis(report).kind())
                .isEqualTo(
                        switch (phase) {
                            case RESOLVE -> "dns";
                            case CONNECT -> "filtered";
                            case TLS -> "tls: timeout";
                        });
    }

    // ---- connections that are kept

    @Test
    void keepsTheConnectionBetweenRounds() {
        FakeClient client = new FakeClient(FakePeer.ECHO);
        Check check = kept(client, ECHO);
        List<Report> reports = new ArrayList<>();
        for (int round = 1; round <= 3; round++) {
            reports.add(await(check.play(round)));
        }

        assertThat(reports).allMatch(Report::passed).allMatch(report -> report.bytesReceived() == 100);
        assertThat(reports.stream().map(Report::seed)).doesNotHaveDuplicates();
        assertThat(client.connections()).hasSize(1);
        assertThat(reports.get(1).remoteAddress()).isEqualTo("far:2");
        assertThat(reports.get(0).phases().connect()).isNotNull();
        assertThat(reports.get(1).phases().connect()).isNull();
        Buffer all = client.connections().get(0).sent();
        assertThat(all.slice(0, 100)).isNotEqualTo(all.slice(100, 200));
    }

    @Test
    void findsAKeptConnectionThatWasCutBetweenRoundsAndReconnects() {
        for (boolean reset : new boolean[] {false, true}) {
            FakeClient client = new FakeClient(FakePeer.ECHO);
            Check check = kept(client, ECHO);
            assertThat(await(check.play(1)).diagnosis()).isNull();
            FakeConnection connection = client.connections().get(0);
            // Delivered in order: played after it.
            if (reset) {
                connection.deliverFault(FakePeer.fault(Fault.RESET));
            } else {
                connection.deliverEnd();
            }

            Diagnosis found = diagnosis(await(check.play(2)));

            assertThat(found.kind()).isEqualTo(reset ? "idle: reset" : "idle: closed");
            assertThat(found.sentence()).contains("after it had been idle for ");
            assertThat(connection.closed()).isTrue();
            assertThat(await(check.play(3)).diagnosis()).isNull();
            assertThat(client.connections()).hasSize(2);
        }
    }

    @Test
    void findsBytesThatComeBetweenRounds() {
        FakeClient client = new FakeClient(FakePeer.ECHO);
        Check check = kept(client, ECHO);
        assertThat(await(check.play(1)).diagnosis()).isNull();
        client.connections().get(0).deliver(Buffer.buffer("x"));
        assertThat(diagnosis(await(check.play(2))).word()).isEqualTo(FailureKind.INJECTED);
    }

    @Test
    void findsTheEchoOfAnEarlierRoundOnAKeptConnection() {
        List<Report> reports = Replays.play(
                Settings.kept(caseContext(Framing.STREAM, ECHO)),
                () -> new FakeClient(new FakePeer() {
                    private @Nullable Buffer first;

                    @Override
                    public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                        first = first == null ? bytes.copy() : first;
                        connection.deliver(first);
                        return Future.succeededFuture();
                    }
                }),
                2);
        assertThat(reports.get(0).diagnosis()).isNull();
        Diagnosis found = diagnosis(reports.get(1));
        assertThat(found.word()).isEqualTo(FailureKind.FOREIGN);
        assertThat(found.sentence()).endsWith("fake://peer, round 1");
    }

    @Test
    void doesNotKeepAConnectionWithSomethingUnderWay() {
        FakePeer silent = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                return Future.succeededFuture();
            }
        };
        FakeClient client = new FakeClient(silent);
        Check check = kept(client, "{\"send\": {\"random\": 100}}");
        assertThat(await(check.play(1)).diagnosis()).isNull();
        assertThat(await(check.play(2)).diagnosis()).isNull();
        assertThat(client.connections()).hasSize(2);
    }

    // ---- seeds

    @Test
    void playsARoundAgainExactly() {
        FakeClient client = new FakeClient(FakePeer.ECHO);
        String steps =
                "{\"send\": {\"random\": 64}}, {\"send\": {\"random\": 8}, \"count\": 5}, {\"expect\": \"echo\"}";
        CaseContext caseContext = caseContext(Framing.STREAM, steps);
        Check check = new Check(caseContext, () -> client);
        await(check.play(1));
        Report failed = await(check.play(7));
        CaseContext again = new CaseContext(
                vertx,
                caseContext.target(),
                caseContext.framing(),
                caseContext.steps(),
                caseContext.timeout(),
                false,
                caseContext.tolerated(),
                new Seed(failed.seed()),
                0,
                new SentHistory(),
                System::nanoTime);
        await(new Check(again, () -> client).play(1));

        List<FakeConnection> connections = client.connections();
        assertThat(connections.get(2).sent()).isEqualTo(connections.get(1).sent());
        assertThat(connections.get(2).sent()).isNotEqualTo(connections.get(0).sent());
    }

    // ---- a rate

    @ParameterizedTest
    @EnumSource(Framing.class)
    void sendsAtARateAndMeasuresEachBlock(Framing framing) {
        FakeClient client = new FakeClient(FakePeer.ECHO);
        long start = System.nanoTime();

        Report report = play(
                caseContext(
                        framing,
                        "{\"send\": {\"random\": 20}, \"count\": 50, \"ratePerSecond\": 500}, "
                                + "{\"expect\": \"echo\"}"),
                client);

        assertThat(report.diagnosis()).isNull();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(98));
        assertThat(report.bytesReceived()).isEqualTo(1000);
        assertThat(report.roundTrips().count()).isEqualTo(50);
        assertThat(report.corrected().count()).isEqualTo(50);
        assertThat(report.corrected().min())
                .isGreaterThanOrEqualTo(report.roundTrips().min());
    }

    @ParameterizedTest
    @EnumSource(Framing.class)
    void tellsAStallByTheCorrectedRoundTrips(Framing framing) {
        // What is sent first is not taken for 300 ms, and so nothing more is; each echo comes at once all the same.
        FakePeer stalling = new FakePeer() {
            private @Nullable Future<Void> over;

            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                connection.deliver(bytes);
                over = over == null ? vertx.timer(300).mapEmpty() : over;
                return over;
            }
        };

        Report report = play(
                caseContext(
                        framing,
                        "{\"send\": {\"random\": 20}, \"count\": 100, \"ratePerSecond\": 250}, "
                                + "{\"expect\": \"echo\"}"),
                new FakeClient(stalling));

        assertThat(report.diagnosis()).isNull();
        // 75 of 100 were due during the stall. Sent late, they came back soon.
        // A busy machine delays both.
        assertThat(report.corrected().percentile(60))
                .isGreaterThan(report.roundTrips().percentile(60).plusMillis(50));
        assertThat(report.corrected().max()).isGreaterThanOrEqualTo(Duration.ofMillis(250));
    }

    @Test
    void waitsForALowRateWhateverTheTimeout() {
        Script script = script(
                        "{\"send\": {\"random\": 20}, \"count\": 3, \"ratePerSecond\": 2}, {\"expect\": \"echo\"}")
                .withTimeout(Duration.ofMillis(300));
        FakeClient client = new FakeClient(FakePeer.ECHO);
        assertThat(await(new Check(Settings.of(vertx, Framing.STREAM, script, System::nanoTime), () -> client).play(1))
                        .diagnosis())
                .isNull();
    }

    @Test
    void sendsManyBlocksAsFastAsPossible() {
        for (Framing framing : Framing.values()) {
            Report report = play(
                    caseContext(framing, "{\"send\": {\"random\": 8}, \"count\": 200000}, {\"expect\": \"echo\"}"),
                    new FakeClient(FakePeer.ECHO));
            assertThat(report.diagnosis()).isNull();
            assertThat(report.roundTrips().count()).isEqualTo(200_000);
            assertThat(report.roundTrips().each()).isEmpty();
            assertThat(report.corrected().isEmpty()).isTrue();
        }
    }

    // ---- what is told

    @Test
    void tracesARound() {
        List<String> events = new CopyOnWriteArrayList<>();
        Trace trace = new Trace() {
            @Override
            public void opened(Duration at, String localAddress, String remoteAddress) {
                events.add("opened " + localAddress + " " + remoteAddress);
            }

            @Override
            public void begun(Duration at, int step) {
                events.add("begun " + step);
            }

            @Override
            public void finished(Duration at, int step) {
                events.add("finished " + step);
            }

            @Override
            public void sent(Duration at, byte[] first, int count) {
                events.add("sent " + first.length + " of " + count);
            }

            @Override
            public void received(Duration at, byte[] first, int count) {
                events.add("received " + first.length + " of " + count);
            }

            @Override
            public void ended(Duration at) {
                events.add("ended");
            }

            @Override
            public void closed(Duration at) {
                events.add("closed");
            }
        };
        CaseContext caseContext =
                caseContext(Framing.STREAM, ECHO + ", {\"close\": \"output\"}, {\"expect\": \"end\"}");

        await(new Check(caseContext, () -> new FakeClient(FakePeer.ECHO)).play(1, trace));

        assertThat(events)
                .containsExactly(
                        "opened near:1 far:2",
                        "begun 0",
                        "sent 64 of 100",
                        "finished 0",
                        "begun 1",
                        "received 64 of 100",
                        "finished 1",
                        "begun 2",
                        "finished 2",
                        "begun 3",
                        "ended",
                        "finished 3",
                        "closed");
    }

    // ---- what the tests share

    private static Script script(String steps) {
        return Script.of(new JsonObject("{\"steps\": [" + steps + "]}"), Source.named("test"))
                .withTimeout(AMPLE);
    }

    private CaseContext caseContext(Framing framing, String steps) {
        return Settings.of(vertx, framing, script(steps), System::nanoTime);
    }

    private Check kept(FakeClient client, String steps) {
        return new Check(Settings.kept(caseContext(Framing.STREAM, steps)), () -> client);
    }

    private Report play(FakeClient client, String steps) {
        return play(caseContext(Framing.STREAM, steps), client);
    }

    /** Plays it again and again, what comes being cut in all ways. */
    private Report replay(FakePeer peer, String steps) {
        return Replays.play(caseContext(Framing.STREAM, steps), () -> new FakeClient(peer));
    }

    private static Report play(CaseContext caseContext, FakeClient client) {
        return await(new Check(caseContext, () -> client).play(1));
    }

    private static Diagnosis diagnosis(Report report) {
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
