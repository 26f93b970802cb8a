package dev.vecho.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.StreamContract;
import dev.vecho.testkit.torture.QuicClients;
import dev.vecho.transport.quic.QuicTransport;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The same as {@link ProxiedStreamTest}, for streams of QUIC that are passed on to an echo of TCP. */
class ProxiedQuicTest extends StreamContract {

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;

    ProxiedQuicTest() {
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
    protected JsonObject options() {
        JsonObject any = new JsonObject().put("host", "127.0.0.1").put("port", 0);
        try {
            String echo = await(ProxiedStreamTest.behind(vertx(), any));
            return any.copy()
                    // To open many connections may take longer than the default.
                    .put("idleTimeoutMillis", 300_000)
                    .put("tls", certificate.options())
                    .put("service", new JsonObject().put("proxy", echo));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        return QuicClients.soleStream(vertx(), new InetSocketAddress(target.host(), target.port()), receiveBuffer);
    }

    @Override
    protected boolean inFull() {
        return false;
    }

    @Override
    protected int shortConnections() {
        return 100;
    }

    @Override
    protected int connectionsAtOnce() {
        return 300;
    }

    /** The echo behind is in this process, too, and so is what the proxy keeps for it. */
    @Override
    protected long bytesForAPeerThatDoesNotRead() {
        return 3 * super.bytesForAPeerThatDoesNotRead();
    }

    /** Vert.x's client may forget a stream's end over that of the connection, which follows at once. */
    @Override
    protected void hasEnded(EchoClient client) throws IOException {
        try {
            super.hasEnded(client);
        } catch (SocketException closed) {
            assertThat(closed).hasMessage("the connection was closed");
        }
    }
}
