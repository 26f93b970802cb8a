package dev.vecho.transport.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Ports;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our clients, with our listener and with peers that are none. */
class HttpClientTest {

    @TempDir
    static Path directory;

    private static Certificates certificates;

    private HttpServer server;
    private HttpServer secure;

    @BeforeAll
    static void makeCertificates() {
        certificates = new Certificates(directory);
    }

    @BeforeEach
    void listen() throws Exception {
        server = HttpServer.listen(new JsonObject());
        secure = HttpServer.listen(new JsonObject().put("tls", serverTls()));
    }

    @AfterEach
    void close() {
        server.close();
        secure.close();
    }

    private int port(String scheme) {
        return (scheme.equals("https") || scheme.equals("wss") ? secure : server).port();
    }

    @ParameterizedTest
    @CsvSource({"http, '', HTTP/1.1", "https, '', HTTP/1.1", "https, h2, HTTP/2"})
    void echoesAStream(String scheme, String alpn, String version) throws Exception {
        JsonObject tls = clientTls();
        if (!alpn.isEmpty()) {
            tls.put("alpn", new JsonArray().add(alpn));
        }
        Played played = new Played(new HttpTransport(), scheme + "://localhost:" + port(scheme) + "/a?b=c", tls);
        Buffer sent = Buffer.buffer(new byte[3_000_000]);
        played.connection().send(sent.slice(0, 1_000_000));
        played.connection().send(sent.slice(1_000_000, 3_000_000));
        played.onLoop(played.connection()::closeOutput);
        assertThat(get(played.ended.future())).isEqualTo(sent);
        assertThat(played.details()).containsEntry("http", version);
        Set<Receiver.Phase> phases = EnumSet.of(Receiver.Phase.RESOLVE, Receiver.Phase.CONNECT);
        if (scheme.equals("https")) {
            phases.add(Receiver.Phase.TLS);
        }
        assertThat(played.phases).isEqualTo(phases);
        get(played.transport.close());
    }

    @ParameterizedTest
    @ValueSource(strings = {"ws", "wss"})
    void echoesMessages(String scheme) throws Exception {
        Played played = new Played(new WebSocketTransport(), scheme + "://localhost:" + port(scheme), clientTls());
        for (int length : new int[] {0, 1, 65_536, 1_000_000}) {
            Buffer sent = Buffer.buffer(new byte[length]);
            Promise<Buffer> message = played.expectMessage();
            played.onLoop(() -> played.connection().send(sent));
            assertThat(get(message.future())).isEqualTo(sent);
        }
        get(played.transport.close());
    }

    @Test
    void tellsTheStatusOfARefusal() throws Exception {
        assertThat(answered("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", new HttpTransport(), "http"))
                .hasMessageContaining("404 Not Found");
        assertThat(answered("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", new WebSocketTransport(), "ws"))
                .hasMessageContaining("403 Forbidden");
    }

    @Test
    void tellsAResponseThatBreaksOff() throws Exception {
        TransportException failure = answered(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", new HttpTransport(), "http");
        assertThat(failure.fault()).isEqualTo(Fault.RESET);
        assertThat(failure).hasMessageContaining("before the response was complete");
    }

    @Test
    void tellsAPeerThatSpeaksSomethingElse() throws Exception {
        assertThat(answered("220 mail.example.org ESMTP\r\n", new HttpTransport(), "http")
                        .fault())
                .isEqualTo(Fault.OTHER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "ws"})
    void tellsThatNobodyListens(String scheme) throws Exception {
        int port = Ports.free();
        Transport transport = scheme.equals("ws") ? new WebSocketTransport() : new HttpTransport();
        assertThatThrownBy(() -> new Played(transport, scheme + "://127.0.0.1:" + port, new JsonObject()))
                .hasCauseInstanceOf(TransportException.class)
                .cause()
                .extracting("fault")
                .isEqualTo(Fault.REFUSED);
    }

    @ParameterizedTest
    @CsvSource({"http", "ws"})
    void showsWhatAPeerBeganWithThatSpeaksSomethingElse(String scheme) throws Exception {
        Transport transport = scheme.equals("ws") ? new WebSocketTransport() : new HttpTransport();
        assertThat(answered("SSH-2.0-x \"y\"\r\n", transport, scheme).getMessage())
                .endsWith("does not speak HTTP: it began with \"SSH-2.0-x \\\"y\\\"\\r\\n\"");
        assertThat(answered("\u0001" + "220 a mail server of a long name\r\n", transport, scheme)
                        .getMessage())
                .endsWith("\"\\x01220 a mail server of a long nam…\"");
    }

    /** A client that closes its WebSockets in good order leaves no failure behind. */
    @Test
    void closesWebSocketsInGoodOrder() throws Exception {
        for (int i = 0; i < 50; i++) {
            Played played = new Played(new WebSocketTransport(), "ws://localhost:" + server.port(), new JsonObject());
            played.connection().send(Buffer.buffer("hello"));
            played.onLoop(played.connection()::close);
        }
        StreamWait.until("all connections are over", () -> server.traffic().active() == 0);
        assertThat(server.traffic().failed()).isZero();
    }

    /** What our client says of a peer that gives one answer and closes. */
    private TransportException answered(String answer, Transport transport, String scheme) throws Exception {
        try (ServerSocket peer = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread thread = new Thread(() -> {
                try (Socket socket = peer.accept()) {
                    socket.getInputStream().read(new byte[8192]);
                    socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                    socket.shutdownOutput();
                    socket.getInputStream().readAllBytes();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            thread.start();
            try {
                Played played = new Played(transport, scheme + "://127.0.0.1:" + peer.getLocalPort(), new JsonObject());
                get(played.ended.future());
                throw new AssertionError("nothing failed");
            } catch (ExecutionException e) {
                assertThat(e.getCause()).isInstanceOf(TransportException.class);
                return java.util.Objects.requireNonNull((TransportException) e.getCause());
            }
        }
    }

    private static JsonObject serverTls() {
        Certificates.Issued localhost = certificates.localhost();
        return new JsonObject()
                .put("certificate", localhost.certificate().toString())
                .put("key", localhost.key().toString());
    }

    private static JsonObject clientTls() {
        return new JsonObject().put("trust", certificates.authority().toString());
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    /** A connection that was opened, and what its receiver was told. */
    private final class Played implements Receiver {

        private final ClientTransport transport;
        private final Set<Phase> phases = EnumSet.noneOf(Phase.class);
        private final Buffer all = Buffer.buffer();
        private final Promise<Buffer> ended = Promise.promise();
        private final io.vertx.core.Context context = server.vertx().getOrCreateContext();
        private final Connection connection;
        private Promise<Buffer> message = Promise.promise();

        Played(Transport factory, String uri, JsonObject tls) throws Exception {
            Problems problems = new Problems();
            transport = factory.client(
                    server.vertx(),
                    Target.parse(uri),
                    Options.of(new JsonObject().put("tls", tls), Source.named("test"), problems));
            problems.throwIfAny();
            connection = onLoop(() -> transport.connect(this));
        }

        /** Runs on the connection's event loop. */
        <T> T onLoop(java.util.function.Supplier<Future<T>> action) throws Exception {
            Promise<T> result = Promise.promise();
            context.runOnContext(now -> action.get().onComplete(result));
            return get(result.future());
        }

        Connection connection() {
            return connection;
        }

        Map<String, String> details() {
            return connection.details();
        }

        Promise<Buffer> expectMessage() {
            message = Promise.promise();
            return message;
        }

        @Override
        public void completed(Phase phase, Duration took) {
            phases.add(phase);
        }

        @Override
        public void received(Buffer bytes) {
            all.appendBuffer(bytes);
            message.tryComplete(Buffer.buffer(bytes.getBytes()));
        }

        @Override
        public void ended() {
            ended.tryComplete(all);
        }

        @Override
        public void failed(TransportException cause) {
            ended.tryFail(cause);
        }
    }
}
