package dev.vecho.net.tls;

import dev.vecho.core.config.Options;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
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

    /** How to sign with a key, to see whether a certificate belongs to it; with others as they are called. */
    private static final Map<String, String> SIGNATURES =
            Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA", "DSA", "SHA256withDSA");

    /** The labels in PEM of what holds certificates, those of OpenSSL among them. */
    private static final Set<String> CERTIFICATES =
            Set.of("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "PKCS7", "CMS");

    private static final byte DER_SEQUENCE = 0x30;

    /**
     * Reads {@code certificate} and {@code key} (PEM files), or {@code keyStore} (PKCS#12 or JKS, told apart by what is in
     * the file) with {@code keyStorePassword} and, where it holds several keys, {@code keyStoreAlias}.
     *
     * @return null where none of these keys is there, or where something is wrong, which is added to the options' problems
     */
    static @Nullable Identity read(Options options) {
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
            identity = readPem(options, certificate, key);
        } else if (certificate != null) {
            options.problem("key", "is missing, certificate needs it: the file of the private key, in PEM");
        } else if (key != null) {
            options.problem("certificate", "is missing, key needs it: the file of the certificate, in PEM");
        } else if (password != null || alias != null) {
            options.problem(password != null ? "keyStorePassword" : "keyStoreAlias", "has no keyStore beside it");
        }
        if (identity != null) {
            identity.check(options);
        }
        return identity;
    }

    /** The key of the options that names an identity's certificates. */
    static String key(Options options) {
        return options.has("keyStore") ? "keyStore" : "certificate";
    }

    /** The kind of the key, for people. */
    public String kind() {
        PublicKey key = chain.get(0).getPublicKey();
        if (key instanceof EdECPublicKey edwards) {
            return edwards.getParams().getName();
        }
        if (key instanceof ECPublicKey curve) {
            return "EC, " + curve.getParams().getCurve().getField().getFieldSize() + " bits";
        }
        return key instanceof RSAPublicKey rsa
                ? key.getAlgorithm().replace("RSASSA", "RSA") + ", "
                        + rsa.getModulus().bitLength() + " bits"
                : key.getAlgorithm();
    }

    /** Whether Netty finds the key for BoringSSL: of Edwards curves and of RSA for PSS alone it knows no name (KEY_TYPES). */
    public boolean isForBoringSsl() {
        return key.getAlgorithm().equals("RSA") || key.getAlgorithm().equals("EC");
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

    /** The certificates of a PEM file, of PKCS#7 or in DER. Fails with a message that says what is wrong with it. */
    static List<X509Certificate> readCertificates(Path file) throws GeneralSecurityException, IOException {
        byte[] bytes = Files.readAllBytes(file);
        List<Pem> blocks = Pem.blocks(bytes);
        if (blocks.isEmpty() && bytes.length > 0 && bytes[0] == DER_SEQUENCE) {
            return parse(bytes);
        }
        List<X509Certificate> certificates = new ArrayList<>();
        for (Pem block : blocks) {
            if (!CERTIFICATES.contains(block.label())) {
                continue;
            }
            try {
                byte[] content = block.content();
                if (content == null) {
                    throw new IOException("not base64, or without an end");
                }
                // What OpenSSL trusts it for may follow.
                certificates.addAll(parse(Arrays.copyOf(content, new Der(content).take().length)));
            } catch (GeneralSecurityException | IOException e) {
                throw new CertificateException(
                        "the certificate in line " + block.line() + " is damaged: " + e.getMessage());
            }
        }
        return certificates;
    }

    private static List<X509Certificate> parse(byte[] der) throws CertificateException {
        return CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(der)).stream()
                .map(X509Certificate.class::cast)
                .toList();
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

    private static @Nullable Identity readPem(Options options, Path certificate, Path key) {
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
            PrivateKey privateKey = PrivateKeys.first(Pem.blocks(Files.readAllBytes(key)));
            return chain.isEmpty() ? null : new Identity(privateKey, chain);
        } catch (PrivateKeys.Unreadable e) {
            options.problem("key", e.getMessage() + ": " + key);
        } catch (IOException e) {
            options.problem("key", unreadable(key, e));
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

    private void check(Options options) {
        String place = key(options);
        X509Certificate certificate = chain.get(0);
        if (!belongs(certificate)) {
            int own = chain.stream().map(this::belongs).toList().indexOf(true);
            if (own > 0) {
                options.problem(
                        place,
                        "is in the wrong order: the key's own certificate must be first, was number " + (own + 1));
            } else if (place.equals("keyStore")) {
                options.problem(place, "holds a key that does not belong to its certificate");
            } else {
                options.problem("key", "does not belong to the certificate");
            }
        }
        Instant end = certificate.getNotAfter().toInstant();
        Instant begin = certificate.getNotBefore().toInstant();
        Instant now = Instant.now();
        if (end.isBefore(now) || begin.isAfter(now)) {
            LOG.warn(
                    "{}: the certificate {} is {}: clients will refuse it",
                    options.place(place),
                    certificate.getSubjectX500Principal(),
                    end.isBefore(now) ? "expired since " + end : "not valid before " + begin);
        }
    }

    private boolean belongs(X509Certificate certificate) {
        try {
            byte[] sample = {1, 2, 3};
            Signature signer = signature();
            signer.initSign(key);
            signer.update(sample);
            byte[] signature = signer.sign();
            Signature verifier = signature();
            verifier.initVerify(certificate.getPublicKey());
            verifier.update(sample);
            return verifier.verify(signature);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private Signature signature() throws GeneralSecurityException {
        Signature signature = Signature.getInstance(SIGNATURES.getOrDefault(key.getAlgorithm(), key.getAlgorithm()));
        if (key.getAlgorithm().equals("RSASSA-PSS")) {
            AlgorithmParameterSpec own = key instanceof RSAKey rsa ? rsa.getParams() : null;
            signature.setParameter(
                    own == null ? new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1) : own);
        }
        return signature;
    }
}
