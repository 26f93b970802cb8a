package dev.vecho.transport.udp;

import io.netty.buffer.ByteBufHolder;
import io.netty.channel.AddressedEnvelope;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.spi.metrics.DatagramSocketMetrics;
import java.net.InetSocketAddress;

/** Tells the metrics of Vert.x, where somebody has enabled them, of a socket that is not one of Vert.x's, and of its datagrams. */
final class MeteredDatagrams extends ChannelDuplexHandler {

    private final DatagramSocketMetrics metrics;

    MeteredDatagrams(DatagramSocketMetrics metrics) {
        this.metrics = metrics;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        InetSocketAddress local = (InetSocketAddress) ctx.channel().localAddress();
        metrics.listening(local.getAddress().getHostAddress(), SocketAddress.inetSocketAddress(local));
        ctx.fireChannelActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        DatagramPacket datagram = (DatagramPacket) message;
        metrics.bytesRead(
                null,
                SocketAddress.inetSocketAddress(datagram.sender()),
                datagram.content().readableBytes());
        ctx.fireChannelRead(message);
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // The caller has the promise.
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        // Several of one size in one, or a single one.
        InetSocketAddress to = (InetSocketAddress) ((AddressedEnvelope<?, ?>) message).recipient();
        int bytes = ((ByteBufHolder) message).content().readableBytes();
        promise.addListener(written -> {
            if (written.isSuccess()) {
                metrics.bytesWritten(null, SocketAddress.inetSocketAddress(to), bytes);
            }
        });
        ctx.write(message, promise);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        metrics.close();
        ctx.fireChannelInactive();
    }
}
