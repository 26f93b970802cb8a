package dev.vecho.testkit.torture;

/**
 * Bytes that follow from a seed and their position, so that nobody has to keep them.
 *
 * @param seed another one gives other bytes
 */
record Payload(long seed) {

    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    /** Makes the bytes from a position on. */
    void fill(byte[] bytes, int offset, int length, long position) {
        long word = 0;
        for (int i = 0; i < length; i++) {
            long at = position + i;
            if (i == 0 || (at & 7) == 0) {
                word = word(at >>> 3);
            }
            bytes[offset + i] = (byte) (word >>> ((at & 7) << 3));
        }
    }

    /** The first bytes. */
    byte[] first(int length) {
        byte[] bytes = new byte[length];
        fill(bytes, 0, length, 0);
        return bytes;
    }

    /**
     * Compares what came.
     *
     * @throws WrongBytes with the position of the first that differs
     */
    void verify(byte[] bytes, int offset, int length, long position) {
        long word = 0;
        for (int i = 0; i < length; i++) {
            long at = position + i;
            if (i == 0 || (at & 7) == 0) {
                word = word(at >>> 3);
            }
            byte expected = (byte) (word >>> ((at & 7) << 3));
            if (bytes[offset + i] != expected) {
                throw new WrongBytes(
                        "at byte " + at + " expected " + (expected & 0xff) + ", found " + (bytes[offset + i] & 0xff));
            }
        }
    }

    private long word(long index) {
        return mix(seed + index * GOLDEN);
    }

    /** Spreads the bits of a number, as SplittableRandom does. */
    static long mix(long value) {
        long mixed = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
