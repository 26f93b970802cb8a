package dev.vecho.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.play.CaseContext;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Budget;
import dev.vecho.client.script.Case;
import dev.vecho.client.script.Schedule;
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
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a check says when its own event loop stands still: a peer that answers in time is never blamed for that. */
@ExtendWith(VertxExtension.class)
@Timeout(180)
final class StallsTest {

    private final Vertx vertx;

    StallsTest(Vertx vertx) {
        this.vertx = vertx;
    }

    @Test
    void givesThePeerItsWholeTime() {
        Report report = play(300, blocking(250, echoAfter(450)));

        assertThat(report.diagnosis()).isNull();
        assertThat(report.stalled()).isGreaterThan(Duration.ofMillis(200));
        assertThat(report.toJson().getDouble("stalledMillis")).isGreaterThan(200);
    }

    @Test
    void blamesASilentPeerThatHadItsWholeTime() {
        Report report = play(300, blocking(250, (connection, bytes) -> {}));

        assertThat(Objects.requireNonNull(report.diagnosis()).word()).isEqualTo(FailureKind.SILENT);
        assertThat(report.duration()).isGreaterThan(Duration.ofMillis(500));
    }

    @Test
    void waitsForATransportThatWasMisled() {
        Report report = await(check(300, blocking(250, echoAfter(900)), true).play(1));

        assertThat(report.diagnosis()).isNull();
    }

    @Test
    void blamesASilentPeerOnATransportThatWasMisled() {
        Report report =
                await(check(300, blocking(250, (connection, bytes) -> {}), true).play(1));

        assertThat(Objects.requireNonNull(report.diagnosis()).word()).isEqualTo(FailureKind.SILENT);
    }

    @Test
    void blamesNobodyForAnEndThatItMayHaveCausedItself() {
        Reaction reset = (connection, bytes) -> vertx.timer(1, TimeUnit.MILLISECONDS)
                .onComplete(due -> connection.deliverFault(FakePeer.fault(Fault.RESET)));
        Report report = play(500, blocking(1500, reset));

        Diagnosis diagnosis = Objects.requireNonNull(report.diagnosis());
        assertThat(diagnosis.kind()).isEqualTo("unjudged: time");
        assertThat(diagnosis.sentence())
                .startsWith("this process could not run for ")
                .contains("reset");
    }

    @Test
    void doesNotSayThatATimeIsOverBudgetThatMayBeItsOwn() {
        RunReport report = run(blocking(60, echoAfter(0)));

        assertThat(report.passed()).isFalse();
        assertThat(report.unjudged()).isTrue();
        assertThat(Objects.requireNonNull(report.cases().get(0).diagnosis()).kind())
                .isEqualTo("unjudged: time");
    }

    @Test
    void saysThatASlowPeerIsOverBudget() {
        RunReport report = run(echoAfter(60));

        assertThat(report.unjudged()).isFalse();
        assertThat(Objects.requireNonNull(report.cases().get(0).diagnosis()).word())
                .isEqualTo(FailureKind.BUDGET);
    }

    /** Something that a peer does with what it got. */
    private interface Reaction extends FakePeer {

        void react(FakeConnection connection, Buffer bytes);

        @Override
        default Future<Void> sent(FakeConnection connection, Buffer bytes) {
            react(connection, bytes.copy());
            return Future.succeededFuture();
        }
    }

    private Reaction echoAfter(int millis) {
        return (connection, bytes) ->
                vertx.timer(Math.max(1, millis), TimeUnit.MILLISECONDS).onComplete(due -> connection.deliver(bytes));
    }

    /** The event loop of the check stands still as soon as it has sent something. */
    private static Reaction blocking(int millis, Reaction then) {
        return (connection, bytes) -> {
            then.react(connection, bytes);
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
            Objects.requireNonNull(Vertx.currentContext()).runOnContext(turn -> {
                while (end - System.nanoTime() > 0) {
                    LockSupport.parkNanos(end - System.nanoTime());
                }
            });
        };
    }

    private Check check(int timeoutMillis, FakePeer peer) {
        return check(timeoutMillis, peer, false);
    }

    private Check check(int timeoutMillis, FakePeer peer, boolean resends) {
        JsonObject json = new JsonObject("{\"timeoutMillis\": " + timeoutMillis
                + ", \"steps\": [{\"send\": {\"text\": \"x\"}}, {\"expect\": \"echo\"}]}");
        CaseContext context =
                Settings.of(vertx, Framing.STREAM, Script.of(json, Source.named("test")), CaseContext.CLOCK);
        return new Check(context, Case.of("fake://peer"), null, () -> new FakeClient(peer) {
            @Override
            public boolean resends() {
                return resends;
            }
        });
    }

    private Report play(int timeoutMillis, FakePeer peer) {
        return await(check(timeoutMillis, peer).play(1));
    }

    private RunReport run(FakePeer peer) {
        return await(new Run(
                        vertx,
                        List.of(check(30_000, peer)),
                        new Schedule(10, Duration.ZERO, Duration.ZERO),
                        1,
                        new Budget(Map.of(Budget.Item.P50, 30.0)),
                        System::nanoTime)
                .play(RunListener.NONE));
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.await(30, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("took more than 30 s", e);
        }
    }
}
