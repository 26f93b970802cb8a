package dev.vecho.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.ListenerContract;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.TlsEngines;
import dev.vecho.transport.tcp.TcpTransport;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever trusts the certificate of a listener finds nothing wrong with the others but what is. */
@ParameterizedClass(name = "with {0}")
@MethodSource("engines")
class WrongCertificatesTest extends ListenerContract {

    private static final String NAMES =
            "{'expired.example': 'expired', '*.wrong.example': 'wrong-name'," + " 'self.example': 'self-signed'}";

    @TempDir
    Path directory;

    private final String engine;
    private X509Certificate own;
    private Target target;

    @SuppressWarnings("NullAway.Init") // listen sets the rest.
    WrongCertificatesTest(String engine) {
        super(usualIo());
        this.engine = engine;
    }

    static List<String> engines() {
        return TlsEngines.available();
    }

    @Override
    protected Transport transport() {
        return new TcpTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject()
                .put("host", "127.0.0.1")
                .put("port", 0)
                .put("tls", new JsonObject().put("selfSigned", true).put("engine", engine));
    }

    private JsonObject with(String names) {
        return options().put("faults", new JsonObject().put("certificates", new JsonObject(names.replace('\'', '"'))));
    }

    @BeforeEach
    void open() throws Exception {
        target = Target.parse(listen(with(NAMES)));
        own = certificate("other.example");
    }

    private X509Certificate certificate(String name) throws Exception {
        X509TrustManager all = new Anybody();
        try (SSLSocket socket = connect(SocketClient.trusting(all), name, false)) {
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    /** A client that trusts the listener's own certificate. */
    private SSLSocket trusting(String name) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setCertificateEntry("own", own);
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(store);
        return connect(SocketClient.trusting((X509TrustManager) trust.getTrustManagers()[0]), name, true);
    }

    private SSLSocket connect(SSLContext context, String name, boolean verify) throws IOException {
        Socket plain = new Socket(target.host(), target.port());
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, name, target.port(), true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName(name)));
        if (verify) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    @ParameterizedTest
    @CsvSource({
        "expired.example, CertificateExpiredException",
        "a.wrong.example, No subject alternative DNS name",
        "self.example, unable to find valid certification path"
    })
    void areFoundForWhatTheyAre(String name, String fault) {
        assertThatThrownBy(() -> trusting(name))
                .isInstanceOf(SSLHandshakeException.class)
                .satisfies(failure -> {
                    Throwable root = failure;
                    while (root.getCause() != null) {
                        root = root.getCause();
                    }
                    assertThat(root.toString()).contains(fault);
                });
        assertThat(traffic().faults()).isEqualTo(Map.of("certificates", 1L));
    }

    @Test
    void areThoseOfNobodyElse() throws Exception {
        try (SSLSocket socket = trusting("localhost")) {
            socket.getOutputStream().write(bytes(100, 1));
            assertThat(socket.getInputStream().readNBytes(100)).isEqualTo(bytes(100, 1));
        }
        assertThat(traffic().faults()).isEmpty();
    }

    @Test
    void changeWhileTheListenersOwnStays() throws Exception {
        change(with("{'*': 'expired'}"));
        assertThatThrownBy(() -> trusting("localhost")).hasStackTraceContaining("CertificateExpiredException");
        change(with("{}"));
        assertThat(certificate("expired.example")).isEqualTo(own);
    }

    @ParameterizedTest
    @CsvSource({
        "expired.example, certificate has expired",
        "a.wrong.example, hostname mismatch",
        "self.example, self-signed certificate"
    })
    void areFoundByOpensslToo(String name, String fault) throws Exception {
        ForeignProgram openssl = ForeignProgram.find("openssl", "apt-get install openssl");
        Path trusted = directory.resolve("own.pem");
        Files.writeString(
                trusted,
                "-----BEGIN CERTIFICATE-----\n"
                        + Base64.getMimeEncoder().encodeToString(own.getEncoded())
                        + "\n-----END CERTIFICATE-----\n");
        String said = openssl.run(
                        new byte[0],
                        "s_client",
                        "-connect",
                        target.host() + ":" + target.port(),
                        "-servername",
                        name,
                        "-verify_hostname",
                        name,
                        "-CAfile",
                        trusted.toString())
                .text();
        assertThat(said).contains("Verification error: " + fault);
    }

    /** Trusts anybody. */
    private static final class Anybody implements X509TrustManager {

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind) {
            // Whoever it is.
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind) {
            // Whoever it is.
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
