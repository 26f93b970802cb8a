package dev.vecho.transport.tcp;

import dev.vecho.core.Traffic;
import dev.vecho.net.Addresses;
import dev.vecho.net.SocketFacts;
import dev.vecho.net.listen.Admission;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the PROXY header, with which a load balancer names the client, off the start of a connection. A connection
 * without one, or with a malformed one, is closed, and so is that of a client that the listener does not let in.
 *
 * @see <a href="https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt">The PROXY protocol, versions 1 and 2</a>
 */
final class ProxyHeader extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(ProxyHeader.class);
    private static final int TIMEOUT_SECONDS = 10;

    private final Admission admission;
    private final Traffic traffic;
    private @Nullable Future<?> timeout;
    private boolean refused;

    ProxyHeader(Admission admission, Traffic traffic) {
        this.admission = admission;
        this.traffic = traffic;
    }

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
        if (refused) {
            ReferenceCountUtil.release(message);
        } else if (message instanceof HAProxyMessage header) {
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
            boolean admitted = admits(ctx, header);
            header.release();
            if (admitted) {
                ctx.pipeline().remove(this);
            } else {
                refuse(ctx);
            }
        } else {
            ctx.fireChannelRead(message);
        }
    }

    /**
     * A connection of the balancer's own, and one of which it says nothing, counts with the address that it comes from. On a Unix
     * domain socket there is none: who may connect there may check whether anybody listens.
     */
    private boolean admits(ChannelHandlerContext ctx, HAProxyMessage header) {
        boolean own = header.command() == HAProxyCommand.LOCAL;
        if (own && !(ctx.channel().remoteAddress() instanceof InetSocketAddress)) {
            return true;
        }
        byte[] told = own || header.sourceAddress() == null
                ? null
                : NetUtil.createByteArrayFromIpAddressString(header.sourceAddress());
        if (told == null) {
            return admission.admits(ctx.channel(), traffic);
        }
        try {
            return admission.admits(InetAddress.getByAddress(told), ctx.channel(), traffic);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address has 4 or 16 bytes", e);
        }
    }

    /** What comes after the header is not looked at. */
    @SuppressWarnings("FutureReturnValueIgnored") // It may be closed already.
    private void refuse(ChannelHandlerContext ctx) {
        refused = true;
        if (timeout != null) {
            timeout.cancel(false);
        }
        ctx.channel().config().setAutoRead(false);
        ctx.channel().close();
    }

    private static void giveUp(ChannelHandlerContext ctx) {
        ctx.fireExceptionCaught(
                new java.util.concurrent.TimeoutException("no PROXY header in " + TIMEOUT_SECONDS + " s"));
    }
}
