package dev.vecho.transport.http;

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

/** One request of HTTP/3 is what other transports call a connection. */
@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class Http3ContractTest extends StreamContract {

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;
    private static QuicSslContext client;

    Http3ContractTest(String io) {
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
                .applicationProtocols("h3")
                .build();
    }

    @Override
    protected Transport transport() {
        return new HttpTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject()
                .put("host", "127.0.0.1")
                .put("port", 0)
                // What is kept of a request is another matter: see LateReaderTest.
                .put("requestBufferMaxBytes", 1 << 20)
                // To open thousands of connections may take longer than the default of QUIC.
                .put("idleTimeoutMillis", 300_000)
                .put("tls", certificate.options());
    }

    /** The address is that of TCP; HTTP/3 has the same port. */
    @Override
    protected boolean isDoneWhenQuiet() {
        return false;
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        return new Http3Client(client, new InetSocketAddress(target.host(), target.port()), receiveBuffer);
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
