package dev.vecho.core;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The open connections of one event loop's share of a listener, each in a numbered slot, so that whoever reads many of them can stop at
 * a slot and go on there later, whatever comes and goes meanwhile. Used on that event loop only.
 */
public final class OpenConnections {

    private static final int FEW = 8;

    private @Nullable OpenConnection[] slots = new @Nullable OpenConnection[FEW];

    /** How often a slot was emptied, so that the number of one and the next of its connections differ. */
    private int[] uses = new int[FEW];

    /** The empty slots below {@link #end}, as a stack. */
    private int[] free = new int[FEW];

    private int freeCount;
    private int end;

    /** Takes a connection in. Returns its slot, for {@link #remove}. */
    public int add(OpenConnection connection) {
        if (freeCount == 0 && end == slots.length) {
            slots = Arrays.copyOf(slots, 2 * end);
            uses = Arrays.copyOf(uses, 2 * end);
            free = Arrays.copyOf(free, 2 * end);
        }
        int slot = freeCount > 0 ? free[--freeCount] : end++;
        slots[slot] = connection;
        return slot;
    }

    /** Lets a connection go. */
    public void remove(int slot) {
        slots[slot] = null;
        uses[slot]++;
        free[freeCount++] = slot;
    }

    /** One more than the last slot that ever was in use. */
    public int end() {
        return end;
    }

    /** The connection in a slot; null where there is none. */
    public @Nullable OpenConnection at(int slot) {
        return slot >= 0 && slot < end ? slots[slot] : null;
    }

    /** A number that the connection in a slot has, and those before it in the same slot had not. */
    public int use(int slot) {
        return uses[slot];
    }
}
