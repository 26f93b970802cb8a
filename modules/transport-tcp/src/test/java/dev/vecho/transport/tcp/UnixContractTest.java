package dev.vecho.transport.tcp;

import dev.vecho.core.Io;
import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.StreamContract;
import dev.vecho.testkit.UnixClient;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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
