package dev.vecho.transport.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.ListenerContract;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Each fault of a request, as a client of each version notices it. Times are held to lower bounds alone. */
@ParameterizedClass(name = "HTTP/{0}")
@EnumSource
class FaultyHttpTest extends ListenerContract {

    private static final int MIB = 1 << 20;
    private static final Map<String, Long> ONE_FAULT = Map.of("broken by a configured fault", 1L);

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static Certificates.Issued certificate;

    private final HttpVersion version;

    FaultyHttpTest(HttpVersion version) {
        super(usualIo());
        this.version = version;
    }

    @BeforeAll
    static void makeCertificates() {
        certificates = new Certificates(directory);
        certificate = certificates.localhost();
    }

    @Override
    protected Transport transport() {
        return new HttpTransport();
    }

    @Override
    protected JsonObject options() {
        return version.listener(certificate);
    }

    private JsonObject with(String faults) {
        return options().put("faults", new JsonObject(faults.replace('\'', '"')));
    }

    private EchoClient connect(String address) throws IOException {
        Target target = Target.parse(address);
        return version.connect(certificates, new InetSocketAddress(target.host(), target.port()), 0);
    }

    private EchoClient faulty(String faults) throws Exception {
        return connect(listen(with(faults)));
    }

    private long count(String fault) {
        return traffic().faults().getOrDefault(fault, 0L);
    }

    private static byte[] exchange(EchoClient client, byte[] bytes) throws IOException {
        client.out().write(bytes);
        client.closeOutput();
        return client.in().readAllBytes();
    }

    private static long millisSince(long begin) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    }

    @Test
    void delaysBothWays() throws Exception {
        long begin = System.nanoTime();
        try (EchoClient client = faulty("{'toPeer': {'latency': '50ms±10ms'}, 'fromPeer': {'latency': '30ms'}}")) {
            assertThat(exchange(client, bytes(1000, 1))).isEqualTo(bytes(1000, 1));
            assertThat(millisSince(begin)).isGreaterThanOrEqualTo(70);
        }
        assertThat(count("toPeer.latency")).isGreaterThanOrEqualTo(2);
        assertThat(count("fromPeer.latency")).isGreaterThanOrEqualTo(2);
    }

    @Test
    void keepsALargeBodyThatItDelaysAndSlices() throws Exception {
        byte[] bytes = bytes(2 * MIB, 1);
        String faults =
                "{'toPeer': {'latency': '5ms±5ms', 'slice': {'bytes': 5000, 'variationBytes': 999, 'pause': '1us'}},"
                        + " 'fromPeer': {'latency': '0ms..10ms', 'slice': {'bytes': 7000, 'pause': '1us'}}}";
        try (EchoClient client = faulty(faults)) {
            Future<byte[]> back = inBackground(() -> client.in().readAllBytes());
            client.out().write(bytes);
            client.closeOutput();
            assertThat(await(back)).isEqualTo(bytes);
        }
        assertThat(count("toPeer.slice")).isGreaterThanOrEqualTo(2 * MIB / 6000);
    }

    @Test
    void limitsTheBandwidth() throws Exception {
        byte[] bytes = bytes(500_000, 1);
        try (EchoClient client = faulty("{'toPeer': {'bytesPerSecond': 1000000}}")) {
            long begin = System.nanoTime();
            Future<byte[]> back = inBackground(() -> client.in().readAllBytes());
            client.out().write(bytes);
            client.closeOutput();
            assertThat(await(back)).isEqualTo(bytes);
            assertThat(millisSince(begin)).isGreaterThanOrEqualTo(450);
        }
    }

    @Test
    void stallsAndGoesOnWhenThatIsChanged() throws Exception {
        byte[] bytes = bytes(MIB, 1);
        try (EchoClient client = connect(listen(with("{'toPeer': {'stallAfterBytes': 100}}")))) {
            Future<Void> sending = inBackground(() -> {
                client.out().write(bytes);
                client.closeOutput();
                return null;
            });
            assertThat(client.in().readNBytes(100)).isEqualTo(Arrays.copyOf(bytes, 100));
            eventually("it is counted", () -> count("toPeer.stall") == 1);
            change(with("{}"));
            assertThat(client.in().readAllBytes()).isEqualTo(Arrays.copyOfRange(bytes, 100, MIB));
            await(sending);
        }
    }

    @Test
    void boundsWhatItHolds() throws Exception {
        JsonObject listener = with("{'toPeer': {'stallAfterBytes': 100, 'queueBytes': 100000}}")
                .put("requestBufferMaxBytes", 0);
        try (EchoClient client = connect(listen(listener))) {
            inBackground(() -> {
                client.out().write(new byte[16 * MIB]);
                return null;
            });
            assertThat(client.in().readNBytes(100)).hasSize(100);
            eventually("the queue is full", () -> traffic().snapshot().bytes() >= 100_000);
            assertThat(traffic().snapshot().bytes())
                    .as("what was read of 16 MiB: the queue, the last reads, and the window of a stream")
                    .isLessThan(100_000 + 8 * 65_536);
        }
    }

    @Test
    void resetsAfterSomeBytes() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'cut': {'afterBytes': 100}}}")) {
            client.out().write(bytes(50, 1));
            assertThat(client.in().readNBytes(50)).isEqualTo(bytes(50, 1));
            client.out().write(bytes(100, 2));
            assertThat(client.in().readNBytes(50)).isEqualTo(Arrays.copyOf(bytes(100, 2), 50));
            assertThatThrownBy(() -> client.in().readAllBytes())
                    .isInstanceOf(IOException.class)
                    .hasMessageMatching("(?is).*reset.*");
        }
        eventually("it is counted", () -> count("toPeer.cut") == 1);
        broke();
    }

    /** HTTP/3 counts connections, which go on without a stream. */
    private void broke() throws Exception {
        if (version != HttpVersion.THREE) {
            eventually("it is counted as ended", () -> traffic().snapshot().active() == 0);
            assertThat(traffic().failures()).isEqualTo(ONE_FAULT);
        }
    }

    @Test
    void endsAfterSomeBytes() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'cut': {'afterBytes': 100, 'with': 'fin'}}}")) {
            client.out().write(bytes(1000, 1));
            assertThat(client.in().readNBytes(100)).isEqualTo(Arrays.copyOf(bytes(1000, 1), 100));
            if (version == HttpVersion.ONE) {
                assertThatThrownBy(() -> client.in().read()).hasMessageContaining("ended within the response");
            } else {
                assertThat(client.in().read()).isEqualTo(-1);
            }
        }
        broke();
    }

    @Test
    void cutsBeforeTheResponse() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'cut': {'afterBytes': 0}}}")) {
            assertThatThrownBy(() -> exchange(client, bytes(1000, 1))).isInstanceOf(IOException.class);
        }
        broke();
    }

    @Test
    void cutsAfterSomeTime() throws Exception {
        long begin = System.nanoTime();
        try (EchoClient client = faulty("{'fromPeer': {'cut': {'after': '100ms'}}}")) {
            assertThatThrownBy(() -> {
                        client.out().write(bytes(10, 1));
                        client.in().readAllBytes();
                    })
                    .isInstanceOf(IOException.class);
            assertThat(millisSince(begin)).isGreaterThanOrEqualTo(100);
        }
        broke();
    }

    @Test
    void refusesTheEndOfARequest() throws Exception {
        try (EchoClient client = faulty("{'fromPeer': {'halfClose': 'refuse'}}")) {
            assertThatThrownBy(() -> exchange(client, bytes(10, 1))).isInstanceOf(IOException.class);
        }
        broke();
    }

    @Test
    void swallowsTheEndOfARequest() throws Exception {
        try (EchoClient client = connect(listen(with("{'fromPeer': {'halfClose': 'swallow'}}")))) {
            client.out().write(bytes(10, 1));
            client.closeOutput();
            assertThat(client.in().readNBytes(10)).isEqualTo(bytes(10, 1));
            eventually("it is counted", () -> count("fromPeer.halfClose") == 1);
            change(with("{}"));
            assertThat(client.in().read()).isEqualTo(-1);
        }
    }

    @Test
    void delaysTheEnd() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'closeDelay': '200ms'}}")) {
            client.out().write(bytes(10, 1));
            assertThat(client.in().readNBytes(10)).isEqualTo(bytes(10, 1));
            long begin = System.nanoTime();
            client.closeOutput();
            assertThat(client.in().read()).isEqualTo(-1);
            assertThat(millisSince(begin)).isGreaterThanOrEqualTo(199);
        }
    }

    @Test
    void corruptsOneByte() throws Exception {
        byte[] bytes = bytes(100, 1);
        try (EchoClient client = faulty("{'toPeer': {'corrupt': {'offset': 42}}}")) {
            byte[] back = exchange(client, bytes);
            assertThat(Integer.bitCount((back[42] ^ bytes[42]) & 0xff)).isEqualTo(1);
            back[42] = bytes[42];
            assertThat(back).isEqualTo(bytes);
        }
    }

    @Test
    void doesItToAShareOfRequestsAndToTheSameForTheSameSeed() throws Exception {
        String[] runs = {"", ""};
        for (int run = 0; run < 2; run++) {
            String address = listen(with("{'seed': 3, 'probability': 0.5, 'toPeer': {'corrupt': {'offset': 0}}}"));
            for (int i = 0; i < 20; i++) {
                try (EchoClient client = connect(address)) {
                    runs[run] += exchange(client, new byte[1])[0] == 0 ? "0" : "1";
                }
            }
        }
        assertThat(runs[0]).isEqualTo(runs[1]).contains("0").contains("1");
    }

    private static void answers(EchoClient client, String status) throws Exception {
        if (client instanceof Http3Client http3) {
            assertThat(http3.head().get(PATIENCE.toSeconds(), TimeUnit.SECONDS).status())
                    .hasToString(status);
        } else {
            assertThatThrownBy(() -> client.in().readAllBytes()).hasMessageContaining(status);
        }
    }

    @Test
    void answersWithAStatus() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'status': {'code': 503}}}")) {
            client.out().write(bytes(1000, 1));
            client.closeOutput();
            answers(client, "503");
        }
        assertThat(count("toPeer.status")).isEqualTo(1);
    }

    @Test
    void answersWithAStatusBeforeTheBody() throws Exception {
        try (EchoClient client = faulty("{'toPeer': {'status': {'code': 403, 'beforeBody': true}}}")) {
            answers(client, "403");
        }
    }

    @Test
    void answersNothing() throws Exception {
        try (EchoClient client = connect(listen(with("{'silent': true}")))) {
            client.out().write(bytes(1000, 1));
            client.closeOutput();
            eventually("it is counted", () -> count("silent") == 1);
        }
        eventually("it is counted as ended", () -> traffic().snapshot().active() == 0);
        assertThat(traffic().snapshot().bytes()).isZero();
    }

    @Test
    void losesNothingThatItHoldsWhenItDrains() throws Exception {
        byte[] bytes = bytes(100_000, 1);
        try (EchoClient client = faulty("{'toPeer': {'latency': '300ms'}, 'fromPeer': {'latency': '100ms'}}")) {
            client.out().write(bytes);
            client.closeOutput();
            eventually("it is held", () -> count("fromPeer.latency") > 0);
            Future<byte[]> back = inBackground(() -> client.in().readAllBytes());
            await(drain(PATIENCE));
            assertThat(await(back)).isEqualTo(bytes);
        }
    }
}
