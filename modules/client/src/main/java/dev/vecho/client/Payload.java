package dev.vecho.client;

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
        return new RandomPayload(size, seed);
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
