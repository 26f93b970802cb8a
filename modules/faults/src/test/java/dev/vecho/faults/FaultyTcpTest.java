package dev.vecho.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.ListenerContract;
import dev.vecho.testkit.SocketClient;
import dev.vecho.transport.tcp.TcpTransport;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Each fault of a stream, as a client notices it. Times are held to lower bounds alone: a machine may be slow. */
@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class FaultyTcpTest extends ListenerContract {

    private static final int MIB = 1 << 20;

    FaultyTcpTest(String io) {
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
        return new JsonObject().put("host", "127.0.0.1").put("port", 0);
    }

    private JsonObject with(String faults) {
        return options().put("faults", new JsonObject(faults.replace('\'', '"')));
    }

    private EchoClient connect(String address) throws IOException {
        Target target = Target.parse(address);
        return SocketClient.tcp(new InetSocketAddress(target.host(), target.port()), 0);
    }

    private EchoClient faulty(String faults) throws Exception {
        return connect(listen(with(faults)));
    }

    private long count(String fault) {
        return traffic().faults().getOrDefault(fault, 0L);
    }

    private void ended(Map<String, Long> failures) throws Exception {
        eventually("all are counted as ended", () -> traffic().snapshot().active() == 0);
        assertThat(traffic().failures()).isEqualTo(failures);
    }

    private static final Map<String, Long> ONE_FAULT = Map.of("broken by a configured fault", 1L);

    /** How long something took, in milliseconds. */
    private static long millis(Runnable action) {
        long begin = System.nanoTime();
        action.run();
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    }

    private static void echo(EchoClient client, byte[] bytes) {
        try {
            client.out().write(bytes);
            assertThat(client.in().readNBytes(bytes.length)).isEqualTo(bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void delaysBothWays() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'latency': '50ms±10ms'}, 'fromPeer': {'latency': '20ms'}}")) {
            long all = 0;
            for (int i = 0; i < 30; i++) {
                long took = millis(() -> echo(client, bytes(100, 1)));
                assertThat(took).isGreaterThanOrEqualTo(60);
                all += took;
            }
            // 70 ms on average, less two and a half standard deviations of it.
            assertThat(all / 30).isGreaterThanOrEqualTo(67);
            client.closeOutput();
            assertThat(client.in().read()).isEqualTo(-1);
        }
        assertThat(count("toPeer.latency")).isEqualTo(30);
        assertThat(count("fromPeer.latency")).isEqualTo(30);
        ended(Map.of());
    }

    @Test
    void keepsWhatItDelaysThroughAHalfCloseInOrder() throws Exception {
        byte[] bytes = bytes(4 * MIB, 1);
        try (EchoClient client = faulty("{'toPeer': {'latency': '5ms±5ms'}, 'fromPeer': {'latency': '0ms..10ms'}}")) {
            Future<byte[]> back = inBackground(() -> client.in().readAllBytes());
            client.out().write(bytes);
            client.closeOutput();
            assertThat(await(back)).isEqualTo(bytes);
        }
        ended(Map.of());
    }

    @Test
    void limitsTheBandwidth() throws Exception {
        byte[] bytes = bytes(1_000_000, 1);
        try (EchoClient client = faulty("{'toPeer': {'bytesPerSecond': 1000000}}")) {
            Future<Void> sending = inBackground(() -> {
                client.out().write(bytes);
                client.closeOutput();
                return null;
            });
            byte[][] back = new byte[1][];
            long took = millis(() -> {
                try {
                    back[0] = client.in().readAllBytes();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            await(sending);
            assertThat(back[0]).isEqualTo(bytes);
            // What two turns of 20 ms take may come at once.
            assertThat(took).isGreaterThanOrEqualTo(950);
        }
        ended(Map.of());
    }

    @Test
    void boundsWhatItHolds() throws Exception {
        String address = listen(with("{'toPeer': {'bytesPerSecond': 1000, 'queueBytes': 100000}}"));
        try (EchoClient client = connect(address)) {
            Future<Void> sending = inBackground(() -> {
                client.out().write(new byte[16 * MIB]);
                return null;
            });
            eventually("the queue is full", () -> traffic().snapshot().bytes() >= 100_000);
            assertThat(client.in().readNBytes(100)).hasSize(100);
            assertThat(traffic().snapshot().bytes())
                    .as("what was read of 16 MiB: the queue, and the last reads")
                    .isLessThan(100_000 + 4 * 65_536);
            client.reset();
            assertThat(sending.isComplete() && sending.succeeded()).isFalse();
        }
        eventually("it is counted as ended", () -> traffic().snapshot().active() == 0);
    }

    @Test
    void slices() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'slice': {'bytes': 10, 'variationBytes': 5, 'pause': '1ms'}}}")) {
            long took = millis(() -> echo(client, bytes(1000, 1)));
            assertThat(count("toPeer.slice")).isBetween(1000L / 15, 1000L / 5);
            assertThat(took).isGreaterThanOrEqualTo(1000 / 15 - 1);
        }
    }

    @Test
    void stallsAndGoesOnWhenThatIsChanged() throws Exception {
        JsonObject listener = with("{'toPeer': {'stallAfterBytes': 100}}");
        try (EchoClient client = connect(listen(listener))) {
            byte[] bytes = bytes(MIB, 1);
            Future<Void> sending = inBackground(() -> {
                client.out().write(bytes);
                client.closeOutput();
                return null;
            });
            assertThat(client.in().readNBytes(100)).isEqualTo(Arrays.copyOf(bytes, 100));
            eventually("it is counted", () -> count("toPeer.stall") == 1);
            assertThat(client.in().available()).isZero();
            change(with("{'toPeer': {}}"));
            assertThat(client.in().readAllBytes()).isEqualTo(Arrays.copyOfRange(bytes, 100, MIB));
            await(sending);
        }
        ended(Map.of());
    }

    @Test
    void goesOnWhenFaultsAreRemoved() throws Exception {
        try (EchoClient client = connect(listen(with("{'fromPeer': {'latency': '1h'}}")))) {
            client.out().write(bytes(100, 1));
            eventually("it is held", () -> count("fromPeer.latency") == 1);
            change(options());
            assertThat(client.in().readNBytes(100)).isEqualTo(bytes(100, 1));
        }
        ended(Map.of());
    }

    @Test
    void resetsAfterSomeBytes() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'cut': {'afterBytes': 100}}}")) {
            client.out().write(bytes(50, 1));
            assertThat(client.in().readNBytes(50)).isEqualTo(bytes(50, 1));
            client.out().write(bytes(100, 2));
            assertThat(client.in().readNBytes(50)).isEqualTo(Arrays.copyOf(bytes(100, 2), 50));
            assertThatThrownBy(() -> client.in().read())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("reset");
        }
        ended(ONE_FAULT);
        assertThat(count("toPeer.cut")).isEqualTo(1);
    }

    @Test
    void endsAfterSomeBytes() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'cut': {'afterBytes': 100, 'with': 'fin'}}}")) {
            client.out().write(bytes(1000, 1));
            assertThat(client.in().readAllBytes()).isEqualTo(Arrays.copyOf(bytes(1000, 1), 100));
        }
        ended(ONE_FAULT);
    }

    @Test
    void cutsAfterSomeTime() throws Exception {
        try (EchoClient client = faulty("{'fromPeer': {'cut': {'after': '1s', 'with': 'fin'}}}")) {
            echo(client, bytes(10, 1));
            long took = millis(() -> {
                try {
                    assertThat(client.in().read()).isEqualTo(-1);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(took).isLessThan(PATIENCE.toMillis());
        }
        ended(ONE_FAULT);
    }

    @Test
    void acceptsNobodyUntilThatIsChanged() throws Exception {
        String address = listen(with("{'neverAccept': true}"));
        try (EchoClient client = connect(address)) {
            client.out().write(bytes(10, 1));
            assertThat(traffic().snapshot().accepted()).isZero();
            change(with("{}"));
            assertThat(client.in().readNBytes(10)).isEqualTo(bytes(10, 1));
        }
        try (EchoClient client = connect(address)) {
            echo(client, bytes(10, 1));
            change(with("{'neverAccept': true}"));
            try (EchoClient next = connect(address)) {
                echo(client, bytes(10, 2));
                next.out().write(bytes(10, 3));
                change(options());
                assertThat(next.in().readNBytes(10)).isEqualTo(bytes(10, 3));
            }
        }
    }

    /** Linux answers nobody while all that may wait to be accepted do. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void lacksRoomForThoseWhoWaitToBeAccepted() throws Exception {
        Target target = Target.parse(listen(with("{'neverAccept': true}").put("backlog", 1)));
        InetSocketAddress address = new InetSocketAddress(target.host(), target.port());
        try (Socket first = new Socket();
                Socket second = new Socket();
                Socket third = new Socket()) {
            first.connect(address, (int) PATIENCE.toMillis());
            second.connect(address, (int) PATIENCE.toMillis());
            assertThatThrownBy(() -> third.connect(address, 200)).isInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    void refusesAHalfClose() throws Exception {
        try (EchoClient client = faulty("{'fromPeer': {'halfClose': 'refuse'}}")) {
            echo(client, bytes(10, 1));
            client.closeOutput();
            assertThatThrownBy(() -> client.in().read())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("reset");
        }
        ended(ONE_FAULT);
    }

    @Test
    void swallowsAHalfClose() throws Exception {
        String address = listen(with("{'fromPeer': {'halfClose': 'swallow'}}"));
        Target target = Target.parse(address);
        try (Socket client = new Socket(target.host(), target.port())) {
            client.getOutputStream().write(bytes(10, 1));
            client.shutdownOutput();
            assertThat(client.getInputStream().readNBytes(10)).isEqualTo(bytes(10, 1));
            eventually("it is counted", () -> count("fromPeer.halfClose") == 1);
            client.setSoTimeout(100);
            assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            client.setSoTimeout((int) PATIENCE.toMillis());
            change(options());
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
        ended(Map.of());
    }

    @Test
    void delaysTheEnd() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'closeDelay': '200ms'}}")) {
            echo(client, bytes(10, 1));
            long took = millis(() -> {
                try {
                    client.closeOutput();
                    assertThat(client.in().read()).isEqualTo(-1);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(took).isGreaterThanOrEqualTo(199);
        }
        ended(Map.of());
    }

    @Test
    void corruptsOneByte() throws Exception {
        byte[] bytes = bytes(100, 1);
        try (EchoClient client = faulty("{'toPeer': {'corrupt': {'offset': 42}}}")) {
            client.out().write(bytes, 0, 40);
            client.out().write(bytes, 40, 60);
            byte[] back = client.in().readNBytes(100);
            assertThat(Integer.bitCount((back[42] ^ bytes[42]) & 0xff)).isEqualTo(1);
            back[42] = bytes[42];
            assertThat(back).isEqualTo(bytes);
        }
        assertThat(count("toPeer.corrupt")).isEqualTo(1);
    }

    @Test
    void corruptsAShareAndTheSameOneForTheSameSeed() throws Exception {
        byte[] bytes = bytes(MIB, 1);
        List<byte[]> runs = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            try (EchoClient client = faulty("{'seed': 7, 'fromPeer': {'corrupt': {'rate': 0.001}}}")) {
                Future<byte[]> back = inBackground(() -> client.in().readAllBytes());
                client.out().write(bytes);
                client.closeOutput();
                runs.add(await(back));
            }
            long wrong = 0;
            for (int i = 0; i < MIB; i++) {
                wrong += runs.get(run)[i] == bytes[i] ? 0 : 1;
            }
            // 1049 on average, and a standard deviation of 32.
            assertThat(wrong).isEqualTo(count("fromPeer.corrupt")).isBetween(900L, 1200L);
        }
        assertThat(runs.get(0)).isEqualTo(runs.get(1));
    }

    @Test
    void saysNothing() throws Exception {
        String address = listen(with("{'silent': true}"));
        Target target = Target.parse(address);
        try (Socket client = new Socket(target.host(), target.port())) {
            client.getOutputStream().write(bytes(100, 1));
            eventually("it has read", () -> traffic().snapshot().bytes() == 100);
            client.setSoTimeout(100);
            assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        }
        assertThat(count("silent")).isEqualTo(1);
        ended(Map.of());
    }

    private String cutOrNot() throws Exception {
        String address = listen(with("{'seed': 3, 'probability': 0.5, 'toPeer': {'cut': {'afterBytes': 1}}}"));
        StringBuilder found = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            try (EchoClient client = connect(address)) {
                client.out().write(bytes(2, 1));
                client.closeOutput();
                found.append(client.in().readAllBytes().length == 2 ? 'o' : 'x');
            } catch (IOException e) {
                found.append('x');
            }
        }
        return found.toString();
    }

    @Test
    void actsOnAShareOfConnectionsAndOnTheSameOnesForTheSameSeed() throws Exception {
        String first = cutOrNot();
        assertThat(first.chars().filter(each -> each == 'x').count()).isBetween(15L, 45L);
        assertThat(cutOrNot()).isEqualTo(first);
    }

    @Test
    void actsForSomeTimeOnly() throws Exception {
        try (EchoClient client = faulty("{'for': '300ms', 'toPeer': {'stallAfterBytes': 0}}")) {
            // Whether it comes while that lasts or later, it comes.
            echo(client, bytes(100, 1));
        }
        ended(Map.of());
    }

    @Test
    void actsAgainAndAgain() throws Exception {
        try (EchoClient client = faulty("{'every': '200ms', 'for': '100ms', 'toPeer': {'latency': '1h'}}")) {
            eventually("some were held up", () -> {
                echo(client, bytes(100, 1));
                return count("toPeer.latency") >= 2;
            });
        }
        ended(Map.of());
    }

    @Test
    void isNotIdleWhileBytesAreOnTheirWay() throws Exception {
        JsonObject listener = with("{'toPeer': {'latency': '1500ms'}}").put("idleTimeoutMillis", 1000);
        try (EchoClient client = connect(listen(listener))) {
            echo(client, bytes(100, 1));
            assertThat(client.in().read()).as("the end").isEqualTo(-1);
        }
        ended(Map.of());
    }

    @Test
    void isIdleWhereItStalls() throws Exception {
        JsonObject listener = with("{'toPeer': {'stallAfterBytes': 10}}").put("idleTimeoutMillis", 1000);
        try (EchoClient client = connect(listen(listener))) {
            client.out().write(bytes(100, 1));
            assertThat(client.in().readNBytes(10)).hasSize(10);
            assertThatThrownBy(() -> client.in().read())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("reset");
        }
        ended(Map.of("idle with echoes under way", 1L));
    }

    @Test
    void drainsWhatIsOnItsWay() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'latency': '1500ms'}}")) {
            client.out().write(bytes(100, 1));
            eventually("it is held up", () -> count("toPeer.latency") == 1);
            Future<?> drained = drain(Duration.ofHours(1));
            assertThat(client.in().readNBytes(100)).isEqualTo(bytes(100, 1));
            assertThat(client.in().read()).as("the end").isEqualTo(-1);
            await(drained);
        }
        ended(Map.of());
    }

    @Test
    void resetsWhatIsCutByTheDrain() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'latency': '1h'}}")) {
            client.out().write(bytes(100, 1));
            eventually("it is held up", () -> count("toPeer.latency") == 1);
            await(drain(Duration.ofMillis(50)));
            assertThatThrownBy(() -> client.in().read())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("reset");
        }
        ended(Map.of("cut by the drain", 1L));
    }
}
