package dev.vecho.launcher;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;

/**
 * Tells when the heap is so full that the JVM does hardly anything but collect garbage, which only some collectors report by an
 * {@link OutOfMemoryError}. Used by one thread, which asks about once a second; asking allocates nothing.
 */
final class GcOverhead {

    /** A process that was stopped, or a long collection of a large heap, is in one answer, not in so many in turn. */
    private static final int IN_TURN = 5;

    private static final double TIME_SHARE = 0.9;
    private static final double HEAP_SHARE = 0.75;

    /** Those that stop the JVM: that of ZGC's or Shenandoah's cycles runs beside it. */
    private final GarbageCollectorMXBean[] collectors = ManagementFactory.getGarbageCollectorMXBeans().stream()
            .filter(collector -> !collector.getName().endsWith("Cycles"))
            .toArray(GarbageCollectorMXBean[]::new);

    private long lastMillis;
    private long lastCollecting;
    private int inTurn;

    /** Whether it was so each of the last times that this was asked. */
    boolean isTooMuch() {
        Runtime heap = Runtime.getRuntime();
        double used = (double) (heap.totalMemory() - heap.freeMemory()) / heap.maxMemory();
        return isTooMuch(TimeUnit.NANOSECONDS.toMillis(System.nanoTime()), collectingMillis(), used);
    }

    /**
     * The same, told how it is.
     *
     * @param collecting milliseconds of all collections so far
     * @param used how much of the heap is used, 0 to 1
     */
    boolean isTooMuch(long millis, long collecting, double used) {
        boolean isMost = collecting - lastCollecting > TIME_SHARE * (millis - lastMillis);
        inTurn = isMost && used > HEAP_SHARE ? inTurn + 1 : 0;
        lastMillis = millis;
        lastCollecting = collecting;
        return inTurn >= IN_TURN;
    }

    private long collectingMillis() {
        long millis = 0;
        for (GarbageCollectorMXBean collector : collectors) {
            millis += Math.max(0, collector.getCollectionTime());
        }
        return millis;
    }
}
