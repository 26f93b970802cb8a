package dev.vecho.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.ListenerContract;
import dev.vecho.transport.udp.UdpTransport;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Each fault of datagrams, as a client notices it: one at a time, so that the system loses none. */
@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class FaultyUdpTest extends ListenerContract {

    FaultyUdpTest(String io) {
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
        return new JsonObject().put("host", "127.0.0.1").put("port", 0);
    }

    private JsonObject with(String faults) {
        return options().put("faults", new JsonObject(faults.replace('\'', '"')));
    }

    private long count(String fault) {
        return traffic().faults().getOrDefault(fault, 0L);
    }

    /** A client that knows each datagram by its number. */
    private static final class Client implements AutoCloseable {

        private final DatagramSocket socket = new DatagramSocket();

        Client(String address) throws IOException {
            Target target = Target.parse(address);
            socket.connect(new InetSocketAddress(target.host(), target.port()));
            socket.setSoTimeout((int) PATIENCE.toMillis());
        }

        void send(int number) throws IOException {
            socket.send(
                    new DatagramPacket(ByteBuffer.allocate(64).putInt(number).array(), 64));
        }

        byte[] receive() throws IOException {
            DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
            socket.receive(packet);
            return Arrays.copyOf(packet.getData(), packet.getLength());
        }

        int number() throws IOException {
            return ByteBuffer.wrap(receive()).getInt();
        }

        /** Whether nothing comes any more, as far as one can tell. */
        boolean isQuiet() throws IOException {
            socket.setSoTimeout(50);
            try {
                receive();
                return false;
            } catch (SocketTimeoutException e) {
                return true;
            } finally {
                socket.setSoTimeout((int) PATIENCE.toMillis());
            }
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    /** Which of so many came back. A datagram counts as lost once the listener has counted it so. */
    private List<Integer> lost(String faults, String counter, int datagrams) throws Exception {
        List<Integer> lost = new ArrayList<>();
        try (Client client = new Client(listen(with(faults)))) {
            for (int i = 0; i < datagrams; i++) {
                int before = lost.size();
                client.send(i);
                int number = i;
                eventually(
                        "it is lost or sent",
                        () -> count(counter) + traffic().snapshot().sent() / 64 == number + 1);
                if (count(counter) > before) {
                    lost.add(i);
                } else {
                    assertThat(client.number()).isEqualTo(i);
                }
            }
        }
        return lost;
    }

    @Test
    void losesAShareAndTheSameOneForTheSameSeed() throws Exception {
        String faults = "{'seed': 5, 'toPeer': {'loss': {'rate': 0.1}}}";
        List<Integer> lost = lost(faults, "toPeer.loss", 300);
        // 30 on average, with a standard deviation of 5.
        assertThat(lost.size()).isBetween(10, 50);
        assertThat(lost(faults, "toPeer.loss", 300)).isEqualTo(lost);
    }

    @Test
    void losesWhatComesBeforeTheServiceHasIt() throws Exception {
        assertThat(lost("{'fromPeer': {'loss': {'rate': 1}}}", "fromPeer.loss", 10))
                .hasSize(10);
        assertThat(traffic().snapshot().sent()).isZero();
    }

    @Test
    void losesNothingWhereNoFaultIsSet() throws Exception {
        assertThat(lost("{}", "toPeer.loss", 50)).isEmpty();
    }

    @Test
    void delays() throws Exception {
        try (Client client =
                new Client(listen(with("{'toPeer': {'latency': '50ms±10ms'}, 'fromPeer': {'latency': '10ms'}}")))) {
            long all = 0;
            for (int i = 0; i < 20; i++) {
                long begin = System.nanoTime();
                client.send(i);
                assertThat(client.number()).isEqualTo(i);
                long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
                assertThat(took).isGreaterThanOrEqualTo(50);
                all += took;
            }
            assertThat(all / 20).isGreaterThanOrEqualTo(56);
        }
    }

    @Test
    void sendsTwice() throws Exception {
        JsonObject listener = with("{'toPeer': {'duplicate': 1}}");
        assertThatThrownBy(() -> listen(listener))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("test: faults: answers a datagram with a larger one, or with several")
                .hasMessageContaining("needs allow and maxDatagramsPerSecond");
        listener.put("allow", "127.0.0.0/8").put("maxDatagramsPerSecond", 1000);
        try (Client client = new Client(listen(listener))) {
            for (int i = 0; i < 10; i++) {
                client.send(i);
                assertThat(client.number()).isEqualTo(i);
                assertThat(client.number()).isEqualTo(i);
            }
            assertThat(client.isQuiet()).isTrue();
        }
        assertThat(count("toPeer.duplicate")).isEqualTo(10);
    }

    @Test
    void reordersByADepth() throws Exception {
        try (Client client = new Client(
                listen(with("{'seed': 1, 'toPeer': {'reorder': {'rate': 0.1, 'depth': 3, 'atMost': '1h'}}}")))) {
            List<Integer> back = new ArrayList<>();
            int sent = 0;
            while (count("toPeer.reorder") < 5) {
                long before = count("toPeer.reorder");
                client.send(sent++);
                eventually(
                        "it is held up or sent",
                        () -> count("toPeer.reorder") > before
                                || traffic().snapshot().sent() > 64L * back.size());
                if (count("toPeer.reorder") == before) {
                    // This one, and those that it has let go by overtaking them.
                    do {
                        back.add(client.number());
                    } while (back.size() * 64L < traffic().snapshot().sent());
                }
            }
            for (int i = 0; i < back.size(); i++) {
                int late = i;
                long overtaken = back.subList(0, i).stream()
                        .filter(other -> other > back.get(late))
                        .count();
                assertThat(overtaken)
                        .as("who overtook %s of %s", back.get(i), back)
                        .isIn(0L, 3L);
            }
            assertThat(back).isNotEqualTo(back.stream().sorted().toList());
        }
    }

    @Test
    void letsGoOfWhatNobodyOvertakes() throws Exception {
        try (Client client =
                new Client(listen(with("{'toPeer': {'reorder': {'rate': 1, 'depth': 100, 'atMost': '20ms'}}}")))) {
            client.send(1);
            assertThat(client.number()).isEqualTo(1);
        }
    }

    @Test
    void corruptsAndTruncates() throws Exception {
        try (Client client =
                new Client(listen(with("{'toPeer': {'corrupt': {'offset': 10}, 'truncate': {'bytes': 20}}}")))) {
            client.send(1);
            byte[] back = client.receive();
            assertThat(back).hasSize(20);
            assertThat(Integer.bitCount(back[10] & 0xff)).isEqualTo(1);
        }
        assertThat(count("toPeer.corrupt")).isEqualTo(1);
        assertThat(count("toPeer.truncate")).isEqualTo(1);
    }

    @Test
    void boundsWhatItHolds() throws Exception {
        try (Client client = new Client(listen(with("{'toPeer': {'latency': '1h', 'queueBytes': 1024}}")))) {
            for (int i = 0; i < 20; i++) {
                client.send(i);
            }
            eventually("what is more is lost", () -> count("toPeer.overflow") == 4);
        }
    }

    @Test
    void changesWhileItLives() throws Exception {
        try (Client client = new Client(listen(with("{'toPeer': {'loss': {'rate': 1}}}")))) {
            client.send(1);
            eventually("it is lost", () -> count("toPeer.loss") == 1);
            change(with("{'toPeer': {}}"));
            client.send(2);
            assertThat(client.number()).isEqualTo(2);
            change(options());
            client.send(3);
            assertThat(client.number()).isEqualTo(3);
        }
    }
}
