package dev.vecho.net;

import dev.vecho.core.OpenConnection.Facts;
import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** What is known of a connection, for those who watch the service. On the event loop of the connection only. */
public final class SocketFacts {

    /** The address of the client that a PROXY header has told. */
    public static final AttributeKey<String> CLIENT = AttributeKey.valueOf(SocketFacts.class, "client");

    private SocketFacts() {}

    /**
     * Puts together what is known of a connection on a socket.
     *
     * @param idle null where nobody has measured it: then it is what the operating system says, where it does
     */
    public static Facts of(
            Channel channel, ConnectionEnd end, @Nullable Duration idle, long received, long sent, long waiting) {
        return new Facts(
                text(channel.remoteAddress()),
                text(channel.localAddress()),
                channel.hasAttr(CLIENT) ? channel.attr(CLIENT).get() : null,
                end.stage(),
                end.age(),
                idle == null ? idle(channel) : idle,
                end.is(ConnectionEnd.State.OPEN) ? null : end.inState(),
                received,
                sent,
                waiting);
    }

    /** Has a channel keep its addresses, so that they are known when it is closed. */
    public static void keepAddresses(Channel channel) {
        // It does when it was asked for them.
        channel.remoteAddress();
        channel.localAddress();
    }

    /** An address as people write it; that of a Unix domain socket may be empty. */
    public static String text(@Nullable SocketAddress address) {
        if (address instanceof InetSocketAddress inet && inet.getAddress() != null) {
            return Addresses.format(Addresses.text(inet.getAddress()), inet.getPort());
        }
        return address == null ? "" : address.toString();
    }

    private static @Nullable Duration idle(Channel channel) {
        EpollTcpInfo info = info(channel);
        return info == null ? null : Duration.ofMillis(Math.min(info.lastDataRecv(), info.lastDataSent()));
    }

    private static @Nullable EpollTcpInfo info(Channel channel) {
        return channel instanceof EpollSocketChannel tcp && tcp.isOpen() ? tcp.tcpInfo() : null;
    }

    /** TCP_INFO of tcp(7), on epoll. */
    public static Map<String, Long> path(Channel channel) {
        EpollTcpInfo info = info(channel);
        if (info == null) {
            return Map.of();
        }
        Map<String, Long> path = new LinkedHashMap<>();
        path.put("rttMicros", info.rtt());
        path.put("rttVarianceMicros", info.rttvar());
        path.put("retransmitted", info.totalRetrans());
        path.put("unacknowledged", info.unacked());
        path.put("congestionWindow", info.sndCwnd());
        path.put("maxSegmentBytes", info.sndMss());
        path.put("pathMtu", info.pmtu());
        return path;
    }

    /** What was agreed upon in TLS; empty before that, and where there is none. */
    public static Map<String, String> tls(Channel channel) {
        SslHandler handler = channel.pipeline().get(SslHandler.class);
        return handler == null || !handler.handshakeFuture().isSuccess()
                ? Map.of()
                : tls(handler.engine().getSession(), handler.applicationProtocol());
    }

    /**
     * What was agreed upon in TLS.
     *
     * @param alpn the application protocol; null for none
     */
    public static Map<String, String> tls(SSLSession session, @Nullable String alpn) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("version", session.getProtocol());
        facts.put("cipherSuite", session.getCipherSuite());
        if (alpn != null && !alpn.isEmpty()) {
            facts.put("alpn", alpn);
        }
        String name = serverName(session);
        if (name != null) {
            facts.put("serverName", name);
        }
        try {
            facts.put("client", session.getPeerPrincipal().getName());
        } catch (SSLPeerUnverifiedException e) {
            // Most clients show no certificate.
            return facts;
        }
        return facts;
    }

    private static @Nullable String serverName(SSLSession session) {
        if (!(session instanceof ExtendedSSLSession extended)) {
            return null;
        }
        try {
            List<SNIServerName> names = extended.getRequestedServerNames();
            return !names.isEmpty() && names.get(0) instanceof SNIHostName host ? host.getAsciiName() : null;
        } catch (UnsupportedOperationException e) {
            return null;
        }
    }
}
