package dev.vecho.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.play.CaseContext;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.config.Source;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with messages is found out: each is known by its content. */
@ExtendWith(VertxExtension.class)
@Timeout(180)
@Execution(ExecutionMode.CONCURRENT)
final class MessageFaultsTest {

    private static final Duration AMPLE = Duration.ofSeconds(30);

    /** For what never comes. */
    private static final String WITHIN = ", \"withinMillis\": 300}";

    /** Ten messages in one step, and ten in ten steps. */
    private static final List<String> SCRIPTS = List.of(
            "{\"send\": {\"random\": 100}, \"count\": 10}, {\"expect\": \"echo\"",
            "{\"send\": {\"random\": 100, \"seed\": 5}, \"count\": 10}, {\"expect\": \"echo\"",
            "{\"send\": {\"random\": 100}}, ".repeat(10) + "{\"expect\": \"echo\"");

    private final Vertx vertx;

    MessageFaultsTest(Vertx vertx) {
        this.vertx = vertx;
    }

    /** Answers once all ten have come. */
    private static final class Peer implements FakePeer {

        private final Function<List<Buffer>, List<Buffer>> fault;
        private final boolean ends;
        private final List<Buffer> all = new ArrayList<>();

        Peer(Function<List<Buffer>, List<Buffer>> fault, boolean ends) {
            this.fault = fault;
            this.ends = ends;
        }

        @Override
        public Future<Void> sent(FakeConnection connection, Buffer bytes) {
            all.add(bytes.copy());
            if (all.size() == 10) {
                fault.apply(new ArrayList<>(all)).forEach(connection::deliver);
                all.clear();
                if (ends) {
                    connection.deliverEnd();
                }
            }
            return Future.succeededFuture();
        }
    }

    @Test
    void findsNothingWrongWithAHealthyPeer() {
        for (String script : SCRIPTS) {
            Report report = play(all -> all, script + "}");
            assertThat(report.diagnosis()).isNull();
            Report.Messages messages = Objects.requireNonNull(report.messages());
            assertThat(messages).isEqualTo(new Report.Messages(10, 10, 0, 0, 0, messages.jitter()));
            assertThat(messages.jitter()).isNotNull();
        }
    }

    @Test
    void findsLostMessages() {
        for (String script : SCRIPTS) {
            for (int lost : new int[] {0, 4, 9}) {
                Report report = play(all -> without(all, lost), script + WITHIN);
                Diagnosis found = word(report);
                assertThat(found.word()).isEqualTo(FailureKind.LOST);
                assertThat(found.sentence())
                        .isEqualTo("1 of 10 messages did not come back within 300 ms, the first of them message "
                                + (lost + 1));
                assertThat(Objects.requireNonNull(report.messages()).lost()).isEqualTo(1);
            }
        }
    }

    @Test
    void countsLostMessagesWhereTheyAreTolerated() {
        for (String script : SCRIPTS) {
            CaseContext caseContext = Settings.tolerating(
                    caseContext(script + WITHIN), FailureKind.LOST, FailureKind.REORDERED, FailureKind.DUPLICATED);
            Report report =
                    play(caseContext, new Peer(all -> List.of(all.get(3), all.get(0), all.get(0), all.get(5)), false));
            assertThat(report.diagnosis()).isNull();
            Report.Messages messages = Objects.requireNonNull(report.messages());
            assertThat(messages).isEqualTo(new Report.Messages(10, 4, 7, 1, 1, messages.jitter()));

            assertThat(word(play(caseContext, new Peer(all -> List.of(), false)))
                            .word())
                    .isEqualTo(FailureKind.SILENT);
        }
    }

    /** Echoes, but for what a test lets it hold back from a round, and deliver before the echoes of the next. */
    private static final class LatePeer implements FakePeer {

        private final int held;
        private final boolean once;
        private final List<Buffer> all = new ArrayList<>();

        LatePeer(int held, boolean once) {
            this.held = held;
            this.once = once;
        }

        @Override
        public Future<Void> sent(FakeConnection connection, Buffer bytes) {
            all.add(bytes.copy());
            int number = all.size() - 1;
            if (number == 10) {
                connection.deliver(all.get(held));
            }
            if (number != held || !once) {
                connection.deliver(bytes);
            }
            return Future.succeededFuture();
        }
    }

    @Test
    void knowsAMessageThatComesLateOrTwiceInTheNextRound() {
        // Not the one whose messages are the same in each round.
        for (String script : List.of(SCRIPTS.get(0), SCRIPTS.get(2))) {
            CaseContext loss = Settings.tolerating(Settings.kept(caseContext(script + WITHIN)), FailureKind.LOST);
            Diagnosis late = word(second(loss, new LatePeer(4, true)));
            assertThat(late.word()).isEqualTo(FailureKind.REORDERED);
            assertThat(late.sentence())
                    .isEqualTo("message 5 of fake://peer, round 1 came back after messages that were sent later");

            CaseContext order = Settings.tolerating(loss, FailureKind.LOST, FailureKind.REORDERED);
            Report tolerated = second(order, new LatePeer(4, true));
            assertThat(tolerated.diagnosis()).isNull();
            Report.Messages messages = Objects.requireNonNull(tolerated.messages());
            assertThat(messages).isEqualTo(new Report.Messages(10, 10, 0, 0, 1, messages.jitter()));

            // The last one is late, and in order.
            assertThat(second(loss, new LatePeer(9, true)).diagnosis()).isNull();

            Diagnosis twice = word(second(order, new LatePeer(4, false)));
            assertThat(twice.word()).isEqualTo(FailureKind.DUPLICATED);
            assertThat(twice.sentence()).isEqualTo("message 5 of fake://peer, round 1 came back once more");
            Report counted = second(Settings.tolerating(loss, FailureKind.DUPLICATED), new LatePeer(4, false));
            assertThat(counted.diagnosis()).isNull();
            assertThat(Objects.requireNonNull(counted.messages()).duplicated()).isEqualTo(1);
        }
    }

    /** Each message is taken for the first with its content that is awaited; what is left over in the end counts. */
    @Test
    void knowsAMessageThatIsTheSameInAllRounds() {
        String same = "{\"send\": {\"text\": \"hello\"}, \"count\": 10}, {\"expect\": \"echo\"" + WITHIN;
        for (String script : List.of(same, SCRIPTS.get(1) + WITHIN)) {
            CaseContext loss =
                    Settings.tolerating(Settings.kept(caseContext(script)), FailureKind.LOST, FailureKind.REORDERED);
            assertThat(third(loss, new LatePeer(9, true)).diagnosis()).isNull();
            assertThat(word(third(loss, new LatePeer(9, false))).word()).isEqualTo(FailureKind.DUPLICATED);
        }
    }

    private static Report third(CaseContext caseContext, FakePeer peer) {
        Check check = new Check(Settings.alone(caseContext), () -> new FakeClient(peer));
        assertThat(await(check.play(1)).diagnosis()).isNull();
        assertThat(await(check.play(2)).diagnosis()).isNull();
        return await(check.play(3));
    }

    @Test
    void knowsAMessageThatComesBetweenTheRounds() {
        CaseContext loss = Settings.tolerating(Settings.kept(caseContext(SCRIPTS.get(0) + WITHIN)), FailureKind.LOST);
        CaseContext all = Settings.tolerating(loss, FailureKind.LOST, FailureKind.REORDERED, FailureKind.DUPLICATED);
        assertThat(word(between(loss, 4, true)).word()).isEqualTo(FailureKind.REORDERED);
        assertThat(between(all, 4, true).diagnosis()).isNull();
        assertThat(between(loss, 9, true).diagnosis()).isNull();
        assertThat(word(between(loss, 4, false)).word()).isEqualTo(FailureKind.DUPLICATED);
        assertThat(between(all, 4, false).diagnosis()).isNull();
        Diagnosis never = word(between(all, -1, false));
        assertThat(never.word()).isEqualTo(FailureKind.INJECTED);
        assertThat(never.sentence()).isEqualTo("100 bytes came between the rounds that were never sent");
    }

    /** Two rounds on a connection; between them comes a message of the first, or one that was never sent. */
    private Report between(CaseContext caseContext, int number, boolean once) {
        LatePeer peer = new LatePeer(once ? number : 100, true);
        FakeClient client = new FakeClient(peer);
        Check check = new Check(Settings.alone(caseContext), () -> client);
        assertThat(await(check.play(1)).diagnosis()).isNull();
        Buffer message = number < 0 ? Buffer.buffer(new byte[100]) : peer.all.get(number);
        client.connections().get(0).deliver(message);
        while (peer.all.size() < 11) {
            peer.all.add(Buffer.buffer());
        }
        return await(check.play(2));
    }

    private static Report second(CaseContext caseContext, FakePeer peer) {
        FakeClient client = new FakeClient(peer);
        Check check = new Check(Settings.alone(caseContext), () -> client);
        assertThat(await(check.play(1)).diagnosis()).isNull();
        Report second = await(check.play(2));
        assertThat(client.connections()).as("connections").hasSize(1);
        return second;
    }

    @Test
    void findsDuplicates() {
        for (String script : SCRIPTS) {
            for (int twice : new int[] {0, 4, 9}) {
                Report report = play(
                        all -> {
                            List<Buffer> more = new ArrayList<>(all);
                            more.add(twice, all.get(twice));
                            return more;
                        },
                        script + "}, {\"expect\": \"nothing\", \"forMillis\": 30000}");
                assertThat(word(report).word()).isEqualTo(FailureKind.DUPLICATED);
                assertThat(word(report).sentence()).isEqualTo("message " + (twice + 1) + " came back once more");
                assertThat(Objects.requireNonNull(report.messages()).duplicated())
                        .isEqualTo(1);
            }
        }
    }

    @Test
    void findsReordering() {
        for (String script : SCRIPTS) {
            Report report = play(
                    all -> {
                        List<Buffer> late = without(all, 4);
                        late.add(6, all.get(4));
                        return late;
                    },
                    script + "}");
            assertThat(word(report).word()).isEqualTo(FailureKind.REORDERED);
            assertThat(word(report).sentence()).isEqualTo("message 5 came back after message 7");
            assertThat(Objects.requireNonNull(report.messages()).reordered()).isEqualTo(1);
        }
    }

    @Test
    void findsChangedMessages() {
        for (String script : SCRIPTS) {
            for (int which : new int[] {0, 4, 9}) {
                for (int at : new int[] {0, 50, 99}) {
                    Diagnosis corrupted = change(script, which, message -> {
                        message.setByte(at, (byte) ~message.getByte(at));
                        return message;
                    });
                    assertThat(corrupted.word()).isEqualTo(FailureKind.CORRUPTED);
                    assertThat(corrupted.offset()).isEqualTo(which * 100L + at);
                    assertThat(corrupted.sentence())
                            .isEqualTo("message " + (which + 1) + " of 100 bytes came back with another byte " + at);

                    Diagnosis truncated = change(script, which, message -> message.slice(0, at));
                    assertThat(truncated.word()).isEqualTo(FailureKind.TRUNCATED);
                    assertThat(truncated.offset()).isEqualTo(which * 100L + at);

                    Diagnosis injected = change(
                            script,
                            which,
                            message -> message.slice(0, at)
                                    .copy()
                                    .appendString("!!!")
                                    .appendBuffer(message.slice(at, 100)));
                    assertThat(injected.word()).isEqualTo(FailureKind.INJECTED);
                    assertThat(injected.sentence()).startsWith("3 more came in message " + (which + 1));
                }
            }
        }
    }

    @Test
    void findsMessagesThatWereNeverSent() {
        for (String script : SCRIPTS) {
            for (int size : new int[] {8, 100, 200}) {
                Report report = play(
                        all -> {
                            List<Buffer> more = new ArrayList<>(all);
                            more.add(4, Buffer.buffer(new byte[size]));
                            return more;
                        },
                        script + "}");
                assertThat(word(report).word()).isEqualTo(FailureKind.INJECTED);
                assertThat(word(report).sentence())
                        .isEqualTo("a message of " + size + " bytes came that was never sent");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 100, 1000})
    void findsTheMessagesOfAnotherConnection(int size) {
        List<Buffer> before = new ArrayList<>();
        Peer stale = new Peer(
                all -> {
                    before.addAll(all);
                    return before.subList(0, 10);
                },
                false);
        FakeClient client = new FakeClient(stale);
        String script = "{\"send\": {\"random\": " + size + "}, \"count\": 10}, {\"expect\": \"echo\"}";
        Check check = new Check(caseContext(script), () -> client);
        assertThat(await(check.play(1)).diagnosis()).isNull();
        Diagnosis found = word(await(check.play(2)));
        assertThat(found.word()).isEqualTo(FailureKind.FOREIGN);
        assertThat(found.sentence()).isEqualTo("a message came that was sent on fake://peer, round 1");
    }

    @Test
    void tellsMessagesThatAreTheSameApartByTheirOrder() {
        String script = "{\"send\": {\"text\": \"ping\"}, \"count\": 10}, {\"expect\": \"echo\"";
        assertThat(play(all -> all, script + "}").diagnosis()).isNull();
        assertThat(word(play(all -> without(all, 3), script + WITHIN)).word()).isEqualTo(FailureKind.LOST);
        assertThat(word(play(all -> flip(all, 3), script + "}")).word()).isEqualTo(FailureKind.CORRUPTED);
        assertThat(word(play(
                                all -> {
                                    all.add(all.get(0));
                                    return all;
                                },
                                script + "}, {\"expect\": \"nothing\", \"forMillis\": 30000}"))
                        .word())
                .isEqualTo(FailureKind.DUPLICATED);
        String empty = "{\"send\": {\"text\": \"\"}, \"count\": 10}, {\"expect\": \"echo\"";
        assertThat(play(all -> all, empty + "}").diagnosis()).isNull();
        assertThat(word(play(all -> without(all, 3), empty + WITHIN)).word()).isEqualTo(FailureKind.LOST);
    }

    @Test
    void findsTheEndTooEarly() {
        for (String script : SCRIPTS) {
            Report early = play(caseContext(script + "}"), new Peer(all -> all.subList(0, 4), true));
            assertThat(word(early).word()).isEqualTo(FailureKind.TRUNCATED);
            Report atOnce = play(caseContext(script + "}"), new Peer(all -> List.of(), true));
            assertThat(word(atOnce).word()).isEqualTo(FailureKind.CLOSED);
        }
    }

    @Test
    void findsSilence() {
        for (String script : SCRIPTS) {
            assertThat(word(play(all -> List.of(), script + WITHIN)).word()).isEqualTo(FailureKind.SILENT);
        }
    }

    @Test
    void tellsSlowFromLost() {
        FakePeer slow = new FakePeer() {
            private int number;

            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                Buffer copy = bytes.copy();
                vertx.setTimer(50L * ++number, fired -> connection.deliver(copy));
                return Future.succeededFuture();
            }
        };
        String script = "{\"send\": {\"random\": 100}, \"count\": 100}, {\"expect\": \"echo\"";
        assertThat(word(play(caseContext(script + ", \"withinMillis\": 1000}"), slow))
                        .word())
                .isEqualTo(FailureKind.SLOW);
    }

    // ---- what the tests share

    private Diagnosis change(String script, int which, Function<Buffer, Buffer> change) {
        return word(play(
                all -> {
                    all.set(which, change.apply(all.get(which)));
                    return all;
                },
                script + "}"));
    }

    private static List<Buffer> flip(List<Buffer> all, int which) {
        all.get(which).setByte(0, (byte) '?');
        return all;
    }

    private static List<Buffer> without(List<Buffer> all, int which) {
        List<Buffer> rest = new ArrayList<>(all);
        rest.remove(which);
        return rest;
    }

    private CaseContext caseContext(String steps) {
        Script script = Script.of(new JsonObject("{\"steps\": [" + steps + "]}"), Source.named("test"))
                .withTimeout(AMPLE);
        return Settings.of(vertx, Framing.MESSAGES, script, System::nanoTime);
    }

    private Report play(Function<List<Buffer>, List<Buffer>> fault, String steps) {
        return play(caseContext(steps), new Peer(fault, false));
    }

    private static Report play(CaseContext caseContext, FakePeer peer) {
        FakeClient client = new FakeClient(peer);
        return await(new Check(caseContext, () -> client).play(1));
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
