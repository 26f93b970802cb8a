package dev.vecho.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vecho.core.FailureReason;
import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.StreamContract;
import dev.vecho.testkit.TlsEngines;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass(name = "on {0} with {1} and {2}")
@MethodSource("combinations")
class TlsContractTest extends StreamContract {

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;
    private static SSLContext client;

    private final String engine;
    private final String protocol;

    TlsContractTest(String io, String engine, String protocol) {
        super(io);
        this.engine = engine;
        this.protocol = protocol;
    }

    static List<Arguments> combinations() {
        List<Arguments> combinations = new ArrayList<>();
        for (Arguments each : TlsEngines.onEveryIo()) {
            combinations.add(Arguments.of(each.get()[0], each.get()[1], "TLSv1.3"));
        }
        // An older protocol is the same on every io: once for each engine.
        for (String engine : TlsEngines.available()) {
            combinations.add(Arguments.of(usualIo(), engine, "TLSv1.2"));
        }
        return combinations;
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

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        return SocketClient.tls(client, protocol, socketAddress(address), receiveBuffer);
    }

    private static InetSocketAddress socketAddress(String address) {
        Target target = Target.parse(address);
        return new InetSocketAddress(target.host(), target.port());
    }

    /** What is a matter of size shows once for each engine; what an io, or an older protocol, does to it shows with fewer. */
    @Override
    protected boolean inFull() {
        return onUsualIo() && protocol.equals("TLSv1.3");
    }

    /** A handshake is the work of a millisecond. */
    @Override
    protected int shortConnections() {
        return inFull() ? 4_000 : 1_000;
    }

    /** As for short connections. */
    @Override
    protected int connectionsAtOnce() {
        return 500;
    }

    /**
     * Linux waits for an answer that could take the acknowledgement with it, 40 ms at least; a client with Nagle's algorithm
     * keeps its first message as long.
     */
    @Test
    @EnabledOnOs(OS.LINUX)
    void acknowledgesTheEndOfTheHandshake() throws Exception {
        assumeTrue(onNativeIo(), "Java tells the system nothing of it");
        InetSocketAddress address = socketAddress(listen());
        // On a busy machine what is quick becomes slow, but not each time.
        int quickInTurn = 0;
        for (int i = 0; i < 200 && quickInTurn < 5; i++) {
            try (SSLSocket socket =
                    (SSLSocket) client.getSocketFactory().createSocket(address.getHostString(), address.getPort())) {
                socket.setEnabledProtocols(new String[] {protocol});
                socket.startHandshake();
                long start = System.nanoTime();
                socket.getOutputStream().write(i);
                assertThat(socket.getInputStream().read()).isEqualTo(i);
                quickInTurn = System.nanoTime() - start < 30_000_000 ? quickInTurn + 1 : 0;
            }
        }
        assertThat(quickInTurn).isEqualTo(5);
    }

    @Test
    void echoesRecordsThatComeInPieces() throws Exception {
        String address = listen();
        try (RecordClient client = converse(address)) {
            byte[] message = bytes(40, 1);
            byte[] record = client.records(message);
            for (int cut = 1; cut < record.length; cut++) {
                byte[] next = client.records(message);
                // With the end of one the beginning of the next, so that a read ends in each of its bytes.
                client.send(Arrays.copyOfRange(record, cut - 1, record.length), Arrays.copyOf(next, cut));
                assertThat(client.read(message.length)).as("up to byte %d", cut).isEqualTo(message);
                record = next;
            }
        }
    }

    @Test
    void echoesRecordsOfAnySizeTogether() throws Exception {
        String address = listen();
        try (RecordClient client = converse(address)) {
            ByteArrayOutputStream sent = new ByteArrayOutputStream();
            ByteArrayOutputStream records = new ByteArrayOutputStream();
            for (int i = 0; i < 500; i++) {
                byte[] message = bytes(1 + i * i % 16_384, i);
                sent.write(message);
                records.write(client.records(message));
            }
            Future<Object> sending = inBackground(() -> {
                client.send(records.toByteArray());
                return null;
            });
            assertThat(client.read(sent.size())).isEqualTo(sent.toByteArray());
            await(sending);
        }
    }

    @Test
    void echoesWhatComesTogetherWithCloseNotify() throws Exception {
        String address = listen();
        try (RecordClient client = converse(address)) {
            byte[] message = bytes(50_000, 2);
            client.send(client.records(message), client.closeNotify());
            assertThat(client.read(message.length)).isEqualTo(message);
            assertThat(client.endsWithCloseNotify()).isTrue();
        }
        eventually("the end is counted", () -> traffic().snapshot().active() == 0);
        assertThat(traffic().snapshot().failed()).isZero();
    }

    @Test
    void echoesWhatComesBeforeTheEndWithoutCloseNotify() throws Exception {
        String address = listen();
        try (RecordClient client = converse(address)) {
            byte[] message = bytes(50_000, 3);
            client.send(client.records(message), Arrays.copyOf(client.records(message), 7));
            client.endOutput();
            assertThat(client.read(message.length)).isEqualTo(message);
            client.endsWithCloseNotify();
        }
        eventually("the end is counted", () -> traffic().snapshot().active() == 0);
    }

    @Test
    void echoesARecordWhoseRestComesWithTheEnd() throws Exception {
        String address = listen();
        // Many, for the end has to come while the rest is not read yet.
        for (int i = 0; i < 30; i++) {
            try (RecordClient client = converse(address)) {
                byte[] message = bytes(1000, i);
                byte[] first = client.records(message);
                byte[] second = client.records(message);
                client.send(first, Arrays.copyOf(second, 500));
                assertThat(client.read(message.length)).isEqualTo(message);
                client.send(Arrays.copyOfRange(second, 500, second.length));
                client.endOutput();
                assertThat(client.read(message.length)).isEqualTo(message);
                client.endsWithCloseNotify();
            }
        }
    }

    @Test
    void echoesWhatComesBeforeABrokenRecord() throws Exception {
        String address = listen();
        try (RecordClient client = converse(address)) {
            byte[] message = bytes(1000, 4);
            byte[] good = client.records(message);
            byte[] broken = client.records(message);
            broken[broken.length - 1] ^= 1;
            client.send(good, broken);
            assertThat(client.read(message.length)).isEqualTo(message);
            assertThatThrownBy(client::endsWithCloseNotify)
                    .isInstanceOf(SSLException.class)
                    .hasMessageContaining("bad_record_mac");
            client.awaitEnd();
        }
        eventually(
                "the end is counted", () -> traffic().failures().equals(Map.of(FailureReason.TLS_OTHER.words(), 1L)));
    }

    @Test
    void countsAHandshakeThatFails() throws Exception {
        InetSocketAddress address = socketAddress(listen());
        try (SocketClient client = SocketClient.tcp(address, 0)) {
            // A record whose version does not exist.
            client.out().write(new byte[] {22, 9, 9, 0, 5, 1, 2, 3, 4, 5});
            client.in().readAllBytes();
        }
        eventually(
                "the end is counted",
                () -> traffic().failures().equals(Map.of(FailureReason.TLS_PLAIN_TEXT.words(), 1L)));
    }

    @Test
    void endsAConnectionThatIsTlsNoMore() throws Exception {
        String address = listen();
        try (RecordClient client = converse(address)) {
            client.send("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            client.awaitEnd();
        }
        eventually(
                "the end is counted",
                () -> traffic().failures().equals(Map.of(FailureReason.TLS_PLAIN_TEXT.words(), 1L)));
    }

    @Test
    void goesOnWithNewKeys() throws Exception {
        assumeTrue(protocol.equals("TLSv1.3"), "TLS 1.2 has no such message");
        String address = listen();
        try (RecordClient client = converse(address)) {
            for (int i = 0; i < 20; i++) {
                byte[] message = bytes(1000, i);
                client.send(client.records(message), client.keyUpdate(), client.records(message));
                assertThat(client.read(2 * message.length)).startsWith(message).endsWith(message);
                client.send(client.keyUpdate());
                client.send(client.records(message));
                assertThat(client.read(message.length)).isEqualTo(message);
            }
        }
    }

    /** Connects, and has some echoes: only then is it what it stays. */
    private RecordClient converse(String address) throws Exception {
        RecordClient records = new RecordClient(client, protocol, socketAddress(address));
        for (int i = 0; i < 20; i++) {
            byte[] message = bytes(100, i);
            records.send(records.records(message));
            assertThat(records.read(message.length)).isEqualTo(message);
        }
        return records;
    }
}
