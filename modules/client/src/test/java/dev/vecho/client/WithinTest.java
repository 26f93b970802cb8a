package dev.vecho.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.FakePeer.Answer;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.config.Source;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A round that has a limit as a whole ends in time, whatever its steps wait for, and says what it was at. */
@ExtendWith(VertxExtension.class)
@Timeout(180)
final class WithinTest {

    /** Longer than each test waits. */
    private static final Duration AMPLE = Duration.ofMinutes(2);

    private static final Duration WITHIN = Duration.ofMillis(60);
    private static final Answer SILENT = (connection, all) -> {};

    private final Vertx vertx;

    WithinTest(Vertx vertx) {
        this.vertx = vertx;
    }

    private Report play(FakeClient client, String steps, Duration within) {
        Script script = Script.of(new JsonObject("{\"steps\": [" + steps + "]}"), Source.named("test"))
                .withTimeout(AMPLE);
        Check check = new Check(Settings.of(vertx, Framing.STREAM, script, System::nanoTime), () -> client);
        try {
            return check.play(1, within, null).await(30, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("it goes on", e);
        }
    }

    private static Diagnosis why(Report report, @Nullable Integer step) {
        Diagnosis found = Objects.requireNonNull(report.diagnosis());
        assertThat(found.step()).as(found.toString()).isEqualTo(step);
        assertThat(report.duration()).isGreaterThanOrEqualTo(WITHIN.minusMillis(5));
        return found;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'send': {'text': 'a'}}, {'expect': 'echo'}|1|silent|nothing came back within",
                "{'send': {'text': 'a'}}, {'expect': 'echo', 'withinMillis': 90000}|1|silent|nothing came back within",
                "{'expect': {'text': 'a'}, 'withinMillis': 90000}|0|silent|nothing came back within",
                "{'close': 'output'}, {'expect': 'end', 'withinMillis': 90000}|1|half-close|the end did not come",
                "{'pauseMillis': 90000}|0|timeout|the round was not over within 60 ms",
                "{'expect': 'nothing', 'forMillis': 90000}|0|timeout|the round was not over within 60 ms",
            })
    void endsWhatAStepWaitsFor(String steps, int step, String word, String sentence) {
        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                return Future.succeededFuture();
            }

            @Override
            public Future<Void> outputClosed(FakeConnection connection) {
                return Future.succeededFuture();
            }
        };
        Diagnosis found = why(play(new FakeClient(peer), steps.replace('\'', '"'), WITHIN), step);
        assertThat(found.word()).hasToString(word);
        assertThat(found.sentence()).contains(sentence);
    }

    @Test
    void endsConnecting() {
        FakeClient client = new FakeClient(SILENT) {
            @Override
            public Future<Connection> connect(Receiver receiver) {
                return Promise.<Connection>promise().future();
            }
        };
        Diagnosis found = why(play(client, "{\"expect\": \"end\"}", WITHIN), null);
        assertThat(found.word()).hasToString("filtered");
        assertThat(found.sentence()).matches("no answer to the attempt to connect within [0-9]+ ms");
        assertThat(client.closed()).isTrue();
    }

    /** Bytes that come one by one are progress to a step without a limit, for ever. */
    @Test
    void endsWhatMovesSlowly() {
        FakePeer peer = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, Buffer bytes) {
                int[] at = {0};
                vertx.setPeriodic(10, tick -> connection.deliver(bytes.slice(at[0], ++at[0])));
                return Future.succeededFuture();
            }
        };
        Diagnosis found = why(
                play(
                        new FakeClient(peer),
                        "{\"send\": {\"random\": 1000}}, {\"expect\": \"echo\"}",
                        WITHIN.multipliedBy(10)),
                1);
        assertThat(found.word()).as(found.sentence()).hasToString("slow");
    }

    /** Closing the connection is part of it. */
    @Test
    void waitsForNoCloseBeyondIt() {
        FakeClient client = new FakeClient(FakePeer.ECHO) {
            @Override
            public Future<Connection> connect(Receiver receiver) {
                return super.connect(receiver).map(NeverClosing::new);
            }
        };
        Report report = play(client, "{\"send\": {\"text\": \"a\"}}, {\"expect\": \"echo\"}", WITHIN);
        assertThat(report.passed()).as(String.valueOf(report.diagnosis())).isTrue();
    }

    @Test
    void changesNothingForARoundThatIsInTime() {
        Report report =
                play(new FakeClient(FakePeer.ECHO), "{\"send\": {\"text\": \"a\"}}, {\"expect\": \"echo\"}", AMPLE);
        assertThat(report.passed()).isTrue();
    }
}
