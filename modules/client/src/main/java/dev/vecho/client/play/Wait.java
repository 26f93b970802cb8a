package dev.vecho.client.play;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What a step waits for, and how long: its limit, or how long nothing may move. Used on one event loop only. */
public final class Wait {

    private static final long NO_TIMER = -1;

    private final Vertx vertx;
    private final LongSupplier nanoTime;
    private long timer = NO_TIMER;
    private Duration limit = Duration.ZERO;
    private boolean ofStep;
    private long began;
    private long from;

    Wait(Vertx vertx, LongSupplier nanoTime) {
        this.vertx = vertx;
        this.nanoTime = nanoTime;
    }

    /** Calls back once, after that time. */
    void sleep(Duration length, Runnable over) {
        began = nanoTime.getAsLong();
        timer = vertx.setTimer(length.toMillis(), fired -> over.run());
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
        from = began;
        start(limit, over);
    }

    private void start(Duration left, Runnable over) {
        // Rounded up, so that the limit is over when it fires.
        timer = vertx.setTimer(left.plusNanos(999_999).toMillis(), fired -> {
            Duration rest = limit.minusNanos(nanoTime.getAsLong() - from);
            if (rest.isNegative() || rest.isZero()) {
                over.run();
            } else {
                // Something moved meanwhile. To set a timer again for each byte that comes would cost more.
                start(rest, over);
            }
        });
    }

    /** Something was sent, or came. */
    void moved() {
        if (!ofStep) {
            from = nanoTime.getAsLong();
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
