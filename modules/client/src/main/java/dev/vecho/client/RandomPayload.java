package dev.vecho.client;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The words of SplitMix64, the least significant byte of each first. Word {@code i} is a function of {@code i} alone, so
 * that reading can start anywhere.
 */
record RandomPayload(long size, long seed) implements Payload {

    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    RandomPayload {
        if (size < 0) {
            throw new IllegalArgumentException("size must be 0 or more, was " + size);
        }
    }

    @Override
    public void copy(long position, byte[] into, int length) {
        long index = position / Long.BYTES;
        int skipped = (int) (position % Long.BYTES);
        int at = 0;
        if (skipped != 0) {
            at = part(word(index++), skipped, into, 0, length);
        }
        for (; at + Long.BYTES <= length; at += Long.BYTES) {
            WORDS.set(into, at, word(index++));
        }
        if (at < length) {
            part(word(index), 0, into, at, length);
        }
    }

    /** Copies the bytes of a word, from one of them on, as far as they fit; returns the index after the last. */
    private static int part(long word, int from, byte[] into, int at, int length) {
        int index = at;
        for (int i = from; i < Long.BYTES && index < length; i++) {
            into[index++] = (byte) (word >>> (8 * i));
        }
        return index;
    }

    private long word(long index) {
        long z = seed + (index + 1) * GOLDEN_GAMMA;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
