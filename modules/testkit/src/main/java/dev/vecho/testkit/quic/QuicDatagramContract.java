package dev.vecho.testkit.quic;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.MessageClient;
import dev.vecho.testkit.MessageContract;
import dev.vecho.testkit.torture.QuicClients;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** What a listener for messages promises, with the datagrams of QUIC (RFC 9221), which may get lost. */
public abstract class QuicDatagramContract extends MessageContract {

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;

    /** On the usual io. */
    protected QuicDatagramContract() {
        super(usualIo());
    }

    @BeforeAll
    static void makeCertificate() {
        certificate = new Certificates(directory).localhost();
    }

    @Override
    protected Transport.Framing framing() {
        return Transport.Framing.STREAM;
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("host", "127.0.0.1").put("port", 0).put("tls", certificate.options());
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
