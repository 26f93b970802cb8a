package dev.vecho.core;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.netty.handler.ssl.util.FingerprintTrustManagerFactory;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.vertx.core.Vertx;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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
    private final @Nullable TrustManagerFactory trust;
    private final boolean verifiesName;

    private TlsClient(
            Tls tls,
            SslContext context,
            String peerName,
            @Nullable Identity identity,
            @Nullable TrustManagerFactory trust,
            boolean verifiesName) {
        this.tls = tls;
        this.context = context;
        this.peerName = peerName;
        this.identity = identity;
        this.trust = trust;
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
        Identity identity = Identity.read(vertx, options);
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
        if (identity != null) {
            builder.keyManager(identity.key(), identity.chain().toArray(X509Certificate[]::new));
        }
        TrustManagerFactory trust = insecure ? InsecureTrustManagerFactory.INSTANCE : pinned;
        if (trust != null) {
            builder.trustManager(trust);
        }
        // A pinned certificate says enough: whatever name is on it.
        boolean verifiesName = trust == null;
        builder.endpointIdentificationAlgorithm(verifiesName ? "HTTPS" : null);
        SslContext context = tls.build(builder, options);
        return context == null
                ? null
                : new TlsClient(tls, context, serverName, identity, trust == null ? tls.trust() : trust, verifiesName);
    }

    /** Makes the handler of one connection. Its owner bounds the time of the handshake. */
    public SslHandler newHandler(ByteBufAllocator allocator, int port) {
        SslHandler handler = tls.newHandler(context, allocator, peerName, port);
        handler.setHandshakeTimeoutMillis(0);
        handler.setCloseNotifyFlushTimeoutMillis(CLOSE_TIMEOUT_MILLIS);
        return handler;
    }

    /** Who the client is, for an engine that is not made here; null for nobody. */
    public @Nullable Identity identity() {
        return identity;
    }

    /** Whom to trust; null for the authorities that Java trusts. */
    public @Nullable TrustManagerFactory trust() {
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

    /** What was agreed upon, for a report. */
    public static Map<String, String> details(SslHandler handler) {
        return details(handler.engine().getSession(), handler.applicationProtocol());
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

    /** Why TLS failed, in a few words that a user can act on: expired, wrong name, unknown authority, protocol. */
    public static String reason(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateExpiredException) {
                return "expired: the certificate is no longer valid (" + cause.getMessage() + ")";
            }
            if (cause instanceof CertificateNotYetValidException) {
                return "not yet valid: the certificate's time has not come (" + cause.getMessage() + ")";
            }
            if (cause instanceof CertPathBuilderException) {
                return "unknown authority: nobody that is trusted here signed the certificate";
            }
            if (cause instanceof NotSslRecordException) {
                return "no TLS: the peer answered with something else";
            }
            if (cause instanceof SslHandshakeTimeoutException) {
                return "the handshake did not end in time";
            }
            if (cause instanceof ClosedChannelException) {
                return "the peer closed the connection during the handshake";
            }
            String known = knownMessage(cause.getMessage());
            if (known != null) {
                return known;
            }
        }
        return deepest(failure);
    }

    private static @Nullable String knownMessage(@Nullable String message) {
        if (message == null) {
            return null;
        }
        String lower = message.toLowerCase(Locale.ROOT);
        if (lower.startsWith("no subject alternative") || lower.startsWith("no name matching")) {
            return "wrong name: " + message;
        }
        if (lower.contains("certificate_required") || lower.contains("certificate required")) {
            return "client certificate required: the peer wants one";
        }
        if (lower.contains("protocol_version")
                || lower.contains("protocol version")
                || lower.contains("unsupported_protocol")
                || lower.contains("no appropriate protocol")) {
            return "protocol: no TLS version in common (" + message + ")";
        }
        if (lower.contains("handshake_failure") || lower.contains("no_shared_cipher")) {
            return "handshake failure: no cipher suite, group or certificate in common (" + message + ")";
        }
        if (lower.contains("unknown_ca") || lower.contains("unknown ca")) {
            return "client certificate refused: the peer does not know its authority";
        }
        return null;
    }

    private static String deepest(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.toString() : root.getMessage();
    }
}
