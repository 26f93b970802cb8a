package dev.vecho.core;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * What both sides of TLS have in common: engine, protocols, cipher suites, key exchange groups, ALPN and whom to trust.
 *
 * @param provider the engine
 * @param protocols such as {@code TLSv1.3}
 * @param cipherSuites by their IANA names; empty for the engine's own choice
 * @param groups names of key exchange groups, in order of preference; empty for the engine's own choice
 * @param alpn application protocols, in order of preference; empty for none
 */
record Tls(
        SslProvider provider,
        List<String> protocols,
        List<String> cipherSuites,
        List<String> groups,
        List<String> alpn,
        @Nullable TrustManagerFactory trust) {

    static final List<String> ALL_PROTOCOLS = List.of("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3");
    private static final List<String> DEFAULT_PROTOCOLS = List.of("TLSv1.2", "TLSv1.3");

    /**
     * Reads the keys that server and client share.
     *
     * @param alpn application protocols to offer where the options name none
     */
    static Tls read(Options options, List<String> alpn) {
        List<String> protocols = options.texts("protocols");
        for (String protocol : protocols) {
            if (!ALL_PROTOCOLS.contains(protocol)) {
                options.problem(
                        "protocols", "must be of " + String.join(", ", ALL_PROTOCOLS) + ", was \"" + protocol + "\"");
            }
        }
        SslProvider provider = readEngine(options);
        List<String> groups = options.texts("keyExchangeGroups");
        if (!groups.isEmpty() && provider == SslProvider.JDK && PlatformDependent.javaVersion() < 20) {
            options.problem("keyExchangeGroups", "needs the engine openssl, or Java 20 with the engine jdk");
        }
        return new Tls(
                provider,
                protocols.isEmpty() ? DEFAULT_PROTOCOLS : protocols,
                options.texts("cipherSuites"),
                groups,
                options.has("alpn") ? options.texts("alpn") : alpn,
                readTrust(options));
    }

    private static SslProvider readEngine(Options options) {
        Map<String, SslProvider> engines = new LinkedHashMap<>();
        engines.put("auto", OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK);
        engines.put("jdk", SslProvider.JDK);
        engines.put("openssl", SslProvider.OPENSSL);
        SslProvider engine = options.choice("engine", SslProvider.JDK, engines);
        if (!options.has("engine")) {
            return OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;
        }
        if (engine == SslProvider.OPENSSL && !OpenSsl.isAvailable()) {
            Throwable cause = OpenSsl.unavailabilityCause();
            options.problem("engine", "openssl is not available here: " + (cause == null ? "" : cause.getMessage()));
        }
        return engine;
    }

    /** Reads {@code trust}, a PEM file or a key store, and {@code trustPassword}. */
    private static @Nullable TrustManagerFactory readTrust(Options options) {
        Path file = options.file("trust");
        String password = options.secret("trustPassword");
        if (file == null) {
            return null;
        }
        try {
            KeyStore store;
            if (password != null) {
                store = Identity.readStore(file, password.toCharArray());
            } else {
                store = KeyStore.getInstance(KeyStore.getDefaultType());
                store.load(null, null);
                int count = 0;
                for (X509Certificate certificate : Identity.readCertificates(file)) {
                    store.setCertificateEntry("ca-" + count++, certificate);
                }
            }
            if (Collections.list(store.aliases()).isEmpty()) {
                options.problem("trust", "holds no certificate: " + file);
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            return factory;
        } catch (GeneralSecurityException | IOException e) {
            options.problem("trust", Identity.unreadable(file, e));
            return null;
        }
    }

    /** Builds a context, or adds a problem where the engine does not accept what was asked for. */
    @Nullable SslContext build(SslContextBuilder builder, Options options) {
        builder.sslProvider(provider).protocols(protocols);
        if (!cipherSuites.isEmpty()) {
            builder.ciphers(cipherSuites, SupportedCipherSuiteFilter.INSTANCE);
        }
        if (!alpn.isEmpty()) {
            builder.applicationProtocolConfig(new ApplicationProtocolConfig(
                    Protocol.ALPN, SelectorFailureBehavior.NO_ADVERTISE, SelectedListenerFailureBehavior.ACCEPT, alpn));
        }
        if (!groups.isEmpty() && provider == SslProvider.OPENSSL) {
            builder.option(OpenSslContextOption.GROUPS, groups.toArray(String[]::new));
        }
        try {
            SslContext context = builder.build();
            if (!cipherSuites.isEmpty() && !context.cipherSuites().containsAll(cipherSuites)) {
                options.problem("cipherSuites", "this engine has only " + context.cipherSuites() + " of them");
            }
            return context;
        } catch (SSLException | IllegalArgumentException e) {
            options.problem("", "not accepted by the TLS engine: " + e.getMessage());
            return null;
        }
    }

    /**
     * Makes the handler of one connection. Its engine gives out one record at a time, so that each is echoed, and with it
     * encrypted, before the next one is looked at; and its close waits for all bytes to be written, however long that
     * takes, for the connection's owner bounds it.
     */
    TlsHandler newHandler(SslContext context, ByteBufAllocator allocator, @Nullable String host, int port) {
        SSLEngine engine = host == null ? context.newEngine(allocator) : context.newEngine(allocator, host, port);
        if (!groups.isEmpty() && provider == SslProvider.JDK) {
            SSLParameters parameters = engine.getSSLParameters();
            setNamedGroups(parameters, groups);
            engine.setSSLParameters(parameters);
        }
        TlsHandler handler = new TlsHandler(engine);
        handler.setCloseNotifyFlushTimeoutMillis(0);
        // Else a part of a record that stays over from each read makes the buffer grow, to megabytes.
        handler.setDiscardAfterReads(1);
        return handler;
    }

    /** SSLParameters.setNamedGroups, which Java has since version 20. */
    private static void setNamedGroups(SSLParameters parameters, List<String> groups) {
        try {
            SSLParameters.class.getMethod("setNamedGroups", String[].class).invoke(parameters, (Object)
                    groups.toArray(String[]::new));
        } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("was checked when the options were read", e);
        }
    }
}
