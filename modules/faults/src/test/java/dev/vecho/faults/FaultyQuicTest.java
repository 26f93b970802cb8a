package dev.vecho.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.ListenerContract;
import dev.vecho.testkit.MessageClient;
import dev.vecho.testkit.torture.QuicClients;
import dev.vecho.transport.quic.QuicTransport;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each fault of streams and datagrams of QUIC, as a client notices it. Times are held to lower bounds alone. */
class FaultyQuicTest extends ListenerContract {

    private static final int MIB = 1 << 20;
    private static final Map<String, Long> ONE_FAULT = Map.of("broken by a configured fault", 1L);

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;

    FaultyQuicTest() {
        super(usualIo());
    }

    @BeforeAll
    static void makeCertificate() {
        certificate = new Certificates(directory).localhost();
    }

    @Override
    protected Transport transport() {
        return new QuicTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("host", "127.0.0.1").put("port", 0).put("tls", certificate.options());
    }

    private JsonObject with(String faults) {
        return options().put("faults", new JsonObject(faults.replace('\'', '"')));
    }

    private static InetSocketAddress to(String address) {
        Target target = Target.parse(address);
        return new InetSocketAddress(target.host(), target.port());
    }

    private EchoClient faulty(String faults) throws Exception {
        return QuicClients.soleStream(vertx(), to(listen(with(faults))), 0);
    }

    private MessageClient faultyDatagrams(String faults) throws Exception {
        return QuicClients.datagrams(vertx(), to(listen(with(faults))));
    }

    private long count(String fault) {
        return traffic().faults().getOrDefault(fault, 0L);
    }

    private void ended(Map<String, Long> failures) throws Exception {
        eventually("all are counted as ended", () -> traffic().snapshot().active() == 0);
        assertThat(traffic().failures()).isEqualTo(failures);
    }

    private static void echo(EchoClient client, byte[] bytes) throws IOException {
        client.out().write(bytes);
        assertThat(client.in().readNBytes(bytes.length)).isEqualTo(bytes);
    }

    private static long millisSince(long begin) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    }

    @Test
    void delaysBothWaysAndKeepsTheEndAfterThat() throws Exception {
        byte[] bytes = bytes(2 * MIB, 1);
        try (EchoClient client =
                faulty("{'toPeer': {'latency': '50ms±10ms'}, 'fromPeer': {'latency': '10ms..20ms'}}")) {
            long begin = System.nanoTime();
            echo(client, bytes(100, 1));
            assertThat(millisSince(begin)).isGreaterThanOrEqualTo(50);
            Future<byte[]> back = inBackground(() -> client.in().readAllBytes());
            client.out().write(bytes);
            client.closeOutput();
            assertThat(await(back)).isEqualTo(bytes);
        }
        assertThat(count("toPeer.latency")).isPositive();
        assertThat(count("fromPeer.latency")).isPositive();
        ended(Map.of());
    }

    @Test
    void limitsTheBandwidth() throws Exception {
        byte[] bytes = bytes(300_000, 1);
        try (EchoClient client = faulty("{'toPeer': {'bytesPerSecond': 1000000}}")) {
            long begin = System.nanoTime();
            Future<byte[]> back = inBackground(() -> client.in().readNBytes(bytes.length));
            client.out().write(bytes);
            assertThat(await(back)).isEqualTo(bytes);
            // Two steps of 20 ms may pass at once.
            assertThat(millisSince(begin)).isGreaterThanOrEqualTo(240);
        }
    }

    @Test
    void slicesAndStallsUntilThatIsChanged() throws Exception {
        byte[] bytes = bytes(1000, 1);
        try (EchoClient client =
                faulty("{'toPeer': {'slice': {'bytes': 10, 'pause': '1us'}, 'stallAfterBytes': 100}}")) {
            client.out().write(bytes);
            client.closeOutput();
            assertThat(client.in().readNBytes(100)).isEqualTo(Arrays.copyOf(bytes, 100));
            eventually("it is stalled", () -> count("toPeer.stall") == 1);
            change(with("{}"));
            assertThat(client.in().readAllBytes()).isEqualTo(Arrays.copyOfRange(bytes, 100, 1000));
        }
        assertThat(count("toPeer.slice")).isEqualTo(10);
        ended(Map.of());
    }

    @Test
    void resetsTheStreamAfterSomeBytesWhichAllArrive() throws Exception {
        String address = listen(with("{'toPeer': {'cut': {'afterBytes': 100000}}}"));
        byte[] bytes = bytes(100_001, 1);
        try (EchoClient client = QuicClients.soleStream(vertx(), to(address), 0)) {
            Future<byte[]> back = inBackground(() -> client.in().readNBytes(100_000));
            client.out().write(bytes);
            assertThat(await(back)).isEqualTo(Arrays.copyOf(bytes, 100_000));
            assertThatThrownBy(() -> client.in().read()).isInstanceOf(IOException.class);
        }
        ended(ONE_FAULT);
        assertThat(count("toPeer.cut")).isEqualTo(1);
    }

    @Test
    void endsAfterSomeBytesOrSomeTime() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'cut': {'afterBytes': 100, 'with': 'fin'}}}")) {
            client.out().write(bytes(1000, 1));
            assertThat(client.in().readAllBytes()).isEqualTo(Arrays.copyOf(bytes(1000, 1), 100));
        }
        ended(ONE_FAULT);
        try (EchoClient client = faulty("{'fromPeer': {'cut': {'after': '1s', 'with': 'fin'}}}")) {
            echo(client, bytes(10, 1));
            assertThat(client.in().read()).isEqualTo(-1);
        }
        ended(ONE_FAULT);
    }

    @Test
    void refusesAHalfClose() throws Exception {
        try (EchoClient client = faulty("{'fromPeer': {'halfClose': 'refuse'}}")) {
            echo(client, bytes(10, 1));
            client.closeOutput();
            assertThatThrownBy(() -> client.in().read()).isInstanceOf(IOException.class);
        }
        ended(ONE_FAULT);
    }

    @Test
    void swallowsAHalfCloseUntilThatIsChanged() throws Exception {
        try (EchoClient client = faulty("{'fromPeer': {'halfClose': 'swallow'}}")) {
            echo(client, bytes(10, 1));
            client.closeOutput();
            Future<Integer> end = inBackground(() -> client.in().read());
            eventually("it is counted", () -> count("fromPeer.halfClose") == 1);
            assertThat(end.isComplete()).isFalse();
            change(with("{}"));
            assertThat(await(end)).isEqualTo(-1);
        }
        ended(Map.of());
    }

    @Test
    void delaysTheEnd() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'closeDelay': '200ms'}}")) {
            echo(client, bytes(10, 1));
            long begin = System.nanoTime();
            client.closeOutput();
            assertThat(client.in().read()).isEqualTo(-1);
            assertThat(millisSince(begin)).isGreaterThanOrEqualTo(199);
        }
        ended(Map.of());
    }

    @Test
    void corruptsOneByte() throws Exception {
        byte[] bytes = bytes(100, 1);
        try (EchoClient client = faulty("{'toPeer': {'corrupt': {'offset': 42}}}")) {
            client.out().write(bytes);
            byte[] back = client.in().readNBytes(100);
            assertThat(Integer.bitCount((back[42] ^ bytes[42]) & 0xff)).isEqualTo(1);
            back[42] = bytes[42];
            assertThat(back).isEqualTo(bytes);
        }
    }

    @Test
    void saysNothing() throws Exception {
        try (EchoClient client = faulty("{'silent': true}")) {
            client.out().write(bytes(100, 1));
            eventually("it has read", () -> traffic().snapshot().bytes() == 100);
            assertThat(traffic().snapshot().sent()).isZero();
            client.closeOutput();
            assertThat(client.in().read()).isEqualTo(-1);
        }
        assertThat(count("silent")).isEqualTo(1);
    }

    @Test
    void isNotIdleWhileBytesAreOnTheirWayAndIsWhereItStalls() throws Exception {
        JsonObject late = with("{'toPeer': {'latency': '1500ms'}}").put("idleTimeoutMillis", 1000);
        try (EchoClient client = QuicClients.soleStream(vertx(), to(listen(late)), 0)) {
            echo(client, bytes(100, 1));
            assertThat(client.in().read()).as("the end").isEqualTo(-1);
        }
        ended(Map.of());
        JsonObject stalled = with("{'toPeer': {'stallAfterBytes': 10}}").put("idleTimeoutMillis", 1000);
        try (EchoClient client = QuicClients.soleStream(vertx(), to(listen(stalled)), 0)) {
            client.out().write(bytes(100, 1));
            assertThat(client.in().readNBytes(10)).hasSize(10);
            assertThatThrownBy(() -> client.in().read()).isInstanceOf(IOException.class);
        }
        ended(Map.of("idle with echoes under way", 1L));
    }

    @Test
    void drainsWhatIsOnItsWayAndResetsWhatIsCut() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'latency': '1500ms'}}")) {
            client.out().write(bytes(100, 1));
            eventually("it is held up", () -> count("toPeer.latency") == 1);
            Future<?> drained = drain(Duration.ofHours(1));
            assertThat(client.in().readNBytes(100)).isEqualTo(bytes(100, 1));
            assertThat(client.in().read()).as("the end").isEqualTo(-1);
            await(drained);
        }
        ended(Map.of());
        try (EchoClient client = faulty("{'toPeer': {'latency': '1h'}}")) {
            client.out().write(bytes(100, 1));
            eventually("it is held up", () -> count("toPeer.latency") == 1);
            await(drain(Duration.ofMillis(50)));
            assertThatThrownBy(() -> client.in().read()).isInstanceOf(IOException.class);
        }
        ended(Map.of("cut by the drain", 1L));
    }

    @Test
    void losesAndDuplicatesAndShortensDatagrams() throws Exception {
        try (MessageClient client = faultyDatagrams("{'fromPeer': {'loss': {'rate': 1}}}")) {
            client.send(bytes(10, 1));
            eventually("it is lost", () -> count("fromPeer.loss") == 1);
            change(with("{'toPeer': {'duplicate': 1, 'truncate': {'bytes': 3}}}"));
            client.send(bytes(10, 2));
            assertThat(client.receive(PATIENCE)).isEqualTo(Arrays.copyOf(bytes(10, 2), 3));
            assertThat(client.receive(PATIENCE)).isEqualTo(Arrays.copyOf(bytes(10, 2), 3));
            change(options());
        }
        assertThat(count("toPeer.duplicate")).isEqualTo(1);
        assertThat(count("toPeer.truncate")).isEqualTo(1);
    }

    @Test
    void delaysReordersAndCorruptsDatagrams() throws Exception {
        try (MessageClient client = faultyDatagrams("{'toPeer': {'latency': '100ms', 'corrupt': {'offset': 1}}}")) {
            long begin = System.nanoTime();
            client.send(bytes(10, 1));
            byte[] back = Objects.requireNonNull(client.receive(PATIENCE));
            assertThat(millisSince(begin)).isGreaterThanOrEqualTo(100);
            assertThat(back).hasSize(10);
            assertThat(Integer.bitCount((back[1] ^ bytes(10, 1)[1]) & 0xff)).isEqualTo(1);
            change(with("{'fromPeer': {'reorder': {'rate': 1, 'atMost': '1h'}}}"));
            client.send(bytes(10, 2));
            eventually("it is held", () -> count("fromPeer.reorder") == 1);
            change(with("{'fromPeer': {'reorder': {'rate': 0}}}"));
            client.send(bytes(10, 3));
            assertThat(client.receive(PATIENCE)).isEqualTo(bytes(10, 3));
            assertThat(client.receive(PATIENCE)).isEqualTo(bytes(10, 2));
        }
    }

    @Test
    void saysWhatQuicCannotHave() {
        assertThatThrownBy(() -> listen(with("{'handshakeDelay': '1s'}")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("faults.handshakeDelay: is not there for QUIC");
        assertThatThrownBy(
                        () -> listen(with("{'toPeer': {'loss': {'rate': 0.1}}}").put("datagrams", false)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("faults.toPeer.loss: has no meaning here: a stream has no messages");
    }
}
