package dev.vecho.core;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.FastThreadLocal;
import io.vertx.core.Context;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * For how long an event loop could not run what was due: because the machine has too little processor time for this process, the
 * process stood still, or the loop had too much else to do. What did not come in such a time is no fault of the peer's. Measured
 * every {@value #PERIOD_MILLIS} ms while anybody watches. Used on that event loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // It ends by itself.
public final class LoopStalls {

    private static final int PERIOD_MILLIS = 10;

    /** Shorter ones are not counted: timers have a precision, and a loop may have some work. */
    private static final long TOLERANCE = TimeUnit.MILLISECONDS.toNanos(10);

    /** One of these is about as long as the shortest limits that peers have. */
    public static final Duration LONG = Duration.ofSeconds(1);

    /** Shorter ones change little in what is believed of round trips. */
    private static final long MISLEADING = TimeUnit.MILLISECONDS.toNanos(100);

    /** What is lost is sent again after a round trip and four times its variation; of the first one, that is its half. */
    private static final int AFTERMATH = 4;

    private static final long MAX_AFTERMATH = TimeUnit.SECONDS.toNanos(30);

    private static final FastThreadLocal<LoopStalls> OF_THIS_THREAD = new FastThreadLocal<>();

    private final EventLoop loop;
    private int watching;
    private boolean measuring;
    private long due;
    private long total;
    private long totalOfLong;
    private long aftermath;

    /** How much of it is to come. */
    private long aftermathLeft;

    private LoopStalls(EventLoop loop) {
        this.loop = loop;
    }

    /** Those of the context's event loop, on which it is called. */
    public static LoopStalls of(Context context) {
        LoopStalls known = OF_THIS_THREAD.get();
        if (known == null) {
            known = new LoopStalls(VertxInternals.eventLoop(context));
            OF_THIS_THREAD.set(known);
        }
        return known;
    }

    /** Somebody wants to know from now on. */
    public void watch() {
        watching++;
        if (!measuring) {
            measuring = true;
            next();
        }
    }

    /** One of those does not any more. */
    public void leave() {
        watching--;
    }

    /** In nanoseconds, since any moment: only differences tell something, between moments at which somebody watches. */
    public long total() {
        return total + late();
    }

    /** Of those that are {@link #LONG}. */
    public long totalOfLong() {
        return totalOfLong + ifLong(late());
    }

    /**
     * With the time after stalls in which a transport that {@link ClientTransport#resends} may wait too long.
     *
     * @see <a href="https://www.rfc-editor.org/rfc/rfc9002#section-6.2">RFC 9002, section 6.2</a>
     */
    public long totalWithAftermath() {
        return total() + aftermath;
    }

    private static long ifLong(long nanos) {
        return nanos > LONG.toNanos() ? nanos : 0;
    }

    private long late() {
        long late = System.nanoTime() - due;
        return measuring && late > TOLERANCE ? late : 0;
    }

    private void next() {
        due = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PERIOD_MILLIS);
        loop.schedule(this::measure, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void measure() {
        long late = late();
        total += late;
        totalOfLong += ifLong(late);
        long passed = Math.min(aftermathLeft, TimeUnit.MILLISECONDS.toNanos(PERIOD_MILLIS));
        aftermath += passed;
        aftermathLeft -= passed;
        if (late > MISLEADING) {
            aftermathLeft = Math.max(aftermathLeft, Math.min(AFTERMATH * late, MAX_AFTERMATH));
        }
        if (watching > 0) {
            next();
        } else {
            measuring = false;
        }
    }
}
