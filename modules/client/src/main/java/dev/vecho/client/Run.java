package dev.vecho.client;

import dev.vecho.client.report.KeptRounds;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Totals;
import dev.vecho.client.report.Trace;
import dev.vecho.client.script.Budget;
import dev.vecho.client.script.Case;
import dev.vecho.client.script.Schedule;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.InvalidInputException;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Plays the cases of a script: each has rounds of its own, that come in its {@link Schedule}, and at most so many cases
 * as the script's concurrency are played at the same time. A round that is due when there are as many waits; those that
 * wait take turns, so that no case is forgotten. Where the script has several players in parallel, each plays all rounds of
 * each case, and what they find is one report of that case.
 *
 * <p>It needs the same memory however many rounds there are. Safe for any thread. Once it is over, nothing is open.
 */
public final class Run {

    private static final long NO_TIMER = -1;

    private final Vertx vertx;
    private final Context context;
    private final List<Playing> players;
    private final List<Found> cases;
    private final Schedule schedule;
    private final int concurrency;
    private final Budget budget;
    private final LongSupplier nanoTime;
    private final Promise<RunReport> report = Promise.promise();
    private final AtomicBoolean started = new AtomicBoolean();

    // These belong to the context.
    private final Queue<Playing> waiting = new ArrayDeque<>();
    private RunListener listener = RunListener.NONE;
    private Instant startedAt = Instant.EPOCH;
    private long start;
    private int playing;
    private int reported;
    private boolean cancelled;
    private @Nullable Throwable failure;

    /** One case, and what was found. */
    private static final class Found {
        private final Case played;
        private final KeptRounds rounds = new KeptRounds();
        private final Totals totals = new Totals();
        private final Totals undisturbed = new Totals();
        private int players;
        private int open;
        private boolean began;
        private @Nullable CaseReport report;

        Found(Case played) {
            this.played = played;
        }

        void add(Report round) {
            rounds.add(round);
            totals.add(round);
            if (!round.disturbed()) {
                undisturbed.add(round);
            }
        }

        CaseReport report(Budget budget) {
            return new CaseReport(played, totals.summary(), rounds.get(), budget, undisturbed.summary());
        }
    }

    /** Who plays the rounds of a case one after another, alone or beside others, and how far it got. */
    private static final class Playing {
        private final Check check;
        private final Found found;
        private final int place;
        private long played;
        private long intended;
        private long timer = NO_TIMER;
        private boolean over;

        Playing(Check check, Found found) {
            this.check = check;
            this.found = found;
            this.place = found.players++;
            found.open++;
        }

        /** Of the round that is played, from 1; no other player of the case has the same. */
        int number() {
            return (int) Math.min(Integer.MAX_VALUE, (played - 1) * found.players + place + 1);
        }
    }

    /**
     * Creates an instance.
     *
     * @param checks in the order of the cases; those of the same case play it in parallel
     * @param concurrency how many rounds are played at the same time
     */
    Run(Vertx vertx, List<Check> checks, Schedule schedule, int concurrency, Budget budget, LongSupplier nanoTime) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        Map<Case, Found> found = new LinkedHashMap<>();
        this.players = checks.stream()
                .map(check -> new Playing(check, found.computeIfAbsent(check.played(), Found::new)))
                .toList();
        this.cases = List.copyOf(found.values());
        this.schedule = schedule;
        this.concurrency = concurrency;
        this.budget = budget;
        this.nanoTime = nanoTime;
    }

    /**
     * Validates a script and makes all its cases ready; connects to none.
     *
     * @return fails with an {@link InvalidInputException} that tells everything that is wrong
     */
    public static Future<Run> open(Vertx vertx, Script script) {
        int parallel = script.parallel();
        return Check.open(vertx, script, parallel)
                .map(checks -> new Run(
                        vertx,
                        checks,
                        script.schedule(),
                        script.concurrency(checks.size() / parallel) * parallel,
                        script.budget(),
                        System::nanoTime));
    }

    /** What is played, in the order of the script. */
    public List<Case> cases() {
        return cases.stream().map(each -> each.played).toList();
    }

    /**
     * Plays everything, once in the life of this run.
     *
     * @return what was found; fails if something cannot be played, such as with an {@link InvalidInputException} where
     *     options that were valid are so no more, and with an {@link IllegalStateException} if it was called before
     */
    public Future<RunReport> play(RunListener told) {
        if (!started.compareAndSet(false, true)) {
            return Future.failedFuture(new IllegalStateException("the run was played or cancelled before"));
        }
        context.runOnContext(now -> {
            listener = told;
            startedAt = Instant.now();
            start = nanoTime.getAsLong();
            waiting.addAll(players);
            beginRounds();
        });
        return report.future();
    }

    /**
     * Ends this run: no round begins any more, those under way are given up and counted nowhere. {@link #play} tells what
     * was found until then.
     *
     * @return completes when everything is closed, after the script's timeout at the latest
     */
    public Future<Void> cancel() {
        if (started.compareAndSet(false, true)) {
            // Nobody played it, and nobody will.
            return Future.join(players.stream().map(each -> each.check.close()).toList())
                    .mapEmpty();
        }
        context.runOnContext(now -> {
            cancelled = reported < cases.size();
            endAll();
        });
        return report.future().transform(over -> Future.succeededFuture());
    }

    private void endAll() {
        waiting.clear();
        for (Playing each : players) {
            vertx.cancelTimer(each.timer);
            end(each);
        }
    }

    /** Begins as many rounds as there may be. */
    private void beginRounds() {
        while (playing < concurrency && !waiting.isEmpty()) {
            begin(waiting.remove());
        }
    }

    private void begin(Playing each) {
        long now = nanoTime.getAsLong();
        if (!schedule.hasNext(each.played, now - start)) {
            end(each);
            return;
        }
        each.intended = each.played == 0 ? now : each.intended;
        each.played++;
        int number = each.number();
        Case played = each.found.played;
        Duration late = schedule.interval().isZero() ? Duration.ZERO : Duration.ofNanos(now - each.intended);
        Trace trace;
        try {
            if (!each.found.began) {
                each.found.began = true;
                listener.began(played);
            }
            trace = listener.trace(played, number);
        } catch (RuntimeException | Error e) {
            crash(e);
            return;
        }
        playing++;
        each.check.play(number, trace).onComplete(result -> context.runOnContext(turn -> finished(each, result, late)));
    }

    private void finished(Playing each, AsyncResult<Report> result, Duration late) {
        playing--;
        if (result.failed()) {
            // After the end, a round that was cut short is not an error.
            if (!each.over) {
                crash(result.cause());
            }
            return;
        }
        Report round = result.result();
        each.found.add(round);
        tell(() -> listener.finished(each.found.played, round, late));
        if (!each.over) {
            schedule(each);
        }
        beginRounds();
    }

    private void schedule(Playing each) {
        long now = nanoTime.getAsLong();
        Duration interval = schedule.interval();
        Duration waited = Duration.ofNanos(now - each.intended).minus(interval);
        if (schedule.hasMore(each.played)) {
            each.found.totals.addMissed(schedule.missed(each.intended, now), waited, interval);
        }
        each.intended = schedule.next(each.intended, now);
        if (!schedule.hasNext(each.played, each.intended - start)) {
            end(each);
        } else if (each.intended <= now) {
            waiting.add(each);
        } else {
            wait(each, each.intended - now);
        }
    }

    private void wait(Playing each, long nanos) {
        // Rounded up, so that it is due when the timer fires.
        long millis = Math.max(1, Duration.ofNanos(nanos).plusNanos(999_999).toMillis());
        each.timer = vertx.setTimer(millis, fired -> {
            waiting.add(each);
            beginRounds();
        });
    }

    /** Closes a check; once all of a case are closed, it is reported, and once all cases are, the run is over. */
    private void end(Playing each) {
        if (each.over) {
            return;
        }
        each.over = true;
        each.check.close().onComplete(done -> context.runOnContext(turn -> closed(each.found)));
    }

    private void closed(Found each) {
        each.open--;
        if (each.open > 0) {
            return;
        }
        CaseReport found = each.report(budget);
        each.report = found;
        tell(() -> listener.finished(found));
        reported++;
        if (reported < cases.size()) {
            return;
        }
        if (failure != null) {
            report.fail(failure);
        } else {
            report.complete(new RunReport(
                    startedAt,
                    Duration.ofNanos(nanoTime.getAsLong() - start),
                    cancelled,
                    cases.stream()
                            .map(other -> Objects.requireNonNull(other.report))
                            .toList()));
        }
    }

    private void tell(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException | Error e) {
            crash(e);
        }
    }

    private void crash(Throwable cause) {
        if (failure == null) {
            failure = cause;
            endAll();
        }
    }
}
