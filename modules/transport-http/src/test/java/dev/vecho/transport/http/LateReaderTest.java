package dev.vecho.transport.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.FailureReason;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.ssl.SslContextBuilder;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that send a whole request before they read anything of the response. */
@Timeout(120)
@SuppressWarnings("NullAway.Init") // Every test listens first.
class LateReaderTest {

    private static final int MIB = 1 << 20;

    /** More than the systems' buffers and the windows hold between a client and the echo. */
    private static final int LARGE = 20 * MIB;

    @TempDir
    private Path directory;

    private HttpServer server;
    private Certificates certificates;
    private Path files;

    /** The versions, each with a client that is not ours. */
    enum Version {
        HTTP_1,
        HTTP_2,
        HTTP_3
    }

    private void listen(JsonObject options) throws Exception {
        certificates = new Certificates(directory);
        files = Files.createDirectory(directory.resolve("files"));
        server = HttpServer.listen(new JsonObject()
                .put("requestBufferDirectory", files.toString())
                .put("tls", certificates.localhost().options())
                .mergeIn(options));
    }

    /** As {@link #listen}, without TLS and so without HTTP/3. */
    private void listenPlain(JsonObject options) throws Exception {
        files = Files.createDirectory(directory.resolve("files"));
        server = HttpServer.listen(
                new JsonObject().put("requestBufferDirectory", files.toString()).mergeIn(options));
    }

    @AfterEach
    void close() throws IOException {
        server.close();
        if (Files.isDirectory(files)) {
            try (Stream<Path> left = Files.list(files)) {
                assertThat(left).isEmpty();
            }
        }
    }

    private EchoClient connect(Version version) throws Exception {
        InetSocketAddress address = new InetSocketAddress("127.0.0.1", server.port());
        return switch (version) {
            case HTTP_1 ->
                new Http1Client(
                        SocketClient.tls(SocketClient.trusting(certificates.trustManager()), "TLSv1.3", address, 0));
            case HTTP_2 ->
                new Http2Client(
                        SslContextBuilder.forClient()
                                .trustManager(certificates.trustManager())
                                .build(),
                        address,
                        0);
            case HTTP_3 -> {
                QuicSslContext tls = QuicSslContextBuilder.forClient()
                        .trustManager(certificates.trustManager())
                        .applicationProtocols("h3")
                        .build();
                yield new Http3Client(tls, address, 0);
            }
        };
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @EnumSource
    void getEverythingBack(Version version) throws Exception {
        listen(new JsonObject());
        byte[] sent = random(LARGE);
        try (EchoClient client = connect(version)) {
            client.out().write(sent);
            client.closeOutput();
            assertThat(client.in().readAllBytes()).isEqualTo(sent);
        }
        StreamWait.until("all connections are over", () -> server.traffic().active() == 0);
        assertThat(server.traffic().bytes()).isEqualTo(LARGE);
        assertThat(server.traffic().failed()).isZero();
    }

    /** Reads a little now and then, so that it is full and not full while bytes are kept. */
    @ParameterizedTest
    @EnumSource
    void getEverythingBackWhenTheyReadALittleInBetween(Version version) throws Exception {
        listen(new JsonObject().put("requestBufferBytes", 0));
        byte[] sent = random(LARGE);
        byte[] read = new byte[LARGE];
        int at = 0;
        try (EchoClient client = connect(version)) {
            for (int i = 0; i < LARGE; i += MIB) {
                client.out().write(sent, i, MIB);
                at += client.in().readNBytes(read, at, i % (3 * MIB) == 0 ? MIB / 2 : 0);
            }
            client.closeOutput();
            at += client.in().readNBytes(read, at, LARGE - at);
            assertThat(client.in().read()).isEqualTo(-1);
        }
        assertThat(read).isEqualTo(sent);
    }

    @Test
    void useTheirConnectionAfterwards() throws Exception {
        listenPlain(new JsonObject());
        byte[] sent = random(LARGE);
        try (Socket socket = server.connect()) {
            for (byte[] body : List.of(sent, random(10), random(LARGE / 2))) {
                socket.getOutputStream()
                        .write(("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length + "\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                socket.getOutputStream().write(body);
                assertThat(head(socket)).startsWith("HTTP/1.1 200 OK").contains("content-length: " + body.length);
                assertThat(socket.getInputStream().readNBytes(body.length)).isEqualTo(body);
            }
        }
    }

    /** The close of a request that says so, and of a client that closes its output, comes behind everything that is kept. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void getEverythingBackBeforeTheClose(boolean halfClose) throws Exception {
        listenPlain(new JsonObject());
        byte[] sent = random(LARGE);
        try (Socket socket = server.connect()) {
            socket.getOutputStream()
                    .write(("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + LARGE
                                    + (halfClose ? "" : "\r\nConnection: close") + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(sent);
            if (halfClose) {
                socket.shutdownOutput();
            }
            head(socket);
            assertThat(socket.getInputStream().readAllBytes()).isEqualTo(sent);
        }
        StreamWait.until("the connection is over", () -> server.traffic().active() == 0);
        assertThat(server.traffic().failed()).isZero();
    }

    private static String head(Socket socket) throws IOException {
        StringBuilder head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            int next = socket.getInputStream().read();
            assertThat(next).as("after %s", head).isNotNegative();
            head.append((char) next);
        }
        return head.toString();
    }

    @ParameterizedTest
    @EnumSource
    void areBrokenOffWhenNoMoreCanBeKept(Version version) throws Exception {
        listen(new JsonObject().put("requestBufferMaxBytes", MIB).put("stallTimeoutMillis", 1000));
        try (EchoClient client = connect(version)) {
            assertThatThrownBy(() -> {
                        client.out().write(random(LARGE));
                        client.closeOutput();
                        client.in().readAllBytes();
                    })
                    .isInstanceOf(IOException.class);
        }
        StreamWait.until("the connection is over", () -> server.traffic().active() == 0);
        assertThat(server.failures()).isEqualTo(Map.of(FailureReason.UNREAD.words(), 1L));
    }

    @Test
    void areToldOnHttp2WhyTheyAreBrokenOff() throws Exception {
        listenPlain(new JsonObject().put("requestBufferMaxBytes", 0).put("stallTimeoutMillis", 600));
        try (RawHttp2 client = new RawHttp2(server)) {
            fill(client, 1);
            assertThat(client.await(RawHttp2.RST_STREAM, 1).number(0))
                    .isEqualTo((int) Http2Error.ENHANCE_YOUR_CALM.code());
        }
    }

    /** Those that leave are not waited for, and leave nothing. */
    @ParameterizedTest
    @EnumSource
    void mayLeaveWithoutReading(Version version) throws Exception {
        listen(new JsonObject().put("requestBufferBytes", 0));
        try (EchoClient client = connect(version)) {
            client.out().write(random(LARGE));
            client.reset();
            // Before it is closed: nobody repeats the end of a QUIC connection.
            StreamWait.until("the connection is over", () -> server.traffic().active() == 0);
        }
    }

    @Test
    void shareWhatTheListenerHas() throws Exception {
        listenPlain(new JsonObject()
                .put("requestBufferMaxBytes", LARGE)
                .put("requestBufferTotalBytes", LARGE)
                .put("requestBufferBytes", 0));
        byte[] sent = random(LARGE);
        // Not all of them fit, but as soon as one has read there is room for another.
        List<CompletableFuture<byte[]>> exchanges = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            exchanges.add(CompletableFuture.supplyAsync(
                    () -> {
                        try (EchoClient client = plainClient()) {
                            client.out().write(sent);
                            client.closeOutput();
                            return client.in().readAllBytes();
                        } catch (IOException e) {
                            throw new CompletionException(e);
                        }
                    },
                    command -> new Thread(command).start()));
        }
        for (CompletableFuture<byte[]> exchange : exchanges) {
            assertThat(exchange.get(60, TimeUnit.SECONDS)).isEqualTo(sent);
        }
    }

    private EchoClient plainClient() throws IOException {
        return new Http1Client(SocketClient.tcp(new InetSocketAddress("127.0.0.1", server.port()), 0));
    }

    /** As on a full disk, which is that request's trouble: it is held back, and gets everything once it reads. */
    @Test
    void areHeldBackWhereNoFileCanBeWritten() throws Exception {
        listenPlain(new JsonObject());
        Files.delete(files);
        byte[] sent = random(LARGE);
        try (EchoClient client = plainClient()) {
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                try {
                    client.out().write(sent);
                    client.closeOutput();
                } catch (IOException e) {
                    throw new CompletionException(e);
                }
            });
            assertThat(server.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 200");
            assertThat(client.in().readAllBytes()).isEqualTo(sent);
            sending.get(60, TimeUnit.SECONDS);
        }
    }

    /** What four streams hold back must not use up the connection's window. */
    @ParameterizedTest
    @ValueSource(ints = {0, MIB})
    void doNotStarveOtherStreamsOfTheirConnection(int kept) throws Exception {
        listenPlain(new JsonObject().put("requestBufferMaxBytes", kept));
        try (RawHttp2 client = new RawHttp2(server, RawHttp2.INITIAL_WINDOW_SIZE, 1000)) {
            client.sendNumber(RawHttp2.WINDOW_UPDATE, 0, 1 << 30);
            for (int stream = 1; stream < 2 * 8; stream += 2) {
                fill(client, stream);
            }
            client.post(99);
            client.data(99, RawHttp2.END_STREAM, random(10));
            assertThat(client.status(99)).isEqualTo("200");
            assertThat(client.await(RawHttp2.DATA, 99).payload()).isEqualTo(random(10));
        }
    }

    /** Sends on a stream what its window and that of the connection allow, until the stream's is used up. */
    private static void fill(RawHttp2 client, int stream) throws IOException {
        client.post(stream);
        client.fill(stream);
    }
}
