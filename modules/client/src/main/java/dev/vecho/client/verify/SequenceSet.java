package dev.vecho.client.verify;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** A set of numbers from 0 on that takes little memory where there are no gaps, and a bit a number where there are. */
final class SequenceSet {

    private static final int CHUNK = 1 << 16;

    private static final class Part {
        final BitSet numbers = new BitSet();
        int count;
    }

    private final BitSet full = new BitSet();
    private final Map<Integer, Part> parts = new HashMap<>();
    private long first;

    /** Adds a number; returns false if it is there already. */
    boolean add(long number) {
        if (contains(number)) {
            return false;
        }
        int chunk = (int) (number / CHUNK);
        Part part = parts.computeIfAbsent(chunk, none -> new Part());
        part.numbers.set((int) (number % CHUNK));
        if (++part.count == CHUNK) {
            parts.remove(chunk);
            full.set(chunk);
        }
        return true;
    }

    boolean contains(long number) {
        int chunk = (int) (number / CHUNK);
        Part part = parts.get(chunk);
        return part == null ? full.get(chunk) : part.numbers.get((int) (number % CHUNK));
    }

    /** The first number from the last result on that is not there. */
    long firstMissing() {
        while (contains(first)) {
            first++;
        }
        return first;
    }

    /** How many numbers from one on, up to another, are not there. */
    long missing(long from, long to) {
        long missing = 0;
        for (long number = from; number < to; number++) {
            missing += contains(number) ? 0 : 1;
        }
        return missing;
    }
}
