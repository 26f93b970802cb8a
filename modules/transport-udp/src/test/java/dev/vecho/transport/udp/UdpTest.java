package dev.vecho.transport.udp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.Connection;
import dev.vecho.core.Listener;
import dev.vecho.core.Receiver;
import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.Ports;
import dev.vecho.transport.udp.UdpDrops.Reason;
import io.netty.buffer.Unpooled;
import io.netty.channel.socket.DatagramPacket;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is peculiar to UDP: where answers come from, and who gets none. */
@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class UdpTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int TRIES = 10;
    private static final byte[] MESSAGE = {1, 2, 3};

    private final String io;
    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5);
    private final Traffic traffic = new Traffic();
    private final List<Listener> listeners = new ArrayList<>();
    private Vertx vertx;

    @SuppressWarnings("NullAway.Init") // setUp sets the rest.
    UdpTest(String io) {
        this.io = io;
    }

    static List<String> ios() {
        return Io.available();
    }

    @BeforeEach
    void setUp() {
        vertx = Vertx.builder()
                .with(new VertxOptions().setEventLoopPoolSize(2))
                .withTransport(Io.transport(io))
                .build();
    }

    @AfterEach
    void tearDown() throws Exception {
        await(Future.all(
                listeners.stream().map(each -> each.drain(Duration.ZERO)).toList()));
        await(vertx.close());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::"})
    void answersFromTheAddressThatWasAskedOnAWildcard(String host) throws Exception {
        UdpServerTransport server = server(new JsonObject().put("host", host));
        int port = port(listen(server));
        List<String> asked = new ArrayList<>(List.of("127.0.0.1"));
        if (UdpListener.hasCatchAll()) {
            asked.addAll(List.of("127.0.0.2", "127.1.2.3"));
        }
        if (host.equals("::")) {
            asked.add("::1");
        }
        for (String address : asked) {
            for (int i = 0; i < 3; i++) {
                // The client fails if the answer comes from elsewhere.
                assertEchoes(client(address, port), MESSAGE);
            }
        }
        assertThat(server.drops().toString()).isEmpty();
    }

    @Test
    void listensOnBothFamiliesByDefault() throws Exception {
        List<String> addresses = listen(server(new JsonObject())).addresses();
        assertThat(addresses).hasSize(2);
        for (String address : addresses) {
            Target target = Target.parse(address);
            assertEchoes(new DatagramClient(new InetSocketAddress(target.host(), target.port())), MESSAGE);
        }
    }

    @Test
    void refusesAnAddressThatIsTaken() throws Exception {
        int port = port(listen(server(local())));
        for (String host : List.of("127.0.0.1", "0.0.0.0", "localhost")) {
            assertThatThrownBy(() ->
                            listen(server(new JsonObject().put("host", host).put("port", port))))
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOf(TransportException.class)
                    .hasMessageEndingWith(":" + port + ": address already in use")
                    .hasMessageStartingWith("cannot bind ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"255.255.255.255", "127.255.255.255", "224.0.0.1", "ff02::1"})
    void refusesToListenOnManyHosts(String host) {
        assertThatThrownBy(() -> listen(server(new JsonObject().put("host", host))))
                .cause()
                .isInstanceOf(TransportException.class)
                .hasMessageContaining("broadcast or multicast");
    }

    @Test
    void givesNoAnswerToAPortThatAnswersByItself() throws Exception {
        UdpServerTransport server = server(local());
        int port = port(listen(server));
        DatagramSocket socket;
        try {
            socket = new DatagramSocket(19, InetAddress.getByName("127.0.0.3"));
        } catch (BindException e) {
            Assumptions.abort("port 19 of 127.0.0.3 cannot be bound: " + e.getMessage());
            return;
        }
        try (DatagramClient chargen = new DatagramClient(socket, new InetSocketAddress("127.0.0.1", port))) {
            chargen.send(MESSAGE);
            eventually(server, Reason.SOURCE_PORT, 1);
            assertEchoes(client("127.0.0.1", port), MESSAGE);
            assertThat(chargen.receive(Duration.ofMillis(1))).isNull();
        }
    }

    @Test
    void givesNoAnswerToItsOwnListeners() throws Exception {
        UdpServerTransport one = server(local());
        UdpServerTransport other = server(new JsonObject().put("host", "0.0.0.0"));
        int onePort = port(listen(one));
        int otherPort = port(listen(other));
        // As if one had been asked by the other: its answer starts what must end at once.
        InetSocketAddress otherAddress = new InetSocketAddress("127.0.0.1", otherPort);
        assertThat(OwnSockets.contain(otherAddress)).isTrue();
        assertThat(OwnSockets.contain(new InetSocketAddress("127.9.9.9", otherPort)))
                .isEqualTo(UdpListener.hasCatchAll());
        assertThat(OwnSockets.contain(new InetSocketAddress("127.0.0.1", onePort)))
                .isTrue();
        assertThat(OwnSockets.contain(new InetSocketAddress("127.9.9.9", onePort)))
                .isFalse();
        UdpSocket asker = await(asker(one, otherAddress, new InetSocketAddress("127.0.0.1", onePort)));
        eventually(one, Reason.OWN_LISTENER, 1);
        await(close(asker));
        assertThat(traffic.snapshot().bytes()).isZero();
    }

    /** Sends one datagram from a listener's address, through a socket that shares it. */
    private Future<UdpSocket> asker(UdpServerTransport like, InetSocketAddress from, InetSocketAddress to) {
        Promise<UdpSocket> promise = Promise.promise();
        vertx.runOnContext(start -> {
            UdpListenerOptions options =
                    UdpListenerOptions.read(Options.of(local(), Source.named("test"), new Problems()), null);
            UdpRules rules = new UdpRules(options, new LocalNetworks(java.util.Set.of(), java.util.Set.of()), () -> 0);
            new UdpListener(vertx, options, rules, like.drops(), traffic, closed -> {})
                    .open(from, false)
                    .onSuccess(socket -> socket.channel()
                            .writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(MESSAGE), to))
                            .addListener(sent -> promise.complete(socket)))
                    .onFailure(promise::fail);
        });
        return promise.future();
    }

    private static Future<Void> close(UdpSocket socket) {
        Promise<Void> promise = Promise.promise();
        socket.channel().close().addListener(closed -> promise.complete());
        return promise.future();
    }

    @Test
    void limitsWhatOneAddressGets() throws Exception {
        UdpServerTransport server = server(local().put("maxDatagramsPerSecond", 3));
        int port = port(listen(server));
        try (DatagramClient client = client("127.0.0.1", port)) {
            for (int i = 0; i < 10; i++) {
                client.send(MESSAGE);
            }
            eventually(server, Reason.RATE, 7);
            for (int i = 0; i < 3; i++) {
                assertThat(client.receive(PATIENCE)).isEqualTo(MESSAGE);
            }
            clock.addAndGet(TimeUnit.SECONDS.toNanos(1));
            client.send(MESSAGE);
            assertThat(client.receive(PATIENCE)).isEqualTo(MESSAGE);
        }
    }

    @Test
    void limitsTheBytesThatOneAddressGets() throws Exception {
        UdpServerTransport server = server(local().put("maxBytesPerSecond", 3 * MESSAGE.length));
        int port = port(listen(server));
        try (DatagramClient client = client("127.0.0.1", port)) {
            for (int i = 0; i < 10; i++) {
                client.send(MESSAGE);
            }
            eventually(server, Reason.BYTES, 7);
            for (int i = 0; i < 3; i++) {
                assertThat(client.receive(PATIENCE)).isEqualTo(MESSAGE);
            }
            clock.addAndGet(TimeUnit.SECONDS.toNanos(1));
            client.send(MESSAGE);
            assertThat(client.receive(PATIENCE)).isEqualTo(MESSAGE);
        }
        assertThat(server.drops()).hasToString("7 over maxBytesPerSecond");
    }

    @Test
    void servesForeignPrograms() throws Exception {
        int port = port(listen(server(local())));
        byte[] text = "This is the message.  It will be repeated.".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        ForeignProgram socat = ForeignProgram.find("socat", "apt-get install socat");
        assertEchoes(socat.start("-", "UDP:127.0.0.1:" + port), text);
        ForeignProgram ncat = ForeignProgram.find("ncat", "apt-get install ncat");
        assertEchoes(ncat.start("-u", "127.0.0.1", String.valueOf(port)), text);
    }

    /** Its input stays open: when that ends, it waits not at all for an answer, or for a fixed time. */
    private static void assertEchoes(Process process, byte[] text) throws Exception {
        try {
            process.getOutputStream().write(text);
            process.getOutputStream().flush();
            Future<byte[]> answer = Future.fromCompletionStage(CompletableFuture.supplyAsync(() -> {
                try {
                    return process.getInputStream().readNBytes(text.length);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }));
            assertThat(await(answer)).isEqualTo(text);
        } finally {
            process.destroyForcibly();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void connects(String host) throws Exception {
        String address =
                listen(server(new JsonObject().put("host", host))).addresses().get(0);
        Ear ear = new Ear();
        UdpClientTransport client = target(address);
        Connection connection = await(onContext(() -> client.connect(ear)));
        assertThat(ear.phases).containsExactly(Receiver.Phase.RESOLVE, Receiver.Phase.CONNECT);
        assertThat("udp://" + connection.remoteAddress()).isEqualTo(address);
        int most = host.equals("::1") ? UdpSocket.MAX_BYTES_IPV6 : UdpSocket.MAX_BYTES_IPV4;
        List<Integer> sizes = new ArrayList<>(List.of(1, 1_000, most, 2));
        if (!io.equals("nio")) {
            sizes.add(1, 0);
        }
        for (int size : sizes) {
            byte[] message = new byte[size];
            await(onContext(() -> connection.send(Buffer.buffer(message))));
            assertThat(ear.next()).as("%d bytes", size).isEqualTo(Buffer.buffer(message));
        }
        assertThatThrownBy(() -> await(onContext(() -> connection.send(Buffer.buffer(new byte[most + 1])))))
                .hasMessageContaining("has at most " + most + " bytes");
        assertThatThrownBy(() -> await(onContext(connection::closeOutput))).hasMessageContaining("no output to close");
        await(client.close());
        assertThat(ear.events).as("an end nobody asked for").hasSizeLessThanOrEqualTo(1);
    }

    @Test
    void tellsThatNobodyListens() throws Exception {
        int free = Ports.free();
        Ear ear = new Ear();
        UdpClientTransport client = target("udp://127.0.0.1:" + free);
        Connection connection = await(onContext(() -> client.connect(ear)));
        await(onContext(() -> connection.send(Buffer.buffer(MESSAGE))));
        assertThat(ear.next()).isEqualTo("REFUSED nobody listens on 127.0.0.1:" + free);
        await(client.close());
    }

    @Test
    void tellsThatANameDoesNotResolve() throws Exception {
        assertThatThrownBy(() -> await(
                        onContext(() -> target("udp://no.such.name.invalid:7").connect(new Ear()))))
                .cause()
                .isInstanceOfSatisfying(
                        TransportException.class, e -> assertThat(e.fault()).isEqualTo(Fault.DNS));
    }

    @Test
    void namesWhatIsWrongWithItsOptions() {
        assertThatThrownBy(() -> server(new JsonObject()
                        .put("port", 70_000)
                        .put("receiveBufferBytes", -1)
                        .put("maxDatagramsPerSecond", "many")
                        .put("refusedSourcePorts", new JsonArray().add("7").add("9-8"))
                        .put("sendBufferByte", 1)))
                .isInstanceOfSatisfying(
                        InvalidInputException.class,
                        e -> assertThat(e.problems())
                                .hasSize(5)
                                .anyMatch(problem -> problem.contains("refusedSourcePorts: must be a list of ports"))
                                .anyMatch(problem -> problem.contains("did you mean \"sendBufferBytes\"")));
    }

    // ---- helpers

    private static JsonObject local() {
        return new JsonObject().put("host", "127.0.0.1");
    }

    private UdpServerTransport server(JsonObject options) {
        Problems problems = new Problems();
        JsonObject json = new JsonObject().put("port", 0).mergeIn(options);
        UdpListenerOptions read = UdpListenerOptions.read(Options.of(json, Source.named("test"), problems), null);
        problems.throwIfAny();
        return new UdpServerTransport(vertx, read, clock::get);
    }

    private Listener listen(UdpServerTransport server) throws Exception {
        Listener first = await(onContext(() -> server.listen(traffic)));
        Listener second = await(onContext(() -> server.listen(traffic)));
        assertThat(second.addresses()).isEqualTo(first.addresses());
        listeners.add(first);
        listeners.add(second);
        return first;
    }

    private static int port(Listener listener) {
        return Target.parse(listener.addresses().get(0)).port();
    }

    private static DatagramClient client(String host, int port) throws Exception {
        return new DatagramClient(new InetSocketAddress(host, port));
    }

    private UdpClientTransport target(String address) {
        return (UdpClientTransport) new UdpTransport()
                .client(
                        vertx,
                        Target.parse(address),
                        Options.of(new JsonObject(), Source.named("test"), new Problems()));
    }

    private static void assertEchoes(DatagramClient client, byte[] message) throws Exception {
        try (client) {
            byte[] reply = null;
            for (int i = 0; i < TRIES && reply == null; i++) {
                client.send(message);
                reply = client.receive(Duration.ofSeconds(3));
            }
            assertThat(reply).isEqualTo(message);
        }
    }

    private <T> Future<T> onContext(java.util.function.Supplier<Future<T>> task) {
        Promise<T> promise = Promise.promise();
        vertx.runOnContext(start -> task.get().onComplete(promise));
        return promise.future();
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static void eventually(UdpServerTransport server, Reason reason, long count) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (server.drops().of(reason) < count) {
            assertThat(System.nanoTime()).as("%s: %s", reason, server.drops()).isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertThat(server.drops().of(reason)).isEqualTo(count);
    }

    /** Keeps what a connection tells. */
    private static final class Ear implements Receiver {

        private final List<Phase> phases = new java.util.concurrent.CopyOnWriteArrayList<>();
        private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();

        @Override
        public void completed(Phase phase, Duration took) {
            phases.add(phase);
        }

        @Override
        public void received(Buffer bytes) {
            events.add(Buffer.buffer(bytes.getBytes()));
        }

        @Override
        public void ended() {
            events.add("ended");
        }

        @Override
        public void failed(TransportException cause) {
            events.add(cause.fault() + " " + cause.getMessage());
        }

        Object next() throws InterruptedException {
            Object next = events.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(next).as("what comes next").isNotNull();
            return next;
        }
    }
}
