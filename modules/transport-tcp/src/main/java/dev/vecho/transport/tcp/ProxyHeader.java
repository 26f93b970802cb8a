package dev.vecho.transport.tcp;

import dev.vecho.core.Traffic;
import dev.vecho.net.Addresses;
import dev.vecho.net.SocketFacts;
import dev.vecho.net.listen.Admission;
import dev.vecho.net.service.ServicePipe;
import dev.vecho.net.service.SocketPeer;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyProtocolVersion;
import io.netty.handler.codec.haproxy.HAProxySSLTLV;
import io.netty.handler.codec.haproxy.HAProxyTLV;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
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
    private final boolean keepsAll;
    private @Nullable Future<?> timeout;
    private boolean refused;

    /**
     * Makes it for one connection.
     *
     * @param keepsAll whether somebody may ask for all that the header tells, and not for the client's address alone
     */
    ProxyHeader(Admission admission, Traffic traffic, boolean keepsAll) {
        this.keepsAll = keepsAll;
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
                ctx.channel().attr(SocketFacts.CLIENT).set(address(header.sourceAddress(), header.sourcePort()));
            }
            boolean admitted = admits(ctx, header);
            if (keepsAll) {
                ctx.channel().attr(SocketPeer.PROXY).set(facts(header));
            }
            header.release();
            if (admitted) {
                ctx.fireUserEventTriggered(ServicePipe.PROXY_READ);
                ctx.pipeline().remove(this);
            } else {
                refuse(ctx);
            }
        } else {
            ctx.fireChannelRead(message);
        }
    }

    private static JsonObject facts(HAProxyMessage header) {
        JsonObject facts = new JsonObject()
                .put("version", header.protocolVersion() == HAProxyProtocolVersion.V1 ? 1 : 2)
                .put("command", header.command().name());
        if (header.sourceAddress() != null) {
            facts.put("source", address(header.sourceAddress(), header.sourcePort()));
        }
        if (header.destinationAddress() != null) {
            facts.put("destination", address(header.destinationAddress(), header.destinationPort()));
        }
        JsonArray tlvs = new JsonArray();
        header.tlvs().forEach(tlv -> addTlv(tlvs, tlv));
        return tlvs.isEmpty() ? facts : facts.put("tlvs", tlvs);
    }

    /** As any other address is written; that of a Unix domain socket is a path, and has no port. */
    private static String address(String address, int port) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        return bytes == null ? address : Addresses.format(Addresses.text(inet(bytes)), port);
    }

    private static InetAddress inet(byte[] address) {
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address has 4 or 16 bytes", e);
        }
    }

    /** With the text, where it is one; what is within that of TLS follows it. */
    private static void addTlv(JsonArray tlvs, HAProxyTLV tlv) {
        byte[] value = ByteBufUtil.getBytes(tlv.content());
        JsonObject facts = new JsonObject()
                .put("type", tlv.typeByteValue() & 0xff)
                .put("name", tlv.type().name())
                .put("hex", HexFormat.of().formatHex(value));
        boolean printable = value.length > 0;
        for (byte each : value) {
            printable &= each >= ' ' && each <= '~';
        }
        tlvs.add(printable ? facts.put("text", new String(value, StandardCharsets.US_ASCII)) : facts);
        if (tlv instanceof HAProxySSLTLV tls) {
            facts.put("verified", tls.verify() == 0);
            tls.encapsulatedTLVs().forEach(inner -> addTlv(tlvs, inner));
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
        return told == null
                ? admission.admits(ctx.channel(), traffic)
                : admission.admits(inet(told), ctx.channel(), traffic);
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
