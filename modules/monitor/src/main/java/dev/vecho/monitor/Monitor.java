package dev.vecho.monitor;

import dev.vecho.client.Check;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.RoundTrips;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plays the configured checks on their schedules, and keeps what they find. Each case of a check has a schedule of its own, whose first
 * round comes after a share of the interval that follows from its name: so the starts are spread, and a restart does not move them. At
 * most half as many rounds are played at the same time as the process may have files, and 10,000.
 *
 * <p>Each change of a check's state is also published on the event bus of this Vert.x, at {@link #CHANGES}, as
 * {@link StateChange#toJson} describes it. What is not said to be safe for any thread belongs to its event loop.
 */
public final class Monitor {

    /** The address on the event bus. */
    public static final String CHANGES = "vecho.checks.changes";

    private static final Logger LOG = LoggerFactory.getLogger(Monitor.class);

    private final Vertx vertx;
    private final Context context;
    private final Turns turns;

    /** To open a check takes a worker thread, of which there are few, and others need them, too. */
    private final Turns opening = new Turns(2);

    private final UnjudgedRounds unjudged;
    private final Bounds bounds;
    private final Clock clock;
    private final LongSupplier nanoTime;
    private final List<MonitorListener> listeners = new CopyOnWriteArrayList<>();
    private final Map<String, Running> running = new HashMap<>();
    private volatile Map<String, MonitoredCheck> checks = Map.of();

    /** What was found by checks that are switched off, and before the service started. */
    private volatile Map<String, SavedCheck> saved = Map.of();

    /** A check that is played. */
    private static final class Running {
        private final MonitoredCheck check;
        private final List<CaseSchedule> schedules = new ArrayList<>();
        private List<Check> open = List.of();
        private final Promise<Void> opened = Promise.promise();
        private boolean stopped;

        Running(MonitoredCheck check) {
            this.check = check;
        }
    }

    /** Belongs to the event loop of the caller. */
    Monitor(Vertx vertx) {
        this(vertx, Turns.ofThisProcess(), Bounds.ofThisProcess(), Clock.systemUTC(), System::nanoTime);
    }

    Monitor(Vertx vertx, Turns turns, Bounds bounds, Clock clock, LongSupplier nanoTime) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.turns = turns;
        this.unjudged = new UnjudgedRounds(nanoTime);
        this.bounds = bounds;
        this.clock = clock;
        this.nanoTime = nanoTime;
    }

    /** The checks that are played, in the order of their names. Safe for any thread. */
    public List<MonitoredCheck> checks() {
        return List.copyOf(checks.values());
    }

    /** One of them. Safe for any thread. */
    public Optional<MonitoredCheck> check(String name) {
        return Optional.ofNullable(checks.get(name));
    }

    /**
     * Has somebody told of what happens from now on. Safe for any thread.
     *
     * @return ends it
     */
    public Runnable listen(MonitorListener listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** Has checks begin with what was saved of them, by name; before they are played. */
    void restore(Map<String, SavedCheck> before) {
        saved = Map.copyOf(before);
    }

    /** What is to be saved of checks that are not played. Safe for any thread. */
    Map<String, SavedCheck> saved() {
        return saved;
    }

    void play(List<CheckDefinition> definitions) {
        play(definitions, Set.of());
    }

    /**
     * Plays these checks and no others from now on; those that have not changed go on, and keep what they know.
     *
     * @param off the names of those that are switched off, which keep what they know until they are played again
     */
    void play(List<CheckDefinition> definitions, Set<String> off) {
        Map<String, SavedCheck> kept = new HashMap<>(saved);
        Map<String, CheckDefinition> wanted = new TreeMap<>();
        definitions.forEach(each -> wanted.put(each.name(), each));
        for (Running each : List.copyOf(running.values())) {
            CheckDefinition next = wanted.get(each.check.name());
            if (next != null && next.subject().equals(each.check.subject())) {
                each.check.redefine(next);
                continue;
            }
            running.remove(each.check.name());
            if (off.contains(each.check.name())) {
                kept.put(each.check.name(), SavedCheck.of(each.check));
            }
            stop(each);
        }
        Map<String, MonitoredCheck> now = new TreeMap<>();
        wanted.forEach((name, definition) -> {
            Running one = running.get(name);
            if (one == null) {
                one = new Running(new MonitoredCheck(definition, bounds, clock.instant()));
                running.put(name, one);
                SavedCheck found = kept.get(name);
                if (found != null && found.subject().equals(definition.subject())) {
                    one.check.expect(found);
                }
                start(one);
            }
            now.put(name, one.check);
        });
        kept.keySet().retainAll(off);
        saved = Map.copyOf(kept);
        checks = Collections.unmodifiableMap(now);
        listeners.forEach(MonitorListener::reconfigured);
    }

    private void start(Running one) {
        opening.take(() -> {
            if (one.stopped) {
                one.opened.complete();
                opening.back();
                return;
            }
            Check.open(vertx, one.check.definition().script()).onComplete(result -> {
                opened(one, result);
                one.opened.complete();
                opening.back();
            });
        });
    }

    private void opened(Running one, AsyncResult<List<Check>> result) {
        if (result.failed()) {
            String why = String.valueOf(result.cause().getMessage());
            LOG.warn("check {}: cannot be played: {}", one.check.name(), why);
            StateChange change = one.check.unplayable(clock.instant(), why);
            listeners.forEach(listener -> listener.changed(one.check, change));
            publish(change);
            return;
        }
        one.open = result.result();
        bounds.opened(one.open.size());
        if (!one.stopped) {
            schedule(one);
        }
    }

    private void schedule(Running one) {
        CheckDefinition definition = one.check.definition();
        long interval = definition.every().toNanos();
        List<MonitoredCase> cases = new ArrayList<>();
        for (Check each : one.open) {
            MonitoredCase played = new MonitoredCase(each.played(), definition.alert(), bounds, clock.instant());
            cases.add(played);
            one.schedules.add(new CaseSchedule(
                    vertx,
                    context,
                    each,
                    turns,
                    interval,
                    nanoTime,
                    result -> finished(one.check, played, result),
                    count -> played.missed(clock.instant(), count)));
        }
        one.check.opened(cases);
        for (int i = 0; i < cases.size(); i++) {
            one.schedules
                    .get(i)
                    .start(offset(definition.name() + " " + cases.get(i).name(), interval));
        }
    }

    /** The same for the same name, and spread evenly over an interval for many. */
    static long offset(String name, long interval) {
        // String.hashCode changes its low bits only for names that differ in their end; this mixes them (Stafford's
        // variant 13).
        long mixed = name.hashCode() * 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ mixed >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return Math.floorMod(mixed ^ mixed >>> 31, interval);
    }

    private void finished(MonitoredCheck check, MonitoredCase played, AsyncResult<Report> result) {
        Instant now = clock.instant();
        Report round = result.succeeded()
                ? check.definition().script().budget().judge(result.result())
                : unplayed(played, now, result.cause());
        Diagnosis diagnosis = round.diagnosis();
        if (diagnosis != null && diagnosis.word() == FailureKind.UNJUDGED) {
            played.unjudged(now);
            unjudged.add(check.name(), played.name(), diagnosis);
            return;
        }
        List<StateChange> changes = check.add(now, played, round);
        for (MonitorListener listener : listeners) {
            listener.finished(check, played, round);
            changes.forEach(change -> listener.changed(check, change));
        }
        for (StateChange change : changes) {
            if (change.caseName() == null) {
                tell(change);
            }
        }
    }

    private void tell(StateChange change) {
        Diagnosis why = change.diagnosis();
        LOG.info(
                "check {}: {}{}",
                change.check(),
                change.to(),
                why == null ? "" : ": " + why.kind() + ": " + why.sentence());
        publish(change);
    }

    private void publish(StateChange change) {
        vertx.eventBus().publish(CHANGES, change.toJson(), new DeliveryOptions().setLocalOnly(true));
    }

    private static Report unplayed(MonitoredCase played, Instant now, @Nullable Throwable cause) {
        Diagnosis diagnosis =
                cause == null ? Diagnosis.of(FailureKind.FAILED, "the round could not be played") : Diagnosis.of(cause);
        return new Report(
                played.target(),
                0,
                now,
                Duration.ZERO,
                diagnosis,
                null,
                null,
                Map.of(),
                new Report.Phases(null, null, null, null, null),
                0,
                0,
                RoundTrips.NONE,
                RoundTrips.NONE,
                null,
                List.of(),
                Duration.ZERO,
                0);
    }

    private Future<?> stop(Running one) {
        one.stopped = true;
        one.schedules.forEach(CaseSchedule::stop);
        return one.opened.future().transform(opened -> {
            bounds.closed(one.open.size());
            return Future.join(one.open.stream().map(Check::close).toList());
        });
    }

    /** Ends all checks; those that are being played are given up. Completes when all is closed; never fails. */
    public Future<Void> close() {
        List<Future<?>> stopped = new ArrayList<>();
        running.values().forEach(one -> stopped.add(stop(one)));
        running.clear();
        checks = Map.of();
        return Future.join(stopped).transform(all -> Future.succeededFuture());
    }
}
