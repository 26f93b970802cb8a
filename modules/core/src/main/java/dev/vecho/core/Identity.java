package dev.vecho.core;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.netty.util.NetUtil;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.X509KeyManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who one side of a TLS connection is: a private key and the chain of certificates that belongs to it.
 *
 * @param chain the own certificate first
 */
public record Identity(PrivateKey key, List<X509Certificate> chain) {

    private static final Logger LOG = LoggerFactory.getLogger(Identity.class);
    private static final Duration SELF_SIGNED_VALIDITY = Duration.ofDays(30);

    private static final String OTHER_KEY = "does not belong to the certificate";

    /** How to sign with a key, to see whether a certificate belongs to it. */
    private static final Map<String, String> SIGNATURES =
            Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA", "EdDSA", "EdDSA", "DSA", "SHA256withDSA");

    /**
     * Reads {@code certificate} and {@code key} (PEM files), or {@code keyStore} (PKCS#12 or JKS, told apart by what is in
     * the file) with {@code keyStorePassword} and, where it holds several keys, {@code keyStoreAlias}.
     *
     * @return null where none of these keys is there, or where something is wrong, which is added to the options' problems
     */
    static @Nullable Identity read(Vertx vertx, Options options) {
        Path certificate = options.file("certificate");
        Path key = options.file("key");
        Path keyStore = options.file("keyStore");
        String password = options.secret("keyStorePassword");
        String alias = options.text("keyStoreAlias");
        Identity identity = null;
        if (keyStore != null) {
            if (certificate != null || key != null) {
                options.problem("keyStore", "stands beside certificate or key: give one or the other");
                return null;
            }
            identity = readKeyStore(options, keyStore, password, alias);
        } else if (certificate != null && key != null) {
            identity = readPem(vertx, options, certificate, key);
        } else if (certificate != null) {
            options.problem("key", "is missing, certificate needs it: the file of the private key, in PEM");
        } else if (key != null) {
            options.problem("certificate", "is missing, key needs it: the file of the certificate, in PEM");
        } else if (password != null || alias != null) {
            options.problem(password != null ? "keyStorePassword" : "keyStoreAlias", "has no keyStore beside it");
        }
        if (identity != null) {
            identity.check(options, keyStore == null ? "certificate" : "keyStore");
        }
        return identity;
    }

    /**
     * Makes a key and a certificate that signs itself, valid for 30 days, for {@code localhost}, the host and loopback.
     *
     * @throws IllegalArgumentException if the host cannot be the name in a certificate
     */
    public static Identity selfSigned(@Nullable String host) {
        try {
            CertificateBuilder builder = new CertificateBuilder()
                    .ecp256()
                    .subject("CN=Vecho self-signed")
                    .setIsCertificateAuthority(true)
                    .notBefore(Instant.now().minus(Duration.ofHours(1)))
                    .notAfter(Instant.now().plus(SELF_SIGNED_VALIDITY))
                    .addExtendedKeyUsageServerAuth()
                    .addSanDnsName("localhost")
                    .addSanIpAddress("127.0.0.1")
                    .addSanIpAddress("::1");
            if (host != null && !host.equals("localhost")) {
                if (NetUtil.createByteArrayFromIpAddressString(host) == null) {
                    builder.addSanDnsName(host);
                } else {
                    builder.addSanIpAddress(host);
                }
            }
            X509Bundle bundle = builder.buildSelfSigned();
            return new Identity(bundle.getKeyPair().getPrivate(), bundle.getCertificatePathList());
        } catch (Exception e) {
            throw new IllegalArgumentException("cannot make a certificate for " + host, e);
        }
    }

    /** SHA-256 over the certificate, as browsers and openssl show it. */
    public static String fingerprint(X509Certificate certificate) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            return HexFormat.ofDelimiter(":").formatHex(digest).toUpperCase(Locale.ROOT);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** The certificates of a PEM file. Fails with a message that says what is wrong with it. */
    static List<X509Certificate> readCertificates(Path file) throws GeneralSecurityException, IOException {
        try (InputStream in = Files.newInputStream(file)) {
            List<X509Certificate> certificates = new ArrayList<>();
            CertificateFactory.getInstance("X.509")
                    .generateCertificates(in)
                    .forEach(certificate -> certificates.add((X509Certificate) certificate));
            return certificates;
        }
    }

    /** Reads a PKCS#12 or JKS file, told apart by what is in it. */
    static KeyStore readStore(Path file, char[] password) throws GeneralSecurityException, IOException {
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        if (!Files.isRegularFile(file)) {
            throw new IOException("it is not a regular file");
        }
        return KeyStore.getInstance(file.toFile(), password);
    }

    /** What went wrong with a file, in words. */
    static String unreadable(Path file, Exception e) {
        if (e instanceof NoSuchFileException) {
            return "no such file: " + file;
        }
        if (e instanceof AccessDeniedException) {
            return "no permission to read " + file;
        }
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return "cannot read " + file + ": " + (root.getMessage() == null ? root.toString() : root.getMessage());
    }

    private static @Nullable Identity readPem(Vertx vertx, Options options, Path certificate, Path key) {
        List<X509Certificate> chain = List.of();
        try {
            chain = readCertificates(certificate);
            if (chain.isEmpty()) {
                options.problem("certificate", "holds no certificate in PEM: " + certificate);
            }
        } catch (GeneralSecurityException | IOException e) {
            options.problem("certificate", unreadable(certificate, e));
        }
        try {
            Buffer pem = Buffer.buffer(Files.readAllBytes(key));
            if (pem.toString().contains("ENCRYPTED")) {
                options.problem(
                        "key", "is encrypted, which is not supported: give a key without a password, or a keyStore");
            } else if (!chain.isEmpty()) {
                Buffer certificates = Buffer.buffer(Files.readAllBytes(certificate));
                X509KeyManager manager = keyManager(new PemKeyCertOptions()
                        .addKeyValue(pem)
                        .addCertValue(certificates)
                        .getKeyManagerFactory(vertx));
                String algorithm = chain.get(0).getPublicKey().getAlgorithm();
                String[] aliases = manager.getServerAliases(algorithm, null);
                PrivateKey privateKey = aliases == null ? null : manager.getPrivateKey(aliases[0]);
                if (privateKey == null) {
                    options.problem("key", OTHER_KEY);
                    return null;
                }
                return new Identity(privateKey, chain);
            }
        } catch (Exception e) {
            // The JDK compares the algorithms, and says so, before we compare the keys.
            boolean other = String.valueOf(e.getMessage()).contains("does not match");
            options.problem("key", other ? OTHER_KEY : unreadable(key, e));
        }
        return null;
    }

    private static @Nullable Identity readKeyStore(
            Options options, Path file, @Nullable String password, @Nullable String alias) {
        char[] secret = password == null ? new char[0] : password.toCharArray();
        try {
            KeyStore store = readStore(file, secret);
            List<String> keys = new ArrayList<>();
            for (String name : Collections.list(store.aliases())) {
                if (store.entryInstanceOf(name, KeyStore.PrivateKeyEntry.class)) {
                    keys.add(name);
                }
            }
            if (alias != null && !keys.contains(alias)) {
                options.problem("keyStoreAlias", "names no key of " + file + ", which holds " + keys);
                return null;
            }
            if (alias == null && keys.size() != 1) {
                options.problem("keyStore", "holds " + keys.size() + " keys, expected one, or keyStoreAlias: " + file);
                return null;
            }
            String name = alias == null ? keys.get(0) : alias;
            List<X509Certificate> chain = new ArrayList<>();
            for (Certificate certificate : store.getCertificateChain(name)) {
                chain.add((X509Certificate) certificate);
            }
            return new Identity((PrivateKey) store.getKey(name, secret), chain);
        } catch (GeneralSecurityException | IOException e) {
            boolean wrongPassword = e.getCause() instanceof UnrecoverableKeyException;
            options.problem(
                    wrongPassword ? "keyStorePassword" : "keyStore",
                    wrongPassword ? "is not the password of " + file : unreadable(file, e));
            return null;
        }
    }

    private void check(Options options, String key) {
        X509Certificate certificate = chain.get(0);
        if (!belongs(certificate)) {
            options.problem("key", OTHER_KEY);
        }
        Instant end = certificate.getNotAfter().toInstant();
        Instant begin = certificate.getNotBefore().toInstant();
        Instant now = Instant.now();
        if (end.isBefore(now) || begin.isAfter(now)) {
            LOG.warn(
                    "{}: the certificate {} is {}: clients will refuse it",
                    options.place(key),
                    certificate.getSubjectX500Principal(),
                    end.isBefore(now) ? "expired since " + end : "not valid before " + begin);
        }
    }

    private boolean belongs(X509Certificate certificate) {
        String algorithm = SIGNATURES.get(key.getAlgorithm());
        if (algorithm == null) {
            return key.getAlgorithm().equals(certificate.getPublicKey().getAlgorithm());
        }
        try {
            byte[] sample = {1, 2, 3};
            Signature signer = Signature.getInstance(algorithm);
            signer.initSign(key);
            signer.update(sample);
            byte[] signature = signer.sign();
            Signature verifier = Signature.getInstance(algorithm);
            verifier.initVerify(certificate.getPublicKey());
            verifier.update(sample);
            return verifier.verify(signature);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static X509KeyManager keyManager(KeyManagerFactory factory) {
        for (KeyManager manager : factory.getKeyManagers()) {
            if (manager instanceof X509KeyManager x509) {
                return x509;
            }
        }
        throw new IllegalStateException("no X.509 keys");
    }
}
