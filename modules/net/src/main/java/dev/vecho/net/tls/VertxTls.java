package dev.vecho.net.tls;

import io.netty.util.Mapping;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
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
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.KeyManagerFactory;
import org.jspecify.annotations.Nullable;

/** A listener's TLS as the servers of Vert.x take it, for those whose engine is not made by {@link TlsServer}. */
public final class VertxTls {

    private static final char[] NO_PASSWORD = new char[0];

    private static final Map<io.netty.handler.ssl.ClientAuth, ClientAuth> CLIENT_AUTH = Map.of(
            io.netty.handler.ssl.ClientAuth.NONE, ClientAuth.NONE,
            io.netty.handler.ssl.ClientAuth.OPTIONAL, ClientAuth.REQUEST,
            io.netty.handler.ssl.ClientAuth.REQUIRE, ClientAuth.REQUIRED);

    private VertxTls() {}

    /** All of it but for the engine, its key exchange groups and ALPN, which are for the caller to choose. */
    public static ServerSSLOptions options(TlsServer tls) {
        ServerSSLOptions options = new ServerSSLOptions()
                .setKeyCertOptions(keys(tls.identities()))
                .setClientAuth(CLIENT_AUTH.getOrDefault(tls.clientAuth(), ClientAuth.NONE))
                .setSni(true);
        options.setEnabledSecureTransportProtocols(new LinkedHashSet<>(tls.protocols()));
        options.setSslHandshakeTimeout(tls.handshakeTimeoutMillis()).setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS);
        tls.cipherSuites().forEach(options::addEnabledCipherSuite);
        if (tls.trust() != null) {
            options.setTrustOptions(TrustOptions.wrap(tls.trust()));
        }
        return options;
    }

    /** Several identities: the first is the default, the others are chosen by name. */
    public static KeyCertOptions keys(List<Identity> identities) {
        return new Identities(identities);
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

    private static final class Identities implements KeyCertOptions {

        private final KeyManagerFactory first;
        private final Mapping<String, Optional<KeyManagerFactory>> byName;

        Identities(List<Identity> identities) {
            first = keyManagers(identities.get(0));
            List<Optional<KeyManagerFactory>> keys = identities.stream()
                    .map(identity -> Optional.of(keyManagers(identity)))
                    .toList();
            byName = TlsServer.byName(identities, keys, Optional.empty());
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
