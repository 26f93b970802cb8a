package dev.vecho.faults;

/** The time since this program began, in nanoseconds; never negative. */
final class Clock {

    private static final long BEGIN = System.nanoTime();

    private Clock() {}

    static long now() {
        return System.nanoTime() - BEGIN;
    }
}
