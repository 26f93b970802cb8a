package dev.vecho.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.FailureReason;
import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.ListenerContract;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.TlsEngines;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a listener counts that does not agree upon TLS with a client that is not ours. */
@ParameterizedClass(name = "with {0}")
@MethodSource("engines")
class TlsReasonsTest extends ListenerContract {

    @TempDir
    Path directory;

    private final String engine;
    private Certificates certificates;
    private Certificates others;

    @SuppressWarnings("NullAway.Init") // makeCertificates sets the rest.
    TlsReasonsTest(String engine) {
        super(usualIo());
        this.engine = engine;
    }

    static List<String> engines() {
        return TlsEngines.available();
    }

    @BeforeEach
    void makeCertificates() throws Exception {
        certificates = new Certificates(directory);
        others = new Certificates(Files.createDirectory(directory.resolve("others")));
    }

    @Override
    protected Transport transport() {
        return new TcpTransport();
    }

    @Override
    protected JsonObject options() {
        return options(certificates.localhost());
    }

    private JsonObject options(Certificates.Issued certificate) {
        return new JsonObject()
                .put("host", "127.0.0.1")
                .put("port", 0)
                .put("tls", certificate.options().put("engine", engine));
    }

    private JsonObject with(JsonObject options, String key, Object value) {
        options.getJsonObject("tls").put(key, value);
        return options;
    }

    private void counts(FailureReason reason) throws Exception {
        eventually(
                "the connection is counted as failed",
                () -> traffic().snapshot().failed() > 0);
        assertThat(traffic().failures()).isEqualTo(Map.of(reason.words(), 1L));
    }

    /** Connects with OpenSSL's client. */
    private void connect(JsonObject options, String... arguments) throws Exception {
        ForeignProgram openssl = ForeignProgram.find("openssl", "apt-get install openssl");
        Target target = Target.parse(listen(options));
        List<String> all = new ArrayList<>(List.of("s_client", "-connect", target.host() + ":" + target.port()));
        all.addAll(List.of(arguments));
        openssl.run(new byte[0], all.toArray(String[]::new));
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.3, -tls1_2", "TLSv1.2, -tls1_3"})
    void noVersionInCommon(String protocol, String client) throws Exception {
        connect(with(options(), "protocols", protocol), client);
        counts(FailureReason.TLS_PROTOCOL_VERSION);
    }

    @Test
    void noCipherInCommon() throws Exception {
        JsonObject options = with(options(), "protocols", "TLSv1.2");
        connect(
                with(options, "cipherSuites", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
                "-cipher",
                "ECDHE-ECDSA-AES256-GCM-SHA384");
        counts(FailureReason.TLS_NO_SHARED_CIPHER);
    }

    @ParameterizedTest
    @CsvSource({"-tls1_2", "-tls1_3"})
    void noGroupOrSignatureInCommon(String version) throws Exception {
        connect(options(), version, "-sigalgs", "ed25519");
        counts(FailureReason.TLS_NO_SHARED_CIPHER);
    }

    @ParameterizedTest
    @CsvSource({"-tls1_2", "-tls1_3"})
    void aCertificateWhoseSignerTheClientDoesNotKnow(String version) throws Exception {
        connect(
                options(),
                version,
                "-verify_return_error",
                "-CAfile",
                certificates.selfSigned().certificate().toString());
        counts(FailureReason.TLS_UNKNOWN_CA);
    }

    @ParameterizedTest
    @CsvSource({"-tls1_2", "-tls1_3"})
    void aCertificateThatExpired(String version) throws Exception {
        JsonObject options = options(certificates.expired());
        connect(
                options,
                version,
                "-verify_return_error",
                "-CAfile",
                certificates.authority().toString());
        counts(FailureReason.TLS_BAD_CERTIFICATE);
    }

    @Test
    void aCertificateForAnotherName() throws Exception {
        connect(
                options(),
                "-verify_return_error",
                "-verify_hostname",
                "example.org",
                "-CAfile",
                certificates.authority().toString());
        counts(FailureReason.TLS_BAD_CERTIFICATE);
    }

    private JsonObject askingForACertificate() {
        return with(
                with(options(), "clientAuth", "required"),
                "trust",
                certificates.authority().toString());
    }

    @ParameterizedTest
    @CsvSource({"-tls1_2", "-tls1_3"})
    void noCertificateOfTheClient(String version) throws Exception {
        connect(askingForACertificate(), version);
        counts(FailureReason.TLS_CERTIFICATE_REQUIRED);
    }

    @ParameterizedTest
    @CsvSource({"-tls1_2", "-tls1_3"})
    void aCertificateOfTheClientThatNobodyKnows(String version) throws Exception {
        Certificates.Issued client = others.client("someone");
        connect(
                askingForACertificate(),
                version,
                "-cert",
                client.certificate().toString(),
                "-key",
                client.key().toString());
        counts(FailureReason.TLS_CLIENT_CERTIFICATE);
    }

    @Test
    void plainText() throws Exception {
        Target target = Target.parse(listen());
        try (SocketClient client = SocketClient.tcp(new InetSocketAddress(target.host(), target.port()), 0)) {
            client.out().write("hello, is anybody there?\n".getBytes(StandardCharsets.US_ASCII));
            client.in().readAllBytes();
        }
        counts(FailureReason.TLS_PLAIN_TEXT);
    }

    @Test
    void aHandshakeThatTakesTooLong() throws Exception {
        Target target = Target.parse(listen(with(options(), "handshakeTimeoutMillis", 100)));
        try (SocketClient client = SocketClient.tcp(new InetSocketAddress(target.host(), target.port()), 0)) {
            assertThat(client.in().readAllBytes()).isEmpty();
        }
        counts(FailureReason.TLS_TIMEOUT);
    }
}
