package dev.vecho.transport.udp;

import dev.vecho.transport.udp.UdpDrops.Reason;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import java.net.InetAddress;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what comes to a wildcard listener for an address that has no socket of its own yet, has one opened, and hands the
 * datagram to that. It never sends: the operating system would choose the source of the answer. It is the only socket
 * that broadcasts reach, and they end here.
 */
final class UdpCatchAll extends ChannelInboundHandlerAdapter {

    /** How many datagrams may be on their way to a socket that is being opened. */
    private static final int MAX_IN_FLIGHT = 64;

    private static final Logger LOG = LoggerFactory.getLogger(UdpCatchAll.class);

    private final UdpRules rules;
    private final UdpDrops drops;
    private final Function<InetAddress, Future<UdpSocket>> sockets;
    private final AtomicInteger underWay = new AtomicInteger();

    /**
     * Makes the handler.
     *
     * @param sockets finds the socket of an address of this machine, or opens it; called on any thread
     */
    UdpCatchAll(UdpRules rules, UdpDrops drops, Function<InetAddress, Future<UdpSocket>> sockets) {
        this.rules = rules;
        this.drops = drops;
        this.sockets = sockets;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        DatagramPacket datagram = (DatagramPacket) message;
        InetAddress destination = datagram.recipient().getAddress();
        if (!rules.networks().oneHost(destination)) {
            drop(datagram, Reason.DESTINATION);
        } else if (underWay.incrementAndGet() > MAX_IN_FLIGHT) {
            underWay.decrementAndGet();
            drop(datagram, Reason.NO_SOCKET);
        } else {
            sockets.apply(destination).onComplete(opened -> handOver(datagram, opened));
        }
    }

    private void handOver(DatagramPacket datagram, AsyncResult<UdpSocket> opened) {
        if (opened.failed()) {
            underWay.decrementAndGet();
            drop(datagram, Reason.NO_SOCKET);
            return;
        }
        var channel = opened.result().channel();
        try {
            channel.eventLoop().execute(() -> {
                underWay.decrementAndGet();
                channel.pipeline().fireChannelRead(datagram);
                channel.pipeline().fireChannelReadComplete();
            });
        } catch (RejectedExecutionException e) {
            // Its event loop has ended meanwhile.
            underWay.decrementAndGet();
            drop(datagram, Reason.NO_SOCKET);
        }
    }

    private void drop(DatagramPacket datagram, Reason reason) {
        drops.count(reason);
        LOG.debug("no answer from {} to {}: {}", datagram.recipient(), datagram.sender(), reason);
        datagram.release();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("{}: {}", ctx.channel(), cause.toString());
    }
}
