package dev.vecho.core;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import java.io.Serial;

/**
 * Ends the read loops that go on although reading was switched off. Once the peer has closed its output, Netty's epoll
 * and io_uring read all that the system holds, many megabytes maybe, whether anybody wants it or not. They only stop
 * for an exception, which Netty passes down the pipeline, and go on when reading is switched on again.
 *
 * <p>It takes the place of a channel's own allocator. Used on the event loop of that channel only.
 */
public final class StoppableReads implements RecvByteBufAllocator {

    private final ChannelConfig config;
    private final RecvByteBufAllocator usual;
    private boolean reading;

    private StoppableReads(ChannelConfig config) {
        this.config = config;
        this.usual = config.getRecvByteBufAllocator();
    }

    /** Makes the reads of a channel stoppable, before it reads anything. */
    public static StoppableReads install(ChannelConfig config) {
        StoppableReads reads = new StoppableReads(config);
        config.setRecvByteBufAllocator(reads);
        return reads;
    }

    /** Whether an exception that came down the pipeline is what has ended a read loop, and no failure. */
    public static boolean isStop(Throwable cause) {
        return cause instanceof Stop;
    }

    /** Something was read: a loop has begun. */
    public void begin() {
        reading = true;
    }

    /** The loop is over. */
    public void end() {
        reading = false;
    }

    /** Whether a loop has begun and is not over. */
    public boolean isReading() {
        return reading;
    }

    @Override
    @SuppressWarnings("deprecation") // What Netty calls is an ExtendedHandle, whatever the method's type says.
    public Handle newHandle() {
        return new StoppableHandle((ExtendedHandle) usual.newHandle());
    }

    private final class StoppableHandle extends DelegatingHandle implements ExtendedHandle {

        private final ExtendedHandle handle;

        StoppableHandle(ExtendedHandle handle) {
            super(handle);
            this.handle = handle;
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            if (reading && !config.isAutoRead()) {
                throw new Stop();
            }
            return handle.allocate(allocator);
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
            return handle.continueReading(maybeMoreData);
        }
    }

    private static final class Stop extends RuntimeException {

        @Serial
        private static final long serialVersionUID = 1L;

        Stop() {
            super("no more reads for now", null, false, false);
        }
    }
}
