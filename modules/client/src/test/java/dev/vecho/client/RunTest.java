package dev.vecho.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.client.play.CaseContext;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Summary;
import dev.vecho.client.script.Budget;
import dev.vecho.client.script.Case;
import dev.vecho.client.script.Schedule;
import dev.vecho.client.script.Script;
import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.TransportException.Fault;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
@Timeout(180)
final class RunTest {

    private static final Schedule ONCE = new Schedule(1, Duration.ZERO, Duration.ZERO);
    private static final Schedule ENDLESS = new Schedule(0, Duration.ZERO, Duration.ZERO);

    private final Vertx vertx;

    RunTest(Vertx vertx) {
        this.vertx = vertx;
    }

    @Test
    void playsEachCaseAsOftenAsItRepeats() {
        Told told = new Told();
        Run run = run(cases(3, FakePeer.ECHO), new Schedule(4, Duration.ZERO, Duration.ZERO), 3);

        RunReport report = await(run.play(told));

        assertThat(report.passed()).isTrue();
        assertThat(report.cancelled()).isFalse();
        assertThat(report.cases()).extracting(each -> each.played().name()).containsExactly("c0", "c1", "c2");
        assertThat(report.cases()).allMatch(each -> each.summary().rounds() == 4 && each.roundsLeftOut() == 0);
        for (String name : List.of("c0", "c1", "c2")) {
            assertThat(told.events.stream().filter(event -> event.startsWith(name)))
                    .containsExactly(
                            name + " began",
                            name + " round 1",
                            name + " round 2",
                            name + " round 3",
                            name + " round 4",
                            name + " finished");
        }
    }

    @Test
    void playsNoMoreAtTheSameTimeThanItMay() {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        FakePeer counting = new FakePeer() {
            @Override
            public void opened(FakeConnection connection) {
                most.accumulateAndGet(now.incrementAndGet(), Math::max);
            }

            @Override
            public Future<Void> outputClosed(FakeConnection connection) {
                now.decrementAndGet();
                return FakePeer.super.outputClosed(connection);
            }
        };
        Run run = run(cases(20, counting), new Schedule(5, Duration.ZERO, Duration.ZERO), 3);

        assertThat(await(run.play(RunListener.NONE)).passed()).isTrue();
        assertThat(most.get()).isBetween(1, 3);
    }

    /** Each of its rounds is answered when as many are there, and not before. */
    @Test
    void playsACaseByManyInParallel() {
        int parallel = 8;
        List<Runnable> waiting = new ArrayList<>();
        FakePeer gate = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, io.vertx.core.buffer.Buffer bytes) {
                io.vertx.core.buffer.Buffer copy = bytes.copy();
                synchronized (waiting) {
                    waiting.add(() -> connection.deliver(copy));
                    if (waiting.size() == parallel) {
                        waiting.forEach(Runnable::run);
                        waiting.clear();
                    }
                }
                return Future.succeededFuture();
            }
        };
        Told told = new Told();
        Run run = run(cases(1, gate), parallel, new Schedule(3, Duration.ZERO, Duration.ZERO), parallel);

        assertThat(run.cases()).extracting(Case::name).containsExactly("c0");
        RunReport report = await(run.play(told));

        assertThat(report.passed()).isTrue();
        assertThat(report.cases()).hasSize(1);
        CaseReport found = report.cases().get(0);
        assertThat(found.summary().rounds()).isEqualTo(3L * parallel);
        assertThat(found.rounds())
                .extracting(Report::round)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.rangeClosed(1, 3 * parallel).boxed().toList());
        assertThat(found.rounds())
                .extracting(Report::seed)
                .as("no two of them send the same bytes")
                .doesNotHaveDuplicates();
        assertThat(told.events).hasSize(3 * parallel + 2).startsWith("c0 began").endsWith("c0 finished");
    }

    @Test
    void reportsWhatOneOfManyInParallelFinds() {
        AtomicInteger opened = new AtomicInteger();
        FakePeer third = new FakePeer() {
            @Override
            public void opened(FakeConnection connection) {
                if (opened.incrementAndGet() == 3) {
                    connection.deliverFault(FakePeer.fault(Fault.RESET));
                }
            }
        };
        Run run = run(cases(2, third), 4, ONCE, 8);

        RunReport report = await(run.play(RunListener.NONE));

        assertThat(report.passed()).isFalse();
        assertThat(report.cases())
                .allMatch(each -> each.summary().rounds() == 4)
                .filteredOn(each -> !each.passed())
                .singleElement()
                .satisfies(
                        each -> assertThat(each.summary().words()).containsExactly(Map.entry(FailureKind.RESET, 1L)));
    }

    @Test
    void tellsWhatManyInParallelFoundWhenCancelled() {
        Told told = new Told();
        Run run = run(cases(2, FakePeer.ECHO), 3, ENDLESS, 6);
        Future<RunReport> playing = run.play(told.thenAfter(60, run::cancel));

        RunReport report = await(playing);

        assertThat(report.cancelled()).isTrue();
        assertThat(report.passed()).isTrue();
        assertThat(told.events.stream().filter(event -> event.endsWith(" finished")))
                .containsExactlyInAnyOrder("c0 finished", "c1 finished");
    }

    @Test
    void forgetsNoCaseWhereThereIsNoEnd() {
        Told told = new Told();
        Run run = run(cases(5, FakePeer.ECHO), ENDLESS, 2);
        Future<RunReport> playing = run.play(told.thenAfter(500, run::cancel));

        RunReport report = await(playing);

        assertThat(report.cancelled()).isTrue();
        assertThat(report.passed()).isTrue();
        assertThat(report.cases())
                .extracting(each -> each.summary().rounds())
                .allSatisfy(rounds -> assertThat(rounds).isGreaterThan(10));
        assertThat(report.cases().get(0).rounds()).hasSizeLessThanOrEqualTo(200);
        assertThat(report.cases())
                .allMatch(each -> each.rounds().size() + each.roundsLeftOut()
                        == each.summary().rounds());
    }

    @Test
    void endsWhenItsTimeIsOver() {
        Run run = run(cases(2, FakePeer.ECHO), new Schedule(0, Duration.ofMillis(5), Duration.ofMillis(60)), 2);
        RunReport report = await(run.play(RunListener.NONE));
        assertThat(report.passed()).isTrue();
        assertThat(report.cancelled()).isFalse();
        assertThat(report.cases()).allMatch(each -> each.summary().rounds() <= 12);
    }

    @Test
    void keepsTheInterval() {
        List<Long> starts = new CopyOnWriteArrayList<>();
        FakePeer peer = new FakePeer() {
            @Override
            public void opened(FakeConnection connection) {
                starts.add(System.nanoTime());
            }
        };
        Run run = run(cases(1, peer), new Schedule(4, Duration.ofMillis(30), Duration.ZERO), 1);
        long begin = System.nanoTime();
        assertThat(await(run.play(RunListener.NONE)).passed()).isTrue();
        // No round is early, not even after one that was late.
        for (int i = 1; i < 4; i++) {
            assertThat(starts.get(i) - begin).isGreaterThanOrEqualTo(i * 29_000_000L);
        }
    }

    @Test
    void missesTheRoundsThatAreDueWhileOneIsPlayed() {
        // The clock stands still but for the first echo, which takes two and a half intervals.
        AtomicLong nanos = new AtomicLong();
        FakePeer slow = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, io.vertx.core.buffer.Buffer bytes) {
                nanos.compareAndSet(0, 2_500_000);
                return FakePeer.super.sent(connection, bytes);
            }
        };
        CaseContext caseContext = Settings.of(vertx, Framing.STREAM, Script.standard(), nanos::get);
        List<Check> checks = List.of(new Check(caseContext, () -> new FakeClient(slow)));
        Run run = new Run(
                vertx, checks, new Schedule(2, Duration.ofMillis(1), Duration.ZERO), 1, Budget.NONE, nanos::get);

        Summary summary = await(run.play(RunListener.NONE)).cases().get(0).summary();

        assertThat(summary.missed()).isEqualTo(2);
        assertThat(summary.roundTrips().each()).containsExactly(Duration.ofNanos(2_500_000), Duration.ZERO);
        assertThat(summary.corrected().each())
                .containsExactly(
                        Duration.ofNanos(2_500_000),
                        Duration.ofNanos(1_500_000),
                        Duration.ofNanos(500_000),
                        Duration.ZERO);
    }

    @Test
    void missesNothingWhileTheLastRoundIsPlayed() {
        AtomicLong nanos = new AtomicLong();
        FakePeer slow = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, io.vertx.core.buffer.Buffer bytes) {
                nanos.addAndGet(2_500_000);
                return FakePeer.super.sent(connection, bytes);
            }
        };
        CaseContext caseContext = Settings.of(vertx, Framing.STREAM, Script.standard(), nanos::get);
        List<Check> checks = List.of(new Check(caseContext, () -> new FakeClient(slow)));
        Run run = new Run(
                vertx, checks, new Schedule(1, Duration.ofMillis(1), Duration.ZERO), 1, Budget.NONE, nanos::get);

        Summary summary = await(run.play(RunListener.NONE)).cases().get(0).summary();

        assertThat(summary.missed()).isZero();
        assertThat(summary.corrected().isEmpty()).isTrue();
    }

    @Test
    void givesUpWhatIsPlayedWhenCancelled() {
        FakePeer silent = new FakePeer() {
            @Override
            public Future<Void> sent(FakeConnection connection, io.vertx.core.buffer.Buffer bytes) {
                return Future.succeededFuture();
            }
        };
        List<FakeClient> clients = new ArrayList<>();
        Run run = run(
                List.of(() -> {
                    FakeClient client = new FakeClient(silent);
                    clients.add(client);
                    return client;
                }),
                ENDLESS,
                1);
        Promise<Void> began = Promise.promise();
        Future<RunReport> playing = run.play(new RunListener() {
            @Override
            public void began(Case played) {
                began.complete();
            }
        });
        await(began.future());

        await(run.cancel());

        assertThat(playing.isComplete()).isTrue();
        assertThat(playing.result().cancelled()).isTrue();
        assertThat(playing.result().passed()).as("nothing was found out").isFalse();
        assertThat(clients).allMatch(FakeClient::closed);
        await(run.cancel());
    }

    @Test
    void cannotBePlayedTwiceOrAfterItWasCancelled() {
        Run played = run(cases(1, FakePeer.ECHO), ONCE, 1);
        await(played.play(RunListener.NONE));
        assertThatThrownBy(() -> await(played.play(RunListener.NONE))).isInstanceOf(IllegalStateException.class);

        Run cancelled = run(cases(1, FakePeer.ECHO), ONCE, 1);
        await(cancelled.cancel());
        assertThatThrownBy(() -> await(cancelled.play(RunListener.NONE))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void failsAndClosesAllWhenTheListenerFails() {
        Run run = run(cases(3, FakePeer.ECHO), ENDLESS, 2);
        Future<RunReport> playing = run.play(new RunListener() {
            @Override
            public void finished(Case played, Report round, Duration late) {
                throw new IllegalArgumentException("the disk is full");
            }
        });
        assertThatThrownBy(() -> await(playing))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the disk is full");
    }

    @Test
    void failsWhenARoundCannotBePlayed() {
        Supplier<ClientTransport> broken = () -> new ClientTransport() {
            @Override
            public Future<Connection> connect(Receiver receiver) {
                throw new IllegalStateException("a bug");
            }

            @Override
            public Future<Void> close() {
                return Future.succeededFuture();
            }
        };
        Run run = run(List.of(broken), ENDLESS, 1);
        assertThatThrownBy(() -> await(run.play(RunListener.NONE))).hasMessage("a bug");
    }

    /** Notes what it is told. */
    private static final class Told implements RunListener {

        private final List<String> events = new CopyOnWriteArrayList<>();
        private final AtomicInteger rounds = new AtomicInteger();
        private int after = Integer.MAX_VALUE;
        private Runnable then = () -> {};

        Told thenAfter(int count, Runnable action) {
            after = count;
            then = action;
            return this;
        }

        @Override
        public void began(Case played) {
            events.add(played + " began");
        }

        @Override
        public void finished(Case played, Report round, Duration late) {
            events.add(played + " round " + round.round());
            if (rounds.incrementAndGet() == after) {
                then.run();
            }
        }

        @Override
        public void finished(CaseReport report) {
            events.add(report.played() + " finished");
        }
    }

    private static List<Supplier<ClientTransport>> cases(int count, FakePeer peer) {
        return IntStream.range(0, count)
                .<Supplier<ClientTransport>>mapToObj(i -> () -> new FakeClient(peer))
                .toList();
    }

    private Run run(List<Supplier<ClientTransport>> openers, Schedule schedule, int concurrency) {
        return run(openers, 1, schedule, concurrency);
    }

    private Run run(List<Supplier<ClientTransport>> openers, int parallel, Schedule schedule, int concurrency) {
        List<Check> checks = new ArrayList<>();
        for (int i = 0; i < openers.size(); i++) {
            Case played = new Case(i, "c" + i, "fake://peer", null, null, null, false);
            CaseContext caseContext = Settings.of(vertx, Framing.STREAM, Script.standard(), System::nanoTime);
            for (int j = 0; j < parallel; j++) {
                checks.add(new Check(caseContext, played, null, openers.get(i)));
            }
        }
        return new Run(vertx, checks, schedule, concurrency, Budget.NONE, System::nanoTime);
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.await(30, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("took more than 30 s", e);
        }
    }
}
