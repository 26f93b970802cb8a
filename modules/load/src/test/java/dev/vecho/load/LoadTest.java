package dev.vecho.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.testkit.Ports;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetSocket;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Load on our own server, and on servers that do it wrong, through real sockets. */
class LoadTest {

    private static final JsonObject INSECURE = new JsonObject().put("insecure", true);

    private Vertx vertx;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
    }

    @AfterEach
    void stop() throws Exception {
        await(vertx.close());
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(1, TimeUnit.MINUTES);
    }

    /** A short load; what a test does not vary is small. */
    private static LoadOptions options(
            String target, int connections, int size, int depth, double rate, boolean fresh) {
        return new LoadOptions(
                target,
                connections,
                size,
                depth,
                rate,
                Duration.ofMillis(50),
                Duration.ofMillis(800),
                2,
                fresh,
                Duration.ofSeconds(20),
                INSECURE,
                new JsonObject());
    }

    private static LoadOptions impatient(LoadOptions options) {
        return new LoadOptions(
                options.target(),
                options.connections(),
                options.size(),
                options.depth(),
                options.rate(),
                options.warmup(),
                Duration.ofMillis(900),
                options.threads(),
                options.newConnections(),
                Duration.ofMillis(200),
                options.tls(),
                options.options());
    }

    private LoadResult run(LoadOptions options) throws Exception {
        return await(new Load(vertx, options).run(progress -> {}));
    }

    private String listen(String name, JsonObject listener) throws Exception {
        EchoServerVerticle server = new EchoServerVerticle();
        JsonObject listeners =
                new JsonObject().put(name, listener.put("host", "127.0.0.1").put("port", 0));
        await(vertx.deployVerticle(
                server, new DeploymentOptions().setConfig(new JsonObject().put("listeners", listeners))));
        return server.listeners().get(0).addresses().get(0);
    }

    private String listen(Handler<NetSocket> connected) throws Exception {
        var server = vertx.createNetServer().connectHandler(connected);
        return "tcp://127.0.0.1:" + await(server.listen(0, "127.0.0.1")).actualPort();
    }

    @ParameterizedTest
    @CsvSource({
        "tcp, 1, 1, 1, 0, false",
        "tcp, 7, 64, 16, 0, false",
        "tcp, 3, 200000, 2, 0, false",
        "tcp, 3, 64, 64, 2000, false",
        "tcp, 3, 64, 1, 0, true",
        "tcp, 3, 64, 1, 200, true",
        "tls, 3, 70000, 2, 0, false",
        "tls, 2, 64, 1, 0, true",
        "udp, 3, 64, 1, 0, false",
        "udp, 3, 1400, 8, 2000, false",
        "udp, 2, 64, 1, 0, true"
    })
    void verifiesEveryByte(String kind, int connections, int size, int depth, double rate, boolean fresh)
            throws Exception {
        JsonObject listener = new JsonObject().put("transport", kind.equals("udp") ? "udp" : "tcp");
        if (kind.equals("tls")) {
            listener.put("tls", new JsonObject().put("selfSigned", true));
        }
        String target = listen(kind, listener);
        LoadResult result = run(options(target, connections, size, depth, rate, fresh));
        assertThat(result.passed()).as(result.toText()).isTrue();
        assertThat(result.failures()).isEmpty();
        assertThat(result.lost().duplicated()).isZero();
        assertThat(result.latency().count()).isEqualTo(result.messages());
        assertThat(result.latency().max()).isPositive();
        assertThat(result.corrected() != null).isEqualTo(rate > 0);
        assertThat(result.toJson().getString("verdict")).isEqualTo("passed");
    }

    @Test
    void keepsToTheRate() throws Exception {
        LoadResult result = run(options(listen("tcp", new JsonObject()), 4, 64, 64, 500, false));
        // At most what was due in 850 ms: what was due in the 50 ms of warm-up may come back late, and counts when it
        // does. How
        // much less depends on how busy the machine is.
        assertThat(result.messages()).isBetween(1L, 427L);
    }

    @Test
    void saysThatAByteWasCorrupted() throws Exception {
        String target = listen(socket -> {
            long[] seen = {0};
            socket.handler(buffer -> {
                Buffer copy = buffer.copy();
                if (seen[0] <= 1000 && seen[0] + copy.length() > 1000) {
                    int index = (int) (1000 - seen[0]);
                    copy.setByte(index, (byte) (copy.getByte(index) ^ 1));
                }
                seen[0] += copy.length();
                socket.write(copy);
            });
        });
        LoadResult result = run(options(target, 1, 64, 1, 0, false));
        assertThat(result.passed()).isFalse();
        assertThat(result.failures()).singleElement().satisfies(failure -> {
            assertThat(failure.word()).isEqualTo("corrupted");
            assertThat(failure.sentence()).startsWith("byte 1000 ");
        });
    }

    @Test
    void saysThatBytesCameThatNobodySent() throws Exception {
        String target = listen(
                socket -> socket.handler(buffer -> socket.write(buffer.copy().appendByte((byte) 7))));
        LoadResult result = run(options(target, 1, 64, 1, 0, false));
        assertThat(result.failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.word()).isEqualTo("injected"));
    }

    @Test
    void saysThatAPeerClosed() throws Exception {
        String target = listen(socket -> socket.handler(buffer -> socket.end(buffer.copy())));
        LoadResult result = run(options(target, 3, 64, 1, 0, false));
        assertThat(result.passed()).isFalse();
        assertThat(result.failures()).singleElement().satisfies(failure -> {
            assertThat(failure.word()).isEqualTo("closed");
            assertThat(failure.count()).isEqualTo(3);
        });
    }

    @Test
    void givesUpAPeerThatSaysNothing() throws Exception {
        String target = listen(socket -> socket.handler(buffer -> {}));
        LoadResult result = run(impatient(options(target, 2, 64, 1, 0, false)));
        assertThat(result.messages()).isZero();
        assertThat(result.failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.word()).isEqualTo("timeout"));
    }

    @Test
    void saysThatMessagesAreNotAnswered() throws Exception {
        try (DatagramSocket silent = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            LoadResult result = run(impatient(options("udp://127.0.0.1:" + silent.getLocalPort(), 2, 64, 1, 0, false)));
            assertThat(result.passed()).isFalse();
            assertThat(result.unjudged()).isFalse();
            assertThat(result.failures()).containsExactly(new LoadResult.Failure("silent", 2, "nothing came back"));
            assertThat(result.lost().lost()).isPositive();
        }
    }

    /** A message may take longer than what is measured, and says nothing against the peer then. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void saysNothingOfAPeerThatAnswersAfterTheTimeThatIsMeasured(boolean fresh) throws Exception {
        String target = listen(socket -> socket.handler(buffer -> {
            Buffer copy = buffer.copy();
            vertx.setTimer(1500, fired -> socket.write(copy));
        }));
        LoadResult result = run(options(target, 2, 64, 1, 0, fresh));
        assertThat(result.messages()).isZero();
        assertThat(result.unjudged()).as(result.toText()).isTrue();
        assertThat(result.failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.sentence())
                        .matches(
                                "time: no message came back within the \\d+ ms that were measured, and 2 before or after;"
                                        + " measure for longer"));
    }

    /** Keeps the only event loop of a Vert.x instance from running for most of the time, until that is closed. */
    private static void starve(Vertx busy) {
        LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
        busy.setTimer(1, fired -> starve(busy));
    }

    private static LoadResult runStarved(LoadOptions options) throws Exception {
        Vertx busy = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
        try {
            busy.runOnContext(now -> starve(busy));
            return await(new Load(busy, options).run(progress -> {}));
        } finally {
            await(busy.close());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void saysNothingOfAPeerThatIsSilentWhileItCannotRunItself(boolean fresh) throws Exception {
        String target = listen(socket -> socket.handler(buffer -> {}));
        LoadResult result = runStarved(impatient(options(target, 2, 64, 1, 0, fresh)));
        assertThat(result.passed()).isFalse();
        assertThat(result.unjudged()).as(result.toText()).isTrue();
        assertThat(result.failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.sentence())
                        .matches("time: this process could not run for \\d+ of \\d+ ms, so that nothing is known of the"
                                + " peer; else it would be .*"));
        assertThat(result.toText())
                .contains("FAILED         unjudged 2: time: this process")
                .doesNotContain("nothing came back\n");
    }

    @Test
    void saysNothingOfAPeerThatItCannotConnectToWhileItCannotRunItself() throws Exception {
        // Its queue is full: it answers no more.
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket first = new Socket(full.getInetAddress(), full.getLocalPort());
                Socket second = new Socket(full.getInetAddress(), full.getLocalPort())) {
            LoadOptions options = impatient(options("tcp://127.0.0.1:" + full.getLocalPort(), 1, 64, 1, 0, false));
            LoadResult result = runStarved(options);
            assertThat(first.isConnected() && second.isConnected()).isTrue();
            assertThat(result.unjudged()).as(result.toText()).isTrue();
            assertThatThrownBy(() -> run(options))
                    .cause()
                    .isInstanceOfSatisfying(
                            TransportException.class, e -> assertThat(e.fault()).isEqualTo(Fault.TIMEOUT));
        }
    }

    @Test
    void blamesAPeerThatSendsWrongBytesAlsoWhileItCannotRunItself() throws Exception {
        String target = listen(socket -> socket.handler(buffer -> socket.write("wrong".repeat(20))));
        LoadResult result = runStarved(impatient(options(target, 1, 64, 1, 0, false)));
        assertThat(result.unjudged()).as(result.toText()).isFalse();
        assertThat(result.failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.word()).isEqualTo("corrupted"));
    }

    @Test
    void tellsLostMessagesFromDoubledOnes() throws Exception {
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            Thread server = new Thread(() -> loseAndDouble(socket), "server");
            server.start();
            LoadResult result = run(impatient(options("udp://127.0.0.1:" + socket.getLocalPort(), 1, 64, 8, 0, false)));
            assertThat(result.passed()).as(result.toText()).isTrue();
            assertThat(result.lost().lost()).isPositive();
            assertThat(result.lost().duplicated()).isPositive();
        }
    }

    /** Drops every 50th datagram, and answers every 7th twice. */
    private static void loseAndDouble(DatagramSocket socket) {
        byte[] buffer = new byte[2048];
        try {
            for (int i = 1; ; i++) {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                for (int times = i % 50 == 0 ? 0 : i % 7 == 0 ? 2 : 1; times > 0; times--) {
                    socket.send(packet);
                }
            }
        } catch (SocketException e) {
            // Closed: the test is over.
            return;
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void doesNotHideAStall() throws Exception {
        String target = listen(socket -> {
            long[] count = {0};
            socket.handler(buffer -> {
                Buffer copy = buffer.copy();
                count[0] += copy.length() / 64;
                if (count[0] >= 100 && count[0] < 100_000) {
                    count[0] = 100_000;
                    socket.pause();
                    vertx.setTimer(250, fired -> {
                        socket.write(copy);
                        socket.resume();
                    });
                } else {
                    socket.write(copy);
                }
            });
        });
        LoadOptions options = new LoadOptions(
                target,
                1,
                64,
                4,
                1000,
                Duration.ZERO,
                Duration.ofMillis(600),
                1,
                false,
                Duration.ofSeconds(20),
                new JsonObject(),
                new JsonObject());
        LoadResult result = run(options);
        assertThat(result.passed()).as(result.toText()).isTrue();
        Latency corrected = Objects.requireNonNull(result.corrected());
        // Only the 4 messages under way saw the stall; the 250 that were due meanwhile tell of it as well.
        assertThat(corrected.p90()).as(result.toText()).isGreaterThan(50);
        assertThat(corrected.mean()).isGreaterThan(result.latency().mean());
    }

    @Test
    void failsWhereNobodyListens() throws Exception {
        int port = Ports.free();
        Load load = new Load(vertx, options("tcp://127.0.0.1:" + port, 2, 64, 1, 0, false));
        assertThatThrownBy(() -> await(load.run(progress -> {})))
                .hasCauseInstanceOf(TransportException.class)
                .hasMessageContaining("127.0.0.1:" + port);
    }

    @Test
    void countsConnectionsThatNobodyAccepts() throws Exception {
        int port = Ports.free();
        LoadResult result = run(options("tcp://127.0.0.1:" + port, 2, 64, 1, 0, true));
        assertThat(result.passed()).isFalse();
        assertThat(result.failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.word()).isEqualTo("refused"));
    }

    @Test
    void rejectsATargetThatNoTransportReaches() {
        Load load = new Load(vertx, options("pigeon://127.0.0.1:1", 1, 64, 1, 0, false));
        assertThatThrownBy(() -> await(load.run(progress -> {})))
                .hasCauseInstanceOf(InvalidInputException.class)
                .hasMessageContaining("\"pigeon\" is not known");
    }

    @Test
    void rejectsAMessageThatDoesNotFit() {
        Load load = new Load(vertx, options("udp://127.0.0.1:1", 1, 70_000, 1, 0, false));
        assertThatThrownBy(() -> await(load.run(progress -> {})))
                .hasCauseInstanceOf(InvalidInputException.class)
                .hasMessageContaining("was 70000");
    }

    @Test
    void stopsBeforeItsTime() throws Exception {
        LoadOptions forLong = new LoadOptions(
                listen("tcp", new JsonObject()),
                2,
                64,
                1,
                0,
                Duration.ZERO,
                Duration.ofHours(1),
                1,
                false,
                Duration.ofSeconds(20),
                new JsonObject(),
                new JsonObject());
        Load load = new Load(vertx, forLong);
        LoadResult result = await(load.run(progress -> load.stop()));
        assertThat(result.passed()).isTrue();
        assertThat(result.duration()).isLessThan(Duration.ofMinutes(1));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 64, 1, 'connections: must be 1..1000000, was 0'",
        "1, 0, 1, 'size: must be 1..16777216, was 0'",
        "1, 64, 0, 'depth: must be 1..65536, was 0'"
    })
    void rejectsOptions(int connections, int size, int depth, String message) {
        assertThatThrownBy(() -> options("tcp://localhost:7007", connections, size, depth, 0, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
