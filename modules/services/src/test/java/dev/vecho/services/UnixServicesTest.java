package dev.vecho.services;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.StreamServicesContract;
import dev.vecho.testkit.UnixClient;
import dev.vecho.transport.tcp.UnixTransport;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class UnixServicesTest extends StreamServicesContract {

    @TempDir
    Path directory;

    UnixServicesTest(String io) {
        super(io);
    }

    static List<String> ios() {
        return Io.available().stream()
                .filter(io -> io.equals("epoll") || io.equals("kqueue"))
                .toList();
    }

    @Override
    protected Transport transport() {
        return new UnixTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("path", directory.resolve("s.sock").toString());
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        return new UnixClient(Path.of(Target.parse(address).path()), receiveBuffer);
    }
}
