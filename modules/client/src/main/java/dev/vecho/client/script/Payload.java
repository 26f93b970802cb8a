package dev.vecho.client.script;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Exact bytes, which can be read again and again from any position: once to send them, once to verify their echo, so that
 * nobody keeps a copy. Safe for any thread.
 */
public interface Payload {

    /** How many bytes there are. */
    long size();

    /**
     * Copies bytes.
     *
     * @param position of the first of them in this payload
     * @param into gets them from its index 0 on
     * @param length how many; {@code position + length} is at most {@link #size}
     */
    void copy(long position, byte[] into, int length);

    /** These bytes; where they are random ones without a seed of their own, those of this seed. */
    default Payload seeded(long seed) {
        return this;
    }

    /**
     * These bytes so often, one after another. Random bytes do not repeat: each time come the next ones, the first of them
     * being the first byte of a word.
     *
     * @param count at least 1
     */
    default Payload times(int count) {
        return count == 1 ? this : new RepeatedPayload(this, count);
    }

    /**
     * Where some bytes are from, if that can be told at once, as of random ones.
     *
     * @param bytes the first {@code length} of which are looked for; 15 are enough, less than 8 are never found
     * @return their position in this payload, or -1
     */
    default long find(byte[] bytes, int length) {
        return -1;
    }

    /** Bytes held in memory. */
    static Payload of(byte[] bytes) {
        return new LiteralPayload(bytes);
    }

    /**
     * Pseudo-random bytes, the same for the same seed everywhere and for ever: the words of SplitMix64 (Steele, Lea and
     * Flood, <a href="https://doi.org/10.1145/2660193.2660195">Fast Splittable Pseudorandom Number Generators</a>,
     * 2014), the least significant byte of each first. They take no memory.
     *
     * @param size at least 0
     */
    static Payload random(long size, long seed) {
        return new RandomPayload(size, 1, seed);
    }

    /**
     * Pseudo-random bytes that differ from one connection to the next, and from one round to the next; see
     * {@link #seeded}. They cannot be copied before.
     *
     * @param size at least 0
     */
    static Payload random(long size) {
        return new VariedPayload(size);
    }

    /**
     * The content of a regular file, mapped into memory for reading; it must not shrink while it is used. Blocks.
     *
     * @throws IOException with a message for the user, if the file cannot be read or has 2 GiB or more
     */
    static Payload file(Path file) throws IOException {
        return FilePayload.map(file);
    }
}
