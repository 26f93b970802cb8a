package dev.vecho.transport.http;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.StreamContract;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class HttpContractTest extends StreamContract {

    HttpContractTest(String io) {
        super(io);
    }

    static List<String> ios() {
        return Io.available();
    }

    @Override
    protected Transport transport() {
        return new HttpTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject()
                .put("host", "127.0.0.1")
                .put("port", 0)
                // What is kept of a request is another matter: see LateReaderTest.
                .put("requestBufferMaxBytes", 1 << 20);
    }

    @Override
    protected boolean isDoneWhenQuiet() {
        return false;
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        return new Http1Client(SocketClient.tcp(new InetSocketAddress(target.host(), target.port()), receiveBuffer));
    }
}
