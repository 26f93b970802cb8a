package dev.vecho.transport.udp;

import dev.vecho.core.ConfiguredService.Answers;
import dev.vecho.core.Traffic;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.Addresses;
import dev.vecho.transport.udp.UdpDrops.Reason;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service on one socket, in place of {@link UdpEcho}: answers each datagram that the rules let in, or not. As there, what the
 * operating system does not take soon is dropped.
 */
final class UdpService extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(UdpService.class);

    private final DatagramService service;
    private final Context context;
    private final UdpRules rules;
    private final UdpDrops drops;
    private final Traffic traffic;
    private final UdpEcho.EmptySender emptySender;
    private int waiting;
    private boolean reading;

    UdpService(
            DatagramService service,
            Context context,
            UdpRules rules,
            UdpDrops drops,
            Traffic traffic,
            UdpEcho.EmptySender emptySender) {
        this.service = service;
        this.context = context;
        this.rules = rules;
        this.drops = drops;
        this.traffic = traffic;
        this.emptySender = emptySender;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        UdpSocket.readEach(ctx.channel());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        DatagramPacket datagram = (DatagramPacket) message;
        reading = true;
        try {
            InetSocketAddress source = datagram.sender();
            Reason refused = rules.refuse(source, datagram.content().readableBytes());
            if (refused == null && waiting == UdpEcho.MAX_WAITING) {
                refused = Reason.SEND_BUFFER;
            }
            if (refused != null) {
                drop(ctx, refused, source, null);
                return;
            }
            traffic.received(datagram.content().readableBytes());
            VertxInternals.dispatch(context, () -> answer(ctx, datagram));
        } finally {
            datagram.release();
        }
    }

    private void answer(ChannelHandlerContext ctx, DatagramPacket datagram) {
        InetSocketAddress source = datagram.sender();
        InetSocketAddress local = (InetSocketAddress) ctx.channel().localAddress();
        try {
            service.answer(source, local, datagram.content(), drops::count, new Answers() {
                @Override
                public void send(Buffer answer) {
                    UdpService.this.send(ctx, source, answer);
                }

                @Override
                public void fault(String name) {
                    traffic.fault(name);
                }
            });
        } catch (RuntimeException e) {
            LOG.debug("{}: the service has failed", ctx.channel(), e);
        }
    }

    private void send(ChannelHandlerContext ctx, InetSocketAddress source, Buffer answer) {
        if (!ctx.channel().isOpen()) {
            // It comes late.
            return;
        }
        if (waiting == UdpEcho.MAX_WAITING) {
            drop(ctx, Reason.SEND_BUFFER, source, null);
            return;
        }
        if (answer.length() == 0) {
            sendEmpty(ctx, source);
            return;
        }
        waiting++;
        int size = answer.length();
        ctx.write(new DatagramPacket(VertxInternals.bytes(answer), source)).addListener(written -> {
            waiting--;
            if (written.isSuccess()) {
                traffic.sent(size);
            } else {
                sendFailed(ctx, source, written.cause());
            }
        });
        if (!reading) {
            ctx.flush();
        }
    }

    private void sendEmpty(ChannelHandlerContext ctx, InetSocketAddress source) {
        // After those that came before it.
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
        reading = false;
        ctx.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("{}: {}", ctx.channel(), cause.toString());
    }
}
