package dev.vecho.core;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What went through one listener, counted where it happens: each event loop counts in its own {@link #share} of it, and whoever reads
 * sums the shares up. Bytes and durations are counted without a lock by the share's event loop, and by no other thread; what is rarer
 * may be counted by any. Reading is safe for any thread.
 */
public final class Traffic {

    /** Upper bounds of the durations that are told apart, in seconds; longer ones are a class of their own. */
    public static final List<Double> DURATION_BOUNDS =
            List.of(0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0, 300.0, 1800.0, 7200.0, 86_400.0);

    private static final long[] BOUNDS_NANOS = DURATION_BOUNDS.stream()
            .mapToLong(seconds -> Math.round(seconds * 1e9))
            .toArray();

    private static final VarHandle RECEIVED;
    private static final VarHandle SENT;
    private static final VarHandle LASTED;
    private static final VarHandle COUNTS = MethodHandles.arrayElementVarHandle(long[].class);

    static {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        try {
            RECEIVED = lookup.findVarHandle(Traffic.class, "received", long.class);
            SENT = lookup.findVarHandle(Traffic.class, "sent", long.class);
            LASTED = lookup.findVarHandle(Traffic.class, "lastedNanos", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /**
     * The counters at one moment.
     *
     * @param accepted connections accepted so far, those refused not among them
     * @param active connections open now
     * @param refused connections closed at once, see {@link #refusals}
     * @param failed connections that broke: reset, TLS not agreed upon, or cut with echoes still under way
     * @param bytes bytes received to be echoed
     * @param sent bytes of them that were sent back
     */
    public record Snapshot(long accepted, int active, long refused, long failed, long bytes, long sent) {}

    /**
     * How long the connections lasted that have ended and told so.
     *
     * @param counts for each of {@link #DURATION_BOUNDS} those that lasted at most so long, and longer than the bound before; then
     *     those that lasted longer
     * @param seconds all of them together
     */
    public record Durations(List<Long> counts, double seconds) {

        public Durations {
            counts = List.copyOf(counts);
        }
    }

    /**
     * Packets of a protocol that sends again what got lost, and tells of it; the operating system does not for TCP.
     *
     * @param retransmitted packets with what had been in one that got lost
     */
    public record Packets(long sent, long received, long lost, long retransmitted) {

        public static final Packets NONE = new Packets(0, 0, 0, 0);

        /** How many more these are. */
        public Packets since(Packets before) {
            return new Packets(
                    sent - before.sent,
                    received - before.received,
                    lost - before.lost,
                    retransmitted - before.retransmitted);
        }

        private Packets and(Packets more) {
            return new Packets(
                    sent + more.sent, received + more.received, lost + more.lost, retransmitted + more.retransmitted);
        }
    }

    /** What all shares count in together, because it is rare or because there is a limit to it. */
    private static final class Whole {

        final List<Traffic> shares = new CopyOnWriteArrayList<>();
        final AtomicInteger active = new AtomicInteger();
        final LongAdder accepted = new LongAdder();
        final Map<String, LongAdder> refusals = new ConcurrentHashMap<>();
        final Map<String, LongAdder> drops = new ConcurrentHashMap<>();
        final Map<String, LongAdder> failures = new ConcurrentHashMap<>();
        final Map<String, LongAdder> handshakes = new ConcurrentHashMap<>();
        final Map<String, LongAdder> faults = new ConcurrentHashMap<>();
        volatile @Nullable Ends ends;
    }

    /** Told of connections that end, and maybe that they begin. */
    @FunctionalInterface
    public interface Ends {

        /** A connection has begun, which may have to agree upon TLS still. Called on its event loop, as {@link #ended}. */
        default void began(OpenConnection connection) {}

        /**
         * A connection has ended. Called on its event loop, where alone what is known of it may be asked for, and only during the call.
         *
         * @param failure null where it was served to its end
         */
        void ended(OpenConnection connection, @Nullable FailureReason failure);
    }

    /**
     * What one event loop has open.
     *
     * @param loop the event loop, on which alone the connections may be used
     */
    public record Part(Executor loop, OpenConnections connections) {}

    private final Whole whole;
    private final OpenConnections connections = new OpenConnections();
    private final @Nullable Executor loop;

    // Written by one event loop only; see the class comment.
    private long received;
    private long sent;
    private long lastedNanos;
    private volatile Packets packets = Packets.NONE;
    private final long[] durations = new long[BOUNDS_NANOS.length + 1];

    /** The traffic of a new listener, which is also the share of the event loop that counts in it. */
    public Traffic() {
        this(new Whole(), null);
    }

    private Traffic(Whole whole, @Nullable Executor loop) {
        this.whole = whole;
        this.loop = loop;
        whole.shares.add(this);
    }

    /**
     * What an event loop counts in: always the same, also where the listener was opened anew. Whatever is asked of a share is told of
     * the whole.
     */
    public Traffic share(Executor loop) {
        synchronized (whole) {
            for (Traffic share : whole.shares) {
                if (share.loop == loop) {
                    return share;
                }
            }
            return new Traffic(whole, loop);
        }
    }

    /** The connections of this share's event loop, for who accepts them. On that event loop only. */
    public OpenConnections connections() {
        return connections;
    }

    /** The connections of all event loops, in a fixed order. */
    public List<Part> parts() {
        List<Part> parts = new ArrayList<>();
        for (Traffic share : whole.shares) {
            if (share.loop != null) {
                parts.add(new Part(share.loop, share.connections));
            }
        }
        return parts;
    }

    /**
     * Counts a new connection. Any thread.
     *
     * @return false if it is one more than allowed and must be closed at once; {@link #closed} is not called for it
     */
    public boolean open(int maxConnections) {
        if (whole.active.incrementAndGet() > maxConnections) {
            whole.active.decrementAndGet();
            refuse("over maxConnections");
            return false;
        }
        whole.accepted.increment();
        return true;
    }

    /**
     * Counts a connection that is closed at once; neither {@link #open} nor {@link #closed} is called for it. Any thread.
     *
     * @param reason one of a few, which follows their number in a sentence: {@code 3 over maxConnections}
     */
    public void refuse(String reason) {
        count(whole.refusals, reason);
    }

    /** The refused connections by reason; those for which there are any. */
    public Map<String, Long> refusals() {
        return sums(whole.refusals);
    }

    /**
     * Counts a datagram that gets no answer. Any thread.
     *
     * @param reason as for {@link #refuse}
     */
    public void drop(String reason) {
        count(whole.drops, reason);
    }

    /** The datagrams that got no answer, by reason; those for which there are any. */
    public Map<String, Long> drops() {
        return sums(whole.drops);
    }

    /**
     * Counts a TLS handshake that was completed. Any thread.
     *
     * @param version such as {@code TLSv1.3}
     */
    public void handshake(String version) {
        count(whole.handshakes, version);
    }

    /** The completed TLS handshakes by version; those for which there are any. */
    public Map<String, Long> handshakes() {
        return sums(whole.handshakes);
    }

    /**
     * Counts something that was done on purpose. Any thread.
     *
     * @param fault one of a few, such as {@code toPeer.latency}
     */
    public void fault(String fault) {
        count(whole.faults, fault);
    }

    /** What was done on purpose, by its name; those for which there is any. */
    public Map<String, Long> faults() {
        return sums(whole.faults);
    }

    private static void count(Map<String, LongAdder> counters, String reason) {
        counters.computeIfAbsent(reason, first -> new LongAdder()).increment();
    }

    /** The most frequent first. */
    private static Map<String, Long> sums(Map<String, LongAdder> counters) {
        Map<String, Long> all = new LinkedHashMap<>();
        counters.entrySet().stream()
                .map(each -> Map.entry(each.getKey(), each.getValue().sum()))
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed().thenComparing(Map.Entry.comparingByKey()))
                .forEach(each -> all.put(each.getKey(), each.getValue()));
        return all;
    }

    /** Counts the end of a connection that {@link #open} let in, and that was served to its end. Any thread. */
    public void closed() {
        whole.active.decrementAndGet();
    }

    /** Counts the end of a connection that {@link #open} let in, and that broke. Any thread. */
    public void broke(FailureReason reason) {
        // In this order: who sees that the last one has ended sees how.
        count(whole.failures, reason.words());
        whole.active.decrementAndGet();
    }

    /** Has somebody told of each connection that ends, from now on. Any thread. */
    public void onEnd(Ends ends) {
        whole.ends = ends;
    }

    /** Whether somebody is told of the ends, so that what is lost at the end has to be kept until then. */
    public boolean tellsEnds() {
        return whole.ends != null;
    }

    /** Tells of a connection that was taken in, on its event loop. */
    public void began(OpenConnection connection) {
        Ends told = whole.ends;
        if (told != null) {
            told.began(connection);
        }
    }

    /** Tells of a connection that has ended, on its event loop; what {@link #closed} and {@link #broke} count is another matter. */
    public void ended(OpenConnection connection, @Nullable FailureReason failure) {
        Ends told = whole.ends;
        if (told != null) {
            told.ended(connection, failure);
        }
    }

    /** The failed connections by the words of their {@link FailureReason}; those for which there are any. */
    public Map<String, Long> failures() {
        return sums(whole.failures);
    }

    /** Notes how long a connection lasted that ends, on the share's event loop. */
    public void lasted(Duration duration) {
        long nanos = duration.toNanos();
        int bucket = 0;
        while (bucket < BOUNDS_NANOS.length && nanos > BOUNDS_NANOS[bucket]) {
            bucket++;
        }
        COUNTS.setOpaque(durations, bucket, durations[bucket] + 1);
        LASTED.setOpaque(this, lastedNanos + nanos);
    }

    /** How long connections lasted. */
    public Durations durations() {
        List<Long> counts = new ArrayList<>();
        for (int i = 0; i <= BOUNDS_NANOS.length; i++) {
            int bucket = i;
            counts.add(sum(share -> (long) COUNTS.getOpaque(share.durations, bucket)));
        }
        return new Durations(counts, sum(share -> (long) LASTED.getOpaque(share)) / 1e9);
    }

    /** Counts bytes that were received, on the share's event loop. */
    public void received(long count) {
        RECEIVED.setOpaque(this, received + count);
    }

    /** Counts bytes that were sent back, on the share's event loop. */
    public void sent(long count) {
        SENT.setOpaque(this, sent + count);
    }

    /** Counts packets, on the share's event loop. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // No other thread writes it.
    public void packets(Packets more) {
        packets = packets.and(more);
    }

    /** The packets of all connections, of those that are open as of some time ago; {@link Packets#NONE} where nobody knows. */
    public Packets packets() {
        return whole.shares.stream().map(share -> share.packets).reduce(Packets.NONE, Packets::and);
    }

    public Snapshot snapshot() {
        // Before the failures: who sees that the last connection has ended sees how.
        int active = whole.active.get();
        return new Snapshot(
                whole.accepted.sum(),
                active,
                sum(whole.refusals),
                sum(whole.failures),
                sum(share -> (long) RECEIVED.getOpaque(share)),
                sum(share -> (long) SENT.getOpaque(share)));
    }

    private long sum(ToLongFunction<Traffic> counter) {
        return whole.shares.stream().mapToLong(counter).sum();
    }

    private static long sum(Map<String, LongAdder> counters) {
        return counters.values().stream().mapToLong(LongAdder::sum).sum();
    }
}
