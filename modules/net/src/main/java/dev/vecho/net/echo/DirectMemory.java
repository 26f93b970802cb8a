package dev.vecho.net.echo;

import dev.vecho.net.NettyInternals;
import io.netty.buffer.PooledByteBufAllocator;

/**
 * Tells when the buffers of all connections together take so much that each has to do with less. It is not left to the limit
 * itself: where that is reached, the JDK lets an event loop sleep for half a second before it refuses a buffer. Safe for any
 * thread.
 */
final class DirectMemory {

    /** The other half is for what each connection still needs, and for what the pool cannot use. */
    private static final long PLENTY = NettyInternals.maxDirectMemory() / 2;

    private DirectMemory() {}

    /**
     * Whether more than half of what the JVM may have is in use. Then what an event loop keeps for later goes back first, for
     * one buffer of that may hold megabytes.
     */
    static boolean isScarce() {
        boolean scarce = NettyInternals.usedDirectMemory() > PLENTY;
        if (scarce) {
            PooledByteBufAllocator.DEFAULT.trimCurrentThreadCache();
        }
        return scarce;
    }
}
