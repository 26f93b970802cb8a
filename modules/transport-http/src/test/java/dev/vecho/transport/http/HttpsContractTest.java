package dev.vecho.transport.http;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.StreamContract;
import dev.vecho.testkit.TlsEngines;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass(name = "on {0} with {1}")
@MethodSource("combinations")
class HttpsContractTest extends StreamContract {

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;
    private static SSLContext client;

    private final String engine;

    HttpsContractTest(String io, String engine) {
        super(io);
        this.engine = engine;
    }

    static List<Arguments> combinations() {
        return TlsEngines.onOneIo();
    }

    @BeforeAll
    static void makeCertificates() {
        Certificates certificates = new Certificates(directory);
        certificate = certificates.localhost();
        client = SocketClient.trusting(certificates.trustManager());
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
                .put("tls", certificate.options().put("engine", engine));
    }

    /** What is kept of a request in memory comes on top. */
    @Override
    protected long bytesForAPeerThatDoesNotRead() {
        return super.bytesForAPeerThatDoesNotRead() + 4 * 65_536;
    }

    @Override
    protected boolean isDoneWhenQuiet() {
        return false;
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        return new Http1Client(SocketClient.tls(
                client, "TLSv1.3", new InetSocketAddress(target.host(), target.port()), receiveBuffer));
    }

    @Override
    protected boolean inFull() {
        return onUsualIo();
    }

    /** A handshake is the work of a millisecond. */
    @Override
    protected int shortConnections() {
        return inFull() ? 2_000 : 500;
    }
}
