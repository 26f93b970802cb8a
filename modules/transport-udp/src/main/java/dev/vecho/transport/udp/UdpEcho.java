package dev.vecho.transport.udp;

import dev.vecho.core.Traffic;
import dev.vecho.net.Addresses;
import dev.vecho.net.echo.DatagramReads;
import dev.vecho.transport.udp.UdpDrops.Reason;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The echo of one socket: sends each datagram back as it came, if the rules let it. What the operating system does not take
 * soon is dropped: no more than {@value #MAX_WAITING} datagrams wait for it.
 */
final class UdpEcho extends ChannelInboundHandlerAdapter {

    /** Together at most 4 MiB. */
    static final int MAX_WAITING = 64;

    /** How a datagram without a byte is sent, which Netty cannot. */
    @FunctionalInterface
    interface EmptySender {

        void sendEmpty(InetSocketAddress to) throws IOException;
    }

    private static final Logger LOG = LoggerFactory.getLogger(UdpEcho.class);

    private final UdpRules rules;
    private final UdpDrops drops;
    private final Traffic traffic;
    private final EmptySender emptySender;
    private final DatagramRun run = new DatagramRun();
    private DatagramReads reads;
    private int waiting;

    @SuppressWarnings("NullAway.Init") // handlerAdded sets reads before anything else is called.
    UdpEcho(UdpRules rules, UdpDrops drops, Traffic traffic, EmptySender emptySender) {
        this.rules = rules;
        this.drops = drops;
        this.traffic = traffic;
        this.emptySender = emptySender;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        reads = DatagramReads.install(ctx.channel());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        DatagramPacket datagram = (DatagramPacket) message;
        InetSocketAddress source = datagram.sender();
        Reason refused = rules.refuse(source, datagram.content().readableBytes());
        if (refused == null && waiting == MAX_WAITING) {
            refused = Reason.SEND_BUFFER;
        }
        if (refused != null) {
            drop(ctx, refused, source, null);
            datagram.release();
            return;
        }
        ByteBuf bytes = datagram.content();
        traffic.received(bytes.readableBytes());
        if (!bytes.isReadable()) {
            datagram.release();
            sendEmpty(ctx, source);
            return;
        }
        if (!reads.isLent()) {
            DatagramPacket echo = new DatagramPacket(copy(ctx, bytes), source);
            waiting++;
            write(ctx, echo);
            return;
        }
        waiting++;
        if (!run.add(source, bytes)) {
            writeRun(ctx);
            run.add(source, bytes);
        }
    }

    /**
     * Takes a datagram out of a buffer that is large enough for any. So one such buffer is in use at a time: of several the
     * allocator would take, clear and give back megabytes again and again.
     */
    private static ByteBuf copy(ChannelHandlerContext ctx, ByteBuf bytes) {
        try {
            return ctx.alloc().directBuffer(bytes.readableBytes()).writeBytes(bytes);
        } finally {
            bytes.release();
        }
    }

    private void write(ChannelHandlerContext ctx, DatagramPacket echo) {
        int size = echo.content().readableBytes();
        ctx.write(echo).addListener(written -> {
            waiting--;
            if (written.isSuccess()) {
                traffic.sent(size);
            } else {
                sendFailed(ctx, echo.recipient(), written.cause());
            }
        });
    }

    private void writeRun(ChannelHandlerContext ctx) {
        int datagrams = run.size();
        SegmentedDatagramPacket echoes = datagrams > 1 ? run.takeTogether(ctx.alloc()) : null;
        if (echoes == null) {
            run.takeEach().forEach(echo -> write(ctx, echo));
            return;
        }
        ByteBuf bytes = echoes.content().retainedDuplicate();
        ctx.write(echoes).addListener(written -> {
            if (written.isSuccess()) {
                waiting -= datagrams;
                traffic.sent(bytes.readableBytes());
            } else {
                writeEach(ctx, bytes, echoes);
            }
            bytes.release();
        });
    }

    /** What is not sent together, such as where the path takes smaller packets only, may be sent one by one. */
    private void writeEach(ChannelHandlerContext ctx, ByteBuf bytes, SegmentedDatagramPacket echoes) {
        while (bytes.isReadable()) {
            ByteBuf one = bytes.readRetainedSlice(Math.min(bytes.readableBytes(), echoes.segmentSize()));
            write(ctx, new DatagramPacket(one, echoes.recipient()));
        }
        ctx.flush();
    }

    private void sendEmpty(ChannelHandlerContext ctx, InetSocketAddress source) {
        // After those that came before it.
        writeRun(ctx);
        ctx.flush();
        try {
            emptySender.sendEmpty(source);
        } catch (IOException e) {
            sendFailed(ctx, source, e);
        }
    }

    private void sendFailed(ChannelHandlerContext ctx, InetSocketAddress source, Throwable cause) {
        boolean full = Addresses.reason(cause).contains("No buffer space available");
        drop(ctx, full ? Reason.SEND_BUFFER : Reason.SEND_FAILED, source, cause);
    }

    private void drop(ChannelHandlerContext ctx, Reason reason, InetSocketAddress source, @Nullable Throwable cause) {
        drops.count(reason);
        if (LOG.isDebugEnabled()) {
            LOG.debug(
                    "{}: no answer to {}: {}{}",
                    ctx.channel(),
                    source,
                    reason,
                    cause == null ? "" : ", " + Addresses.reason(cause));
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        writeRun(ctx);
        ctx.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("{}: {}", ctx.channel(), cause.toString());
    }
}
