package dev.vecho.transport.http;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.StreamContract;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Where no fault is set, the echo keeps all of its promises, though each byte of a body goes the way of the faults. */
@ParameterizedClass(name = "HTTP/{0}")
@EnumSource
class FaultlessHttpTest extends StreamContract {

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static Certificates.Issued certificate;

    private final HttpVersion version;

    FaultlessHttpTest(HttpVersion version) {
        super(usualIo());
        this.version = version;
    }

    @BeforeAll
    static void makeCertificates() {
        certificates = new Certificates(directory);
        certificate = certificates.localhost();
    }

    @Override
    protected Transport transport() {
        return new HttpTransport();
    }

    @Override
    protected JsonObject options() {
        return version.listener(certificate)
                .put("requestBufferMaxBytes", 1 << 20)
                .put("idleTimeoutMillis", 300_000)
                .put("faults", new JsonObject());
    }

    /** What is kept of a request in memory comes on top, and the copies of what was read last. */
    @Override
    protected long bytesForAPeerThatDoesNotRead() {
        return super.bytesForAPeerThatDoesNotRead() + 6 * 65_536;
    }

    @Override
    protected boolean isDoneWhenQuiet() {
        return false;
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        return version.connect(certificates, new InetSocketAddress(target.host(), target.port()), receiveBuffer);
    }

    /** The contracts of the transport itself do more. */
    @Override
    protected boolean inFull() {
        return false;
    }

    @Override
    protected int shortConnections() {
        return 300;
    }

    @Override
    protected int connectionsAtOnce() {
        return 1000;
    }
}
