package dev.vecho.monitor;

import dev.vecho.client.Check;
import dev.vecho.client.report.Report;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;

/**
 * When the rounds of a case are played: at a fixed rate, and never two at a time. One that is due while the one before is still being
 * played, or waits for its turn, is missed. Used on the monitor's event loop.
 */
final class CaseSchedule {

    private static final long MILLI = 1_000_000;

    private final Vertx vertx;
    private final Context context;
    private final Check check;
    private final Turns turns;
    private final long interval;
    private final LongSupplier nanoTime;
    private final Consumer<AsyncResult<Report>> finished;
    private final IntConsumer missed;
    private long due;
    private long timer = -1;
    private int played;
    private boolean busy;
    private boolean stopped;

    /** @param finished gets a failure where the round could not be played at all */
    CaseSchedule(
            Vertx vertx,
            Context context,
            Check check,
            Turns turns,
            long intervalNanos,
            LongSupplier nanoTime,
            Consumer<AsyncResult<Report>> finished,
            IntConsumer missed) {
        this.vertx = vertx;
        this.context = context;
        this.check = check;
        this.turns = turns;
        this.interval = intervalNanos;
        this.nanoTime = nanoTime;
        this.finished = finished;
        this.missed = missed;
    }

    /** @param offset nanoseconds until the first round is due */
    void start(long offset) {
        due = nanoTime.getAsLong() + offset;
        await();
    }

    void stop() {
        stopped = true;
        vertx.cancelTimer(timer);
    }

    private void await() {
        long wait = (due - nanoTime.getAsLong() + MILLI - 1) / MILLI;
        timer = vertx.setTimer(Math.max(1, wait), fired -> due());
    }

    private void due() {
        // All that were due meanwhile; more than one only where the event loop itself is late.
        long late = (nanoTime.getAsLong() - due) / interval;
        int left = (int) Math.min(Integer.MAX_VALUE - 1, Math.max(0, late)) + (busy ? 1 : 0);
        due += (Math.max(0, late) + 1) * interval;
        if (left > 0) {
            missed.accept(left);
        }
        if (!busy) {
            busy = true;
            turns.take(this::play);
        }
        await();
    }

    private void play() {
        if (stopped) {
            turns.back();
            return;
        }
        played = played == Integer.MAX_VALUE ? 1 : played + 1;
        check.play(played)
                .onComplete(result -> context.runOnContext(over -> {
                    busy = false;
                    if (!stopped) {
                        finished.accept(result);
                    }
                    turns.back();
                }));
    }
}
