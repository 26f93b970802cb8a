package dev.vecho.faults;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.StreamContract;
import dev.vecho.transport.tcp.TcpTransport;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Where no fault is set, the echo keeps all of its promises, though each byte goes the way of the faults. */
@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class FaultlessTcpTest extends StreamContract {

    FaultlessTcpTest(String io) {
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
        return new JsonObject().put("host", "127.0.0.1").put("port", 0).put("faults", new JsonObject());
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        return SocketClient.tcp(new InetSocketAddress(target.host(), target.port()), receiveBuffer);
    }
}
