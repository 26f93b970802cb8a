package dev.vecho.transport.http;

import static dev.vecho.transport.http.RawWebSocket.BINARY;
import static dev.vecho.transport.http.RawWebSocket.CLOSE;
import static dev.vecho.transport.http.RawWebSocket.FIN;
import static dev.vecho.transport.http.RawWebSocket.frame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.FailureReason;
import dev.vecho.testkit.Certificates;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http3.Http3Headers;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * WebSockets on streams of HTTP/3 (RFC 9220): all that holds on connections of their own, with Netty's client of HTTP/3; and what streams
 * have beyond that.
 */
class WebSocketOverHttp3Test extends WebSocketConformanceTest {

    private static final int BLOCK = 64 * 1024;
    private static final int SENT = 100 * BLOCK;
    private static final byte[] HELLO = {(byte) 0x82, 1, 7};
    private static final byte[] GOING_AWAY = {(byte) 0x88, 2, 3, (byte) 0xe9};

    @TempDir
    static Path directory;

    private static @Nullable Certificates certificates;

    private static Certificates certificates() {
        Certificates made = certificates == null ? new Certificates(directory) : certificates;
        certificates = made;
        return made;
    }

    @Override
    JsonObject options() {
        return HttpVersion.THREE.listener(certificates().localhost());
    }

    private static Http3Client ask(HttpServer listener, Http3Headers request) throws IOException {
        QuicSslContext trusting = QuicSslContextBuilder.forClient()
                .trustManager(certificates().trustManager())
                .applicationProtocols("h3")
                .build();
        return new Http3Client(trusting, new InetSocketAddress("127.0.0.1", listener.port()), 0, request);
    }

    private static Http3Headers request() {
        return Http3Client.headers("CONNECT").protocol("websocket").add("sec-websocket-version", "13");
    }

    private static Http3Headers head(Http3Client client) throws IOException {
        try {
            return client.head().get(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    @Override
    RawWebSocket connect(HttpServer listener, String headers) throws IOException {
        return HttpVersion.THREE.webSocket(certificates(), listener, headers);
    }

    /** In as many frames as there are reads, which Netty's QUIC makes smaller after small ones, or packets. */
    @Override
    @Test
    void echoesASmallMessageInOneFrameAfterLargeOnes() throws Exception {
        try (HttpServer server = HttpServer.listen(options());
                RawWebSocket socket = connect(server, "")) {
            for (int length : new int[] {200_000, 50, 50, 1500}) {
                assertThat(socket.send(FIN | BINARY, new byte[length])
                                .readMessage()
                                .payload())
                        .hasSize(length);
            }
        }
    }

    /** A stream has no key and no upgrade. */
    @Override
    @Test
    void answersTheHandshakeOfTheRfc() throws Exception {
        try (HttpServer server = HttpServer.listen(options());
                RawWebSocket socket = connect(server, "")) {
            assertThat(socket.response())
                    .contains(":status: 200\r\n")
                    .doesNotContain("sec-websocket", "upgrade", "content-length");
        }
    }

    private Http3Client open(HttpServer server) throws IOException {
        Http3Client client = ask(server, request());
        assertThat(head(client).status()).hasToString("200");
        client.out().write(frame(FIN | BINARY, new byte[] {7}));
        assertThat(client.in().readNBytes(HELLO.length)).isEqualTo(HELLO);
        return client;
    }

    @Test
    void refusesWhatItDoesNotKnow() throws Exception {
        try (HttpServer server = HttpServer.listen(options())) {
            try (Http3Client client = ask(server, request().set("sec-websocket-version", "12"))) {
                assertThat(head(client).status()).hasToString("426");
                assertThat(head(client).get("sec-websocket-version")).hasToString("13");
            }
            try (Http3Client client = ask(server, request().protocol("other"))) {
                assertThat(head(client).status()).hasToString("405");
            }
            // What stands for the protocol inside is nothing that a client can send.
            Http3Headers tunnel = Http3Client.headers("CONNECT");
            tunnel.remove(":path");
            tunnel.remove(":scheme");
            try (Http3Client client =
                    ask(server, tunnel.add("x-http2-protocol", "websocket").add("sec-websocket-version", "13"))) {
                assertThat(head(client).status()).hasToString("405");
            }
        }
    }

    /** Without a close frame: between two messages that is an end, within one it breaks the stream off. */
    @Test
    void endsStreamsWhoseClientsHaveEndedTheirs() throws Exception {
        try (HttpServer server = HttpServer.listen(options())) {
            try (Http3Client client = open(server)) {
                client.closeOutput();
                assertThat(client.in().read()).isEqualTo(-1);
            }
            StreamWait.until("it is over", () -> server.traffic().active() == 0);
            assertThat(server.failures()).isEmpty();
            try (Http3Client client = open(server)) {
                client.out().write(Arrays.copyOf(frame(FIN | BINARY, new byte[9]), 10));
                client.closeOutput();
                assertThatThrownBy(() -> client.in().readAllBytes()).isInstanceOf(SocketException.class);
            }
        }
    }

    @Test
    void drainsBetweenTwoMessages() throws Exception {
        try (HttpServer server = HttpServer.listen(options());
                Http3Client idle = open(server);
                Http3Client within = open(server)) {
            byte[] message = frame(FIN | BINARY, new byte[] {7, 8});
            within.out().write(Arrays.copyOf(message, 7));
            // The first fragment of the answer shows that it is within the message.
            assertThat(within.in().readNBytes(3)).isEqualTo(new byte[] {2, 1, 7});
            var drained = server.listener().drain(Duration.ofSeconds(60));
            assertThat(idle.in().readNBytes(GOING_AWAY.length)).isEqualTo(GOING_AWAY);
            assertThat(idle.in().read()).isEqualTo(-1);
            within.out().write(message, 7, message.length - 7);
            assertThat(within.in().readNBytes(3)).isEqualTo(new byte[] {(byte) 0x80, 1, 8});
            assertThat(within.in().readAllBytes()).isEqualTo(GOING_AWAY);
            StreamWait.until("the drain ends", drained::isComplete);
            assertThat(server.failures()).isEqualTo(Map.of());
        }
    }

    @Test
    void saysThatItGoesBeforeItEndsWhatIsIdle() throws Exception {
        try (HttpServer server = HttpServer.listen(options().put("idleTimeoutMillis", 500));
                Http3Client client = open(server)) {
            assertThat(client.in().readAllBytes()).isEqualTo(GOING_AWAY);
            StreamWait.until("it is over", () -> server.traffic().active() == 0);
            assertThat(server.failures()).isEmpty();
        }
    }

    /** Who reads nothing is held back. */
    @Test
    @SuppressWarnings("FutureReturnValueIgnored") // Not all of it can be sent, and that is the point.
    void holdsBackWhoDoesNotRead() throws Exception {
        try (HttpServer server = HttpServer.listen(options());
                Http3Client client = ask(server, request())) {
            assertThat(head(client).status()).hasToString("200");
            client.send(Unpooled.wrappedBuffer(
                    new byte[] {(byte) 0x82, (byte) 0xff, 0, 0, 0, 0, 0, (byte) 0xf0, 0, 0, 0, 0, 0, 0}));
            for (int i = 0; i < SENT / BLOCK; i++) {
                client.send(Unpooled.wrappedBuffer(new byte[BLOCK]));
            }
            // Others go on meanwhile.
            try (RawWebSocket other = connect(server, "")) {
                for (int i = 0; i < 50; i++) {
                    assertThat(other.send(FIN | BINARY, new byte[BLOCK])
                                    .readMessage()
                                    .payload())
                            .hasSize(BLOCK);
                }
            }
            assertThat(server.traffic().bytes() - 50L * BLOCK).isLessThan(SENT / 2);
            client.reset();
            StreamWait.until("it is over", () -> server.traffic().active() == 0);
            assertThat(server.failures()).containsOnlyKeys(FailureReason.RESET.words());
        }
    }

    @Override
    @Test
    void countsNoFailureAfterAClose() throws Exception {
        try (HttpServer server = HttpServer.listen(options())) {
            try (Http3Client client = open(server)) {
                client.out().write(frame(FIN | CLOSE, new byte[] {3, (byte) 0xe8}));
                assertThat(client.in().readAllBytes()).isEqualTo(new byte[] {(byte) 0x88, 2, 3, (byte) 0xe8});
            }
            StreamWait.until("it is over", () -> server.traffic().active() == 0);
            assertThat(server.failures()).isEmpty();
        }
    }

    /** What is on the way when the listener refuses it is not taken any more. */
    @Override
    @Test
    void refusesMessagesThatAreTooBig() throws Exception {
        try (HttpServer server = HttpServer.listen(options().put("maxMessageBytes", 9));
                Http3Client client = ask(server, request())) {
            client.out().write(frame(FIN | BINARY, new byte[10]));
            assertThat(head(client).status()).hasToString("200");
            assertThat(client.in().readAllBytes()).isEqualTo(new byte[] {(byte) 0x88, 2, 3, (byte) 0xf1});
        }
    }
}
