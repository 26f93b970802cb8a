package dev.vecho.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends packets of one size to one peer together: one system call, and one way through the system, for several of them (UDP_SEGMENT of
 * Linux, udp(7)). Where the system refuses that, since a device cannot or a path takes only smaller packets, they are sent one
 * by one, and so are all of the next minute.
 *
 * <p>Netty's codec can do so itself ({@code SEGMENTED_DATAGRAM_PACKET_ALLOCATOR}), but then, as of 4.2.18, does not go on when quiche's
 * send quantum is used up: what is left waits for the next acknowledgement.
 *
 * <p>One for each socket, used on its event loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write's promise is that of the caller.
final class SegmentedPackets extends ChannelOutboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(SegmentedPackets.class);

    /** What Linux takes at once (UDP_MAX_SEGMENTS). */
    private static final int MAX_PACKETS = 64;

    /** The payload of the largest datagram, of which all of them are one until it is cut. */
    private static final int MAX_BYTES = 65_507;

    private static final long REST_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final List<DatagramPacket> packets = new ArrayList<>(MAX_PACKETS);
    private final List<ChannelPromise> promises = new ArrayList<>(MAX_PACKETS);
    private int bytes;
    private boolean resting;
    private long restUntil;

    /** Adds one to a socket that has none yet, where the system can do it. */
    static void install(Channel socket) {
        if (socket instanceof EpollDatagramChannel
                && EpollDatagramChannel.isSegmentedDatagramPacketSupported()
                && socket.pipeline().get(SegmentedPackets.class) == null) {
            socket.pipeline().addFirst(new SegmentedPackets());
        }
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (!(message instanceof DatagramPacket packet) || isResting()) {
            writeRun(ctx);
            ctx.write(message, promise);
            return;
        }
        int size = packet.content().readableBytes();
        if (!packets.isEmpty() && !fits(packet, size)) {
            writeRun(ctx);
        }
        packets.add(packet);
        promises.add(promise);
        bytes += size;
    }

    /**
     * All but the last have the size of the first. Those of one connection have one address object; others may be equal to Java and not
     * to the system (IPv6 scopes).
     */
    @SuppressWarnings("ReferenceEquality")
    private boolean fits(DatagramPacket packet, int size) {
        int first = packets.get(0).content().readableBytes();
        int last = packets.get(packets.size() - 1).content().readableBytes();
        return last == first
                && size <= first
                && size > 0
                && packets.size() < MAX_PACKETS
                && bytes + size <= MAX_BYTES
                && packet.recipient() == packets.get(0).recipient();
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        writeRun(ctx);
        ctx.flush();
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        writeRun(ctx);
        ctx.close(promise);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        writeRun(ctx);
    }

    private void writeRun(ChannelHandlerContext ctx) {
        if (packets.size() == 1) {
            DatagramPacket only = packets.get(0);
            ChannelPromise promise = promises.get(0);
            clear();
            ctx.write(only, promise);
        } else if (!packets.isEmpty()) {
            writeTogether(ctx, List.copyOf(promises));
        }
    }

    private void writeTogether(ChannelHandlerContext ctx, List<ChannelPromise> sent) {
        ByteBuf[] contents = packets.stream().map(DatagramPacket::content).toArray(ByteBuf[]::new);
        int size = contents[0].readableBytes();
        InetSocketAddress peer = packets.get(0).recipient();
        clear();
        ByteBuf all = Unpooled.wrappedBuffer(contents.length, contents);
        ByteBuf again = all.retainedDuplicate();
        ctx.write(new SegmentedDatagramPacket(all, size, peer)).addListener(written -> {
            if (written.isSuccess() || !ctx.channel().isActive()) {
                sent.forEach(
                        written.isSuccess() ? ChannelPromise::trySuccess : each -> each.tryFailure(written.cause()));
            } else {
                LOG.debug(
                        "{}: {} packets cannot be sent together to {}",
                        ctx.channel(),
                        sent.size(),
                        peer,
                        written.cause());
                resting = true;
                restUntil = System.nanoTime() + REST_NANOS;
                for (ChannelPromise promise : sent) {
                    ByteBuf one = again.readRetainedSlice(Math.min(again.readableBytes(), size));
                    ctx.write(new DatagramPacket(one, peer), promise);
                }
                ctx.flush();
            }
            again.release();
        });
    }

    private boolean isResting() {
        if (resting && System.nanoTime() - restUntil >= 0) {
            resting = false;
        }
        return resting;
    }

    private void clear() {
        packets.clear();
        promises.clear();
        bytes = 0;
    }
}
