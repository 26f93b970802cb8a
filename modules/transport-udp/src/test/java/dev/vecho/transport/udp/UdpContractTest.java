package dev.vecho.transport.udp;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.MessageClient;
import dev.vecho.testkit.MessageContract;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass(name = "on {0} at {1}")
@MethodSource("places")
class UdpContractTest extends MessageContract {

    private final String host;

    UdpContractTest(String io, String host) {
        super(io);
        this.host = host;
    }

    static List<Arguments> places() {
        return Io.available().stream()
                .flatMap(io -> List.of("127.0.0.1", "::1").stream().map(host -> Arguments.of(io, host)))
                .toList();
    }

    @Override
    protected Transport transport() {
        return new UdpTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("host", host).put("port", 0);
    }

    @Override
    protected MessageClient connect(String address) throws IOException {
        Target target = Target.parse(address);
        return new DatagramClient(new InetSocketAddress(target.host(), target.port()));
    }

    @Override
    protected int largestMessage() {
        return host.equals("::1") ? UdpSocket.MAX_BYTES_IPV6 : UdpSocket.MAX_BYTES_IPV4;
    }

    @Override
    protected boolean mayLoseMessages() {
        return true;
    }
}
