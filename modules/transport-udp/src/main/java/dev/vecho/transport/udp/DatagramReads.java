package dev.vecho.transport.udp;

import dev.vecho.net.echo.LoopBuffer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;

/**
 * Decides what a socket reads its datagrams into: with epoll into the event loop's buffer, many with one system call, of which
 * each has its part; they are sent from there before the next are read. Else, or where some of those before wait to be
 * sent, into buffers that take one each, of the largest size there is.
 *
 * <p>Used on the event loop of its socket only.
 */
final class DatagramReads extends DefaultMaxMessagesRecvByteBufAllocator {

    /** The room for one datagram of any size. */
    static final int DATAGRAM_BYTES = 65_536;

    private static final int DATAGRAMS_AT_ONCE = 16;

    /** For one socket, before the next has its turn. */
    static final int READS_PER_TURN = 16;

    private final boolean loopBuffer;
    private boolean lent;

    private DatagramReads(boolean loopBuffer) {
        super(loopBuffer ? 1 : READS_PER_TURN);
        this.loopBuffer = loopBuffer;
    }

    /** Makes a socket read so, before it reads anything. */
    static DatagramReads install(Channel channel) {
        ChannelConfig config = channel.config();
        boolean divides = channel instanceof EpollDatagramChannel;
        if (divides) {
            config.setOption(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, DATAGRAM_BYTES);
        }
        DatagramReads reads = new DatagramReads(divides);
        config.setRecvByteBufAllocator(reads);
        return reads;
    }

    /** Whether the last read was into the event loop's buffer. */
    boolean isLent() {
        return lent;
    }

    @Override
    @SuppressWarnings("deprecation") // What Netty calls is an ExtendedHandle, whatever the method's type says.
    public Handle newHandle() {
        return new MaxMessageHandle() {
            @Override
            public ByteBuf allocate(ByteBufAllocator allocator) {
                ByteBuf buffer = loopBuffer ? LoopBuffer.borrow(DATAGRAMS_AT_ONCE * DATAGRAM_BYTES) : null;
                lent = buffer != null;
                return buffer != null ? buffer : allocator.ioBuffer(DATAGRAM_BYTES);
            }

            @Override
            public int guess() {
                return DATAGRAM_BYTES;
            }
        };
    }
}
