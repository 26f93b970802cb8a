package dev.vecho.client.script;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The words of SplitMix64, the least significant byte of each first. FailureKind {@code i} is a function of {@code i} alone, so
 * that reading can start anywhere, and one that can be inverted, so that any eight bytes tell where they are from.
 *
 * @param block how many bytes come before the next ones begin with a new word
 * @param blocks how many blocks there are
 */
record RandomPayload(long block, int blocks, long seed) implements Payload {

    static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long FIRST_FACTOR = 0xBF58476D1CE4E5B9L;
    private static final long SECOND_FACTOR = 0x94D049BB133111EBL;

    RandomPayload {
        checkSize(block);
    }

    static void checkSize(long size) {
        if (size < 0) {
            throw new IllegalArgumentException("size must be 0 or more, was " + size);
        }
    }

    @Override
    public long size() {
        return block * blocks;
    }

    @Override
    public Payload times(int count) {
        return new RandomPayload(block, Math.multiplyExact(blocks, count), seed);
    }

    @Override
    public void copy(long position, byte[] into, int length) {
        if (blocks == 1) {
            copy(0, position, into, 0, length);
            return;
        }
        int done = 0;
        while (done < length) {
            long index = (position + done) / block;
            long within = (position + done) % block;
            int some = (int) Math.min(length - done, block - within);
            copy(index * wordsInBlock(), within, into, done, done + some);
            done += some;
        }
    }

    /** Copies bytes of the block that starts with a word to the indices {@code from} to {@code to}, exclusive. */
    private void copy(long firstWord, long position, byte[] into, int from, int to) {
        long index = firstWord + position / Long.BYTES;
        int skipped = (int) (position % Long.BYTES);
        int at = from;
        if (skipped != 0) {
            at = part(word(index++), skipped, into, at, to);
        }
        for (; at + Long.BYTES <= to; at += Long.BYTES) {
            WORDS.set(into, at, word(index++));
        }
        if (at < to) {
            part(word(index), 0, into, at, to);
        }
    }

    /** Copies the bytes of a word, from one of them on, as far as they fit; returns the index after the last. */
    private static int part(long word, int from, byte[] into, int at, int to) {
        int index = at;
        for (int i = from; i < Long.BYTES && index < to; i++) {
            into[index++] = (byte) (word >>> (8 * i));
        }
        return index;
    }

    @Override
    public long find(byte[] bytes, int length) {
        // One of the first eight bytes is the first of a word.
        for (int skipped = 0; skipped < Long.BYTES && skipped + Long.BYTES <= length; skipped++) {
            long word = (unmix((long) WORDS.get(bytes, skipped)) - seed) * inverse(GOLDEN_GAMMA) - 1;
            if (word < 0 || word >= blocks * wordsInBlock()) {
                continue;
            }
            long position = word / wordsInBlock() * block + word % wordsInBlock() * Long.BYTES - skipped;
            if (position >= 0 && position + length <= size() && matches(position, bytes, length)) {
                return position;
            }
        }
        return -1;
    }

    private boolean matches(long position, byte[] bytes, int length) {
        byte[] own = new byte[length];
        copy(position, own, length);
        return Arrays.equals(own, 0, length, bytes, 0, length);
    }

    private long wordsInBlock() {
        return (block + Long.BYTES - 1) / Long.BYTES;
    }

    private long word(long index) {
        return mix(seed + (index + 1) * GOLDEN_GAMMA);
    }

    /** Spreads what differs in a few bits over all of them. */
    static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * FIRST_FACTOR;
        z = (z ^ (z >>> 27)) * SECOND_FACTOR;
        return z ^ (z >>> 31);
    }

    private static long unmix(long value) {
        long z = value;
        z = (z ^ (z >>> 31) ^ (z >>> 62)) * inverse(SECOND_FACTOR);
        z = (z ^ (z >>> 27) ^ (z >>> 54)) * inverse(FIRST_FACTOR);
        return z ^ (z >>> 30) ^ (z >>> 60);
    }

    /** The inverse of an odd number modulo 2^64, by Newton's iteration. */
    private static long inverse(long odd) {
        long inverse = odd;
        for (int bits = 3; bits < Long.SIZE; bits *= 2) {
            inverse *= 2 - odd * inverse;
        }
        return inverse;
    }
}
