package dev.vecho.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.StreamContract;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class TcpContractTest extends StreamContract {

    TcpContractTest(String io) {
        super(io);
    }

    static List<String> ios() {
        return Io.available();
    }

    @Override
    protected Transport transport() {
        return new TcpTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("host", "127.0.0.1").put("port", 0);
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        return SocketClient.tcp(new InetSocketAddress(target.host(), target.port()), receiveBuffer);
    }

    /** A read ends where urgent data are, and what follows them must not be forgotten. */
    @Test
    void goesOnAfterUrgentData() throws Exception {
        Target target = Target.parse(listen());
        try (Socket client = new Socket(target.host(), target.port())) {
            client.setTcpNoDelay(true);
            client.setSoTimeout(30_000);
            for (int value = 0; value < 100; value++) {
                client.getOutputStream().write(value);
                assertThat(client.getInputStream().read()).isEqualTo(value);
            }
            CountDownLatch sent = new CountDownLatch(1);
            // All has come before an event loop looks.
            ((VertxInternal) vertx())
                    .eventLoopGroup()
                    .forEach(loop -> loop.execute(() -> {
                        try {
                            sent.await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    }));
            try {
                client.getOutputStream().write(new byte[] {1, 2});
                client.sendUrgentData(99);
                client.getOutputStream().write(new byte[] {3, 4});
            } finally {
                sent.countDown();
            }
            assertThat(client.getInputStream().readNBytes(4)).containsExactly(1, 2, 3, 4);
        }
    }
}
