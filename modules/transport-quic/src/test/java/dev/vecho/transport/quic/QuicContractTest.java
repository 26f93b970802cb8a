package dev.vecho.transport.quic;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.StreamContract;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class QuicContractTest extends StreamContract {

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;
    private static QuicSslContext client;

    QuicContractTest(String io) {
        super(io);
    }

    static List<String> ios() {
        return Io.available();
    }

    @BeforeAll
    static void makeCertificates() {
        Certificates certificates = new Certificates(directory);
        certificate = certificates.localhost();
        client = QuicSslContextBuilder.forClient()
                .trustManager(certificates.trustManager())
                .applicationProtocols("echo")
                .build();
    }

    @Override
    protected Transport transport() {
        return new QuicTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject()
                .put("host", "127.0.0.1")
                .put("port", 0)
                // To open thousands of connections may take longer than the default.
                .put("idleTimeoutMillis", 300_000)
                .put("tls", certificate.options());
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        return QuicEchoClient.connect(client, new InetSocketAddress(target.host(), target.port()), receiveBuffer)
                .soleStream();
    }

    /** What QUIC does itself is the same on every io: what the others change shows with less. */
    @Override
    protected boolean inFull() {
        return onUsualIo();
    }

    /** A handshake is the work of milliseconds. */
    @Override
    protected int shortConnections() {
        return inFull() ? 1000 : 300;
    }

    /** None may become idle while the others are opened, however slow the machine. */
    @Override
    protected int connectionsAtOnce() {
        return 1000;
    }
}
