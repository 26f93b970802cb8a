package dev.vecho.net.echo;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * The buffer of an event loop that its sockets read into in turn: large, so that much comes with one read, and always
 * the same memory, which is still in the processor's cache when it is written. A borrower releases it, after copying
 * what is left, before the next socket reads; otherwise that one has to use another buffer.
 */
public final class LoopBuffer {

    private static final int BYTES = 1024 * 1024;

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

    /**
     * Lends this thread's buffer, empty; the borrower releases it.
     *
     * @param bytes how much it shall take, 1 MiB at most
     * @return null while somebody has it, and where there is no memory for it
     */
    public static @Nullable ByteBuf borrow(int bytes) {
        ByteBuf buffer;
        try {
            buffer = BUFFER.get();
        } catch (OutOfMemoryError e) {
            return null;
        }
        return buffer.refCnt() == 1
                ? buffer.setIndex(BYTES - bytes, BYTES - bytes).retain()
                : null;
    }
}
