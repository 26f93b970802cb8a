package dev.vecho.testkit.quic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Target;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.StreamContract;
import dev.vecho.testkit.torture.QuicClients;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** What a listener of streams promises, on those of QUIC, where something stands between transport and echo. */
public abstract class QuicStreamContract extends StreamContract {

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;

    /** @param io that the listener runs on */
    protected QuicStreamContract(String io) {
        super(io);
    }

    @BeforeAll
    static void makeCertificate() {
        certificate = new Certificates(directory).localhost();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject()
                .put("host", "127.0.0.1")
                .put("port", 0)
                // To open many connections may take longer than the default.
                .put("idleTimeoutMillis", 300_000)
                .put("tls", certificate.options());
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        return QuicClients.soleStream(vertx(), new InetSocketAddress(target.host(), target.port()), receiveBuffer);
    }

    /** What QUIC does itself is seen with the plain echo. */
    @Override
    protected boolean inFull() {
        return false;
    }

    @Override
    protected int shortConnections() {
        return 100;
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
