package dev.vecho.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Connection;
import dev.vecho.core.Listener;
import dev.vecho.core.Receiver;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.net.tls.Identity;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import io.netty.handler.ssl.OpenSsl;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS between our listener and our client: whom they trust and what they say when they do not. */
@ExtendWith(VertxExtension.class)
class TlsTest {

    private static final Set<String> OF_A_CERTIFICATE =
            Set.of("expired", "not-yet-valid", "wrong-name", "unknown-authority", "self-signed");

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static Issued localhost;

    @BeforeAll
    static void makeCertificates() {
        certificates = new Certificates(directory);
        localhost = certificates.localhost();
    }

    @Test
    void acceptsTheRightCertificate(Vertx vertx, VertxTestContext test) {
        echo(vertx, server(localhost), client()).onComplete(test.succeedingThenComplete());
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void tellsAnExpiredCertificate(String engine, Vertx vertx, VertxTestContext test) {
        Issued issued = certificates.expired();
        refused(vertx, test, server(issued), client().put("engine", engine), "expired", told(issued));
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void tellsACertificateWhoseTimeHasNotCome(String engine, Vertx vertx, VertxTestContext test) {
        Issued issued = certificates.notYetValid();
        refused(vertx, test, server(issued), client().put("engine", engine), "not-yet-valid", told(issued));
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void tellsAWrongName(String engine, Vertx vertx, VertxTestContext test) {
        JsonObject server = server(certificates.forName("example.org"));
        String told = "not for localhost: CN=example.org, for example.org, valid from ";
        refused(vertx, test, server, client().put("engine", engine), "wrong-name", told);
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void tellsAnUnknownAuthority(String engine, Vertx vertx, VertxTestContext test) {
        JsonObject client = new JsonObject().put("engine", engine);
        refused(vertx, test, server(localhost), client, "unknown-authority", "signed by CN=Vecho test authority");
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void tellsTheFingerprintOfASelfSignedCertificate(String engine, Vertx vertx, VertxTestContext test) {
        Issued issued = certificates.selfSigned();
        String fingerprint = Identity.fingerprint(issued.bundle().getCertificate());
        refused(vertx, test, server(issued), client().put("engine", engine), "self-signed", fingerprint);
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void tellsACertificateForSomethingElse(String engine, Vertx vertx, VertxTestContext test) {
        Issued issued = certificates.wrongPurpose();
        refused(vertx, test, server(issued), client().put("engine", engine), "wrong-purpose", "CN=wrong purpose");
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void tellsThatThereIsNoCipherSuiteInCommon(String engine, Vertx vertx, VertxTestContext test) {
        JsonObject server = server(localhost)
                .put("protocols", "TLSv1.2")
                .put("cipherSuites", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
        JsonObject client = client().put("protocols", "TLSv1.2")
                .put("cipherSuites", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")
                .put("engine", engine);
        refused(vertx, test, server, client, "cipher", "no cipher suite");
    }

    @Test
    void cleansWhatACertificateSays(Vertx vertx, VertxTestContext test) throws Exception {
        X509Bundle bundle = new CertificateBuilder()
                .ecp256()
                .subject("CN=\u001b[2Jcleared" + "x".repeat(1000))
                .setIsCertificateAuthority(true)
                .addSanDnsName("localhost")
                .buildSelfSigned();
        Path certificate = Files.writeString(directory.resolve("tricky.pem"), bundle.getCertificatePEM());
        Path key = Files.writeString(directory.resolve("tricky.key"), bundle.getPrivateKeyPEM());
        refused(
                vertx,
                test,
                server(new Issued(certificate, key, bundle)),
                client(),
                "self-signed",
                "\\u001b[2Jclearedxxxx");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void tellsAMissingClientCertificate(String protocol, Vertx vertx, VertxTestContext test) {
        refused(
                vertx,
                test,
                clientAuth(),
                client().put("protocols", protocol),
                "client-certificate-required",
                "wants a certificate of ours");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void tellsAMissingClientCertificateToTheJdk(String protocol, Vertx vertx, VertxTestContext test) {
        refused(
                vertx,
                test,
                clientAuth().put("engine", "jdk"),
                client().put("protocols", protocol).put("engine", "jdk"),
                "client-certificate-required",
                "wants a certificate of ours");
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void tellsThatTheClientsCertificateIsRefused(String engine, Vertx vertx, VertxTestContext test) {
        Issued stranger = certificates.selfSigned();
        JsonObject client = client().put("certificate", stranger.certificate().toString())
                .put("key", stranger.key().toString())
                .put("engine", engine);
        refused(vertx, test, clientAuth(), client, "client-certificate-refused", "CN=self-signed");
    }

    private static JsonObject clientAuth() {
        return server(localhost)
                .put("clientAuth", "required")
                .put("trust", certificates.authority().toString());
    }

    /** What a sentence tells of a certificate. */
    private static String told(Issued issued) {
        X509Certificate certificate = issued.bundle().getCertificate();
        return certificate.getSubjectX500Principal().getName()
                + ", for localhost, 127.0.0.1, 0:0:0:0:0:0:0:1, valid from "
                + certificate.getNotBefore().toInstant() + " to "
                + certificate.getNotAfter().toInstant();
    }

    @Test
    void acceptsAClientCertificate(Vertx vertx, VertxTestContext test) {
        Issued someone = certificates.client("someone");
        JsonObject server = server(localhost)
                .put("clientAuth", "required")
                .put("trust", certificates.authority().toString());
        JsonObject client = client().put("certificate", someone.certificate().toString())
                .put("key", someone.key().toString());
        echo(vertx, server, client).onComplete(test.succeedingThenComplete());
    }

    @Test
    void tellsThatThereIsNoProtocolInCommon(Vertx vertx, VertxTestContext test) {
        JsonObject server =
                server(certificates.localhostRsa()).put("protocols", "TLSv1").put("engine", "openssl");
        refused(vertx, test, server, client(), "protocol", "no version of TLS in common");
    }

    @Test
    void acceptsAnyCertificateWhenToldTo(Vertx vertx, VertxTestContext test) {
        echo(vertx, server(certificates.expired()), new JsonObject().put("insecure", true))
                .onComplete(test.succeedingThenComplete());
    }

    @Test
    void makesASelfSignedCertificateAndTellsItsFingerprint(Vertx vertx, VertxTestContext test) {
        listen(vertx, new JsonObject().put("selfSigned", true))
                .compose(listener -> {
                    String note = listener.notes().get(0);
                    String fingerprint = note.substring(note.lastIndexOf(' ') + 1);
                    return connect(vertx, listener, new JsonObject().put("fingerprint", fingerprint))
                            .map(details -> {
                                assertThat(details).contains("peerFingerprint=" + fingerprint);
                                return listener;
                            });
                })
                .compose(listener -> connect(vertx, listener, new JsonObject().put("fingerprint", "00".repeat(32))))
                .onComplete(test.failing(failure -> test.verify(() -> {
                    assertThat(((TransportException) failure).fault()).isEqualTo(Fault.TLS);
                    test.completeNow();
                })));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PKCS12", "JKS"})
    void readsKeyStores(String type, Vertx vertx, VertxTestContext test) throws Exception {
        Path file = directory.resolve("store." + type);
        KeyStore store = KeyStore.getInstance(type);
        store.load(null, null);
        store.setKeyEntry(
                "server",
                localhost.bundle().getKeyPair().getPrivate(),
                "secret".toCharArray(),
                localhost.bundle().getCertificatePath());
        try (OutputStream out = new FileOutputStream(file.toFile())) {
            store.store(out, "secret".toCharArray());
        }
        JsonObject server = new JsonObject().put("keyStore", file.toString());
        assertThat(problems(vertx, server.copy().put("keyStorePassword", "wrong")))
                .containsExactly("test: tls.keyStorePassword: is not the password of " + file);
        echo(vertx, server.put("keyStorePassword", "secret"), client()).onComplete(test.succeedingThenComplete());
    }

    /** Certificates and SNI have A-labels, and no dot at the end. */
    @Test
    void verifiesANameBeyondAscii(Vertx vertx, VertxTestContext test) {
        JsonObject server = server(localhost)
                .put("certificates", new JsonArray().add(server(certificates.forName("xn--bcher-kva.example"))));
        listen(vertx, server)
                .compose(listener -> connect(vertx, listener, client().put("serverName", "B\u00dccher.example."))
                        .compose(details -> {
                            assertThat(details).contains("peer=CN=xn--bcher-kva.example");
                            return connect(vertx, listener, client().put("serverName", "localhost."));
                        }))
                .onComplete(test.succeeding(details -> test.verify(() -> {
                    assertThat(details).contains("peer=CN=localhost");
                    test.completeNow();
                })));
    }

    @Test
    void choosesTheCertificateByName(Vertx vertx, VertxTestContext test) {
        JsonObject server = server(localhost)
                .put(
                        "certificates",
                        new JsonArray()
                                .add(server(certificates.forName("one.example.org")))
                                .add(server(certificates.forName("any.example.com"))));
        listen(vertx, server)
                .compose(listener -> connect(vertx, listener, client().put("serverName", "one.example.org"))
                        .compose(details -> {
                            assertThat(details).contains("peer=CN=one.example.org");
                            return connect(vertx, listener, client().put("serverName", "any.example.com"));
                        })
                        .compose(details -> {
                            assertThat(details).contains("peer=CN=any.example.com");
                            return connect(vertx, listener, client());
                        }))
                .onComplete(test.succeeding(details -> test.verify(() -> {
                    assertThat(details).contains("peer=CN=localhost");
                    test.completeNow();
                })));
    }

    @Test
    void agreesOnAnApplicationProtocolAndAGroup(Vertx vertx, VertxTestContext test) {
        assertThat(OpenSsl.isAvailable()).as("BoringSSL").isTrue();
        JsonObject server = server(localhost)
                .put("alpn", new JsonArray().add("echo"))
                .put("engine", "openssl")
                .put("keyExchangeGroups", new JsonArray().add("P-256"));
        JsonObject client = client().put("alpn", new JsonArray().add("other").add("echo"));
        echo(vertx, server, client)
                .onComplete(test.succeeding(details -> test.verify(() -> {
                    assertThat(details).contains("alpn=echo");
                    test.completeNow();
                })));
    }

    @Test
    void namesWhatIsWrongWithCertificates(Vertx vertx) throws Exception {
        Path garbage = Files.writeString(directory.resolve("garbage.pem"), "no certificate");
        assertThat(problems(vertx, new JsonObject()))
                .containsExactly("test: tls.certificate: is missing: a file in PEM, with key; or a keyStore; or"
                        + " \"selfSigned\": true");
        assertThat(problems(vertx, server(localhost).putNull("key")))
                .containsExactly(
                        "test: tls.key: is missing, certificate needs it: the file of the private key, in PEM");
        assertThat(problems(
                        vertx,
                        server(localhost)
                                .put(
                                        "certificate",
                                        directory.resolve("none.pem").toString())))
                .containsExactly("test: tls.certificate: no such file: " + directory.resolve("none.pem"));
        assertThat(problems(vertx, server(localhost).put("certificate", garbage.toString())))
                .singleElement()
                .asString()
                .startsWith("test: tls.certificate: ");
        assertThat(problems(vertx, server(localhost).put("key", garbage.toString())))
                .singleElement()
                .asString()
                .isEqualTo("test: tls.key: holds no private key in PEM: " + garbage);
        assertThat(problems(
                        vertx,
                        server(localhost)
                                .put("key", certificates.expired().key().toString())))
                .containsExactly("test: tls.key: does not belong to the certificate");
        assertThat(problems(
                        vertx,
                        server(localhost)
                                .put("key", certificates.localhostRsa().key().toString())))
                .singleElement()
                .asString()
                .startsWith("test: tls.key: does not belong to the certificate");
        Path none = directory.resolve("none.p12");
        assertThat(problems(vertx, new JsonObject().put("keyStore", none.toString())))
                .containsExactly("test: tls.keyStore: no such file: " + none);
        assertThat(problems(vertx, new JsonObject().put("keyStore", directory.toString())))
                .containsExactly("test: tls.keyStore: cannot read " + directory + ": it is not a regular file");
        assertThat(problems(
                        vertx, server(localhost).put("trust", none.toString()).put("trustPassword", "x")))
                .containsExactly("test: tls.trust: no such file: " + none);
        assertThat(problems(
                        vertx,
                        server(localhost)
                                .put("protocols", "SSLv3")
                                .put("clientAuth", "maybe")
                                .put("cypherSuites", "x")))
                .containsExactly(
                        "test: tls.protocols: must be of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3, was \"SSLv3\"",
                        "test: tls.clientAuth: must be one of none, request, required, was \"maybe\"",
                        "test: tls.cypherSuites: is not a known key, did you mean \"cipherSuites\"?");
    }

    private static JsonObject server(Issued issued) {
        return new JsonObject()
                .put("certificate", issued.certificate().toString())
                .put("key", issued.key().toString());
    }

    private static JsonObject client() {
        return new JsonObject().put("trust", certificates.authority().toString());
    }

    private static List<String> problems(Vertx vertx, JsonObject tls) {
        try {
            open(vertx, tls);
            return List.of();
        } catch (InvalidInputException e) {
            return e.problems();
        }
    }

    private static ServerTransport open(Vertx vertx, JsonObject tls) {
        Problems problems = new Problems();
        JsonObject options =
                new JsonObject().put("host", "127.0.0.1").put("port", 0).put("tls", tls);
        ServerTransport server = new TcpTransport().server(vertx, Options.of(options, Source.named("test"), problems));
        problems.throwIfAny();
        return server;
    }

    private static Future<Listener> listen(Vertx vertx, JsonObject tls) {
        return open(vertx, tls).listen(new Traffic());
    }

    /** Connects, has a byte echoed, and returns the details. */
    private static Future<List<String>> echo(Vertx vertx, JsonObject serverTls, JsonObject clientTls) {
        return listen(vertx, serverTls).compose(listener -> connect(vertx, listener, clientTls));
    }

    private static Future<List<String>> connect(Vertx vertx, Listener listener, JsonObject tls) {
        Target target = Target.parse(listener.addresses().get(0).replace("127.0.0.1", "localhost"));
        Problems problems = new Problems();
        var transport = new TcpTransport()
                .client(vertx, target, Options.of(new JsonObject().put("tls", tls), Source.named("test"), problems));
        problems.throwIfAny();
        Promise<Void> echoed = Promise.promise();
        return transport
                .connect(new Receiver() {
                    @Override
                    public void received(Buffer bytes) {
                        echoed.tryComplete();
                    }

                    @Override
                    public void ended() {
                        echoed.tryFail("ended");
                    }

                    @Override
                    public void failed(TransportException cause) {
                        echoed.tryFail(cause);
                    }
                })
                .compose(connection -> connection
                        .send(Buffer.buffer("x"))
                        .transform(sent -> echoed.future())
                        .map(done -> details(connection)))
                .eventually(transport::close);
    }

    private static List<String> details(Connection connection) {
        return connection.details().entrySet().stream()
                .map(detail -> detail.getKey() + "=" + detail.getValue())
                .toList();
    }

    private static void refused(
            Vertx vertx,
            VertxTestContext test,
            JsonObject serverTls,
            JsonObject clientTls,
            String reason,
            String told) {
        echo(vertx, serverTls, clientTls)
                .onComplete(test.failing(failure -> test.verify(() -> {
                    assertThat(((TransportException) failure).fault())
                            .as(failure.getMessage())
                            .isEqualTo(Fault.TLS);
                    assertThat(((TransportException) failure).reason())
                            .as(failure.getMessage())
                            .isEqualTo(reason);
                    assertThat(failure).hasMessageContaining(told);
                    if (OF_A_CERTIFICATE.contains(reason)) {
                        assertThat(((TransportException) failure).details())
                                .containsKeys("peer", "peerIssuer", "peerExpires", "peerFingerprint");
                    }
                    assertThat(failure.getMessage())
                            .doesNotMatch("(?s).*\\p{Cntrl}.*")
                            .hasSizeLessThan(1000);
                    test.completeNow();
                })));
    }
}
