package dev.vecho.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.StreamContract;
import dev.vecho.testkit.UnixClient;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class UnixContractTest extends StreamContract {

    @TempDir
    Path directory;

    UnixContractTest(String io) {
        super(io);
    }

    static List<String> ios() {
        // The transport says of the others that it cannot run on them.
        return Io.available().stream()
                .filter(io -> io.equals("epoll") || io.equals("kqueue"))
                .toList();
    }

    /** A read ends after descriptors, also where more waits. */
    @Test
    void echoesWhatComesAfterDescriptors() throws Exception {
        String path = Target.parse(listen()).path();
        Socket socket = Socket.newSocketDomain();
        try {
            socket.connect(new DomainSocketAddress(path));
            ByteBuffer bytes = ByteBuffer.allocateDirect(10);
            for (int i = 0; i < 40; i++) {
                int descriptors = i < 30 ? 0 : i < 39 ? 2 : 100;
                for (int d = 0; d < descriptors; d++) {
                    assertThat(socket.sendFd(socket.intValue())).isPositive();
                }
                bytes.put(0, (byte) i);
                assertThat(socket.send(bytes, 0, 1)).isEqualTo(1);
                AtomicInteger received = new AtomicInteger();
                AtomicInteger last = new AtomicInteger();
                eventually("all comes back in turn " + i, () -> {
                    int count = receive(socket, bytes);
                    if (count > 0) {
                        last.set(bytes.get(count - 1));
                    }
                    return received.addAndGet(count) == descriptors + 1;
                });
                assertThat(last).hasValue(i);
            }
        } finally {
            socket.close();
        }
    }

    private static int receive(Socket socket, ByteBuffer bytes) {
        try {
            return socket.recv(bytes, 0, bytes.capacity());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    protected Transport transport() {
        return new UnixTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("path", directory.resolve("echo.sock").toString());
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        return new UnixClient(Path.of(Target.parse(address).path()), receiveBuffer);
    }
}
