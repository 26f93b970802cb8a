package dev.vecho.faults;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.StreamContract;
import dev.vecho.testkit.UnixClient;
import dev.vecho.transport.tcp.UnixTransport;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The same as {@link FaultlessTcpTest}, on Unix domain sockets. */
@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class FaultlessUnixTest extends StreamContract {

    @TempDir
    Path directory;

    FaultlessUnixTest(String io) {
        super(io);
    }

    /** Those that have such sockets. */
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
        return new JsonObject()
                .put("path", directory.resolve("echo.sock").toString())
                .put("faults", new JsonObject());
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        return new UnixClient(
                Path.of(Objects.requireNonNull(Target.parse(address).path())), receiveBuffer);
    }
}
