package dev.vecho.client.play;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a step waits for, and how long: its limit, or how long nothing may move. The time in which the event loop could not run does not
 * count, up to twice the limit or five seconds: a peer has the whole time that it was given. Used on one event loop only.
 */
public final class Wait {

    private static final long NO_TIMER = -1;

    private static final int MAX_STALLED = 2;

    private static final long MIN_STALLED = TimeUnit.SECONDS.toNanos(5);

    /** How a wait ended. */
    public enum End {
        /** What was waited for came, or it still may. */
        NONE,
        /** It did not come, though the peer had all of its time. */
        LIMIT,
        /** The event loop could not run for too long: the peer had less time than it was given. */
        CUT
    }

    private final Vertx vertx;
    private final LongSupplier nanoTime;
    private final LongSupplier stalls;
    private long timer = NO_TIMER;
    private Duration limit = Duration.ZERO;
    private boolean ofStep;
    private long began;
    private long from;
    private long stalledBefore;
    private End end = End.NONE;

    /** @param stalls the sum, in nanoseconds, see {@link dev.vecho.core.LoopStalls#total} */
    Wait(Vertx vertx, LongSupplier nanoTime, LongSupplier stalls) {
        this.vertx = vertx;
        this.nanoTime = nanoTime;
        this.stalls = stalls;
    }

    /** Calls back once, after that time. */
    void sleep(Duration length, Runnable over) {
        began = nanoTime.getAsLong();
        timer = vertx.setTimer(length.toMillis(), fired -> over.run());
    }

    /** Calls back once, when the peer has had that time. */
    void patience(Duration length, Runnable over) {
        began = nanoTime.getAsLong();
        long since = System.nanoTime();
        long before = stalls.getAsLong();
        start(length, () -> rest(length, System.nanoTime() - since, before), over);
    }

    /**
     * Calls back once, after the limit.
     *
     * @param within the limit of the whole step; null if it has none
     * @param timeout where the step has no limit: how long nothing may {@link #moved}
     */
    void limit(@Nullable Duration within, Duration timeout, Runnable over) {
        ofStep = within != null;
        limit = within == null ? timeout : within;
        began = nanoTime.getAsLong();
        begin();
        start(limit, () -> rest(limit, nanoTime.getAsLong() - from, stalledBefore), over);
    }

    private void begin() {
        from = nanoTime.getAsLong();
        stalledBefore = stalls.getAsLong();
    }

    private Duration rest(Duration length, long waited, long before) {
        long stalled = stalls.getAsLong() - before;
        long most = Math.max(MIN_STALLED, MAX_STALLED * length.toNanos());
        Duration rest = length.minusNanos(waited - Math.min(stalled, most));
        if (rest.isNegative() || rest.isZero()) {
            end = stalled > most ? End.CUT : End.LIMIT;
        }
        return rest;
    }

    private void start(Duration left, Supplier<Duration> remaining, Runnable over) {
        // Rounded up, so that the limit is over when it fires.
        end = End.NONE;
        timer = vertx.setTimer(left.plusNanos(999_999).toMillis(), fired -> {
            Duration rest = remaining.get();
            if (rest.isNegative() || rest.isZero()) {
                over.run();
            } else {
                // Something moved meanwhile. To set a timer again for each byte that comes would cost more.
                start(rest, remaining, over);
            }
        });
    }

    /** Something was sent, or came. */
    void moved() {
        if (!ofStep) {
            begin();
        }
    }

    /** Ends the wait before its time: it was as long as it has taken by now. */
    void cut() {
        stop();
        limit = Duration.ofNanos(nanoTime.getAsLong() - began);
        ofStep = true;
    }

    void stop() {
        vertx.cancelTimer(timer);
        timer = NO_TIMER;
    }

    /** How the last one ended. */
    End end() {
        return end;
    }

    /** Whether the limit is one of the whole step. */
    boolean ofStep() {
        return ofStep;
    }

    /** How long is waited. */
    Duration limit() {
        return limit;
    }

    /** The moment at which the last half of the limit begins. */
    long lastHalf() {
        return nanoTime.getAsLong() - limit.toNanos() / 2;
    }

    /** For people: how long was waited. */
    String late() {
        return (ofStep ? " within " : " for ") + limit.toMillis() + " ms";
    }

    /** Completes with what closes something, or after a limit. */
    public static Future<Void> atMost(Vertx vertx, Duration limit, Future<Void> closing) {
        Promise<Void> done = Promise.promise();
        long timer = vertx.setTimer(limit.toMillis(), fired -> done.tryComplete());
        closing.onComplete(closed -> {
            vertx.cancelTimer(timer);
            done.tryComplete();
        });
        return done.future();
    }
}
