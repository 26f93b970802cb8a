package dev.vecho.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * Random bytes that repeat after a prime number of them, read at any position without copying: what all connections send
 * and expect, each from a place of its own, so that an echo which is another's, or late, or doubled, is not taken for the
 * right one. Safe for any thread.
 */
final class Pattern {

    /** Prime, so that no multiple of a message's size falls on it; and small, to stay in a processor's cache. */
    private static final int PERIOD = 65_521;

    /** The longest piece of a stream that is handed out at once. */
    static final int LONGEST = 65_536;

    private final ByteBuf bytes;

    /**
     * @param longest the longest piece that will be asked for
     */
    Pattern(long seed, int longest) {
        byte[] period = new byte[PERIOD];
        new SplittableRandom(seed).nextBytes(period);
        ByteBuffer repeated = ByteBuffer.allocateDirect(PERIOD + longest);
        while (repeated.hasRemaining()) {
            repeated.put(period, 0, Math.min(PERIOD, repeated.remaining()));
        }
        // The garbage collector's, so that nobody has to know when the last slice was sent.
        bytes = Unpooled.wrappedBuffer(repeated.flip());
    }

    /** The bytes from a position on. They live as long as this does. */
    ByteBuf slice(long position, int length) {
        return bytes.slice((int) (position % PERIOD), length);
    }

    /** Whether bytes are those from a position on. */
    boolean matches(long position, ByteBuf other, int from, int length) {
        return mismatch(position, other, from, length) < 0;
    }

    /** The index of the first byte that is not the one from a position on, or -1. */
    int mismatch(long position, ByteBuf other, int from, int length) {
        int at = (int) (position % PERIOD);
        if (other.nioBufferCount() != 1) {
            for (int i = 0; i < length; i++) {
                if (bytes.getByte(at + i) != other.getByte(from + i)) {
                    return i;
                }
            }
            return -1;
        }
        ByteBuffer expected = bytes.nioBuffer(at, length);
        return expected.mismatch(other.nioBuffer(from, length));
    }
}
