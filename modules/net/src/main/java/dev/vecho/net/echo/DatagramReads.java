package dev.vecho.net.echo;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
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
public final class DatagramReads extends DefaultMaxMessagesRecvByteBufAllocator {

    /** The room for one datagram of any size. */
    public static final int DATAGRAM_BYTES = 65_536;

    private static final int DATAGRAMS_AT_ONCE = 16;

    /** For one socket, before the next has its turn. */
    public static final int READS_PER_TURN = 16;

    /** In the loop's buffer; 0 where it is not used. */
    private final int atOnce;

    private boolean lent;

    private DatagramReads(int atOnce, int readsPerTurn) {
        super(readsPerTurn);
        this.atOnce = atOnce;
    }

    /** Makes a socket read so, before it reads anything. */
    public static DatagramReads install(Channel channel) {
        boolean divides = channel instanceof EpollDatagramChannel;
        return install(
                channel, divides ? new DatagramReads(DATAGRAMS_AT_ONCE, 1) : new DatagramReads(0, READS_PER_TURN));
    }

    /**
     * Makes a socket read what the system has merged (UDP_GRO), where it does so: one system call for datagrams of one size from
     * one peer, which Netty takes apart. Netty does not do so where it reads many with one call.
     */
    public static void installMerged(Channel channel) {
        if (channel instanceof EpollDatagramChannel && EpollDatagramChannel.isSegmentedDatagramPacketSupported()) {
            channel.config().setOption(EpollChannelOption.UDP_GRO, true);
            install(channel, new DatagramReads(1, READS_PER_TURN));
        }
    }

    private static DatagramReads install(Channel channel, DatagramReads reads) {
        if (channel instanceof EpollDatagramChannel) {
            channel.config().setOption(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, DATAGRAM_BYTES);
        }
        channel.config().setRecvByteBufAllocator(reads);
        return reads;
    }

    /** Whether the last read was into the event loop's buffer. */
    public boolean isLent() {
        return lent;
    }

    @Override
    @SuppressWarnings("deprecation") // What Netty calls is an ExtendedHandle, whatever the method's type says.
    public Handle newHandle() {
        return new MaxMessageHandle() {
            @Override
            public ByteBuf allocate(ByteBufAllocator allocator) {
                ByteBuf buffer = atOnce > 0 ? LoopBuffer.borrow(atOnce * DATAGRAM_BYTES) : null;
                lent = buffer != null;
                if (buffer == null) {
                    return allocator.ioBuffer(DATAGRAM_BYTES);
                }
                // Netty reads one datagram to the begin of a buffer, several to its writer index.
                return atOnce == 1
                        ? buffer.slice(buffer.writerIndex(), DATAGRAM_BYTES).clear()
                        : buffer;
            }

            @Override
            public int guess() {
                return DATAGRAM_BYTES;
            }
        };
    }
}
