package dev.vecho.testkit;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** Certificates made for one run, as files in a directory: an authority, and what it signs. */
public final class Certificates {

    /**
     * A certificate and its key.
     *
     * @param certificate a PEM file
     * @param key a PEM file, PKCS#8
     * @param bundle the same in memory
     */
    public record Issued(Path certificate, Path key, X509Bundle bundle) {

        /** The options of TLS for a listener that has this certificate. */
        public JsonObject options() {
            return new JsonObject().put("certificate", certificate.toString()).put("key", key.toString());
        }
    }

    private final Path directory;
    private final X509Bundle authority;

    /**
     * Makes an authority.
     *
     * @param directory exists; the caller removes it
     */
    public Certificates(Path directory) {
        this.directory = directory;
        this.authority = make(builder("Vecho test authority").setIsCertificateAuthority(true), null);
    }

    /** The authority's certificate, a PEM file. */
    public Path authority() {
        return write("authority.pem", authority.getCertificatePEM());
    }

    /** Trusts what the authority signs. */
    public TrustManager trustManager() {
        return authority.toTrustManager();
    }

    /** A certificate for localhost, 127.0.0.1 and ::1. */
    public Issued localhost() {
        return issue("localhost", localhost("localhost"));
    }

    /** The same with an RSA key. */
    public Issued localhostRsa() {
        return issue("localhost-rsa", localhost("localhost").rsa2048());
    }

    /** The same, but its time is over. */
    public Issued expired() {
        return issue(
                "expired",
                localhost("expired")
                        .notBefore(Instant.now().minus(Duration.ofDays(20)))
                        .notAfter(Instant.now().minus(Duration.ofDays(10))));
    }

    /** The same, but its time has not come. */
    public Issued notYetValid() {
        return issue(
                "not-yet-valid",
                localhost("not yet valid")
                        .notBefore(Instant.now().plus(Duration.ofDays(10)))
                        .notAfter(Instant.now().plus(Duration.ofDays(20))));
    }

    /** A certificate for localhost, meant for clients of TLS only. */
    public Issued wrongPurpose() {
        return issue(
                "wrong-purpose",
                builder("wrong purpose").addSanDnsName("localhost").addExtendedKeyUsageClientAuth());
    }

    /** A certificate for localhost that no authority has signed. */
    public Issued selfSigned() {
        return write("self-signed", make(localhost("self-signed").setIsCertificateAuthority(true), null));
    }

    /** TLS for a server of the JDK's that has one of these certificates, and trusts clients' that the authority signs. */
    public SSLContext serverContext(Issued issued) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    issued.bundle().toKeyManagerFactory().getKeyManagers(), new TrustManager[] {trustManager()}, null);
            return context;
        } catch (Exception e) {
            throw new IllegalStateException("every JDK has TLS", e);
        }
    }

    /** A certificate for one DNS name. */
    public Issued forName(String name) {
        return issue(name.replace('*', '_'), builder(name).addSanDnsName(name).addExtendedKeyUsageServerAuth());
    }

    /** A client's certificate. */
    public Issued client(String name) {
        return issue("client-" + name, builder(name).addExtendedKeyUsageClientAuth());
    }

    private static CertificateBuilder localhost(String commonName) {
        return builder(commonName)
                .addSanDnsName("localhost")
                .addSanIpAddress("127.0.0.1")
                .addSanIpAddress("::1")
                .addExtendedKeyUsageServerAuth();
    }

    private static CertificateBuilder builder(String commonName) {
        return new CertificateBuilder()
                .ecp256()
                .subject("CN=" + commonName)
                .notBefore(Instant.now().minus(Duration.ofDays(1)))
                .notAfter(Instant.now().plus(Duration.ofDays(1)));
    }

    private Issued issue(String file, CertificateBuilder builder) {
        return write(file, make(builder, authority));
    }

    private Issued write(String file, X509Bundle bundle) {
        return new Issued(
                write(file + ".pem", bundle.getCertificatePathPEM()),
                write(file + ".key", bundle.getPrivateKeyPEM()),
                bundle);
    }

    private static X509Bundle make(CertificateBuilder builder, @org.jspecify.annotations.Nullable X509Bundle issuer) {
        try {
            return issuer == null ? builder.buildSelfSigned() : builder.buildIssuedBy(issuer);
        } catch (Exception e) {
            throw new IllegalStateException("cannot make a certificate", e);
        }
    }

    private Path write(String name, String content) {
        try {
            return Files.writeString(directory.resolve(name), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
