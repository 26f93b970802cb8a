package dev.vecho.net.tls;

import dev.vecho.core.TestableTransport;
import dev.vecho.core.config.Options;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * What both sides of TLS have in common: engine, protocols, cipher suites, key exchange groups, ALPN and whom to trust.
 *
 * @param engines those that may be taken, in order of preference; one where the options name it
 * @param protocols such as {@code TLSv1.3}
 * @param cipherSuites by their IANA names; empty for the engine's own choice
 * @param groups names of key exchange groups, in order of preference; empty for the engine's own choice
 * @param alpn application protocols, in order of preference; empty for none
 */
record Tls(
        List<SslProvider> engines,
        List<String> protocols,
        List<String> cipherSuites,
        List<String> groups,
        List<String> alpn,
        @Nullable TrustManagerFactory trust) {

    static final List<String> ALL_PROTOCOLS = TestableTransport.TLS_VERSIONS;
    private static final List<String> DEFAULT_PROTOCOLS = List.of("TLSv1.2", "TLSv1.3");

    /**
     * Reads the keys that server and client share.
     *
     * @param alpn application protocols to offer where the options name none
     */
    static Tls read(Options options, List<String> alpn) {
        List<String> protocols = options.texts("protocols", DEFAULT_PROTOCOLS);
        for (String protocol : protocols) {
            if (!ALL_PROTOCOLS.contains(protocol)) {
                options.problem(
                        "protocols", "must be of " + String.join(", ", ALL_PROTOCOLS) + ", was \"" + protocol + "\"");
            }
        }
        List<String> groups = options.texts("keyExchangeGroups");
        List<SslProvider> engines =
                readEngines(options, groups.isEmpty() || Runtime.version().feature() >= 20);
        return new Tls(
                engines,
                protocols.isEmpty() ? DEFAULT_PROTOCOLS : protocols,
                options.texts("cipherSuites"),
                groups,
                options.texts("alpn", alpn),
                readTrust(options));
    }

    /** Finds out which engines there are, of those that are wanted. */
    private static List<SslProvider> readEngines(Options options, boolean isJdkFit) {
        List<SslProvider> auto = new ArrayList<>();
        if (OpenSsl.isAvailable()) {
            auto.add(SslProvider.OPENSSL);
        }
        if (isJdkFit || auto.isEmpty()) {
            auto.add(SslProvider.JDK);
        }
        Map<String, List<SslProvider>> choices = new LinkedHashMap<>();
        choices.put("auto", auto);
        choices.put("jdk", List.of(SslProvider.JDK));
        choices.put("openssl", List.of(SslProvider.OPENSSL));
        List<SslProvider> engines = options.choice("engine", auto, choices);
        if (engines.contains(SslProvider.OPENSSL) && !OpenSsl.isAvailable()) {
            Throwable cause = OpenSsl.unavailabilityCause();
            options.problem("engine", "openssl is not available here: " + (cause == null ? "" : cause.getMessage()));
        }
        if (engines.get(0) == SslProvider.JDK && !isJdkFit) {
            options.problem("keyExchangeGroups", "needs the engine openssl, or Java 20 with the engine jdk");
        }
        return engines;
    }

    /** The same, with the JDK's engine first where it may be taken. */
    Tls preferringJdk() {
        List<SslProvider> order = engines.contains(SslProvider.JDK)
                ? Stream.concat(Stream.of(SslProvider.JDK), engines.stream())
                        .distinct()
                        .toList()
                : engines;
        return new Tls(order, protocols, cipherSuites, groups, alpn, trust);
    }

    /** An engine's name in the options. */
    static String name(SslProvider engine) {
        return engine == SslProvider.JDK ? "jdk" : "openssl";
    }

    /** The engine that a context is for. */
    static SslProvider engine(SslContext context) {
        return context instanceof JdkSslContext ? SslProvider.JDK : SslProvider.OPENSSL;
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

    /** An engine does not do what was asked for; the message goes on from the name of a key. */
    static final class Refusal extends Exception {

        private static final long serialVersionUID = 1L;

        private final String key;

        Refusal(String key, String message, @Nullable Throwable cause) {
            super(message, cause);
            this.key = key;
        }

        /** Adds it to the problems. */
        void tell(Options options) {
            options.problem(key, String.valueOf(getMessage()));
        }
    }

    /** Builds a context. */
    SslContext build(SslContextBuilder builder, SslProvider engine) throws Refusal {
        builder.sslProvider(engine).protocols(protocols);
        if (!cipherSuites.isEmpty()) {
            builder.ciphers(cipherSuites, SupportedCipherSuiteFilter.INSTANCE);
        }
        if (!alpn.isEmpty()) {
            builder.applicationProtocolConfig(new ApplicationProtocolConfig(
                    Protocol.ALPN, SelectorFailureBehavior.NO_ADVERTISE, SelectedListenerFailureBehavior.ACCEPT, alpn));
        }
        if (!groups.isEmpty() && engine == SslProvider.OPENSSL) {
            builder.option(OpenSslContextOption.GROUPS, groups.toArray(String[]::new));
        }
        SslContext context;
        try {
            context = builder.build();
        } catch (SSLException | IllegalArgumentException e) {
            throw new Refusal("", "not accepted by the TLS engine " + name(engine) + ": " + e.getMessage(), e);
        }
        if (!cipherSuites.isEmpty() && !context.cipherSuites().containsAll(cipherSuites)) {
            throw new Refusal(
                    "cipherSuites",
                    "the engine " + name(engine) + " has only " + context.cipherSuites() + " of them",
                    null);
        }
        return context;
    }

    /**
     * Sets up the handler of one connection. Its engine gives out one record at a time, so that each is echoed, and with it
     * encrypted, before the next one is looked at; and its close waits for all bytes to be written, however long that
     * takes, for the connection's owner bounds it.
     */
    static TlsHandler setUp(TlsHandler handler) {
        handler.setCloseNotifyFlushTimeoutMillis(0);
        // Else a part of a record that stays over from each read makes the buffer grow, to megabytes.
        handler.setDiscardAfterReads(1);
        return handler;
    }

    /**
     * Makes the engine of one connection.
     *
     * @param host the server's, for a client's engine; else null
     */
    SSLEngine newEngine(SslContext context, ByteBufAllocator allocator, @Nullable String host, int port) {
        SSLEngine engine = host == null ? context.newEngine(allocator) : context.newEngine(allocator, host, port);
        if (!groups.isEmpty() && engine(context) == SslProvider.JDK) {
            SSLParameters parameters = engine.getSSLParameters();
            setNamedGroups(parameters, groups);
            engine.setSSLParameters(parameters);
        }
        return engine;
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
