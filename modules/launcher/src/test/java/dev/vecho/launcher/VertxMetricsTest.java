package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.Check;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.metrics.MetricsOptions;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the metrics of Vert.x are told, where somebody has enabled them: what really went through. */
final class VertxMetricsTest {

    private static final int BYTES = 300_000;

    @TempDir
    private Path directory;

    private final RecordedMetrics metrics = new RecordedMetrics();
    private final Vertx client =
            Vertx.builder().withTransport(Io.transport(Io.AUTO)).build();
    private Vertx vertx = client;

    @AfterEach
    void close() throws Exception {
        Waits.await(vertx.close());
        Waits.await(client.close());
    }

    private Listeners serve(String io, JsonObject listener) throws Exception {
        vertx = Vertx.builder()
                .with(new VertxOptions().setMetricsOptions(new MetricsOptions().setEnabled(true)))
                .withTransport(Io.transport(io))
                .withMetrics(metrics)
                .build();
        return Listeners.serve(vertx, new JsonObject().put("echo", listener));
    }

    private static JsonObject listener(String transport) {
        return Listeners.any().put("transport", transport);
    }

    private static JsonObject tls(JsonObject listener) {
        return listener.put("tls", new JsonObject().put("selfSigned", true));
    }

    private Report check(Vertx from, String target, int bytes) throws Exception {
        JsonObject script = new JsonObject()
                .put("targets", target)
                .put("tls", new JsonObject().put("insecure", true))
                .put("matrix", new JsonObject().put("sizes", new JsonArray().add(bytes)));
        Check check = Waits.await(Check.open(from, Script.of(script, Source.named("test"))))
                .get(0);
        Report report = Waits.await(check.play(1).eventually(check::close));
        assertThat(report.passed()).as(String.valueOf(report.diagnosis())).isTrue();
        return report;
    }

    static Stream<Arguments> streams() {
        return Io.available().stream()
                .flatMap(io -> Stream.of("tcp", "tls", "service", "rate", "unix", "quic")
                        .filter(kind -> !kind.equals("unix") || io.equals("epoll"))
                        .map(kind -> Arguments.of(io, kind)));
    }

    private JsonObject stream(String kind) {
        return switch (kind) {
            case "tls" -> tls(listener("tcp"));
            case "quic" -> tls(listener("quic"));
            case "service" -> listener("tcp").put("faults", new JsonObject());
            case "rate" -> listener("tcp").put("maxBytesPerSecond", 100_000_000);
            case "unix" ->
                new JsonObject()
                        .put("transport", "unix")
                        .put("path", directory.resolve("echo.sock").toString());
            default -> listener(kind);
        };
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("streams")
    void tellTheBytesOfStreams(String io, String kind) throws Exception {
        Listeners listeners = serve(io, stream(kind));
        check(client, listeners.address("echo"), BYTES);
        check(client, listeners.address("echo"), 5);
        Waits.eventually("both connections have ended", () -> metrics.disconnected.sum() == 2);
        Waits.eventually("all is told", () -> metrics.read() >= BYTES + 5);
        assertThat(metrics.connected.sum()).isEqualTo(2);
        assertThat(metrics.read()).isEqualTo(BYTES + 5);
        assertThat(metrics.written()).isEqualTo(BYTES + 5);
        assertThat(listeners.traffic("echo").snapshot().bytes()).isEqualTo(BYTES + 5);
        if (!kind.equals("unix")) {
            assertThat(metrics.read).hasSize(2);
        }
        assertThat(metrics.servers.sum()).isPositive();
        Waits.await(vertx.close());
        assertThat(metrics.servers.sum()).isZero();
    }

    @Test
    void tellWhoTheBytesAreFrom() throws Exception {
        Listeners listeners = serve(Io.AUTO, listener("tcp"));
        for (int bytes : List.of(1, 70_000)) {
            try (Socket socket = new Socket("127.0.0.1", listeners.port("echo"))) {
                String own = "127.0.0.1:" + socket.getLocalPort();
                socket.getOutputStream().write(new byte[bytes]);
                socket.shutdownOutput();
                assertThat(socket.getInputStream().readAllBytes()).hasSize(bytes);
                Waits.eventually("all is told", () -> metrics.written(own) == bytes);
                assertThat(metrics.read(own)).isEqualTo(bytes);
            }
        }
    }

    /** Vert.x itself tells of whole pages of 4 KiB, and of the rest at the end. */
    @Test
    void tellOfAConnectionWhileItLives() throws Exception {
        Listeners listeners = serve(Io.AUTO, listener("tcp"));
        try (Socket socket = new Socket("127.0.0.1", listeners.port("echo"))) {
            socket.getOutputStream().write(new byte[10_000]);
            assertThat(socket.getInputStream().readNBytes(10_000)).hasSize(10_000);
            Waits.eventually("two pages are told", () -> metrics.read() == 8192 && metrics.written() == 8192);
            assertThat(metrics.connected.sum()).isEqualTo(1);
            assertThat(metrics.disconnected.sum()).isZero();
        }
        Waits.eventually("the rest is told", () -> metrics.read() == 10_000 && metrics.written() == 10_000);
    }

    /** Heads as well as bodies, as the socket carries them. */
    @Test
    void tellTheBytesOfHttp() throws Exception {
        Listeners listeners = serve(Io.AUTO, listener("http"));
        byte[] request = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
                .getBytes(StandardCharsets.US_ASCII);
        byte[] response;
        try (Socket socket = new Socket("127.0.0.1", listeners.port("echo"))) {
            socket.getOutputStream().write(request);
            response = socket.getInputStream().readAllBytes();
        }
        assertThat(new String(response, StandardCharsets.US_ASCII)).endsWith("\r\n\r\nhello");
        Waits.eventually("it has ended", () -> metrics.disconnected.sum() == 1);
        assertThat(metrics.read()).isEqualTo(request.length);
        assertThat(metrics.written()).isEqualTo(response.length);
    }

    static Stream<String> overHttp() {
        return Stream.of("http", "https", "h3", "ws", "wss", "grpc");
    }

    @ParameterizedTest
    @MethodSource("overHttp")
    void tellNoLessThanTheBodies(String scheme) throws Exception {
        boolean encrypted = List.of("https", "h3", "wss").contains(scheme);
        boolean webSocket = scheme.startsWith("ws");
        JsonObject listener = listener(webSocket ? "websocket" : "http");
        Listeners listeners = serve(Io.AUTO, encrypted ? tls(listener) : listener);
        check(client, scheme + "://127.0.0.1:" + listeners.port("echo"), BYTES);
        Waits.eventually("it has ended", () -> metrics.disconnected.sum() == 1);
        assertThat(metrics.connected.sum()).isEqualTo(1);
        assertThat(metrics.read()).isBetween((long) BYTES, BYTES + 10_000L);
        assertThat(metrics.written()).isBetween((long) BYTES, BYTES + 10_000L);
    }

    static Stream<String> available() {
        return Io.available().stream();
    }

    @ParameterizedTest
    @MethodSource("available")
    void tellTheBytesOfDatagrams(String io) throws Exception {
        Listeners listeners = serve(io, listener("udp"));
        InetAddress host = InetAddress.getByName("127.0.0.1");
        assertThat(metrics.listening).contains("127.0.0.1:" + listeners.port("echo"));
        try (DatagramSocket socket = new DatagramSocket(0, host)) {
            socket.setSoTimeout(20_000);
            for (int bytes : List.of(1, 1000, 0, 40_000)) {
                socket.send(new DatagramPacket(new byte[bytes], bytes, host, listeners.port("echo")));
                DatagramPacket echo = new DatagramPacket(new byte[65_536], 65_536);
                socket.receive(echo);
                assertThat(echo.getLength()).isEqualTo(bytes);
            }
            String own = "127.0.0.1:" + socket.getLocalPort();
            Waits.eventually("all is told", () -> metrics.written() == 41_001 && metrics.read() == 41_001);
            assertThat(metrics.read).containsOnlyKeys(own);
            assertThat(metrics.written).containsOnlyKeys(own);
        }
    }

    @Test
    void tellTheBytesOfStamp() throws Exception {
        Listeners listeners = serve(Io.AUTO, listener("stamp"));
        check(client, listeners.address("echo"), 100);
        Waits.eventually("it is told", () -> metrics.written() > 100);
        assertThat(metrics.read()).isEqualTo(metrics.written());
        assertThat(listeners.traffic("echo").snapshot().bytes()).isEqualTo(metrics.read());
    }

    /** Vert.x delivers these itself, and counts them. */
    @Test
    void tellTheMessagesOfTheEventBus() throws Exception {
        serve(Io.AUTO, new JsonObject().put("transport", "eventbus").put("address", "echo"));
        check(vertx, "bus://echo", 42);
        assertThat(metrics.messages.sum()).isEqualTo(1);
    }
}
