package dev.vecho.monitor;

import dev.vecho.client.report.Diagnosis;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells people of the changes of checks, through {@link Receiver}s. It hears of changes from the {@link Monitor}, and looks at the states
 * where it may have missed some: when it starts, and after other checks are played. What is not said to be safe for any thread belongs to
 * its event loop.
 */
public final class Notifications implements MonitorListener {

    private final Vertx vertx;
    private final Context context;
    private final Supplier<Optional<Monitor>> monitors;
    private final Pace pace;
    private final long timer;
    private volatile Map<String, Receiver> receivers = Map.of();
    private @Nullable Monitor monitor;
    private Runnable unlisten = () -> {};
    private boolean settled;

    /** Belongs to the event loop of the caller. */
    Notifications(Vertx vertx, Supplier<Optional<Monitor>> monitors, Pace pace) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.monitors = monitors;
        this.pace = pace;
        this.timer = vertx.setPeriodic(pace.look().toMillis(), time -> look());
    }

    /** What came of telling each receiver, in the order of their names. Safe for any thread. */
    public List<ReceiverCounts> receivers() {
        return receivers.values().stream().map(Receiver::counts).toList();
    }

    /** Tells these receivers and no others from now on; those that have not changed go on. */
    void tell(List<ReceiverOptions> wanted) {
        Map<String, Receiver> before = new TreeMap<>(receivers);
        Map<String, Receiver> now = new TreeMap<>();
        for (ReceiverOptions options : wanted) {
            Receiver one = before.remove(options.name());
            if (one == null) {
                one = new Receiver(vertx, options, pace);
            } else if (!one.options().content().equals(options.content())) {
                one.adopt(options);
            }
            now.put(options.name(), one);
        }
        before.values().forEach(Receiver::close);
        receivers = Collections.unmodifiableMap(now);
        settled = false;
        look();
    }

    /** The section of checks may have come or gone, and a check opens in its own time. */
    private void look() {
        Monitor now = monitors.get().orElse(null);
        if (now != monitor) {
            unlisten.run();
            monitor = now;
            unlisten = now == null ? () -> {} : now.listen(this);
            settled = false;
        }
        if (!settled) {
            settled = true;
            compare(now == null ? List.of() : now.checks());
        }
    }

    /** Looks for what the receivers have not heard of. */
    private void compare(List<MonitoredCheck> checks) {
        Set<String> there = new HashSet<>();
        Set<String> opening = new HashSet<>();
        for (MonitoredCheck check : checks) {
            List<StateChange> states = states(check);
            states.forEach(state -> there.add(key(state)));
            if (states.isEmpty()) {
                opening.add(check.name());
                settled = false;
            }
            for (StateChange state : states) {
                for (Receiver receiver : receivers.values()) {
                    State known = receiver.known(key(state));
                    boolean failing = state.to() == State.FAILING;
                    if (state.to() != State.UNKNOWN && (known == State.FAILING) != failing) {
                        receiver.changed(key(state), state);
                    }
                }
            }
        }
        for (Receiver receiver : receivers.values()) {
            receiver.remembered().forEach((key, newest) -> {
                if (newest.to() == State.FAILING && !there.contains(key) && !opening.contains(newest.check())) {
                    receiver.changed(key, gone(newest));
                }
            });
        }
    }

    /** How each of its cases is; or the check itself, where it could not be opened. Empty where it is not open yet. */
    private static List<StateChange> states(MonitoredCheck check) {
        List<StateChange> states = new ArrayList<>();
        for (MonitoredCase each : check.cases()) {
            states.add(state(check, each.name(), each.state(), each.since(), each.diagnosis()));
        }
        if (states.isEmpty() && check.state() == State.FAILING) {
            states.add(state(check, null, State.FAILING, check.since(), check.diagnosis()));
        }
        return states;
    }

    private static StateChange state(
            MonitoredCheck check,
            @Nullable String caseName,
            State state,
            Instant since,
            @Nullable Diagnosis diagnosis) {
        return new StateChange(check.name(), caseName, State.UNKNOWN, state, since, since, diagnosis, check.labels());
    }

    private static StateChange gone(StateChange newest) {
        return new StateChange(
                newest.check(),
                newest.caseName(),
                newest.to(),
                State.UNKNOWN,
                Instant.now(),
                newest.at(),
                null,
                newest.labels());
    }

    private static String key(StateChange change) {
        return change.check() + "\0" + (change.caseName() == null ? "" : change.caseName());
    }

    @Override
    public void changed(MonitoredCheck check, StateChange change) {
        // That the check as a whole has changed follows from its cases, where it has any.
        if (change.caseName() != null || check.cases().isEmpty()) {
            context.runOnContext(now -> receivers.values().forEach(receiver -> receiver.changed(key(change), change)));
        }
    }

    @Override
    public void reconfigured() {
        context.runOnContext(now -> settled = false);
    }

    /** Ends, and tells before what is still to be told, for some seconds at most; never fails. */
    Future<Void> close() {
        vertx.cancelTimer(timer);
        unlisten.run();
        return Future.join(receivers.values().stream().map(Receiver::close).toList())
                .transform(closed -> Future.succeededFuture());
    }
}
