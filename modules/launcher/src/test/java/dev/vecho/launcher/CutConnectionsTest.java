package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.FailureReason;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.TlsEngines;
import dev.vecho.testkit.UnixClient;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.FileRegion;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A connection that something inside the service ends, before all that was accepted has gone back, is reset: a client must not
 * take a truncated echo for a complete one.
 */
@Timeout(120)
class CutConnectionsTest {

    private static final int PATIENCE_SECONDS = 60;

    /** What Unix domain sockets are served on. */
    private static final String UNIX = "epoll";

    private static final String HELLO = "hello";
    private static final String UPGRADE = String.join(
            "\r\n",
            "GET / HTTP/1.1",
            "Host: here",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            "",
            "");

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static final Map<String, Service> services = new LinkedHashMap<>();

    private record Service(Vertx vertx, AcceptedChannels channels, Listeners listeners) {}

    /** What ends a connection. */
    enum Failure {
        /** As with ENOBUFS or ENOMEM: Netty closes the channel by itself. */
        WRITE(FailureReason.MEMORY),
        /** An exception in a handler. */
        HANDLER(FailureReason.INTERNAL),
        /** No buffer for what is read. */
        MEMORY(FailureReason.MEMORY),
        /** An event loop closes its channels like this when it shuts down, past all handlers. */
        EVENT_LOOP(FailureReason.DRAIN);

        private final FailureReason reason;

        Failure(FailureReason reason) {
            this.reason = reason;
        }

        /** On the event loop of the channel. */
        @SuppressWarnings("FutureReturnValueIgnored") // The channel closes, which the client sees.
        void happen(Channel channel) {
            switch (this) {
                case WRITE -> channel.pipeline().firstContext().writeAndFlush(new Unwritable());
                case HANDLER -> channel.pipeline().fireExceptionCaught(new IllegalStateException("a handler failed"));
                case MEMORY -> channel.pipeline().fireExceptionCaught(new OutOfMemoryError("no buffer for a read"));
                case EVENT_LOOP -> channel.unsafe().close(channel.unsafe().voidPromise());
            }
        }
    }

    /** What cannot be written, on any io. */
    private static final class Unwritable extends DefaultFileRegion {

        Unwritable() {
            super(new File("none"), 0, 1);
        }

        @Override
        public void open() throws IOException {
            throw new IOException("No buffer space available");
        }

        @Override
        public long transferTo(WritableByteChannel target, long position) throws IOException {
            throw new IOException("No buffer space available");
        }

        @Override
        protected void deallocate() {}

        @Override
        public FileRegion touch(Object hint) {
            return this;
        }
    }

    @BeforeAll
    static void serve() throws Exception {
        certificates = new Certificates(directory);
        Certificates.Issued certificate = certificates.localhost();
        for (String io : Io.available()) {
            AcceptedChannels channels = new AcceptedChannels(io);
            Vertx vertx = Vertx.builder().withTransport(channels).build();
            JsonObject listeners = new JsonObject()
                    .put("tcp", Listeners.any())
                    .put("http", Listeners.any().put("transport", "http"))
                    .put(
                            "ws",
                            Listeners.any()
                                    .put("transport", "websocket")
                                    .put("writeQueueBytes", 32 << 20)
                                    .put("maxMessageBytes", 32 << 20));
            for (String engine : TlsEngines.available()) {
                JsonObject tls = certificate.options().put("engine", engine);
                listeners.put("tls-" + engine, Listeners.any().put("tls", tls));
                listeners.put(
                        "https-" + engine,
                        Listeners.any().put("transport", "http").put("tls", tls.copy()));
            }
            JsonObject names = certificate.options();
            names.put(
                    "certificates",
                    new JsonArray().add(certificates.forName("example.org").options()));
            listeners.put("tls-names", Listeners.any().put("tls", names));
            if (io.equals(UNIX)) {
                listeners.put(
                        "unix",
                        new JsonObject()
                                .put("transport", "unix")
                                .put("path", socket(io).toString()));
            }
            services.put(io, new Service(vertx, channels, Listeners.serve(vertx, listeners)));
        }
    }

    private static Path socket(String io) {
        return directory.resolve(io + ".sock");
    }

    @AfterAll
    static void stop() throws Exception {
        for (Service service : services.values()) {
            service.vertx.close().await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    static List<Arguments> everything() {
        List<String> kinds = new ArrayList<>(List.of("tcp", "http", "ws", "tls-names"));
        for (String engine : TlsEngines.available()) {
            kinds.add("tls-" + engine);
            kinds.add("https-" + engine);
        }
        List<Arguments> all = new ArrayList<>();
        for (String io : Io.available()) {
            for (String kind : kinds) {
                Arrays.stream(Failure.values()).forEach(failure -> all.add(Arguments.of(io, kind, failure)));
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("everything")
    void resets(String io, String kind, Failure failure) throws Exception {
        Service service = service(io);
        Map<String, Long> before = service.listeners.traffic(kind).failures();
        try (EchoClient client = begin(service, kind)) {
            happen(service, failure);
            assertThatThrownBy(() -> client.in().read()).hasMessageContaining("reset");
        }
        Map<String, Long> expected = new HashMap<>(before);
        expected.merge(failure.reason.words(), 1L, Long::sum);
        awaitFailures(service, kind, expected);
    }

    /** The client may hear of the end before it is counted. */
    private static void awaitFailures(Service service, String kind, Map<String, Long> expected) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        Map<String, Long> counted = service.listeners.traffic(kind).failures();
        while (!counted.equals(expected) && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(5);
            counted = service.listeners.traffic(kind).failures();
        }
        assertThat(counted).isEqualTo(expected);
    }

    /** They know no reset, but Linux tells of one where the closed socket held what nobody had read. */
    @ParameterizedTest
    @EnumSource
    void resetsUnixSocketsWhereSomethingWasLeftUnread(Failure failure) throws Exception {
        if (!services.containsKey(UNIX)) {
            throw ForeignProgram.missing("there is no epoll here");
        }
        Service service = service(UNIX);
        try (EchoClient client = begin(service, "unix")) {
            Channel channel = accepted(service);
            channel.eventLoop()
                    .submit(() -> channel.config().setAutoRead(false))
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            client.out().write(new byte[1000]);
            happen(channel, failure);
            assertThatThrownBy(() -> client.in().readAllBytes()).hasMessageContaining("reset");
        }
    }

    static Stream<String> ios() {
        return Io.available().stream();
    }

    /** The client closes its output while the service, which has answered with a close frame, still writes the echo before. */
    @ParameterizedTest
    @MethodSource("ios")
    void endsAWebSocketAfterAllThatIsOwed(String io) throws Exception {
        int size = 16 << 20;
        try (SocketClient client = SocketClient.tcp(address(service(io), "ws"), 4096)) {
            client.out().write(UPGRADE.getBytes(ISO_8859_1));
            skipTo(client, "\r\n\r\n");
            // Masked with zero.
            client.out()
                    .write(new byte[] {(byte) 0x82, (byte) 0xff, 0, 0, 0, 0, (byte) (size >> 24), 0, 0, 0, 0, 0, 0, 0});
            client.out().write(new byte[size]);
            client.out().write(new byte[] {(byte) 0x88, (byte) 0x82, 0, 0, 0, 0, 3, (byte) 0xe8});
            client.closeOutput();
            byte[] all = client.in().readAllBytes();
            assertThat(all).hasSizeGreaterThan(size);
            assertThat(Arrays.copyOfRange(all, all.length - 4, all.length)).containsExactly(0x88, 2, 3, 0xe8);
        }
    }

    /** What the operating system closes, as it does for a process that has died. */
    @ParameterizedTest
    @ValueSource(strings = {"tcp", "http"})
    void isSetToResetBeforeItIsClosed(String kind) throws Exception {
        for (Service service : services.values()) {
            try (EchoClient client = begin(service, kind)) {
                assertThat(accepted(service).config().getOption(ChannelOption.SO_LINGER))
                        .isZero();
                assertThat(client).isNotNull();
            }
        }
    }

    private static Service service(String io) {
        return Objects.requireNonNull(services.get(io));
    }

    private static InetSocketAddress address(Service service, String kind) {
        return new InetSocketAddress("127.0.0.1", service.listeners.port(kind));
    }

    /** Connects, and gets a first echo back. */
    private static EchoClient begin(Service service, String kind) throws Exception {
        service.channels.accepted().clear();
        EchoClient client;
        if (kind.equals("unix")) {
            client = new UnixClient(Path.of(service.listeners.address(kind).substring("unix://".length())), 0);
        } else if (kind.contains("-")) {
            client = SocketClient.tls(
                    SocketClient.trusting(certificates.trustManager()), "TLSv1.3", address(service, kind), 0);
        } else {
            client = SocketClient.tcp(address(service, kind), 0);
        }
        if (kind.startsWith("http")) {
            client.out()
                    .write(("POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n" + HELLO + "\r\n")
                            .getBytes(ISO_8859_1));
            skipTo(client, HELLO + "\r\n");
        } else if (kind.equals("ws")) {
            client.out().write(UPGRADE.getBytes(ISO_8859_1));
            skipTo(client, "\r\n\r\n");
            // Masked with zero.
            client.out().write(("\u0082\u0085\0\0\0\0" + HELLO).getBytes(ISO_8859_1));
            skipTo(client, HELLO);
        } else {
            client.out().write(HELLO.getBytes(ISO_8859_1));
            skipTo(client, HELLO);
        }
        return client;
    }

    private static void skipTo(EchoClient client, String end) throws IOException {
        StringBuilder read = new StringBuilder();
        while (!read.toString().endsWith(end)) {
            int next = client.in().read();
            assertThat(next).as("after %s", read).isNotNegative();
            read.append((char) next);
        }
    }

    private static Channel accepted(Service service) throws InterruptedException {
        return Objects.requireNonNull(service.channels.accepted().poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
    }

    private static void happen(Service service, Failure failure) throws InterruptedException {
        happen(accepted(service), failure);
    }

    private static void happen(Channel channel, Failure failure) {
        channel.eventLoop().execute(() -> failure.happen(channel));
    }
}
