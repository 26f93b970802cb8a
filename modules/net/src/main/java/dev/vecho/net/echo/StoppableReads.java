package dev.vecho.net.echo;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import java.io.Serial;

/**
 * Decides what a channel reads into, and when it stops.
 *
 * <p>It ends the read loops that go on although reading was switched off. Once the peer has closed its output, Netty's epoll
 * and io_uring read all that the system holds, many megabytes maybe, whether anybody wants it or not. They only stop
 * for an exception, which Netty passes down the pipeline, and go on when reading is switched on again.
 *
 * <p>A buffer is always larger than what came last, up to 80 KiB: a read that fills its buffer is followed by another one,
 * in vain if that was all. Netty's own allocator makes them fit. While memory is scarce, no more than 4 KiB are read at once,
 * so that peers that do not read what comes back cannot take it all.
 *
 * <p>It takes the place of a channel's own allocator. Used on the event loop of that channel only.
 */
public final class StoppableReads extends DefaultMaxMessagesRecvByteBufAllocator {

    /** For one connection, before the next has its turn: together at most 1.25 MiB. */
    private static final int MAX_READS = 16;

    /**
     * Until the system takes no more; what waits is bounded. After 16 writes, its own default, Netty's epoll goes on without
     * waiting for an event. With reading stopped and the peer's output closed it then waits for none at all, for which it
     * removes the socket, and fails to add it again (4.2.18: ENOENT). Not the largest number, which has a meaning of
     * its own to Netty.
     */
    private static final int WRITES_PER_FLUSH = 1 << 20;

    private static final int MIN_BYTES = 2048;

    /** More than 64 KiB, a popular size of messages, with room for their headers. */
    private static final int MAX_BYTES = 80 * 1024;

    private static final int SCARCE_BYTES = 4096;

    /**
     * Almost nothing may wait. Not less: Netty counts some 100 bytes for an empty buffer, too, and a handler that
     * flushes one when a channel becomes writable again would loop for ever.
     */
    private static final WriteBufferWaterMark SCARCE = new WriteBufferWaterMark(1024, 1024);

    private final Channel channel;
    private final WriteBufferWaterMark plenty;
    private int most = MAX_BYTES;
    private boolean scarce;
    private boolean reading;

    private StoppableReads(Channel channel, int writeQueueBytes) {
        super(MAX_READS);
        this.channel = channel;
        this.plenty = new WriteBufferWaterMark(writeQueueBytes / 2, writeQueueBytes);
    }

    /**
     * Makes the reads of a channel stoppable, before it reads anything.
     *
     * @param writeQueueBytes when so much waits to be written, the channel is not writable, until half of it is; while
     *     memory is {@link DirectMemory scarce}, as soon as 1 KiB waits
     */
    public static StoppableReads install(Channel channel, int writeQueueBytes) {
        StoppableReads reads = new StoppableReads(channel, writeQueueBytes);
        channel.config().setRecvByteBufAllocator(reads);
        channel.config().setWriteSpinCount(WRITES_PER_FLUSH);
        channel.config().setWriteBufferWaterMark(reads.plenty);
        return reads;
    }

    /** Reads no more than so many bytes at once, from now on. */
    void atMost(int bytes) {
        most = Math.min(bytes, MAX_BYTES);
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
        return new StoppableHandle();
    }

    private final class StoppableHandle extends MaxMessageHandle {

        private int size = Math.min(MIN_BYTES, most);
        private int largest;

        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            if (reading && !channel.config().isAutoRead()) {
                throw new Stop();
            }
            if (scarce != DirectMemory.isScarce()) {
                scarce = !scarce;
                channel.config().setWriteBufferWaterMark(scarce ? SCARCE : plenty);
            }
            return allocator.ioBuffer(scarce ? Math.min(size, SCARCE_BYTES) : size);
        }

        @Override
        public int guess() {
            return size;
        }

        @Override
        public void lastBytesRead(int bytes) {
            super.lastBytesRead(bytes);
            largest = Math.max(largest, bytes);
            if (bytes >= size) {
                size = Math.min(size * 4, most);
            }
        }

        @Override
        public void readComplete() {
            if (largest < size / 8) {
                size = Math.max(size / 2, Math.min(MIN_BYTES, most));
            }
            largest = 0;
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
