package dev.vecho.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.MessageClient;
import dev.vecho.testkit.MessageServicesContract;
import dev.vecho.transport.udp.UdpTransport;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class UdpServicesTest extends MessageServicesContract {

    UdpServicesTest(String io) {
        super(io);
    }

    static List<String> ios() {
        return Io.available();
    }

    @Override
    protected Transport transport() {
        return new UdpTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject()
                .put("host", "127.0.0.1")
                .put("port", 0)
                .put("allow", "127.0.0.0/8")
                .put("maxDatagramsPerSecond", 1000);
    }

    @Override
    protected MessageClient connect(String address) throws IOException {
        Target target = Target.parse(address);
        DatagramSocket socket = new DatagramSocket();
        socket.connect(new InetSocketAddress(target.host(), target.port()));
        return new Client(socket);
    }

    private record Client(DatagramSocket socket) implements MessageClient {

        @Override
        public void send(byte[] message) throws IOException {
            socket.send(new DatagramPacket(message, message.length));
        }

        @Override
        public byte @Nullable [] receive(Duration patience) throws IOException {
            socket.setSoTimeout((int) patience.toMillis());
            DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
            try {
                socket.receive(packet);
            } catch (SocketTimeoutException e) {
                return null;
            }
            return Arrays.copyOf(packet.getData(), packet.getLength());
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    /** Whoever forges a source address must not make it send more there than it costs. */
    @Test
    void refusesWhatAmplifiesWithoutLimits() throws Exception {
        for (String service : List.of("chargen", "daytime", "time", "whoami")) {
            JsonObject listener = options().put("service", service);
            for (String key : List.of("allow", "maxDatagramsPerSecond")) {
                JsonObject without = listener.copy();
                without.remove(key);
                assertThat(refusal(without))
                        .startsWith("test: service: answers a datagram")
                        .endsWith("needs " + key);
            }
            assertThat(refusal(listener.copy().put("maxDatagramsPerSecond", 0)))
                    .endsWith("needs maxDatagramsPerSecond");
        }
        listen(new JsonObject().put("port", 0).put("host", "127.0.0.1").put("service", "discard"));
    }

    private String refusal(JsonObject listener) {
        InvalidInputException refused =
                Assertions.catchThrowableOfType(InvalidInputException.class, () -> listen(listener));
        assertThat(refused.problems()).as(listener.encode()).hasSize(1);
        return refused.problems().get(0);
    }
}
