package dev.vecho.transport.quic;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Has all connections of a socket asked from time to time whether they have to send: some at once, so that no task of the event loop
 * is a long one, and with pauses in which it does what else there is to do. On that event loop only.
 *
 * @param <C> the connections
 */
final class LateTimers<C> {

    /** To ask one takes some microseconds. */
    static final int AT_ONCE = 50;

    /** From the end of a round to the next one. */
    static final long BETWEEN_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private static final long LEAST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** A pause is so many times as long as what was before it. */
    private static final int PAUSE_FACTOR = 20;

    private final ScheduledExecutorService loop;
    private final Consumer<Collection<C>> asker;
    private final LongSupplier nanoTime;

    /** Those that were asked last are the last ones. */
    private final Set<C> connections = new LinkedHashSet<>();

    private int left;
    private @Nullable ScheduledFuture<?> next;

    /**
     * Makes it.
     *
     * @param asker asks some connections
     * @param nanoTime as {@link System#nanoTime} tells it
     */
    LateTimers(ScheduledExecutorService loop, Consumer<Collection<C>> asker, LongSupplier nanoTime) {
        this.loop = loop;
        this.asker = asker;
        this.nanoTime = nanoTime;
    }

    /** Has one asked, too. */
    void add(C connection) {
        connections.add(connection);
        if (next == null) {
            after(BETWEEN_NANOS);
        }
    }

    /** It is closed. */
    void remove(C connection) {
        connections.remove(connection);
        if (connections.isEmpty() && next != null) {
            next.cancel(false);
            next = null;
            left = 0;
        }
    }

    private void after(long nanos) {
        next = loop.schedule(this::ask, nanos, TimeUnit.NANOSECONDS);
    }

    private void ask() {
        if (left == 0) {
            left = connections.size();
        }
        List<C> some = new ArrayList<>(AT_ONCE);
        for (Iterator<C> each = connections.iterator(); each.hasNext() && some.size() < Math.min(left, AT_ONCE); ) {
            some.add(each.next());
            each.remove();
        }
        connections.addAll(some);
        left -= some.size();
        long begin = nanoTime.getAsLong();
        // One that is closed by what it sends is taken out meanwhile.
        next = null;
        asker.accept(some);
        if (connections.isEmpty()) {
            left = 0;
        } else if (next == null) {
            long pause = Math.max(LEAST_PAUSE_NANOS, PAUSE_FACTOR * (nanoTime.getAsLong() - begin));
            after(left == 0 ? BETWEEN_NANOS : pause);
        }
    }
}
