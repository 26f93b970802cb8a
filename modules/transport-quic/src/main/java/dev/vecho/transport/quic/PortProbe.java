package dev.vecho.transport.quic;

import dev.vecho.core.VertxInternals;
import dev.vecho.net.Addresses;
import dev.vecho.net.LinuxUdp;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether a UDP port is open and reachable: sends it a byte from a connected socket, on which the system
 * reports ICMP errors; on nio only those that are permanent, since Java cannot ask for the others. A socket of QUIC
 * serves many peers and is not connected, so it would wait for its timeout. The byte is no packet of QUIC (its fixed
 * bit is not set; RFC 9000, section 17), so that a listener drops it.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write or connect comes to the listener, or is moot.
final class PortProbe extends ChannelInboundHandlerAdapter {

    private static final long FIRST_PAUSE_MILLIS = 250;

    private final Consumer<Throwable> nobody;
    private @Nullable Channel channel;
    private boolean closed;

    /**
     * @param nobody told what the operating system says, if it says something
     */
    PortProbe(Consumer<Throwable> nobody) {
        this.nobody = nobody;
    }

    void at(Vertx vertx, EventLoop eventLoop, InetSocketAddress address) {
        new Bootstrap()
                .group(eventLoop)
                .channelFactory(VertxInternals.transport(vertx).datagramChannelFactory())
                .handler(this)
                .connect(address)
                .addListener((io.netty.channel.ChannelFuture connected) -> {
                    if (!connected.isSuccess()) {
                        nobody.accept(connected.cause());
                    } else if (closed) {
                        connected.channel().close();
                    } else {
                        channel = connected.channel();
                        LinuxUdp.reportIcmpErrors(channel);
                        probe(channel, FIRST_PAUSE_MILLIS);
                    }
                });
    }

    /** Sends a byte, and again after a pause that doubles each time: routers answer so often only, and packets get lost. */
    private void probe(Channel channel, long pauseMillis) {
        if (closed) {
            return;
        }
        channel.writeAndFlush(Unpooled.directBuffer(1, 1).writeByte(0)).addListener(sent -> {
            // Without room in a queue of this machine it is lost, like one that a router has no room for.
            if (!sent.isSuccess() && !closed && !Addresses.reason(sent.cause()).contains("No buffer space available")) {
                nobody.accept(sent.cause());
            }
        });
        channel.eventLoop().schedule(() -> probe(channel, 2 * pauseMillis), pauseMillis, TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!closed) {
            nobody.accept(cause);
        }
    }

    /** The address of this machine that packets go out from; null before it is known. */
    @Nullable InetAddress from() {
        return channel != null && channel.localAddress() instanceof InetSocketAddress local ? local.getAddress() : null;
    }

    void close() {
        closed = true;
        if (channel != null) {
            channel.close();
        }
    }
}
