package dev.vecho.core;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.util.FingerprintTrustManagerFactory;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.vertx.core.Vertx;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** TLS on connections to a target: whom to trust, and who to be. The peer's certificate and name are verified. */
public final class TlsClient {

    /** The versions of TLS that can be asked for. */
    public static final Set<String> VERSIONS = Set.copyOf(Tls.ALL_PROTOCOLS);

    /** How long a close waits until close_notify is written. */
    private static final int CLOSE_TIMEOUT_MILLIS = 1000;

    private final Tls tls;
    private final SslContext context;
    private final String peerName;
    private final @Nullable Identity identity;
    private final PeerTrust trust;
    private final NoIdentity noIdentity;
    private final boolean verifiesName;

    private TlsClient(
            Tls tls,
            SslContext context,
            String peerName,
            @Nullable Identity identity,
            PeerTrust trust,
            NoIdentity noIdentity,
            boolean verifiesName) {
        this.tls = tls;
        this.context = context;
        this.peerName = peerName;
        this.identity = identity;
        this.trust = trust;
        this.noIdentity = noIdentity;
        this.verifiesName = verifiesName;
    }

    /**
     * Reads a client's {@code tls} object. Blocks: it reads files.
     *
     * @param host the target's
     * @return null where something is wrong, which is added to the options' problems
     */
    public static @Nullable TlsClient read(Vertx vertx, Options options, String host) {
        return read(vertx, options, host, List.of());
    }

    /**
     * Reads a client's {@code tls} object. Blocks: it reads files.
     *
     * @param host the target's
     * @param alpn application protocols to offer where the options name none, in order of preference
     * @return null where something is wrong, which is added to the options' problems
     */
    public static @Nullable TlsClient read(Vertx vertx, Options options, String host, List<String> alpn) {
        int before = options.problemCount();
        Tls tls = Tls.read(options, alpn);
        Identity identity = Identity.read(options);
        String serverName = options.text("serverName", host);
        boolean insecure = options.flag("insecure", false);
        String fingerprint = options.text("fingerprint");
        TrustManagerFactory pinned = null;
        if (fingerprint != null) {
            try {
                pinned = FingerprintTrustManagerFactory.builder("SHA-256")
                        .fingerprints(fingerprint)
                        .build();
            } catch (IllegalArgumentException e) {
                options.problem(
                        "fingerprint", "must be a SHA-256 fingerprint, 32 bytes in hex, parted by colons or not");
            }
        }
        if ((insecure ? 1 : 0) + (fingerprint == null ? 0 : 1) + (options.has("trust") ? 1 : 0) > 1) {
            options.problem("", "trust, fingerprint and insecure exclude each other");
        }
        options.rejectUnknownKeys();
        if (options.problemCount() > before) {
            return null;
        }
        SslContextBuilder builder = SslContextBuilder.forClient();
        NoIdentity noIdentity = new NoIdentity();
        if (identity == null) {
            builder.keyManager(noIdentity);
        } else {
            builder.keyManager(identity.key(), identity.chain().toArray(X509Certificate[]::new));
        }
        TrustManagerFactory chosen = insecure ? InsecureTrustManagerFactory.INSTANCE : pinned;
        // A pinned certificate says enough: whatever name is on it.
        boolean verifiesName = chosen == null;
        PeerTrust trust = new PeerTrust(chosen == null ? tls.trust() : chosen);
        builder.endpointIdentificationAlgorithm(verifiesName ? "HTTPS" : null);
        SslContext context = tls.build(builder.trustManager(trust), options);
        return context == null
                ? null
                : new TlsClient(tls, context, serverName, identity, trust, noIdentity, verifiesName);
    }

    /** Makes the handler of one connection. Its owner bounds the time of the handshake. */
    public SslHandler newHandler(ByteBufAllocator allocator, int port) {
        return handler(allocator, port);
    }

    TlsHandler handler(ByteBufAllocator allocator, int port) {
        TlsHandler handler = tls.newHandler(context, allocator, peerName, port);
        handler.setHandshakeTimeoutMillis(0);
        handler.setCloseNotifyFlushTimeoutMillis(CLOSE_TIMEOUT_MILLIS);
        return handler;
    }

    /** Who the client is, for an engine that is not made here; null for nobody. */
    public @Nullable Identity identity() {
        return identity;
    }

    /** Whom to trust, for an engine that is not made here. */
    public PeerTrust trust() {
        return trust;
    }

    /** Whether the peer's certificate must be for {@link #peerName}. */
    public boolean verifiesName() {
        return verifiesName;
    }

    /** The name that is asked for (SNI) and verified: the target's host, unless the options name another. */
    public String peerName() {
        return peerName;
    }

    /** Application protocols to offer, in order of preference. */
    public List<String> alpn() {
        return tls.alpn();
    }

    /**
     * What was agreed upon, for a report.
     *
     * @param alpn the application protocol, or null for none
     */
    public static Map<String, String> details(SSLSession session, @Nullable String alpn) {
        Map<String, String> details = new LinkedHashMap<>();
        details.put("protocol", session.getProtocol());
        details.put("cipherSuite", session.getCipherSuite());
        if (alpn != null) {
            details.put("alpn", alpn);
        }
        try {
            if (session.getPeerCertificates()[0] instanceof X509Certificate certificate) {
                details.put("peer", certificate.getSubjectX500Principal().getName());
                details.put("peerExpires", certificate.getNotAfter().toInstant().toString());
                details.put("peerFingerprint", Identity.fingerprint(certificate));
            }
        } catch (SSLPeerUnverifiedException e) {
            // A peer without a certificate has nothing to tell.
            return details;
        }
        return details;
    }

    /** What a peer wrote, without anything that a terminal would obey, and not too long. */
    public static String printable(String text) {
        return TlsFailure.printable(text);
    }

    /** Why TLS failed. */
    public TransportException failure(Throwable cause) {
        return failure(trust.refusal(cause), cause);
    }

    /** Why TLS failed on an engine that does not tell what the trust in the peer failed with. */
    public TransportException failureOfLast(Throwable cause) {
        return failure(trust.last(), cause);
    }

    private TransportException failure(PeerTrust.@Nullable Refusal refusal, Throwable cause) {
        if (refusal != null) {
            return TlsFailure.of(refusal, peerName).exception(cause);
        }
        TlsFailure failure = TlsFailure.of(cause);
        if (failure.reason().equals("client-certificate-required") && identity != null) {
            // Engines send none that is not signed by an authority which the peer has named.
            return TlsFailure.clientCertificateRefused(identity.chain().get(0)).exception(cause);
        }
        boolean vague = failure.reason().equals("cipher") || failure.reason().equals("client-certificate-refused");
        return (vague && wantsCertificate() ? TlsFailure.clientCertificateRequired() : failure).exception(cause);
    }

    boolean refused(Throwable cause) {
        return trust.refusal(cause) != null;
    }

    /** Whether the target has asked for a certificate, and has got none. */
    boolean wantsCertificate() {
        return noIdentity.wasAsked();
    }
}
