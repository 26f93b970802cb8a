package dev.vecho.core;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;

/**
 * Tells when the buffers of all connections together take so much that each has to do with less. It is not left to the limit
 * itself: where that is reached, the JDK lets an event loop sleep for half a second before it refuses a buffer. Safe for any
 * thread.
 */
final class DirectMemory {

    /** The other half is for what each connection still needs, and for what the pool cannot use. */
    private static final long PLENTY = PlatformDependent.maxDirectMemory() / 2;

    /** A look takes a microsecond. Between two, at most 4 MiB are taken. */
    private static final int CALLS_A_LOOK = 64;

    private static volatile boolean scarce;

    /** Of all threads: whether one is lost does not matter. */
    private static int calls;

    private DirectMemory() {}

    /** Has to be told of a buffer that was taken, of 64 KiB at most. */
    static void taken() {
        if (++calls % CALLS_A_LOOK == 0) {
            scarce = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory() > PLENTY;
        }
    }

    /** Whether connections have to do with little; this goes on to look whether they still have to. */
    static boolean isScarce() {
        if (scarce) {
            taken();
        }
        return scarce;
    }
}
