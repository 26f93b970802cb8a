package dev.vecho.faults;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.MessageClient;
import dev.vecho.testkit.MessageContract;
import dev.vecho.testkit.torture.QuicClients;
import dev.vecho.transport.quic.QuicTransport;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The same as {@link FaultlessEventBusTest}, with the datagrams of QUIC. */
class FaultlessQuicDatagramTest extends MessageContract {

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;

    FaultlessQuicDatagramTest() {
        super(usualIo());
    }

    @BeforeAll
    static void makeCertificate() {
        certificate = new Certificates(directory).localhost();
    }

    @Override
    protected Transport transport() {
        return new QuicTransport();
    }

    @Override
    protected Transport.Framing framing() {
        return Transport.Framing.STREAM;
    }

    @Override
    protected JsonObject options() {
        return new JsonObject()
                .put("host", "127.0.0.1")
                .put("port", 0)
                .put("tls", certificate.options())
                .put("faults", new JsonObject());
    }

    @Override
    protected MessageClient connect(String address) throws IOException {
        Target target = Target.parse(address);
        return QuicClients.datagrams(vertx(), new InetSocketAddress(target.host(), target.port()));
    }

    /** What fits into the smallest packet that QUIC has, whatever the path. */
    @Override
    protected int largestMessage() {
        return 1100;
    }

    @Override
    protected int tooLargeMessage() {
        return 10_000;
    }

    /** Netty's codec, which the client is, sends none. */
    @Override
    protected boolean hasEmptyMessages() {
        return false;
    }

    @Override
    protected boolean mayLoseMessages() {
        return true;
    }
}
