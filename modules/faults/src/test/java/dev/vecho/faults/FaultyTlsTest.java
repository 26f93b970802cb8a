package dev.vecho.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.ListenerContract;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.TlsEngines;
import dev.vecho.transport.tcp.TcpTransport;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Faults of connections with TLS. */
@ParameterizedClass(name = "with {0}")
@MethodSource("engines")
class FaultyTlsTest extends ListenerContract {

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;
    private static SSLContext client;

    private final String engine;

    FaultyTlsTest(String engine) {
        super(usualIo());
        this.engine = engine;
    }

    static List<String> engines() {
        return TlsEngines.available();
    }

    @BeforeAll
    static void makeCertificates() throws Exception {
        Certificates certificates = new Certificates(directory);
        certificate = certificates.localhost();
        client = SocketClient.trusting(certificates.trustManager());
    }

    @Override
    protected Transport transport() {
        return new TcpTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject()
                .put("host", "127.0.0.1")
                .put("port", 0)
                .put("tls", certificate.options().put("engine", engine));
    }

    private String listening(String faults) throws Exception {
        return listen(options().put("faults", new JsonObject(faults.replace('\'', '"'))));
    }

    private static EchoClient connect(String address) throws IOException {
        Target target = Target.parse(address);
        return SocketClient.tls(client, "TLSv1.3", new InetSocketAddress(target.host(), target.port()), 0);
    }

    @Test
    void holdsUpTheHandshake() throws Exception {
        String address = listening("{'handshakeDelay': '200ms'}");
        long begin = System.nanoTime();
        try (EchoClient connected = connect(address)) {
            connected.out().write(bytes(100, 1));
            assertThat(connected.in().readNBytes(100)).isEqualTo(bytes(100, 1));
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin)).isGreaterThanOrEqualTo(199);
        }
        assertThat(traffic().faults()).isEqualTo(Map.of("handshakeDelay", 1L));
    }

    @Test
    void saysNothingBeforeTheHandshake() throws Exception {
        Target target = Target.parse(listening("{'silent': true}"));
        try (Socket socket = new Socket(target.host(), target.port())) {
            socket.getOutputStream().write(new byte[] {22, 3, 1});
            eventually("it has read", () -> traffic().snapshot().bytes() == 3);
            socket.setSoTimeout(100);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        }
        eventually("it is counted as ended", () -> traffic().snapshot().active() == 0);
    }

    @Test
    void corruptsWhatIsEncryptedAfterwards() throws Exception {
        try (EchoClient connected = connect(listening("{'toPeer': {'corrupt': {'offset': 3}, 'latency': '10ms'}}"))) {
            connected.out().write(bytes(100, 1));
            byte[] back = connected.in().readNBytes(100);
            assertThat(Integer.bitCount((back[3] ^ bytes(100, 1)[3]) & 0xff)).isEqualTo(1);
        }
    }

    @Test
    void cuts() throws Exception {
        try (EchoClient connected = connect(listening("{'toPeer': {'cut': {'afterBytes': 50}}}"))) {
            connected.out().write(bytes(100, 1));
            assertThat(connected.in().readNBytes(50)).hasSize(50);
            assertThatThrownBy(() -> connected.in().read()).isInstanceOf(IOException.class);
        }
        eventually("it is counted as ended", () -> traffic().snapshot().active() == 0);
        assertThat(traffic().failures()).isEqualTo(Map.of("broken by a configured fault", 1L));
    }

    @Test
    void endsInOrder() throws Exception {
        try (EchoClient connected = connect(listening("{'toPeer': {'cut': {'afterBytes': 50, 'with': 'fin'}}}"))) {
            Future<byte[]> all = inBackground(() -> connected.in().readAllBytes());
            connected.out().write(bytes(100, 1));
            assertThat(await(all)).hasSize(50);
        }
    }
}
