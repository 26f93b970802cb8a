package dev.vecho.transport.quic;

import dev.vecho.core.config.Options;
import dev.vecho.net.tls.Identity;
import dev.vecho.net.tls.TlsClient;
import dev.vecho.net.tls.TlsServer;
import dev.vecho.net.tls.VertxTls;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.TrustOptions;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** TLS as QUIC has it: version 1.3, by BoringSSL, with an application protocol. */
final class QuicTls {

    /** The application protocol, where the options name none. */
    private static final List<String> ALPN = List.of("echo");

    static final String VERSION = "TLSv1.3";

    private static final String KINDS = "must have a key of RSA or EC, with which QUIC's own TLS can sign";

    private QuicTls() {}

    static @Nullable TlsServer readServer(Options options, String host) {
        rejectWhatQuicDecides(options);
        options.refuse("handshakeTimeoutMillis", "has no meaning for QUIC, where idleTimeoutMillis ends a handshake");
        TlsServer tls = TlsServer.read(options, host, ALPN);
        return tls == null || tls.isForBoringSsl(KINDS) ? tls : null;
    }

    static @Nullable TlsClient readClient(Options options, String host) {
        rejectWhatQuicDecides(options);
        TlsClient tls = TlsClient.read(options, host, ALPN);
        Identity identity = tls == null ? null : tls.identity();
        if (identity != null && !identity.isForBoringSsl()) {
            options.problem(options.has("keyStore") ? "keyStore" : "certificate", KINDS + ", was " + identity.kind());
            return null;
        }
        return tls;
    }

    private static void rejectWhatQuicDecides(Options options) {
        for (String key : List.of("engine", "cipherSuites", "keyExchangeGroups")) {
            options.refuse(key, "has no meaning for QUIC, which brings its own TLS");
        }
        if (options.has("protocols") && !options.texts("protocols").contains(VERSION)) {
            options.problem("protocols", "must have " + VERSION + ", for QUIC has no other");
        }
        if (options.has("alpn") && options.texts("alpn").isEmpty()) {
            options.problem("alpn", "must have a protocol, for QUIC needs one");
        }
    }

    static ClientSSLOptions options(TlsClient tls, List<String> alpn) {
        ClientSSLOptions options = new ClientSSLOptions();
        options.setTrustOptions(TrustOptions.wrap(tls.trust()));
        options.setHostnameVerificationAlgorithm(tls.verifiesName() ? "HTTPS" : "");
        options.setApplicationLayerProtocols(alpn);
        options.setEnabledSecureTransportProtocols(Set.of(VERSION));
        Identity identity = tls.identity();
        if (identity != null) {
            options.setKeyCertOptions(VertxTls.keys(List.of(identity)));
        }
        return options;
    }
}
