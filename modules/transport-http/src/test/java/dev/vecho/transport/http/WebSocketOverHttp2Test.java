package dev.vecho.transport.http;

import static dev.vecho.transport.http.RawHttp2.DATA;
import static dev.vecho.transport.http.RawHttp2.END_HEADERS;
import static dev.vecho.transport.http.RawHttp2.END_STREAM;
import static dev.vecho.transport.http.RawHttp2.HEADERS;
import static dev.vecho.transport.http.RawHttp2.RST_STREAM;
import static dev.vecho.transport.http.RawHttp2.block;
import static dev.vecho.transport.http.RawWebSocket.BINARY;
import static dev.vecho.transport.http.RawWebSocket.CLOSE;
import static dev.vecho.transport.http.RawWebSocket.FIN;
import static dev.vecho.transport.http.RawWebSocket.frame;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.ForeignProgram.Result;
import dev.vecho.testkit.Ports;
import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * WebSockets on streams of HTTP/2 (RFC 8441): all that holds on connections of their own, through haproxy, which speaks HTTP/2 to the
 * listener; and what streams have beyond that.
 */
class WebSocketOverHttp2Test extends WebSocketConformanceTest {

    private static final int ATTEMPTS = 5;
    private static final byte[] HELLO = {(byte) 0x82, 1, 7};
    private static final byte[] GOING_AWAY = {(byte) 0x88, 2, 3, (byte) 0xe9};

    @TempDir
    static Path directory;

    private static final Map<Integer, Integer> ports = new ConcurrentHashMap<>();
    private static final List<Process> proxies = new ArrayList<>();

    @AfterAll
    static void stop() {
        proxies.forEach(proxy -> proxy.destroyForcibly().onExit().join());
    }

    @Override
    RawWebSocket connect(HttpServer listener, String headers) throws IOException {
        Integer port = ports.get(listener.port());
        if (port == null) {
            port = proxy(listener.port());
            ports.put(listener.port(), port);
        }
        return new RawWebSocket(dial(port), headers);
    }

    private static Socket dial(int port) throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(30_000);
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress("127.0.0.1", port), 30_000);
        return socket;
    }

    /** Starts haproxy in front of a listener, and returns its port. */
    private static int proxy(int behind) throws IOException {
        ForeignProgram haproxy = ForeignProgram.find("haproxy", "apt-get install haproxy");
        for (int attempt = 1; ; attempt++) {
            int port = Ports.free();
            Path file = Files.writeString(directory.resolve("haproxy-" + port + ".cfg"), """
                    defaults
                      mode http
                      timeout connect 10s
                      timeout client 60s
                      timeout server 60s
                      timeout tunnel 60s
                    listen web
                      bind 127.0.0.1:%d
                      server vecho 127.0.0.1:%d proto h2
                    """.formatted(port, behind));
            Process process = haproxy.start("-f", file.toString());
            proxies.add(process);
            StreamWait.until("haproxy listens", () -> !process.isAlive() || listens(port));
            if (process.isAlive()) {
                return port;
            }
            assertThat(attempt).as("haproxy does not start").isLessThan(ATTEMPTS);
        }
    }

    private static boolean listens(int port) {
        try (Socket socket = dial(port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static void open(RawHttp2 client, int stream, String... more) throws IOException {
        List<String> headers = new ArrayList<>(List.of(
                ":method",
                "CONNECT",
                ":protocol",
                "websocket",
                ":scheme",
                "http",
                ":path",
                "/chat",
                ":authority",
                "localhost"));
        headers.addAll(List.of(more));
        client.send(HEADERS, END_HEADERS, stream, block(headers.toArray(String[]::new)));
    }

    private static void greet(RawHttp2 client, int stream) throws IOException {
        client.data(stream, 0, frame(FIN | BINARY, new byte[] {7}));
        assertThat(client.read(stream, HELLO.length)).isEqualTo(HELLO);
    }

    @Test
    void carriesWebSocketsAndRequestsOnOneConnection() throws Exception {
        try (HttpServer server = HttpServer.listen(new JsonObject());
                RawHttp2 client = new RawHttp2(server)) {
            for (int stream = 1; stream < 9; stream += 2) {
                open(client, stream, "sec-websocket-version", "13");
                assertThat(client.status(stream)).isEqualTo("200");
                greet(client, stream);
            }
            client.post(9);
            client.data(9, END_STREAM, new byte[] {7});
            assertThat(client.await(DATA, 9).payload()).isEqualTo(new byte[] {7});
            greet(client, 3);
            // The answer to a close frame, and the end of the stream.
            client.data(3, 0, frame(FIN | CLOSE, new byte[] {3, (byte) 0xe8}));
            assertThat(client.read(3, 4)).isEqualTo(new byte[] {(byte) 0x88, 2, 3, (byte) 0xe8});
            client.awaitEnd(3);
            client.data(3, END_STREAM, new byte[0]);
            greet(client, 5);
        }
    }

    @Test
    void refusesWhatItDoesNotKnow() throws Exception {
        try (HttpServer server = HttpServer.listen(new JsonObject());
                RawHttp2 client = new RawHttp2(server)) {
            open(client, 1, "sec-websocket-version", "12");
            assertThat(client.status(1)).isEqualTo("426");
            client.send(
                    HEADERS,
                    END_HEADERS,
                    3,
                    block(
                            ":method",
                            "CONNECT",
                            ":protocol",
                            "other",
                            ":scheme",
                            "http",
                            ":path",
                            "/",
                            ":authority",
                            "localhost"));
            assertThat(client.status(3)).isEqualTo("405");
            client.send(HEADERS, END_HEADERS, 5, block(":method", "CONNECT", ":authority", "localhost:1"));
            assertThat(client.status(5)).isEqualTo("405");
            open(client, 7, "sec-websocket-version", "13");
            assertThat(client.status(7)).isEqualTo("200");
            greet(client, 7);
        }
    }

    /** Without a close frame: between two messages that is an end, within one it breaks the stream off. */
    @Test
    void endsStreamsWhoseClientsHaveEndedTheirs() throws Exception {
        try (HttpServer server = HttpServer.listen(new JsonObject());
                RawHttp2 client = new RawHttp2(server)) {
            open(client, 1, "sec-websocket-version", "13");
            greet(client, 1);
            client.data(1, END_STREAM, new byte[0]);
            client.awaitEnd(1);
            open(client, 3, "sec-websocket-version", "13");
            client.data(3, END_STREAM, Arrays.copyOf(frame(FIN | BINARY, new byte[9]), 10));
            assertThat(client.await(RST_STREAM, 3).number(0)).isEqualTo((int) Http2Error.CANCEL.code());
        }
    }

    @Test
    void drainsBetweenTwoMessages() throws Exception {
        try (HttpServer server = HttpServer.listen(new JsonObject());
                RawHttp2 client = new RawHttp2(server)) {
            open(client, 1, "sec-websocket-version", "13");
            greet(client, 1);
            byte[] message = frame(FIN | BINARY, new byte[] {7});
            open(client, 3, "sec-websocket-version", "13");
            client.data(3, 0, Arrays.copyOf(message, 3));
            client.status(3);
            var drained = server.listener().drain(Duration.ofSeconds(60));
            assertThat(client.read(1, GOING_AWAY.length)).isEqualTo(GOING_AWAY);
            client.awaitEnd(1);
            client.data(1, END_STREAM, new byte[0]);
            client.data(3, 0, Arrays.copyOfRange(message, 3, message.length));
            assertThat(client.read(3, HELLO.length + GOING_AWAY.length))
                    .startsWith(HELLO)
                    .endsWith(GOING_AWAY);
            client.data(3, END_STREAM, new byte[0]);
            StreamWait.until("the drain ends", drained::isComplete);
            assertThat(server.failures()).isEqualTo(Map.of());
        }
    }

    /** A client that reads nothing is held back, and others on its connection are not. */
    @Test
    void holdsBackWhoDoesNotRead() throws Exception {
        try (HttpServer server = HttpServer.listen(new JsonObject());
                RawHttp2 client = new RawHttp2(server)) {
            for (int stream = 1; stream < 21; stream += 2) {
                open(client, stream, "sec-websocket-version", "13");
                client.status(stream);
                client.data(
                        stream, 0, new byte[] {(byte) 0x82, (byte) 0xff, 0, 0, 0, 0, 0, (byte) 0xf0, 0, 0, 0, 0, 0, 0});
                client.fill(stream);
            }
            assertThat(server.traffic().bytes()).isLessThan(10 * 1024 * 1024);
            client.post(21);
            client.data(21, END_STREAM, new byte[] {7});
            assertThat(client.status(21)).isEqualTo("200");
        }
    }

    /** A client that resets a stream after it was closed has broken nothing off; one that resets another has. */
    @Override
    @Test
    void countsNoFailureAfterAClose() throws Exception {
        try (HttpServer server = HttpServer.listen(new JsonObject())) {
            for (boolean closed : new boolean[] {true, false}) {
                try (RawHttp2 client = new RawHttp2(server)) {
                    open(client, 1, "sec-websocket-version", "13");
                    greet(client, 1);
                    if (closed) {
                        client.data(1, 0, frame(FIN | CLOSE, new byte[0]));
                        client.awaitEnd(1);
                    }
                    client.sendNumber(RST_STREAM, 1, (int) Http2Error.CANCEL.code());
                    client.closeOutput();
                    client.awaitClose();
                }
                StreamWait.until(
                        "the connection is over", () -> server.traffic().active() == 0);
                assertThat(server.failures()).hasSize(closed ? 0 : 1);
            }
        }
    }

    /** Not through haproxy, which closes while its client still sends. */
    @Override
    @Test
    void refusesMessagesThatAreTooBig() throws Exception {
        try (HttpServer server = HttpServer.listen(new JsonObject().put("maxMessageBytes", 9));
                RawHttp2 client = new RawHttp2(server)) {
            open(client, 1, "sec-websocket-version", "13");
            client.data(1, 0, frame(FIN | BINARY, new byte[10]));
            assertThat(client.read(1, 4)).isEqualTo(new byte[] {(byte) 0x88, 2, 3, (byte) 0xf1});
            client.awaitEnd(1);
            client.data(1, 0, new byte[100]);
            client.data(1, END_STREAM, new byte[0]);
        }
    }

    @Test
    void nodeOpensOneByHand() throws Exception {
        ForeignProgram node = ForeignProgram.find("node", "apt-get install nodejs");
        String script = """
                const http2 = require('node:http2');
                const session = http2.connect(process.argv[1]);
                session.on('remoteSettings', (settings) => {
                  console.log(settings.enableConnectProtocol);
                  const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/',
                    'sec-websocket-version': '13', 'sec-websocket-protocol': 'a, echo' });
                  stream.on('response', (headers) => {
                    console.log(headers[':status'], headers['sec-websocket-protocol']);
                    stream.write(Buffer.from([0x81, 0x85, 1, 2, 3, 4, 0x69, 0x67, 0x6f, 0x68, 0x6e]));
                  });
                  stream.on('data', (data) => { console.log(data.toString('hex')); stream.end(); });
                  stream.on('end', () => session.close());
                });
                """;
        try (HttpServer server = HttpServer.listen(new JsonObject().put("subprotocols", "echo"))) {
            Result result = node.run(new byte[0], "-e", script, server.url());
            assertThat(result.err()).isEmpty();
            assertThat(result.text()).isEqualTo("true\n200 echo\n810568656c6c6f\n");
        }
    }
}
