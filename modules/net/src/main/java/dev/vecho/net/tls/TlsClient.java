package dev.vecho.net.tls;

import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.config.Hosts;
import dev.vecho.core.config.Options;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.FingerprintTrustManagerFactory;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** TLS on connections to a target: whom to trust, and who to be. The peer's certificate and name are verified. */
public final class TlsClient {

    /** What begins the names of details of certificates beside the peer's own. */
    private static final String CHAIN = "peerChain";

    /** More certificates than these are not told of. */
    private static final int MAX_CHAIN = 6;

    /** The versions of TLS that can be asked for. */
    public static final Set<String> VERSIONS = Set.copyOf(Tls.ALL_PROTOCOLS);

    /** How long a close waits until close_notify is written. */
    private static final int CLOSE_TIMEOUT_MILLIS = 1000;

    /** What a handshake fails with, too, whose engine lacks what the peer needs, maybe without that the peer says so. */
    private static final Set<String> VAGUE = Set.of("cipher", "other", "closed");

    /** What an engine may say of itself rather than of the peer. */
    private static final Set<String> OF_AN_ENGINE = Set.of("protocol", "weak", "timeout");

    private final Tls tls;
    private final String peerName;
    private final @Nullable Identity identity;
    private final PeerTrust trust;
    private final NoIdentity noIdentity = new NoIdentity();
    private final boolean verifiesName;

    /** Those that accept the options, in order of preference; one is made ready when it is needed. */
    private final List<SslProvider> engines = new ArrayList<>();

    private final Map<SslProvider, SslContext> contexts = new ConcurrentHashMap<>();
    private volatile SslProvider engine;
    private volatile @Nullable String failureOfOther;

    private TlsClient(Tls tls, String peerName, @Nullable Identity identity, PeerTrust trust, boolean verifiesName) {
        this.tls = tls;
        this.peerName = peerName;
        this.identity = identity;
        this.trust = trust;
        this.verifiesName = verifiesName;
        this.engine = tls.engines().get(0);
    }

    /**
     * Reads a client's {@code tls} object. Blocks: it reads files.
     *
     * @param host the target's
     * @return null where something is wrong, which is added to the options' problems
     */
    public static @Nullable TlsClient read(Options options, String host) {
        return read(options, host, List.of());
    }

    /**
     * Reads a client's {@code tls} object. Blocks: it reads files.
     *
     * @param host the target's
     * @param alpn application protocols to offer where the options name none, in order of preference
     * @return null where something is wrong, which is added to the options' problems
     */
    public static @Nullable TlsClient read(Options options, String host, List<String> alpn) {
        int before = options.problemCount();
        Tls tls = Tls.read(options, alpn);
        Identity identity = Identity.read(options);
        String given = options.text("serverName");
        String serverName = Hosts.peerName(given == null ? host : Hosts.check(options, "serverName", given));
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
        TrustManagerFactory chosen = insecure ? InsecureTrustManagerFactory.INSTANCE : pinned;
        // A pinned certificate says enough: whatever name is on it.
        boolean verifiesName = chosen == null;
        PeerTrust trust = new PeerTrust(chosen == null ? tls.trust() : chosen);
        TlsClient client = new TlsClient(tls, serverName, identity, trust, verifiesName);
        return client.chooseEngine(options) ? client : null;
    }

    private boolean chooseEngine(Options options) {
        List<Tls.Refusal> refusals = new ArrayList<>();
        for (SslProvider each : tls.engines()) {
            try {
                if (engines.isEmpty()) {
                    contexts.put(each, build(each, Identity.key(options)));
                    engine = each;
                }
                engines.add(each);
            } catch (Tls.Refusal e) {
                refusals.add(e);
            }
        }
        if (engines.isEmpty()) {
            refusals.get(0).tell(options);
        }
        return !engines.isEmpty();
    }

    /**
     * Builds a context.
     *
     * @param keyOfIdentity where the options name the identity
     */
    private SslContext build(SslProvider wanted, String keyOfIdentity) throws Tls.Refusal {
        SslContextBuilder builder = SslContextBuilder.forClient()
                .trustManager(trust)
                .endpointIdentificationAlgorithm(verifiesName ? "HTTPS" : null);
        if (identity == null) {
            builder.keyManager(noIdentity);
        } else if (wanted == SslProvider.OPENSSL && !identity.isForBoringSsl()) {
            throw new Tls.Refusal(
                    keyOfIdentity,
                    "has a key, " + identity.kind()
                            + ", with which the engine openssl cannot sign: give the engine jdk",
                    null);
        } else {
            builder.keyManager(identity.key(), identity.chain().toArray(X509Certificate[]::new));
        }
        return tls.build(builder, wanted);
    }

    /** The engine of the next connection: the preferred one, or that with which the last one succeeded. */
    public SslProvider engine() {
        return engine;
    }

    /**
     * The engine to try next where this one has failed in the handshake, or null if another would not do better. The JDK's
     * verifies more kinds of keys than BoringSSL does: what a server with such a key says is that there is no cipher suite in
     * common, or nothing at all.
     */
    public @Nullable SslProvider engineAfter(SslProvider failed, Throwable failure) {
        return failed == engines.get(0) && engines.size() > 1 && isVague(failure) ? engines.get(1) : null;
    }

    private static boolean isVague(Throwable failure) {
        return failure instanceof TransportException known
                && (known.fault() == Fault.RESET
                        || (known.fault() == Fault.TLS && VAGUE.contains(String.valueOf(known.reason()))));
    }

    /** The failure to tell, where two engines have failed. */
    public static Throwable tellingOf(Throwable first, Throwable second) {
        return second instanceof TransportException known
                        && known.fault() == Fault.TLS
                        && !isVague(known)
                        && !OF_AN_ENGINE.contains(String.valueOf(known.reason()))
                ? second
                : first;
    }

    /** Takes an engine from now on, which has succeeded where another has failed. */
    public void prefer(SslProvider other, Throwable failureOfFirst) {
        engine = other;
        failureOfOther = String.valueOf(failureOfFirst.getMessage());
    }

    /** The engine for a connection that cannot be opened a second time: that which agrees with most servers. */
    public SslProvider broadest() {
        boolean hasNew = tls.protocols().contains("TLSv1.2") || tls.protocols().contains("TLSv1.3");
        return hasNew && engines.contains(SslProvider.JDK) ? SslProvider.JDK : engine;
    }

    /** Whether an engine can be used without that anything blocks. */
    public boolean isReady(SslProvider wanted) {
        return contexts.containsKey(wanted);
    }

    /** Makes an engine ready. Blocks. False if it does not accept the options. */
    public boolean prepare(SslProvider wanted) {
        try {
            if (!isReady(wanted)) {
                contexts.put(wanted, build(wanted, "certificate"));
            }
            return true;
        } catch (Tls.Refusal e) {
            return false;
        }
    }

    /** Makes the handler of one connection. Its owner bounds the time of the handshake. */
    public SslHandler newHandler(ByteBufAllocator allocator, int port) {
        return newHandler(engine, allocator, port);
    }

    /** The same on an engine that is ready. */
    TlsHandler newHandler(SslProvider ready, ByteBufAllocator allocator, int port) {
        SslContext context = Objects.requireNonNull(contexts.get(ready));
        TlsHandler handler = Tls.setUp(new TlsHandler(tls.newEngine(context, allocator, peerName, port)));
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

    /** The versions of TLS, for an engine that is not made here. */
    public List<String> protocols() {
        return tls.protocols();
    }

    /** Cipher suites by their IANA names, for an engine that is not made here; empty for its own choice. */
    public List<String> cipherSuites() {
        return tls.cipherSuites();
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
     * What was agreed upon, for a report: {@code peer}, {@code peerIssuer} and {@code peerExpires} are of the peer's own certificate,
     * {@code peerChain1} and so on of those that it has shown beside it.
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
            describe(session.getPeerCertificates(), details);
        } catch (SSLPeerUnverifiedException e) {
            // A peer without a certificate has nothing to tell.
            return details;
        }
        return details;
    }

    private static void describe(Certificate[] chain, Map<String, String> details) {
        if (chain[0] instanceof X509Certificate certificate) {
            details.put("peer", certificate.getSubjectX500Principal().getName());
            details.put("peerIssuer", certificate.getIssuerX500Principal().getName());
            details.put("peerExpires", certificate.getNotAfter().toInstant().toString());
            details.put("peerFingerprint", Identity.fingerprint(certificate));
        }
        for (int i = 1; i < Math.min(chain.length, MAX_CHAIN); i++) {
            if (chain[i] instanceof X509Certificate authority) {
                details.put(CHAIN + i, authority.getSubjectX500Principal().getName());
                details.put(
                        CHAIN + i + "Issuer", authority.getIssuerX500Principal().getName());
                details.put(
                        CHAIN + i + "Expires",
                        authority.getNotAfter().toInstant().toString());
            }
        }
    }

    /** The details of a connection on an engine. */
    Map<String, String> details(SslProvider own, SSLSession session, @Nullable String alpn) {
        Map<String, String> details = details(session, alpn);
        details.put("engine", Tls.name(own));
        String other = failureOfOther;
        if (other != null && own == engine) {
            details.put("engineFallback", "the engine " + Tls.name(engines.get(0)) + " failed: " + other);
        }
        return details;
    }

    /** What a peer wrote, without control characters for a terminal, and not too long. */
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
            Map<String, String> details = new LinkedHashMap<>();
            describe(refusal.chain().toArray(Certificate[]::new), details);
            return TlsFailure.of(refusal, peerName).exception(cause, details);
        }
        TlsFailure failure = TlsFailure.of(cause);
        if (failure.reason().equals("client-certificate-required") && identity != null) {
            // Engines send none that is not signed by an authority which the peer has named.
            return TlsFailure.clientCertificateRefused(identity.chain().get(0)).exception(cause);
        }
        boolean vague = failure.reason().equals("cipher") || failure.reason().equals("client-certificate-refused");
        if (vague && wantsCertificate()) {
            return TlsFailure.clientCertificateRequired().exception(cause);
        }
        boolean isLimited = failure.reason().equals("cipher") && tls.engines().equals(List.of(SslProvider.OPENSSL));
        return (isLimited ? failure.and("; the engine jdk verifies more kinds of keys") : failure).exception(cause);
    }

    boolean refused(Throwable cause) {
        return trust.refusal(cause) != null;
    }

    /** Whether the target has asked for a certificate, and has got none. */
    boolean wantsCertificate() {
        return noIdentity.wasAsked();
    }
}
