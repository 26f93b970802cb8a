package dev.vecho.net.service;

import dev.vecho.net.NettyInternals;
import dev.vecho.net.SocketFacts;
import dev.vecho.net.tls.Identity;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AttributeKey;
import io.vertx.core.json.JsonObject;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Map;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** What is known of the peer of a socket, for services. On the event loop of the connection only. */
public final class SocketPeer {

    /** All that a PROXY header has told, where a service may ask for it. */
    public static final AttributeKey<JsonObject> PROXY = AttributeKey.valueOf(SocketPeer.class, "proxy");

    private SocketPeer() {}

    /** All that is known of a connection. */
    public static JsonObject facts(Channel channel, String transport) {
        JsonObject facts = new JsonObject()
                .put("transport", transport)
                .put("remote", SocketFacts.text(channel.remoteAddress()))
                .put("local", SocketFacts.text(channel.localAddress()));
        JsonObject proxy = channel.hasAttr(PROXY) ? channel.attr(PROXY).get() : null;
        if (proxy != null) {
            facts.put("proxy", proxy.copy());
        }
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls != null && tls.handshakeFuture().isSuccess()) {
            facts.put("tls", tls(tls.engine(), tls.applicationProtocol()));
        }
        Map<String, Long> path = SocketFacts.path(channel);
        if (!path.isEmpty()) {
            JsonObject info = new JsonObject();
            path.forEach(info::put);
            facts.put("tcpInfo", info);
        }
        return facts;
    }

    /**
     * What was agreed upon in TLS, with the client's certificate if it has shown one.
     *
     * @param alpn the application protocol; null for none
     */
    public static JsonObject tls(SSLEngine engine, @Nullable String alpn) {
        SSLSession session = engine.getSession();
        JsonObject facts = new JsonObject();
        SocketFacts.tls(session, alpn).forEach(facts::put);
        facts.remove("client");
        String group = NettyInternals.tlsGroup(engine);
        if (group != null) {
            facts.put("group", group);
        }
        try {
            Certificate[] chain = session.getPeerCertificates();
            if (chain.length > 0 && chain[0] instanceof X509Certificate certificate) {
                facts.put("clientCertificate", certificate(certificate));
            }
        } catch (SSLPeerUnverifiedException e) {
            // Most clients show no certificate.
            return facts;
        }
        return facts;
    }

    private static JsonObject certificate(X509Certificate certificate) {
        return new JsonObject()
                .put("subject", certificate.getSubjectX500Principal().getName())
                .put("issuer", certificate.getIssuerX500Principal().getName())
                .put("serial", certificate.getSerialNumber().toString(16))
                .put("sha256", Identity.fingerprint(certificate));
    }
}
