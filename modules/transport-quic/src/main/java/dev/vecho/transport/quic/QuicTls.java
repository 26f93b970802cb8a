package dev.vecho.transport.quic;

import dev.vecho.core.config.Options;
import dev.vecho.net.tls.Identity;
import dev.vecho.net.tls.TlsClient;
import dev.vecho.net.tls.TlsServer;
import io.netty.util.DomainWildcardMappingBuilder;
import io.netty.util.Mapping;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import javax.net.ssl.KeyManagerFactory;
import org.jspecify.annotations.Nullable;

/** TLS as QUIC has it: version 1.3, by BoringSSL, with an application protocol. */
final class QuicTls {

    /** The application protocol, where the options name none. */
    private static final List<String> ALPN = List.of("echo");

    static final String VERSION = "TLSv1.3";

    private static final String KINDS = "must have a key of RSA or EC, with which QUIC's own TLS can sign";

    private static final char[] NO_PASSWORD = new char[0];

    private static final Map<io.netty.handler.ssl.ClientAuth, ClientAuth> CLIENT_AUTH = Map.of(
            io.netty.handler.ssl.ClientAuth.NONE, ClientAuth.NONE,
            io.netty.handler.ssl.ClientAuth.OPTIONAL, ClientAuth.REQUEST,
            io.netty.handler.ssl.ClientAuth.REQUIRE, ClientAuth.REQUIRED);

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

    static ServerSSLOptions options(TlsServer tls, List<String> alpn) {
        ServerSSLOptions options = new ServerSSLOptions()
                .setKeyCertOptions(new Identities(tls.identities()))
                .setClientAuth(CLIENT_AUTH.get(tls.clientAuth()))
                .setApplicationLayerProtocols(alpn)
                .setEnabledSecureTransportProtocols(Set.of(VERSION))
                .setSni(true);
        if (tls.trust() != null) {
            options.setTrustOptions(TrustOptions.wrap(tls.trust()));
        }
        return options;
    }

    static ClientSSLOptions options(TlsClient tls, List<String> alpn) {
        ClientSSLOptions options = new ClientSSLOptions();
        options.setTrustOptions(TrustOptions.wrap(tls.trust()));
        options.setHostnameVerificationAlgorithm(tls.verifiesName() ? "HTTPS" : "");
        options.setApplicationLayerProtocols(alpn);
        options.setEnabledSecureTransportProtocols(Set.of(VERSION));
        Identity identity = tls.identity();
        if (identity != null) {
            options.setKeyCertOptions(new Identities(List.of(identity)));
        }
        return options;
    }

    private static KeyManagerFactory keyManagers(Identity identity) {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(
                    "own", identity.key(), NO_PASSWORD, identity.chain().toArray(X509Certificate[]::new));
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, NO_PASSWORD);
            return factory;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("a key store in memory takes every key", e);
        }
    }

    /** Several identities, as Vert.x takes them: the first is the default, the others are chosen by name. */
    private static final class Identities implements KeyCertOptions {

        private final KeyManagerFactory first;
        private final Mapping<String, Optional<KeyManagerFactory>> byName;

        Identities(List<Identity> identities) {
            first = keyManagers(identities.get(0));
            DomainWildcardMappingBuilder<Optional<KeyManagerFactory>> mapping =
                    new DomainWildcardMappingBuilder<>(Optional.empty());
            Set<String> seen = new LinkedHashSet<>();
            for (Identity identity : identities) {
                Optional<KeyManagerFactory> keys = Optional.of(keyManagers(identity));
                // The first certificate for a name wins.
                TlsServer.names(identity).stream().filter(seen::add).forEach(name -> mapping.add(name, keys));
            }
            byName = mapping.build();
        }

        @Override
        public KeyCertOptions copy() {
            // It does not change.
            return this;
        }

        @Override
        public KeyManagerFactory getKeyManagerFactory(Vertx vertx) {
            return first;
        }

        @Override
        public Function<String, @Nullable KeyManagerFactory> keyManagerFactoryMapper(Vertx vertx) {
            return name -> byName.map(name).orElse(null);
        }
    }
}
