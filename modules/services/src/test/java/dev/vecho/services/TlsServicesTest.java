package dev.vecho.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.StreamServicesContract;
import dev.vecho.testkit.TlsEngines;
import dev.vecho.transport.tcp.TcpTransport;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass(name = "with {0}")
@MethodSource("engines")
class TlsServicesTest extends StreamServicesContract {

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static Certificates.Issued certificate;
    private static SSLContext client;

    private static final List<String> GROUPS = List.of("X25519", "P-256", "P-384", "X25519MLKEM768");

    private final String engine;

    TlsServicesTest(String engine) {
        super(usualIo());
        this.engine = engine;
    }

    static List<String> engines() {
        List<String> engines = new ArrayList<>(TlsEngines.available());
        engines.add("auto");
        return engines;
    }

    @BeforeAll
    static void makeCertificates() throws Exception {
        certificates = new Certificates(directory);
        certificate = certificates.localhost();
        client = SocketClient.trusting(certificates.trustManager());
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
                .put("tls", certificate.options().put("engine", engine));
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        return SocketClient.tls(client, "TLSv1.3", new InetSocketAddress(target.host(), target.port()), receiveBuffer);
    }

    @Override
    protected boolean writesAfterTheEndOfTheInput() {
        return !engine.equals("openssl");
    }

    @Override
    protected void verify(JsonObject told) {
        assertThat(told.getString("transport")).isEqualTo("tls");
        assertThat(told.getJsonObject("tls").getString("version")).isEqualTo("TLSv1.3");
        assertThat(told.getJsonObject("tls").getString("cipherSuite")).startsWith("TLS_");
        if (engine.equals("openssl")) {
            assertThat(told.getJsonObject("tls").getString("group")).isIn(GROUPS);
        } else {
            assertThat(told.getJsonObject("tls").containsKey("group")).isFalse();
        }
    }

    @Test
    void tellsOpensslWhatItHasShownAndAskedFor() throws Exception {
        ForeignProgram openssl = ForeignProgram.find("openssl", "apt-get install openssl");
        Certificates.Issued mine = certificates.client("somebody");
        JsonObject tls = certificate
                .options()
                .put("engine", engine)
                .put("alpn", "mine")
                .put("clientAuth", "required")
                .put("trust", certificates.authority().toString());
        Target target = Target.parse(listen(options().put("tls", tls).put("service", "whoami")));
        String told = openssl.run(
                        new byte[0],
                        "s_client",
                        "-quiet",
                        "-connect",
                        "127.0.0.1:" + target.port(),
                        "-servername",
                        "who.example",
                        "-alpn",
                        "mine",
                        "-cert",
                        mine.certificate().toString(),
                        "-key",
                        mine.key().toString())
                .text();
        JsonObject facts = new JsonObject(told).getJsonObject("tls");
        assertThat(facts.getString("serverName")).isEqualTo("who.example");
        assertThat(facts.getString("alpn")).isEqualTo("mine");
        JsonObject shown = facts.getJsonObject("clientCertificate");
        assertThat(shown.getString("subject")).contains("CN=somebody");
        String fingerprint = openssl.run(
                        new byte[0],
                        "x509",
                        "-noout",
                        "-fingerprint",
                        "-sha256",
                        "-serial",
                        "-in",
                        mine.certificate().toString())
                .text();
        assertThat(fingerprint).contains(shown.getString("sha256"));
        assertThat(fingerprint.toLowerCase(java.util.Locale.ROOT)).contains(shown.getString("serial"));
    }
}
