package dev.vecho.monitor;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How much each case may keep, so that all together take a quarter of the heap at most: an eighth for histories, an eighth for failures. Up
 * to some hundreds of cases each has all that there is to keep; of more, each has its share. Safe for any thread.
 */
final class Bounds {

    /** About what a failure takes in memory. */
    private static final int FAILURE_BYTES = 2048;

    private static final int MOST_FAILURES = 100;
    private static final int LEAST_FAILURES = 5;
    private static final int LEAST_INTERVALS = 20;

    private final long heap;
    private final AtomicInteger cases = new AtomicInteger();

    Bounds(long heapBytes) {
        this.heap = heapBytes;
    }

    static Bounds ofThisProcess() {
        return new Bounds(Runtime.getRuntime().maxMemory());
    }

    void opened(int more) {
        cases.addAndGet(more);
    }

    void closed(int fewer) {
        cases.addAndGet(-fewer);
    }

    /** How many intervals a case may keep of those of a resolution. */
    int intervals(Resolution resolution) {
        long all = 0;
        for (Resolution each : Resolution.values()) {
            all += each.most();
        }
        double share = (double) heap / 8 / Interval.BYTES / all / Math.max(1, cases.get());
        return (int) Math.max(LEAST_INTERVALS, Math.min(1, share) * resolution.most());
    }

    /** How many of its failures a check may keep. */
    int failures() {
        long share = heap / 8 / FAILURE_BYTES / Math.max(1, cases.get());
        return (int) Math.max(LEAST_FAILURES, Math.min(MOST_FAILURES, share));
    }
}
