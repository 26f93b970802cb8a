package dev.vecho.testkit;

/**
 * How often tests do what they do many times. The system property {@code vecho.repeat} says it, 1 by default: enough to show what
 * happens often. What happens rarely takes more, and then a machine for itself: {@code -Dvecho.repeat=10}.
 */
public final class Repeat {

    /** How often each case is played. */
    public static final int TIMES = Integer.getInteger("vecho.repeat", 1);

    private Repeat() {}

    /** So many times as {@link #TIMES} says of what takes ten to be all: a tenth by default, and at least one. */
    public static int of(int all) {
        return (int) Math.max(1, (long) all * TIMES / 10);
    }
}
