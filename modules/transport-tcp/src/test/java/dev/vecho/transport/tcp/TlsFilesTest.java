package dev.vecho.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.Keys;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Files of keys and certificates are read as OpenSSL reads them, and a problem names the file that has it. */
@ExtendWith(VertxExtension.class)
class TlsFilesTest {

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static Issued localhost;
    private static Keys.Made rsa;
    private static Keys.Made curve;

    @BeforeAll
    static void make() throws Exception {
        certificates = new Certificates(directory);
        localhost = certificates.localhost();
        rsa = Keys.make(directory, "RSA");
        curve = Keys.make(directory, "P-256");
    }

    @Test
    void readsTheFormatsOfKeys(Vertx vertx) throws Exception {
        Path pkcs1 = directory.resolve("pkcs1.key");
        Keys.openssl("rsa", "-traditional", "-in", rsa.key().toString(), "-out", pkcs1.toString());
        assertThat(Files.readString(pkcs1)).startsWith("-----BEGIN RSA PRIVATE KEY-----");
        assertThat(problems(vertx, rsa.certificate(), pkcs1)).isEmpty();

        Path sec1 = directory.resolve("sec1.key");
        Keys.openssl("ec", "-in", curve.key().toString(), "-out", sec1.toString());
        assertThat(Files.readString(sec1)).startsWith("-----BEGIN EC PRIVATE KEY-----");
        assertThat(problems(vertx, curve.certificate(), sec1)).isEmpty();
        String parameters = Keys.openssl("ecparam", "-name", "prime256v1");
        assertThat(parameters).startsWith("-----BEGIN EC PARAMETERS-----");
        assertThat(problems(vertx, curve.certificate(), write("parameters.key", parameters + Files.readString(sec1))))
                .isEmpty();
    }

    @Test
    void readsOneFileWithAllInIt(Vertx vertx) throws Exception {
        Path store = directory.resolve("all.p12");
        Keys.openssl(
                "pkcs12",
                "-export",
                "-name",
                "a name",
                "-inkey",
                localhost.key().toString(),
                "-in",
                localhost.certificate().toString(),
                "-out",
                store.toString(),
                "-passout",
                "pass:x");
        String all = Keys.openssl("pkcs12", "-in", store.toString(), "-nodes", "-passin", "pass:x");
        assertThat(all).contains("Bag Attributes", "-----BEGIN PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----");
        Path file = write("all.pem", all);
        assertThat(problems(vertx, file, file)).isEmpty();

        String key = Files.readString(localhost.key());
        String chain = Files.readString(localhost.certificate());
        for (String text : List.of(
                key + chain,
                chain + key,
                "\ufeff" + chain + key,
                (chain + key).replace("\n", "\r\n"),
                "ENCRYPTED it is not\n\n" + chain + "\n\nKey: \n" + key + "-- \n",
                chain.stripTrailing() + "\n" + key.stripTrailing())) {
            Path edited = write("edited.pem", text);
            assertThat(problems(vertx, edited, edited)).as(text).isEmpty();
        }
    }

    @Test
    void readsCertificatesInTheFormsOfOpenSsl(Vertx vertx) throws Exception {
        for (String form : List.of("-trustout", "-text")) {
            Path file = directory.resolve("form.pem");
            Keys.openssl(
                    "x509",
                    form,
                    "-addtrust",
                    "serverAuth",
                    "-in",
                    rsa.certificate().toString(),
                    "-out",
                    file.toString());
            assertThat(problems(vertx, file, rsa.key())).as(form).isEmpty();
        }
        Path der = directory.resolve("certificate.der");
        Keys.openssl("x509", "-outform", "DER", "-in", rsa.certificate().toString(), "-out", der.toString());
        assertThat(problems(vertx, der, rsa.key())).isEmpty();
    }

    @Test
    void namesTheRightFile(Vertx vertx) throws Exception {
        String own = localhost.bundle().getCertificatePEM();
        Path turned = write("turned.pem", Files.readString(certificates.authority()) + own);
        assertThat(problems(vertx, turned, localhost.key()))
                .containsExactly(
                        "test: tls.certificate: is in the wrong order: the key's own certificate must be first,"
                                + " was number 2");
        assertThat(problems(vertx, rsa.certificate(), localhost.key()))
                .containsExactly("test: tls.key: does not belong to the certificate");

        Path cut = write("cut.pem", "\n" + own.substring(0, own.length() - 60));
        assertThat(problems(vertx, cut, localhost.key()))
                .containsExactly("test: tls.certificate: cannot read " + cut
                        + ": the certificate in line 2 is damaged: not base64, or without an end");
        Path cutKey = write("cut.key", Files.readString(rsa.key()).substring(0, 500));
        assertThat(problems(vertx, rsa.certificate(), cutKey))
                .containsExactly("test: tls.key: the key in line 1 is not base64, or has no end: " + cutKey);
        assertThat(problems(vertx, rsa.key(), rsa.key()))
                .containsExactly("test: tls.certificate: holds no certificate in PEM: " + rsa.key());
        assertThat(problems(vertx, rsa.certificate(), rsa.certificate()))
                .containsExactly("test: tls.key: holds no private key in PEM: " + rsa.certificate());
    }

    @Test
    void saysThatAKeyIsEncrypted(Vertx vertx) throws Exception {
        for (String format : List.of("-traditional", "-aes256")) {
            Path encrypted = directory.resolve("encrypted.key");
            Keys.openssl(
                    "rsa",
                    format,
                    "-aes256",
                    "-passout",
                    "pass:x",
                    "-in",
                    rsa.key().toString(),
                    "-out",
                    encrypted.toString());
            assertThat(Files.readString(encrypted, StandardCharsets.US_ASCII)).contains("ENCRYPTED");
            assertThat(problems(vertx, rsa.certificate(), encrypted))
                    .containsExactly(
                            "test: tls.key: is encrypted, which is not supported: give a key without a password,"
                                    + " or a keyStore: " + encrypted);
        }
    }

    private static Path write(String name, String text) throws Exception {
        return Files.writeString(directory.resolve(name), text);
    }

    private static List<String> problems(Vertx vertx, Path certificate, Path key) {
        JsonObject tls =
                new JsonObject().put("certificate", certificate.toString()).put("key", key.toString());
        JsonObject options =
                new JsonObject().put("host", "127.0.0.1").put("port", 0).put("tls", tls);
        try {
            Problems problems = new Problems();
            new TcpTransport().server(vertx, Options.of(options, Source.named("test"), problems));
            problems.throwIfAny();
            return List.of();
        } catch (InvalidInputException e) {
            return e.problems();
        }
    }
}
