package dev.vecho.transport.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.FailureReason;
import dev.vecho.core.Receiver;
import dev.vecho.core.Target;
import dev.vecho.core.TransportException;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.ForeignProgram.Result;
import dev.vecho.testkit.MovingRelay;
import dev.vecho.testkit.Ports;
import io.netty.handler.codec.http3.DefaultHttp3Headers;
import io.netty.handler.codec.http3.DefaultHttp3HeadersFrame;
import io.netty.handler.codec.http3.Http3Headers;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/3 beside the other versions: what its requests get, and when it is on. */
class Http3Test {

    private static final int LARGE = 20 * 1024 * 1024;

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static JsonObject tls;
    private static QuicSslContext trusting;

    private HttpServer server;

    @BeforeAll
    static void makeCertificates() {
        certificates = new Certificates(directory);
        Certificates.Issued localhost = certificates.localhost();
        tls = new JsonObject()
                .put("certificate", localhost.certificate().toString())
                .put("key", localhost.key().toString());
        trusting = QuicSslContextBuilder.forClient()
                .trustManager(certificates.trustManager())
                .applicationProtocols("h3")
                .build();
    }

    @BeforeEach
    void listen() throws Exception {
        server = HttpServer.listen(new JsonObject().put("tls", tls).put("maxHeaderBytes", 4096));
    }

    @AfterEach
    void close() {
        server.close();
    }

    private Http3Client request(Http3Headers headers) throws IOException {
        return new Http3Client(trusting, new InetSocketAddress("127.0.0.1", server.port()), 0, headers);
    }

    private static Http3Headers head(Http3Client client) throws Exception {
        return client.head().get(30, TimeUnit.SECONDS);
    }

    private static String rest(EchoClient client) throws IOException {
        return new String(client.in().readAllBytes(), StandardCharsets.US_ASCII);
    }

    @Test
    void givesMessagesOfGrpcBackWithAStatusInTheTrailers() throws Exception {
        Http3Headers call = Http3Client.headers("POST").path("/any.Service/Method");
        try (Http3Client client = request(call.add("content-type", "application/grpc"))) {
            byte[] frames = {0, 0, 0, 0, 2, 7, 8, 0, 0, 0, 0, 0};
            client.out().write(frames);
            client.closeOutput();
            assertThat(client.in().readAllBytes()).isEqualTo(frames);
            assertThat(client.trailers().get(30, TimeUnit.SECONDS).get("grpc-status"))
                    .hasToString("0");
        }
        try (Http3Client client = request(Http3Client.headers("PUT").add("content-type", "application/grpc"))) {
            assertThat(head(client).get("grpc-status")).hasToString("13");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET,     200, Vecho",
        "HEAD,    200, ''",
        "OPTIONS, 204, ''",
        "TRACE,   405, 405",
        "POST,    200, ''",
        "DELETE,  200, ''",
    })
    void answersWhoAsksWithoutABody(String method, int status, String body) throws Exception {
        try (Http3Client client = request(Http3Client.headers(method))) {
            client.closeOutput();
            Http3Headers head = head(client);
            assertThat(head.status()).hasToString(String.valueOf(status));
            assertThat(head.contains("connection")).isFalse();
            assertThat(head.contains("transfer-encoding")).isFalse();
            assertThat(rest(client))
                    .startsWith(body)
                    .hasSize(body.isEmpty() ? 0 : Integer.parseInt(String.valueOf(head.get("content-length"))));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "REPORT"})
    void echoesABodyOfAnyMethodWithItsTypes(String method) throws Exception {
        Http3Headers headers = Http3Client.headers(method)
                .add("content-type", "text/x-own; charset=utf-7")
                .add("content-encoding", "gzip")
                .add("content-length", "5");
        try (Http3Client client = request(headers)) {
            client.out().write("hello".getBytes(StandardCharsets.US_ASCII));
            client.closeOutput();
            Http3Headers head = head(client);
            assertThat(head.status()).hasToString("200");
            assertThat(head.get("content-type")).hasToString("text/x-own; charset=utf-7");
            assertThat(head.get("content-encoding")).hasToString("gzip");
            assertThat(head.get("content-length")).hasToString("5");
            assertThat(rest(client)).isEqualTo("hello");
        }
    }

    @Test
    void answersBeforeTheBodyCame() throws Exception {
        try (Http3Client client = request(Http3Client.headers("POST"))) {
            assertThat(head(client).status()).hasToString("200");
        }
    }

    @Test
    void keepsTrailersToItself() throws Exception {
        try (Http3Client client = request(Http3Client.headers("POST"))) {
            client.out().write("hello".getBytes(StandardCharsets.US_ASCII));
            FrameClient.get(client.stream()
                    .writeAndFlush(new DefaultHttp3HeadersFrame(new DefaultHttp3Headers().add("x-sum", "1"))));
            client.closeOutput();
            assertThat(head(client).contains("x-sum")).isFalse();
            assertThat(rest(client)).isEqualTo("hello");
        }
        StreamWait.until("the end is counted", () -> server.traffic().active() == 0);
        assertThat(server.traffic().failed()).isZero();
    }

    @Test
    void refusesLongHeaders() throws Exception {
        try (Http3Client client = request(Http3Client.headers("POST").add("x", "x".repeat(5000)))) {
            assertThat(head(client).status()).hasToString("431");
        }
    }

    @Test
    void breaksTheResponseOffWhoseRequestIsShorterThanItSays() throws Exception {
        try (Http3Client client = request(Http3Client.headers("POST").add("content-length", "10"))) {
            client.out().write("hello".getBytes(StandardCharsets.US_ASCII));
            client.closeOutput();
            assertThatThrownBy(() -> rest(client)).isInstanceOf(IOException.class);
        }
        StreamWait.until("the end is counted", () -> server.traffic().active() == 0);
        assertThat(server.failures()).isEqualTo(Map.of(FailureReason.INPUT.words(), 1L));
    }

    @Test
    void tellsOtherVersionsWhereItIs() throws Exception {
        for (HttpClient.Version version : HttpClient.Version.values()) {
            HttpClient client = HttpClient.newBuilder()
                    .version(version)
                    .sslContext(dev.vecho.testkit.SocketClient.trusting(certificates.trustManager()))
                    .build();
            HttpResponse<String> response = client.send(
                    HttpRequest.newBuilder(URI.create("https://localhost:" + server.port() + "/"))
                            .timeout(Duration.ofSeconds(30))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(response.version()).isEqualTo(version);
            assertThat(response.headers().firstValue("alt-svc")).hasValue("h3=\":" + server.port() + "\"");
        }
    }

    @Test
    void tellsBothAddresses() {
        assertThat(server.addresses())
                .containsExactly("https://127.0.0.1:" + server.port(), "h3://127.0.0.1:" + server.port());
    }

    @Test
    void saysThatItGoesAwayAndFinishesWhatWasBegun() throws Exception {
        try (Http3Client client = request(Http3Client.headers("POST"))) {
            client.out().write(1);
            assertThat(client.in().read()).isEqualTo(1);
            var drained = server.listener().drain(Duration.ofSeconds(60));
            assertThat(client.goneAway().get(30, TimeUnit.SECONDS)).isEqualTo(4);
            client.out().write(2);
            client.closeOutput();
            assertThat(client.in().read()).isEqualTo(2);
            assertThat(client.in().read()).as("the end").isEqualTo(-1);
            assertThat(client.closed().get(30, TimeUnit.SECONDS)).isZero();
            drained.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        }
        assertThat(server.traffic().failed()).isZero();
    }

    @Test
    void saysThatItGoesAwayAtTheEndOfALifetime() throws Exception {
        try (HttpServer aging =
                        HttpServer.listen(new JsonObject().put("tls", tls).put("maxLifetimeMillis", 3_000));
                Http3Client client = new Http3Client(trusting, new InetSocketAddress("127.0.0.1", aging.port()), 0)) {
            client.out().write(1);
            assertThat(client.in().read()).isEqualTo(1);
            assertThat(client.goneAway().get(30, TimeUnit.SECONDS)).isEqualTo(4);
            client.out().write(2);
            client.closeOutput();
            assertThat(client.in().read()).isEqualTo(2);
            assertThat(client.in().read()).as("the end").isEqualTo(-1);
            assertThat(client.closed().get(30, TimeUnit.SECONDS)).isZero();
            assertThat(aging.traffic().failed()).isZero();
        }
    }

    @Test
    void countsConnectionsOfAllVersionsTogether() throws Exception {
        try (HttpServer one = HttpServer.listen(new JsonObject().put("tls", tls).put("maxConnections", 1));
                Http3Client client = new Http3Client(trusting, new InetSocketAddress("127.0.0.1", one.port()), 0)) {
            client.out().write(1);
            assertThat(client.in().read()).isEqualTo(1);
            assertThat(one.exchange("GET / HTTP/1.1\r\n")).isEmpty();
            assertThat(one.traffic().refused()).isEqualTo(1);
            assertThat(one.traffic().active()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{'http3': false, 'tls': {}}",
                "{}",
                "{'tls': {'protocols': ['TLSv1.2']}}",
                "{'tls': {'alpn': ['http/1.1']}}",
            })
    void isOffWhereItWasNotWanted(String text) throws Exception {
        JsonObject options = new JsonObject(text.replace('\'', '"')).put("port", Ports.free());
        if (options.containsKey("tls")) {
            options.getJsonObject("tls").mergeIn(tls);
        }
        try (HttpServer other = HttpServer.listen(options);
                DatagramSocket free = new DatagramSocket(new InetSocketAddress("127.0.0.1", other.port()))) {
            assertThat(free.isBound()).isTrue();
            assertThat(other.addresses()).hasSize(1);
        }
    }

    @Test
    void saysWhyItCannotBeOn() {
        assertThatThrownBy(() -> HttpServer.listen(new JsonObject().put("http3", true)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("http3: needs tls");
        JsonObject old = tls.copy().put("protocols", new JsonArray().add("TLSv1.2"));
        assertThatThrownBy(() ->
                        HttpServer.listen(new JsonObject().put("http3", true).put("tls", old)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("tls.protocols: must have TLSv1.3");
    }

    @Test
    void namesThePortOfUdpThatIsTaken() {
        assertThatThrownBy(Http3Test::listenWhereUdpIsTaken)
                .hasRootCauseInstanceOf(java.net.BindException.class)
                .hasMessageMatching(
                        "(?s).*cannot bind 127\\.0\\.0\\.1:\\d+: address already in use \\(UDP, for HTTP/3\\).*");
    }

    /** Fails because of UDP; where the same port of TCP is taken too, by whomever, it tries another. */
    private static void listenWhereUdpIsTaken() throws Exception {
        for (int tries = 1; ; tries++) {
            try (DatagramSocket taken = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
                int port = taken.getLocalPort();
                HttpServer.listen(new JsonObject().put("tls", tls).put("port", port))
                        .close();
                return;
            } catch (Exception e) {
                boolean taken = String.valueOf(e.getMessage()).endsWith("address already in use");
                if (!taken || tries == 100) {
                    throw e;
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100_000, 3_000_000})
    void ourClientGetsItsBytesBack(int size) throws Exception {
        byte[] sent = new byte[size];
        new Random(size).nextBytes(sent);
        Buffer received = Buffer.buffer();
        Promise<Void> ended = Promise.promise();
        Connection connection = connect("h3://localhost:" + server.port() + "/any?way", new Receiver() {
            @Override
            public void received(Buffer bytes) {
                received.appendBuffer(bytes);
            }

            @Override
            public void ended() {
                ended.complete();
            }

            @Override
            public void failed(TransportException cause) {
                ended.tryFail(cause);
            }
        });
        server.vertx()
                .runOnContext(go -> connection
                        .send(Buffer.buffer(sent))
                        .compose(done -> connection.closeOutput())
                        .onFailure(ended::tryFail));
        ended.future().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        assertThat(received.getBytes()).isEqualTo(sent);
        assertThat(connection.details()).containsEntry("http", "HTTP/3").containsEntry("alpn", "h3");
    }

    private Connection connect(String text, Receiver receiver) throws Exception {
        Problems problems = new Problems();
        JsonObject options = new JsonObject()
                .put(
                        "tls",
                        new JsonObject().put("trust", certificates.authority().toString()));
        ClientTransport client = new HttpTransport()
                .client(server.vertx(), Target.parse(text), Options.of(options, Source.named("test"), problems));
        problems.throwIfAny();
        Promise<Connection> connected = Promise.promise();
        server.vertx().runOnContext(go -> client.connect(receiver).onComplete(connected));
        return connected.future().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    /** A client from another ecosystem: that of ngtcp2 and nghttp3. */
    @ParameterizedTest
    @ValueSource(ints = {1, 100_000, LARGE})
    void ngtcp2GetsItsBodyBack(int size) throws Exception {
        ForeignProgram gtlsclient = ForeignProgram.find("gtlsclient", "apt-get install ngtcp2-client");
        byte[] sent = new byte[size];
        new Random(size).nextBytes(sent);
        Path body = Files.write(directory.resolve("sent-" + size), sent);
        Path back = Files.createDirectories(directory.resolve("back-" + size));
        Result result = gtlsclient.run(
                new byte[0],
                "--quiet",
                "--exit-on-all-streams-close",
                "--timeout=30s",
                "--http-method=POST",
                "--data=" + body,
                "--download=" + back,
                "127.0.0.1",
                String.valueOf(server.port()),
                "https://localhost:" + server.port() + "/echo");
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(Files.mismatch(body, back.resolve("echo"))).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 127.0.0.1, --quiet",
        "3, 127.0.0.2, --quiet",
        "10, 127.0.0.1, --scid=",
        "1000, 127.0.0.2, --key-update=50ms",
        "0, 127.0.0.1, --change-local-addr=20ms",
    })
    void ngtcp2GetsItsBodyBackThoughItsAddressChanges(int moves, String otherHost, String option) throws Exception {
        ForeignProgram gtlsclient = ForeignProgram.find("gtlsclient", "apt-get install ngtcp2-client");
        byte[] sent = new byte[4 << 20];
        new Random(moves).nextBytes(sent);
        Path body = Files.write(directory.resolve("moved-" + moves), sent);
        Path back = Files.createDirectories(directory.resolve("moved-back-" + moves));
        try (MovingRelay relay = new MovingRelay(
                new InetSocketAddress("127.0.0.1", server.port()), 200, moves, "127.0.0.1", otherHost)) {
            // The relay is for one client address: one that moves by itself goes past it.
            int port = moves == 0 ? server.port() : relay.address().getPort();
            Result result = gtlsclient.run(
                    new byte[0],
                    option,
                    "--quiet",
                    "--exit-on-all-streams-close",
                    "--timeout=30s",
                    "--http-method=POST",
                    "--data=" + body,
                    "--download=" + back,
                    "127.0.0.1",
                    String.valueOf(port),
                    "https://localhost:" + port + "/echo");
            assertThat(result.exitCode()).as(result.err()).isZero();
            assertThat(Files.mismatch(body, back.resolve("echo"))).isEqualTo(-1);
            assertThat(relay.moves()).isBetween(Math.min(moves, 10), moves);
        }
    }

    /** More requests than may be open at once, on one connection. */
    @Test
    void ngtcp2SendsManyRequests() throws Exception {
        ForeignProgram gtlsclient = ForeignProgram.find("gtlsclient", "apt-get install ngtcp2-client");
        int requests = 250;
        int size = 10_000;
        Path body = Files.write(directory.resolve("small"), new byte[size]);
        Result result = gtlsclient.run(
                new byte[0],
                "--quiet",
                "--exit-on-all-streams-close",
                "--timeout=30s",
                "--http-method=PUT",
                "--data=" + body,
                "--nstreams=" + requests,
                "127.0.0.1",
                String.valueOf(server.port()),
                "https://localhost:" + server.port() + "/");
        assertThat(result.exitCode()).as(result.err()).isZero();
        StreamWait.until("the connection has ended", () -> server.traffic().active() == 0);
        assertThat(server.traffic().bytes()).isEqualTo((long) requests * size);
        assertThat(server.traffic().accepted()).isEqualTo(1);
        assertThat(server.traffic().failed()).isZero();
    }

    @Test
    void ngtcp2GetsGreeted() throws Exception {
        ForeignProgram gtlsclient = ForeignProgram.find("gtlsclient", "apt-get install ngtcp2-client");
        Path back = Files.createDirectories(directory.resolve("greeting"));
        gtlsclient.run(
                new byte[0],
                "--quiet",
                "--exit-on-all-streams-close",
                "--timeout=30s",
                "--download=" + back,
                "127.0.0.1",
                String.valueOf(server.port()),
                "https://localhost:" + server.port() + "/greeting");
        assertThat(back.resolve("greeting")).content().contains("an echo service");
    }
}
