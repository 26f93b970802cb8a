package dev.vecho.core;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What went through one listener, counted by all its event loops. Safe for any thread. */
public final class Traffic {

    /**
     * The counters at one moment.
     *
     * @param accepted connections accepted so far, those refused not among them
     * @param active connections open now
     * @param refused connections closed at once because {@code maxConnections} were open
     * @param failed connections that broke: reset, TLS not agreed upon, or cut with echoes still under way
     * @param bytes bytes received to be echoed
     */
    public record Snapshot(long accepted, int active, long refused, long failed, long bytes) {}

    private final LongAdder accepted = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final AtomicInteger active = new AtomicInteger();

    /**
     * Counts a new connection.
     *
     * @return false if it is one more than allowed and must be closed at once; {@link #closed} is not called for it
     */
    public boolean open(int maxConnections) {
        if (active.incrementAndGet() > maxConnections) {
            active.decrementAndGet();
            refused.increment();
            return false;
        }
        accepted.increment();
        return true;
    }

    /** Counts the end of a connection that {@link #open} let in. */
    public void closed(boolean whole) {
        // In this order: who sees that the last one has ended sees how.
        if (!whole) {
            failed.increment();
        }
        active.decrementAndGet();
    }

    /** Counts bytes that were received. */
    public void received(long count) {
        bytes.add(count);
    }

    public Snapshot snapshot() {
        return new Snapshot(accepted.sum(), active.get(), refused.sum(), failed.sum(), bytes.sum());
    }
}
