package dev.vecho.launcher;

import static dev.vecho.launcher.Waits.await;
import static dev.vecho.launcher.Waits.eventually;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.FailureReason;
import dev.vecho.core.Traffic;
import dev.vecho.net.io.Io;
import dev.vecho.server.Configuration;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.server.EchoService.Outcome;
import dev.vecho.server.EchoService.Reload;
import dev.vecho.server.OpenListener;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.UnixClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may connect to a listener, how often, how fast and for how long, over real sockets of every transport. */
@Timeout(180)
class ClientLimitsTest {

    private static final int PATIENCE_MILLIS = 60_000;

    @TempDir
    Path directory;

    private final Vertx clients = Launch.vertx(Io.AUTO);

    @SuppressWarnings("NullAway.Init") // Each test serves first.
    private Vertx vertx;

    @SuppressWarnings("NullAway.Init")
    private EchoServerVerticle service;

    @AfterEach
    void stop() throws Exception {
        await(clients.close());
        await(vertx.close());
    }

    private static JsonObject any(String transport) {
        return new JsonObject()
                .put("transport", transport)
                .put("host", "127.0.0.1")
                .put("port", 0);
    }

    private void serve(JsonObject listener) throws Exception {
        serve(Io.AUTO, listener);
    }

    private void serve(String io, JsonObject listener) throws Exception {
        vertx = Launch.vertx(io);
        write(listener);
        service = new EchoServerVerticle(await(Configuration.load(vertx, List.of(directory.resolve("vecho.json")))));
        await(vertx.deployVerticle(service));
    }

    private void write(JsonObject listener) throws Exception {
        Files.writeString(
                directory.resolve("vecho.json"),
                new JsonObject()
                        .put("configScanMillis", 0)
                        .put("drainMillis", PATIENCE_MILLIS)
                        .put("listeners", new JsonObject().put("a", listener))
                        .encode());
    }

    private void reload(JsonObject listener) throws Exception {
        write(listener);
        Reload reload = await(service.reload());
        assertThat(reload.problems()).isEmpty();
        assertThat(reload.outcome()).isEqualTo(Outcome.APPLIED);
    }

    private OpenListener listener() {
        return service.listeners().get(0);
    }

    private Traffic traffic() {
        return listener().traffic();
    }

    private String address(String scheme) {
        return listener().addresses().stream()
                .filter(address -> address.startsWith(scheme + ":"))
                .findFirst()
                .orElseThrow();
    }

    private String address(String scheme, String host) {
        return listener().addresses().stream()
                .filter(address -> address.startsWith(scheme + "://" + host))
                .findFirst()
                .orElseThrow();
    }

    private InetSocketAddress socketAddress() {
        String address = listener().addresses().get(0);
        int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
        return new InetSocketAddress(address.contains("[::1]") ? "::1" : "127.0.0.1", port);
    }

    /** Connects from an address of this machine. */
    private Socket connectFrom(String from) throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.bind(new InetSocketAddress(from, 0));
        socket.connect(socketAddress(), PATIENCE_MILLIS);
        return socket;
    }

    /** Whether a connection of TCP echoes; else it must have been closed. */
    private static boolean echoes(Socket socket) throws IOException {
        try {
            socket.getOutputStream().write(7);
            return socket.getInputStream().read() == 7;
        } catch (SocketTimeoutException e) {
            throw new AssertionError("neither an echo nor an end", e);
        } catch (IOException reset) {
            return false;
        }
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    private static JsonObject trusting(Certificates certificates) {
        return new JsonObject()
                .put(
                        "tls",
                        new JsonObject().put("trust", certificates.authority().toString()));
    }

    @ParameterizedTest
    @CsvSource({
        "tcp, tcp, deny",
        "tcp, tls, deny",
        "tcp, tcp, allow",
        "http, http, deny",
        "http, https, deny",
        "http, h3, deny",
        "websocket, ws, deny",
        "quic, quic, deny",
        "udp, udp, deny",
        "udp, udp, allow",
        "stamp, stamp, deny",
        "stamp, stamp, allow"
    })
    void refusesWhoIsNotAllowedUntilTheListChanges(String transport, String scheme, String list) throws Exception {
        Certificates certificates = new Certificates(directory);
        JsonObject options = any(transport);
        boolean encrypted = List.of("tls", "https", "h3", "quic").contains(scheme);
        if (encrypted) {
            options.put("tls", certificates.localhost().options());
        }
        JsonObject client = encrypted ? trusting(certificates) : new JsonObject();
        String block = list.equals("deny") ? "127.0.0.0/8" : "192.0.2.0/24";
        serve(options.copy().put(list, new JsonArray().add(block)));
        Future<Echoing> refused = Echoing.open(clients, address(scheme), client, 0);
        boolean datagrams = List.of("h3", "quic", "stamp", "udp").contains(scheme);
        eventually(
                "it is refused",
                () -> (datagrams ? traffic().drops() : traffic().refusals()).containsKey("not allowed"));
        assertThat(traffic().snapshot().accepted()).isZero();
        assertThat(traffic().snapshot().bytes()).isZero();
        reload(options.copy().put("allow", new JsonArray().add("127.0.0.1").add("::1")));
        Echoing welcome = await(Echoing.open(clients, address(scheme), client, 0));
        eventually("an echo", () -> welcome.received() > 0 || welcome.fault() != null);
        await(welcome.stop());
        assertThat(welcome.fault()).isNull();
        await(refused.otherwiseEmpty());
    }

    /** At the same time, one of two addresses that reach the same listener. */
    @ParameterizedTest
    @CsvSource({
        "tcp, tcp, deny, 127.0.0.1",
        "tcp, tls, allow, ::1",
        "http, http, allow, ::1",
        "http, https, deny, 127.0.0.1",
        "http, h3, deny, 127.0.0.0/8",
        "http, h3, allow, ::1/128",
        "websocket, ws, deny, 127.0.0.1",
        "quic, quic, deny, 127.0.0.1",
        "quic, quic, allow, ::1",
        "udp, udp, deny, 127.0.0.1",
        "udp, udp, allow, ::1",
        "stamp, stamp, deny, 127.0.0.1"
    })
    void refusesOneAddressAndServesTheOther(String transport, String scheme, String list, String block)
            throws Exception {
        Certificates certificates = new Certificates(directory);
        JsonObject options = any(transport).put("host", "localhost").put(list, block);
        boolean encrypted = List.of("tls", "https", "h3", "quic").contains(scheme);
        if (encrypted) {
            options.put("tls", certificates.localhost().options());
        }
        JsonObject client = encrypted ? trusting(certificates) : new JsonObject();
        serve(options);
        Echoing welcome = await(Echoing.open(clients, address(scheme, "[::1]"), client, 0));
        eventually("an echo", () -> welcome.received() > 0 || welcome.fault() != null);
        Future<Echoing> refused = Echoing.open(clients, address(scheme, "127.0.0.1"), client, 0);
        boolean datagrams = List.of("h3", "quic", "stamp", "udp").contains(scheme);
        eventually(
                "it is refused",
                () -> (datagrams ? traffic().drops() : traffic().refusals()).containsKey("not allowed"));
        long before = welcome.received();
        eventually("another echo", () -> welcome.received() > before || welcome.fault() != null);
        assertThat(welcome.fault()).isNull();
        await(welcome.stop());
        // One that asks again and again gets in at last.
        JsonObject everybody = options.copy();
        everybody.remove(list);
        reload(everybody);
        await(refused.otherwiseEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "http"})
    void tellsTwoAddressesOfOneBlockApart(String transport) throws Exception {
        JsonObject options = any(transport);
        serve(options.copy().put("deny", "127.0.0.2"));
        byte[] request = transport.equals("tcp")
                ? new byte[] {7}
                : "POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\n7".getBytes(US_ASCII);
        for (int i = 0; i < 3; i++) {
            try (Socket first = connectFrom("127.0.0.1");
                    Socket second = connectFrom("127.0.0.2")) {
                first.getOutputStream().write(request);
                assertThat(first.getInputStream().read()).isEqualTo(transport.equals("tcp") ? 7 : 'H');
                assertThat(echoes(second)).isFalse();
            }
        }
        assertThat(traffic().refusals()).isEqualTo(Map.of("not allowed", 3L));
        reload(options.copy().put("allow", "127.0.0.2/32"));
        try (Socket first = connectFrom("127.0.0.1");
                Socket second = connectFrom("127.0.0.2")) {
            assertThat(echoes(first)).isFalse();
            second.getOutputStream().write(request);
            assertThat(second.getInputStream().read()).isEqualTo(transport.equals("tcp") ? 7 : 'H');
        }
    }

    @Test
    void tellsTwoSourcesOfDatagramsApart() throws Exception {
        serve(any("udp").put("deny", "127.0.0.2"));
        try (DatagramSocket first = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
                DatagramSocket second = new DatagramSocket(new InetSocketAddress("127.0.0.2", 0))) {
            first.setSoTimeout(PATIENCE_MILLIS);
            DatagramPacket packet = new DatagramPacket(new byte[] {7}, 1, socketAddress());
            second.send(packet);
            eventually("it is dropped", () -> traffic().drops().containsKey("not allowed"));
            first.send(packet);
            first.receive(new DatagramPacket(new byte[1], 1));
            second.setSoTimeout(1);
            assertThatThrownBy(() -> second.receive(new DatagramPacket(new byte[1], 1)))
                    .isInstanceOf(SocketTimeoutException.class);
        }
        assertThat(traffic().drops()).isEqualTo(Map.of("not allowed", 1L));
    }

    @Test
    void refusesAddressesOfIpv6() throws Exception {
        JsonObject options = any("tcp").put("host", "::1");
        serve(options.copy().put("deny", "::/64"));
        try (Socket socket = connectFrom("::1")) {
            assertThat(echoes(socket)).isFalse();
        }
        reload(options.copy().put("allow", "::1"));
        try (Socket socket = connectFrom("::1")) {
            assertThat(echoes(socket)).isTrue();
        }
        assertThat(traffic().refusals()).isEqualTo(Map.of("not allowed", 1L));
    }

    @Test
    void givesEachAddressItsNumberOfConnectionsAlsoAfterAReload() throws Exception {
        JsonObject options = any("tcp").put("maxConnectionsPerAddress", 1);
        serve(options);
        try (Socket first = connectFrom("127.0.0.1")) {
            assertThat(echoes(first)).isTrue();
            try (Socket second = connectFrom("127.0.0.1")) {
                assertThat(echoes(second)).isFalse();
            }
            reload(options.put("idleTimeoutMillis", 3_600_000));
            try (Socket third = connectFrom("127.0.0.1");
                    Socket other = connectFrom("127.0.0.2")) {
                assertThat(echoes(third)).isFalse();
                assertThat(echoes(other)).isTrue();
                assertThat(echoes(first)).isTrue();
            }
        }
        eventually("all have ended", () -> traffic().snapshot().active() == 0);
        try (Socket again = connectFrom("127.0.0.1")) {
            assertThat(echoes(again)).isTrue();
        }
        assertThat(traffic().refusals()).isEqualTo(Map.of("over maxConnectionsPerAddress", 2L));
    }

    @ParameterizedTest
    @CsvSource({
        "tcp, tcp, maxConnectionsPerAddress",
        "http, h3, maxConnectionsPerAddress",
        "quic, quic, maxConnectionsPerAddress",
        "http, http, maxNewConnectionsPerSecond",
        "quic, quic, maxNewConnectionsPerSecondPerAddress"
    })
    void refusesTheSecondConnection(String transport, String scheme, String key) throws Exception {
        Certificates certificates = new Certificates(directory);
        JsonObject options = any(transport).put(key, 1);
        boolean encrypted = List.of("h3", "quic").contains(scheme);
        if (encrypted) {
            options.put("tls", certificates.localhost().options());
        }
        JsonObject client = encrypted ? trusting(certificates) : new JsonObject();
        serve(options);
        Echoing first = await(Echoing.open(clients, address(scheme), client, 0));
        // Each event loop accepts: one that connects later may be accepted before.
        eventually("the first is served", () -> first.received() > 0 || first.fault() != null);
        // On a slow machine more than one may come in their second.
        eventually("one is refused", () -> {
            try {
                await(Echoing.open(clients, address(scheme), client, 0).otherwiseEmpty());
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            return traffic().refusals().containsKey("over " + key);
        });
        long before = first.received();
        eventually("an echo", () -> first.received() > before || first.fault() != null);
        assertThat(first.fault()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix", "tls"})
    void goesByTheAddressThatAProxyHeaderTells(String kind) throws Exception {
        boolean unix = kind.equals("unix");
        Path path = directory.resolve("echo.sock");
        JsonObject options = unix ? new JsonObject().put("transport", "unix").put("path", path.toString()) : any("tcp");
        if (kind.equals("tls")) {
            options.put("tls", new Certificates(directory).localhost().options());
        }
        serve(options.put("proxyProtocol", true)
                .put("allow", new JsonArray().add("192.0.2.0/24").add("2001:db8::/32"))
                .put("maxConnectionsPerAddress", 1));
        String local = "0d0a0d0a000d0a515549540a20000000";
        List<byte[]> refused = new ArrayList<>(List.of(
                "PROXY TCP4 198.51.100.1 192.0.2.8 56324 443\r\n".getBytes(US_ASCII),
                "PROXY TCP6 2001:db9::7 2001:db8::8 56324 443\r\n".getBytes(US_ASCII),
                "PROXY UNKNOWN\r\n".getBytes(US_ASCII)));
        if (!unix) {
            // Of the balancer itself, which connects from 127.0.0.1.
            refused.add(HexFormat.of().parseHex(local));
        }
        for (byte[] header : refused) {
            try (EchoClient client = connect(unix, path)) {
                client.out().write(header);
                client.out().write("more".getBytes(US_ASCII));
                assertThat(read(client)).isEqualTo(-1);
            } catch (IOException reset) {
                // It may come before all is sent.
            }
        }
        eventually(
                "all are refused",
                () -> traffic().refusals().getOrDefault("not allowed", 0L) == refused.size()
                        && traffic().snapshot().active() == 0);
        assertThat(traffic().snapshot().bytes()).isZero();
        assertThat(traffic().failures()).isEmpty();
        if (kind.equals("tls")) {
            return;
        }
        for (String source : List.of("TCP4 192.0.2.7 192.0.2.8", "TCP6 2001:db8::7 2001:db8::8")) {
            byte[] header = ("PROXY " + source + " 56324 443\r\n").getBytes(US_ASCII);
            try (EchoClient client = connect(unix, path);
                    EchoClient second = connect(unix, path)) {
                client.out().write(header);
                client.out().write(7);
                assertThat(client.in().read()).isEqualTo(7);
                second.out().write(header);
                assertThat(read(second)).isEqualTo(-1);
            }
        }
        if (unix) {
            try (EchoClient client = connect(true, path)) {
                client.out().write(HexFormat.of().parseHex(local));
                client.out().write(7);
                assertThat(client.in().read()).isEqualTo(7);
            }
        }
        assertThat(traffic().refusals()).containsEntry("over maxConnectionsPerAddress", 2L);
    }

    private EchoClient connect(boolean unix, Path path) throws IOException {
        return unix ? new UnixClient(path, 0) : SocketClient.tcp(socketAddress(), 0);
    }

    private static int read(EchoClient client) throws IOException {
        try {
            return client.in().read();
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException reset) {
            return -1;
        }
    }

    /** Netty's own handlers read on after each pause. */
    @ParameterizedTest
    @ValueSource(strings = {"tcp", "http"})
    void doesNotReadForAClientThatDoesNot(String transport) throws Exception {
        JsonObject options = any(transport).put("maxBytesPerSecond", 40_000_000);
        serve(transport.equals("http") ? options.put("requestBufferMaxBytes", 0) : options);
        byte[] piece = bytes(1 << 20);
        try (SocketChannel client = SocketChannel.open(socketAddress())) {
            client.configureBlocking(false);
            if (transport.equals("http")) {
                client.write(ByteBuffer.wrap(
                        "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 200000000\r\n\r\n".getBytes(US_ASCII)));
            }
            long sent = 0;
            long since = System.nanoTime();
            ByteBuffer rest = ByteBuffer.wrap(piece);
            while (System.nanoTime() - since < TimeUnit.SECONDS.toNanos(2) && sent < 100_000_000) {
                int written = client.write(rest);
                if (written > 0) {
                    sent += written;
                    since = System.nanoTime();
                } else {
                    TimeUnit.MILLISECONDS.sleep(5);
                }
                if (!rest.hasRemaining()) {
                    rest.clear();
                }
            }
            // The operating system has buffers on both sides, each for both directions.
            assertThat(sent).isLessThan(60_000_000);
            ByteBuffer echo = ByteBuffer.allocate(1 << 16);
            client.configureBlocking(true);
            long read = 0;
            while (transport.equals("tcp") && read < sent) {
                echo.clear();
                int count = client.read(echo);
                assertThat(count).isPositive();
                for (int i = 0; i < count; i++) {
                    assertThat(echo.get(i)).isEqualTo(piece[(int) ((read + i) % piece.length)]);
                }
                read += count;
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"tcp, tcp", "http, http", "websocket, ws", "quic, quic", "http, h3"})
    void endsAConnectionThatIsTooOld(String transport, String scheme) throws Exception {
        Certificates certificates = new Certificates(directory);
        JsonObject options = any(transport).put("maxLifetimeMillis", 1500);
        boolean encrypted = List.of("h3", "quic").contains(scheme);
        if (encrypted) {
            options.put("tls", certificates.localhost().options());
        }
        JsonObject client = encrypted ? trusting(certificates) : new JsonObject();
        serve(options);
        Echoing busy = await(Echoing.open(clients, address(scheme), client, 0));
        eventually("it was ended", () -> busy.fault() != null);
        assertThat(busy.received()).isPositive();
        eventually("it has ended", () -> traffic().snapshot().active() == 0);
        assertThat(FailureReason.LIFETIME.words()).isEqualTo("cut at the end of their lifetime");
        assertThat(List.of(FailureReason.LIFETIME.words(), FailureReason.RESET.words()))
                .containsAll(traffic().failures().keySet());
    }

    @Test
    void tellsACutAtTheEndOfALifetimeFromAnOrderlyEnd() throws Exception {
        serve(any("tcp").put("maxLifetimeMillis", 2_500));
        try (Socket quiet = connectFrom("127.0.0.1");
                SocketChannel greedy = SocketChannel.open(socketAddress())) {
            assertThat(echoes(quiet)).isTrue();
            greedy.configureBlocking(false);
            ByteBuffer piece = ByteBuffer.wrap(bytes(1 << 20));
            long full = System.nanoTime();
            while (System.nanoTime() - full < TimeUnit.MILLISECONDS.toNanos(300)) {
                if (greedy.write(piece) > 0) {
                    full = System.nanoTime();
                }
                if (!piece.hasRemaining()) {
                    piece.clear();
                }
            }
            assertThat(quiet.getInputStream().read()).isEqualTo(-1);
            eventually("both have ended", () -> traffic().snapshot().active() == 0);
        }
        assertThat(traffic().failures()).isEqualTo(Map.of(FailureReason.LIFETIME.words(), 1L));
    }
}
