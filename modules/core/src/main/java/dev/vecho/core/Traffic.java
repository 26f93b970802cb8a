package dev.vecho.core;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What went through one listener, counted by all its event loops. Safe for any thread. */
public final class Traffic {

    /**
     * The counters at one moment.
     *
     * @param accepted connections accepted so far, those refused not among them
     * @param active connections open now
     * @param refused connections closed at once, see {@link #refusals}
     * @param failed connections that broke: reset, TLS not agreed upon, or cut with echoes still under way
     * @param bytes bytes received to be echoed
     */
    public record Snapshot(long accepted, int active, long refused, long failed, long bytes) {}

    private final LongAdder accepted = new LongAdder();
    private final Map<String, LongAdder> refusals = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> drops = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> failures = new ConcurrentHashMap<>();
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
            refuse("over maxConnections");
            return false;
        }
        accepted.increment();
        return true;
    }

    /**
     * Counts a connection that is closed at once; neither {@link #open} nor {@link #closed} is called for it.
     *
     * @param reason one of a few, which follows their number in a sentence: {@code 3 over maxConnections}
     */
    public void refuse(String reason) {
        count(refusals, reason);
    }

    /** The refused connections by reason; those for which there are any. */
    public Map<String, Long> refusals() {
        return sums(refusals);
    }

    /**
     * Counts a datagram that gets no answer.
     *
     * @param reason as for {@link #refuse}
     */
    public void drop(String reason) {
        count(drops, reason);
    }

    /** The datagrams that got no answer, by reason; those for which there are any. */
    public Map<String, Long> drops() {
        return sums(drops);
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

    /** Counts the end of a connection that {@link #open} let in, and that was served to its end. */
    public void closed() {
        active.decrementAndGet();
    }

    /** Counts the end of a connection that {@link #open} let in, and that broke. */
    public void broke(FailureReason reason) {
        // In this order: who sees that the last one has ended sees how.
        count(failures, reason.words());
        active.decrementAndGet();
    }

    /** The failed connections by the words of their {@link FailureReason}; those for which there are any. */
    public Map<String, Long> failures() {
        return sums(failures);
    }

    /** Counts bytes that were received. */
    public void received(long count) {
        bytes.add(count);
    }

    public Snapshot snapshot() {
        return new Snapshot(accepted.sum(), active.get(), sum(refusals), sum(failures), bytes.sum());
    }

    private static long sum(Map<String, LongAdder> counters) {
        return counters.values().stream().mapToLong(LongAdder::sum).sum();
    }
}
