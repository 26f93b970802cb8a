package dev.vecho.transport.tcp;

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
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass(name = "on {0} with {1} and {2}")
@MethodSource("combinations")
class TlsContractTest extends StreamContract {

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;
    private static SSLContext client;

    private final String engine;
    private final String protocol;

    TlsContractTest(String io, String engine, String protocol) {
        super(io);
        this.engine = engine;
        this.protocol = protocol;
    }

    static List<Arguments> combinations() {
        List<Arguments> combinations = new ArrayList<>();
        for (Arguments each : TlsEngines.onEveryIo()) {
            combinations.add(Arguments.of(each.get()[0], each.get()[1], "TLSv1.3"));
        }
        // An older protocol is the same on every io: once for each engine.
        for (String engine : TlsEngines.available()) {
            combinations.add(Arguments.of("nio", engine, "TLSv1.2"));
        }
        return combinations;
    }

    @BeforeAll
    static void makeCertificates() throws Exception {
        Certificates certificates = new Certificates(directory);
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
        return SocketClient.tls(client, protocol, new InetSocketAddress(target.host(), target.port()), receiveBuffer);
    }

    /** What is a matter of size shows once for each engine; what an io does to TLS shows with fewer. */
    @Override
    protected boolean inFull() {
        return onUsualIo();
    }

    /** A handshake is the work of a millisecond. */
    @Override
    protected int shortConnections() {
        return inFull() ? 4_000 : 1_000;
    }
}
