package dev.vecho.transport.tcp;

import dev.vecho.net.Addresses;
import dev.vecho.net.SocketFacts;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the PROXY header, with which a load balancer names the client, off the start of a connection. A connection
 * without one, or with a malformed one, is closed.
 *
 * @see <a href="https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt">The PROXY protocol, versions 1 and 2</a>
 */
final class ProxyHeader extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(ProxyHeader.class);
    private static final int TIMEOUT_SECONDS = 10;

    private @Nullable Future<?> timeout;

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        timeout = ctx.executor().schedule(() -> giveUp(ctx), TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (timeout != null) {
            timeout.cancel(false);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof HAProxyMessage header) {
            LOG.debug(
                    "{}: PROXY {} for {}:{}",
                    ctx.channel(),
                    header.command(),
                    header.sourceAddress(),
                    header.sourcePort());
            if (header.sourceAddress() != null) {
                ctx.channel()
                        .attr(SocketFacts.CLIENT)
                        .set(Addresses.format(header.sourceAddress(), header.sourcePort()));
            }
            header.release();
            ctx.pipeline().remove(this);
        } else {
            ctx.fireChannelRead(message);
        }
    }

    private static void giveUp(ChannelHandlerContext ctx) {
        ctx.fireExceptionCaught(
                new java.util.concurrent.TimeoutException("no PROXY header in " + TIMEOUT_SECONDS + " s"));
    }
}
