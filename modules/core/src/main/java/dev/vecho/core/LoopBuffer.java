package dev.vecho.core;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * The buffer of an event loop that its connections read into in turn: large, so that much comes with one read, and always
 * the same memory, which the processor still has at hand when it is written. Whoever gets it has done with it, or has copied
 * what is left, before the next connection reads.
 */
final class LoopBuffer {

    /** Half of it was slower with messages of 1 MiB. */
    static final int BYTES = 256 * 1024;

    private static final FastThreadLocal<ByteBuf> BUFFER = new FastThreadLocal<>() {
        @Override
        protected ByteBuf initialValue() {
            return Unpooled.directBuffer(BYTES, BYTES);
        }

        @Override
        protected void onRemoval(ByteBuf buffer) {
            buffer.release();
        }
    };

    private LoopBuffer() {}

    /** Lends this thread's buffer, empty; the borrower releases it. Null while somebody has it. */
    static @Nullable ByteBuf borrow() {
        ByteBuf buffer = BUFFER.get();
        return buffer.refCnt() == 1 ? buffer.retainedDuplicate() : null;
    }
}
