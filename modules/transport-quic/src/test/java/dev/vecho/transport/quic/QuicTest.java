package dev.vecho.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.FailureReason;
import dev.vecho.core.Listener;
import dev.vecho.core.Receiver;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.Transports;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.Ports;
import io.netty.buffer.ByteBufHolder;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What QUIC has beyond one stream of bytes, and our client's side of it. */
class QuicTest {

    private static final int PATIENCE_SECONDS = 60;

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static Issued localhost;

    private Vertx vertx;
    private Traffic traffic = new Traffic();
    private final List<Listener> listeners = new ArrayList<>();
    private @Nullable Context loop;

    @BeforeAll
    static void makeCertificates() {
        certificates = new Certificates(directory);
        localhost = certificates.localhost();
    }

    @BeforeEach
    void setUp() {
        vertx = Vertx.vertx();
    }

    @AfterEach
    void tearDown() throws Exception {
        await(vertx.close());
    }

    @Test
    void isFoundByItsNameAndScheme() {
        Transports transports = Transports.load();
        assertThat(transports.named("quic")).get().isInstanceOf(QuicTransport.class);
        assertThat(transports.ofScheme("quic")).get().isInstanceOf(QuicTransport.class);
        assertThat(new QuicTransport().unavailable(vertx)).isEmpty();
    }

    @Test
    void echoesManyStreamsOfAConnectionAtOnce() throws Exception {
        try (QuicEchoClient client = rawClient(listen(options()))) {
            List<EchoClient> streams = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                streams.add(client.stream());
            }
            for (int i = 0; i < streams.size(); i++) {
                streams.get(i).out().write(bytes(10_000, i));
            }
            eventually(() -> traffic.snapshot().active() > 0);
            for (int i = streams.size() - 1; i >= 0; i--) {
                streams.get(i).closeOutput();
                assertThat(streams.get(i).in().readAllBytes()).isEqualTo(bytes(10_000, i));
            }
            eventually(() -> traffic.snapshot().active() == 0);
            assertThat(traffic.snapshot().accepted()).isEqualTo(100);
            assertThat(traffic.snapshot().failed()).isZero();
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void dropsNothingWhenManyConnectionsSendAtOnce() throws Exception {
        Listener listener = listen(options());
        List<QuicEchoClient> clients = new ArrayList<>();
        CountDownLatch go = new CountDownLatch(1);
        try {
            List<EchoClient> streams = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                QuicEchoClient client = rawClient(listener);
                clients.add(client);
                EchoClient stream = client.stream();
                streams.add(stream);
                stream.out().write(i);
                assertThat(stream.in().read()).isEqualTo(i);
            }
            onLoop(() -> {
                try {
                    return Future.succeededFuture(go.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    return Future.failedFuture(e);
                }
            });
            // What a connection may send before it hears anything, and in the end more than Linux takes by default.
            for (int i = 0; i < streams.size(); i++) {
                streams.get(i).out().write(bytes(10_000, i));
            }
            int port = Target.parse(listener.addresses().get(0)).port();
            eventually(
                    () -> Waiting.on(port).bytes() > 220_000 || Waiting.on(port).drops() > 0);
            go.countDown();
            for (int i = 0; i < streams.size(); i++) {
                assertThat(streams.get(i).in().readNBytes(10_000)).isEqualTo(bytes(10_000, i));
            }
            assertThat(Waiting.on(port).drops()).isZero();
        } finally {
            go.countDown();
            for (QuicEchoClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void echoesDatagramsWithoutAByte() throws Exception {
        try (QuicEchoClient client = rawClient(listen(options()))) {
            for (int size : new int[] {0, 1, 0, 0, 5}) {
                byte[] sent = bytes(size, size);
                client.sendDatagram(sent);
                assertThat(client.datagram()).isEqualTo(sent);
            }
        }
    }

    /** What waits to be read from the sockets of a port, with what the system needs for it, and how many it dropped. */
    private record Waiting(long bytes, long drops) {

        /** proc_net_udp(5): the local port and the read queue, both hexadecimal, and the drops. */
        private static final Pattern LINE =
                Pattern.compile("\\s*\\d+: \\w+:(\\w+) \\S+ \\S+ \\w+:(\\w+) .* (\\d+)\\s*");

        static Waiting on(int port) {
            Waiting all = new Waiting(0, 0);
            for (Path file : List.of(Path.of("/proc/net/udp"), Path.of("/proc/net/udp6"))) {
                // A system without IPv6 has one of them.
                for (String line : Files.exists(file) ? lines(file) : List.<String>of()) {
                    Matcher socket = LINE.matcher(line);
                    if (socket.matches() && Integer.parseInt(socket.group(1), 16) == port) {
                        all = new Waiting(
                                all.bytes + Long.parseLong(socket.group(2), 16),
                                all.drops + Long.parseLong(socket.group(3)));
                    }
                }
            }
            return all;
        }

        private static List<String> lines(Path file) {
            try {
                return Files.readAllLines(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    void goesOnWithOtherStreamsWhileSomeAreStalled() throws Exception {
        try (QuicEchoClient client = rawClient(listen(options()))) {
            List<CompletableFuture<Void>> stalled = new ArrayList<>();
            List<EchoClient> silent = new ArrayList<>();
            // More than the windows and queues of both ways, which grow, to 16 MiB each and somewhat more.
            byte[] tooMuch = bytes(64 << 20, 0);
            for (int i = 0; i < 4; i++) {
                EchoClient stream = client.stream();
                silent.add(stream);
                stalled.add(CompletableFuture.runAsync(() -> {
                    try {
                        stream.out().write(tooMuch);
                    } catch (IOException e) {
                        // It is broken off in the end.
                        return;
                    }
                }));
            }
            byte[] sent = bytes(1 << 20, 9);
            for (int round = 0; round < 64; round++) {
                try (EchoClient other = client.stream()) {
                    CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                        try {
                            other.out().write(sent);
                            other.closeOutput();
                        } catch (IOException e) {
                            throw new IllegalStateException(e);
                        }
                    });
                    assertThat(other.in().readAllBytes()).isEqualTo(sent);
                    sending.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
                }
            }
            assertThat(stalled).noneMatch(CompletableFuture::isDone);
            // One that reads at last gets all.
            byte[] all = silent.get(0).in().readNBytes(tooMuch.length);
            assertThat(all).isEqualTo(tooMuch);
            for (EchoClient stream : silent) {
                stream.reset();
            }
            for (CompletableFuture<Void> sender : stalled) {
                sender.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void losesNeitherBytesNorEndsWithThePacketsThatGetLost() throws Exception {
        Listener listener = listen(options().put("idleTimeoutMillis", 300_000));
        List<QuicEchoClient> clients = new ArrayList<>();
        List<CompletableFuture<Void>> users = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                QuicEchoClient client = lossyClient(listener, i);
                clients.add(client);
                for (int j = 0; j < 3; j++) {
                    Random random = new Random(10 * i + j);
                    users.add(CompletableFuture.runAsync(
                            () -> {
                                for (int round = 0; round < 36; round++) {
                                    echoOverLoss(client, round % 6, random);
                                }
                            },
                            user -> new Thread(user).start()));
                }
            }
            for (CompletableFuture<Void> user : users) {
                user.get(2 * PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
        } finally {
            for (QuicEchoClient client : clients) {
                client.close();
            }
        }
        // Counted when a connection ends, if not before.
        eventually(() -> traffic.packets().lost() > 0 && traffic.packets().retransmitted() > 0);
        assertThat(traffic.packets().sent()).isGreaterThan(traffic.packets().lost());
    }

    private static void echoOverLoss(QuicEchoClient client, int kind, Random random) {
        int size = switch (kind) {
            case 0 -> 0;
            case 1 -> 100_000;
            case 2 -> 1 + random.nextInt(10);
            default -> 1 + random.nextInt(20_000);
        };
        byte[] sent = bytes(size, random.nextInt());
        try {
            QuicEchoClient.Stream stream = client.stream();
            if (kind < 3) {
                stream.writeLast(sent);
                assertThat(stream.in().readAllBytes()).isEqualTo(sent);
            } else {
                stream.out().write(sent);
                if (kind == 5) {
                    stream.closeOutputWhenArrived();
                }
                assertThat(stream.in().readNBytes(size)).isEqualTo(sent);
                if (kind != 5) {
                    stream.closeOutputWhenArrived();
                }
                assertThat(stream.in().read()).isEqualTo(-1);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void allowsAsManyStreamsAsItIsTold() throws Exception {
        try (QuicEchoClient client = rawClient(listen(options().put("maxStreams", 2)))) {
            EchoClient first = client.stream();
            client.stream().out().write(2);
            assertThatThrownBy(client::stream).isInstanceOf(IOException.class);
            first.out().write(1);
            assertThat(first.in().read()).isEqualTo(1);
        }
    }

    @Test
    void allowsNoUnidirectionalStreams() throws Exception {
        try (QuicEchoClient client = rawClient(listen(options()))) {
            assertThatThrownBy(client::unidirectional).isInstanceOf(IOException.class);
            EchoClient stream = client.stream();
            stream.out().write(1);
            assertThat(stream.in().read()).isEqualTo(1);
        }
    }

    @Test
    void goesOnWhenAStreamIsReset() throws Exception {
        try (QuicEchoClient client = rawClient(listen(options()))) {
            for (int i = 0; i < 100; i++) {
                EchoClient broken = client.stream();
                broken.out().write(bytes(1000, i));
                broken.reset();
            }
            // The listener allows a new one for each that it knows to have ended.
            eventually(() -> traffic.snapshot().active() == 0);
            EchoClient stream = client.stream();
            stream.out().write(1);
            stream.closeOutput();
            assertThat(stream.in().readAllBytes()).containsExactly(1);
            eventually(() -> traffic.snapshot().active() == 0);
        }
    }

    @Test
    void echoesDatagrams() throws Exception {
        try (QuicEchoClient client = rawClient(listen(options()))) {
            for (int size : new int[] {1, 100, 1000, 1100}) {
                client.sendDatagram(bytes(size, size));
                assertThat(client.datagram()).isEqualTo(bytes(size, size));
            }
            assertThat(traffic.snapshot().bytes()).isEqualTo(2201);
            assertThat(traffic.snapshot().accepted()).as("streams").isZero();
        }
    }

    @Test
    void survivesAFloodOfDatagrams() throws Exception {
        try (QuicEchoClient client = rawClient(listen(options()))) {
            for (int i = 0; i < 5000; i++) {
                client.sendDatagram(bytes(1000, i));
            }
            assertThat(client.datagram()).hasSize(1000);
            EchoClient stream = client.stream();
            stream.out().write(1);
            assertThat(stream.in().read()).isEqualTo(1);
        }
    }

    /** Nothing can make their sender wait. */
    @ParameterizedTest
    @ValueSource(strings = {"maxBytesPerSecond", "maxListenerBytesPerSecond"})
    void dropsAndCountsDatagramsOverTheRate(String key) throws Exception {
        try (QuicEchoClient client = rawClient(listen(options().put(key, 5_000)))) {
            long begin = System.nanoTime();
            for (int i = 0; i < 100; i++) {
                client.sendDatagram(bytes(1_000, i));
            }
            int echoes = 0;
            while (client.datagram(1) != null) {
                echoes++;
            }
            long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin) + 1;
            // A second's worth may come at once.
            assertThat(echoes).isBetween(1, (int) (5 * (1 + seconds)));
            int answered = echoes;
            eventually(() -> traffic.drops().getOrDefault("over " + key, 0L) + answered <= 100
                    && traffic.snapshot().bytes() == answered * 1_000L);
            assertThat(traffic.drops()).containsKey("over " + key);
            // The streams of a connection go on.
            EchoClient stream = client.stream();
            stream.out().write(1);
            assertThat(stream.in().read()).isEqualTo(1);
        }
    }

    /** They have one rate. */
    @Test
    void holdsTheStreamsOfAConnectionToItsRateTogether() throws Exception {
        byte[] sent = bytes(100_000, 5);
        try (QuicEchoClient client = rawClient(listen(options().put("maxBytesPerSecond", 200_000)))) {
            long begin = System.nanoTime();
            List<EchoClient> streams = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                EchoClient stream = client.stream();
                streams.add(stream);
                stream.out().write(sent);
                stream.closeOutput();
            }
            for (EchoClient stream : streams) {
                assertThat(stream.in().readNBytes(sent.length))
                        .hasSize(sent.length)
                        .isEqualTo(sent);
                assertThat(stream.in().read()).as("the end").isEqualTo(-1);
            }
            // Of 500,000 bytes a second's worth may come at once.
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin)).isGreaterThan(1_200);
        }
    }

    /** Netty gives it to its connection, which then sends what is due; to quiche it is none. */
    @Test
    void takesAPacketWithNothingButAHeaderForWhatItIs() throws Exception {
        try (QuicEchoClient client = rawClient(listen(options()))) {
            EchoClient stream = client.stream();
            stream.out().write(1);
            assertThat(stream.in().read()).isEqualTo(1);
            for (int i = 0; i < 100; i++) {
                await(onLoop(() -> {
                    QuicChannel channel = ((ServedConnection)
                                    Objects.requireNonNull(traffic.connections().at(0)))
                            .channel();
                    PeerAddress peer = (PeerAddress) channel.remoteSocketAddress();
                    long received = received(channel);
                    PeerAddress twin = new PeerAddress(channel, peer, peer, System::nanoTime);
                    twin.ids().addAll(peer.ids());
                    askAs(channel, twin);
                    // Netty says so of each packet that a connection gets.
                    assertThat(channel.remoteSocketAddress()).isNotSameAs(peer);
                    askAs(channel, peer);
                    assertThat(channel.remoteSocketAddress()).isSameAs(peer);
                    assertThat(received(channel)).isEqualTo(received);
                    return Future.succeededFuture();
                }));
            }
            stream.out().write(2);
            assertThat(stream.in().read()).isEqualTo(2);
        }
    }

    private static void askAs(QuicChannel channel, PeerAddress peer) {
        var nothing = Objects.requireNonNull(
                PeerAddresses.emptyPacket(channel, channel.parent().alloc()));
        ChannelHandlerContext peers = channel.parent().pipeline().context(PeerAddresses.class);
        peers.fireChannelRead(new io.netty.channel.socket.DatagramPacket(nothing.content(), nothing.recipient(), peer));
        peers.fireChannelReadComplete();
    }

    private static long received(QuicChannel channel) {
        return Objects.requireNonNull(channel.collectStats().getNow()).recv();
    }

    @Test
    void takesNoDatagramsWhenToldSo() throws Exception {
        try (QuicEchoClient client = rawClient(listen(options().put("datagrams", false)))) {
            assertThatThrownBy(() -> client.sendDatagram(bytes(10, 1))).isInstanceOf(IOException.class);
        }
    }

    @Test
    void echoesWithoutAddressValidation() throws Exception {
        try (QuicEchoClient client = rawClient(listen(options().put("addressValidation", false)))) {
            EchoClient stream = client.stream();
            stream.out().write(1);
            assertThat(stream.in().read()).isEqualTo(1);
        }
    }

    @Test
    void closesOneConnectionMoreThanAllowed() throws Exception {
        Listener listener = listen(options().put("maxConnections", 1));
        try (QuicEchoClient first = rawClient(listener)) {
            EchoClient stream = first.stream();
            stream.out().write(1);
            assertThat(stream.in().read()).isEqualTo(1);
            try (QuicEchoClient second = rawClient(listener)) {
                assertThat(second.closeEvent().reason()).asString().isEqualTo("too many connections");
            }
            assertThat(traffic.snapshot().refused()).isEqualTo(1);
        }
    }

    /** A connection that is closed before its handshake is confirmed has made quiche send packets without end. */
    @Test
    void connectsAndClosesAtOnce() throws Exception {
        String address = listen(options()).addresses().get(0);
        ClientTransport client = client(address, trusting());
        for (int i = 0; i < 50; i++) {
            await(onLoop(() -> client.connect(new Heard()).compose(Connection::close)));
        }
        await(client.close());
    }

    @Test
    void closesAnIdleConnectionWithoutStreams() throws Exception {
        // A slow machine may take longer than the time limit for the handshake: then there is twice the time.
        for (int millis = 200; ; millis *= 2) {
            try (QuicEchoClient client = rawClient(listen(options().put("idleTimeoutMillis", millis)))) {
                assertThat(client.closeEvent().reason()).asString().isEqualTo("idle");
                return;
            } catch (IOException e) {
                assertThat(millis).as("milliseconds for a handshake: " + e).isLessThan(20_000);
            }
        }
    }

    @Test
    void listensOnBothFamilies() throws Exception {
        Listener listener = listen(options().put("host", "localhost"));
        assertThat(listener.addresses()).hasSize(2).last().asString().startsWith("quic://[::1]:");
        for (String address : listener.addresses()) {
            assertThat(echo(address, trusting())).isEqualTo("echo");
        }
    }

    @Test
    void saysWhoHasTheAddress() throws Exception {
        int port = Target.parse(listen(options()).addresses().get(0)).port();
        assertThatThrownBy(() -> listen(options().put("port", port)))
                .hasRootCauseInstanceOf(BindException.class)
                .cause()
                .isInstanceOfSatisfying(TransportException.class, failure -> {
                    assertThat(failure.fault()).isEqualTo(Fault.BIND);
                    assertThat(failure).hasMessage("cannot bind 127.0.0.1:" + port + ": address already in use");
                });
    }

    @ParameterizedTest
    @MethodSource("ios")
    void connectsOnEveryIo(String io) throws Exception {
        await(vertx.close());
        vertx = Vertx.builder().withTransport(Io.transport(io)).build();
        Listener listener = listen(options());
        Heard heard = new Heard();
        ClientTransport transport = client(listener.addresses().get(0), trusting());
        Connection connection = connect(transport, heard);
        assertThat(connection.details())
                .containsEntry("protocol", "TLSv1.3")
                .containsEntry("alpn", "echo")
                .containsEntry("peer", "CN=localhost");
        assertThat(connection.localAddress()).startsWith("127.0.0.1:");
        assertThat("quic://" + connection.remoteAddress())
                .isEqualTo(listener.addresses().get(0));
        Buffer sent = Buffer.buffer(bytes(3 << 20, 3));
        for (int at = 0; at < sent.length(); at += 1 << 16) {
            Buffer part = sent.getBuffer(at, Math.min(at + (1 << 16), sent.length()));
            await(onLoop(() -> connection.send(part)));
        }
        await(onLoop(connection::closeOutput));
        await(heard.end.future());
        assertThat(heard.bytes).isEqualTo(sent);
        assertThat(heard.phases).containsExactly(Receiver.Phase.RESOLVE, Receiver.Phase.CONNECT);
        await(onLoop(connection::close));
        await(transport.close());
        eventually(() -> traffic.snapshot().active() == 0);
        assertThat(traffic.snapshot().failed()).isZero();
    }

    @ParameterizedTest
    @MethodSource("ios")
    void tellsThatNobodyListens(String io) throws Exception {
        await(vertx.close());
        vertx = Vertx.builder().withTransport(Io.transport(io)).build();
        TransportException failure = failure("quic://127.0.0.1:" + Ports.free(), trusting());
        assertThat(failure.fault()).as(failure.getMessage()).isEqualTo(Fault.REFUSED);
    }

    @Test
    void waitsForASilentPeerUntilItIsClosed() throws Exception {
        try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"))) {
            ClientTransport client = client("quic://127.0.0.1:" + silent.getLocalPort(), trusting());
            Future<Connection> connecting = onLoop(() -> client.connect(new Heard()));
            silent.receive(new DatagramPacket(new byte[2000], 2000));
            assertThat(connecting.isComplete()).isFalse();
            await(client.close());
            assertThatThrownBy(() -> await(connecting)).cause().isInstanceOf(TransportException.class);
        }
    }

    @Test
    void tellsAnExpiredCertificate() throws Exception {
        refused(options(certificates.expired()), trusting(), "expired");
    }

    @Test
    void tellsAWrongName() throws Exception {
        refused(options(certificates.forName("example.org")), trusting(), "wrong-name");
    }

    @Test
    void tellsAnUnknownAuthority() throws Exception {
        refused(options(), new JsonObject(), "unknown-authority");
    }

    @Test
    void tellsThatThereIsNoApplicationProtocolInCommon() throws Exception {
        refused(options(), trusting().put("alpn", "other"), "alpn");
        eventually(() -> traffic.failures().equals(Map.of(FailureReason.TLS_NO_APPLICATION_PROTOCOL.words(), 1L)));
    }

    @Test
    void tellsAMissingClientCertificate() throws Exception {
        refused(clientAuth(), trusting(), "client-certificate-required");
        eventually(() -> traffic.failures().equals(Map.of(FailureReason.TLS_CERTIFICATE_REQUIRED.words(), 1L)));
    }

    @Test
    void tellsAClientCertificateThatNobodyKnows() throws Exception {
        Issued someone = new Certificates(Files.createTempDirectory(directory, "others")).client("someone");
        JsonObject tls = trusting()
                .put("certificate", someone.certificate().toString())
                .put("key", someone.key().toString());
        String address = listen(clientAuth()).addresses().get(0);
        assertThat(failure(address, tls).fault()).isEqualTo(Fault.TLS);
        eventually(() -> traffic.failures().equals(Map.of(FailureReason.TLS_CLIENT_CERTIFICATE.words(), 1L)));
    }

    @Test
    void acceptsAClientCertificate() throws Exception {
        Issued someone = certificates.client("someone");
        JsonObject tls = trusting()
                .put("certificate", someone.certificate().toString())
                .put("key", someone.key().toString());
        assertThat(echo(listen(clientAuth()).addresses().get(0), tls)).isEqualTo("echo");
    }

    private static JsonObject clientAuth() {
        JsonObject options = options();
        options.getJsonObject("tls")
                .put("clientAuth", "required")
                .put("trust", certificates.authority().toString());
        return options;
    }

    @Test
    void acceptsAnyCertificateWhenToldTo() throws Exception {
        String address = listen(options(certificates.expired())).addresses().get(0);
        assertThat(echo(address, new JsonObject().put("insecure", true))).isEqualTo("echo");
    }

    @Test
    void acceptsThePinnedCertificateOnly() throws Exception {
        Listener listener = listen(options().put("tls", new JsonObject().put("selfSigned", true)));
        String note = listener.notes().get(0);
        String address = listener.addresses().get(0);
        String fingerprint = note.substring(note.lastIndexOf(' ') + 1);
        assertThat(echo(address, new JsonObject().put("fingerprint", fingerprint)))
                .isEqualTo("echo");
        assertThat(failure(address, new JsonObject().put("fingerprint", "00".repeat(32)))
                        .fault())
                .isEqualTo(Fault.TLS);
    }

    @ParameterizedTest
    @CsvSource({"one.example.org,CN=one.example.org", "any.example.com,CN=any.example.com", "localhost,CN=localhost"})
    void choosesTheCertificateByName(String name, String subject) throws Exception {
        JsonObject options = options();
        options.getJsonObject("tls")
                .put(
                        "certificates",
                        new JsonArray()
                                .add(tls(certificates.forName("one.example.org")))
                                .add(tls(certificates.forName("any.example.com"))));
        ClientTransport client =
                client(listen(options).addresses().get(0), trusting().put("serverName", name));
        assertThat(connect(client, new Heard()).details()).containsEntry("peer", subject);
        await(client.close());
    }

    /** Even with more to send than the network takes at once, where quiche does not send anything else. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void tellsTheListenerThatItLeavesInTheMiddle(boolean reset) throws Exception {
        String address = listen(options().put("maxConnections", 1).put("idleTimeoutMillis", 600_000))
                .addresses()
                .get(0);
        ClientTransport client = client(address, trusting());
        Connection connection = connect(client, new Heard());
        await(onLoop(() -> {
            connection.send(Buffer.buffer(bytes(4 << 20, 1))).onFailure(broken -> {});
            return reset ? connection.reset() : connection.close();
        }));
        // The place of the connection is free again.
        eventually(() -> echoes(address));
        assertThat(traffic.failures()).isEqualTo(Map.of(FailureReason.RESET.words(), 1L));
        await(client.close());
    }

    @Test
    void tellsAClientThatItLeavesInTheMiddle() throws Exception {
        Listener listener = listen(options());
        Deafness deafness = new Deafness();
        try (QuicEchoClient client = rawClient(listener, deafness)) {
            EchoClient stream = client.stream();
            stream.out().write(1);
            assertThat(stream.in().read()).isEqualTo(1);
            deafness.deaf = true;
            stream.out().write(bytes(128 << 10, 1));
            // So much is read when nothing more can be written.
            eventually(() -> traffic.snapshot().bytes() >= 64 << 10);
            Future<Void> drained = onLoop(() -> listener.drain(Duration.ZERO));
            deafness.deaf = false;
            assertThat(client.closeEvent().reason()).asString().isEqualTo("going away");
            await(drained);
        }
    }

    /** Loses what is more than an acknowledgement, for a while. */
    private static final class Deafness extends ChannelInboundHandlerAdapter {

        private volatile boolean deaf;

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object packet) {
            if (deaf && ((ByteBufHolder) packet).content().readableBytes() > 200) {
                ReferenceCountUtil.release(packet);
            } else {
                ctx.fireChannelRead(packet);
            }
        }
    }

    @Test
    void tellsThatTheListenerWentAway() throws Exception {
        Listener listener = listen(options());
        Heard heard = new Heard();
        ClientTransport client = client(listener.addresses().get(0), trusting());
        Connection connection = connect(client, heard);
        await(onLoop(() -> connection.send(Buffer.buffer("x"))));
        eventually(() -> heard.bytes.length() == 1);
        await(listener.drain(Duration.ZERO));
        await(heard.end.future());
        await(client.close());
    }

    @Test
    void rejectsWhatItDoesNotUnderstand() {
        assertThat(problems(new JsonObject()))
                .containsExactly(
                        "test: tls: is missing: QUIC is always encrypted, give a certificate and key or selfSigned");
        assertThat(problems(options()
                        .put("maxStreams", 0)
                        .put("idleTimeoutMillis", 0)
                        .put("maxStream", 1)))
                .containsExactly(
                        "test: idleTimeoutMillis: must be 1..31536000000, was 0",
                        "test: maxStreams: must be 1..1048576, was 0",
                        "test: maxStream: is not a known key, did you mean \"maxStreams\"?");
        JsonObject odd = options();
        odd.getJsonObject("tls")
                .put("engine", "jdk")
                .put("protocols", "TLSv1.2")
                .put("alpn", new JsonArray());
        assertThat(problems(odd))
                .containsExactly(
                        "test: tls.engine: has no meaning for QUIC, which brings its own TLS",
                        "test: tls.protocols: must have TLSv1.3, for QUIC has no other",
                        "test: tls.alpn: must have a protocol, for QUIC needs one");
    }

    static List<String> ios() {
        return Io.available();
    }

    private static JsonObject options() {
        return options(localhost);
    }

    private static JsonObject options(Issued certificate) {
        return new JsonObject().put("host", "127.0.0.1").put("port", 0).put("tls", tls(certificate));
    }

    private static JsonObject tls(Issued certificate) {
        return new JsonObject()
                .put("certificate", certificate.certificate().toString())
                .put("key", certificate.key().toString());
    }

    private static JsonObject trusting() {
        return new JsonObject().put("trust", certificates.authority().toString());
    }

    private List<String> problems(JsonObject options) {
        Problems problems = new Problems();
        try {
            new QuicTransport().server(vertx, Options.of(options, Source.named("test"), problems));
            problems.throwIfAny();
            return List.of();
        } catch (InvalidInputException e) {
            return e.problems();
        }
    }

    private Listener listen(JsonObject options) throws Exception {
        Problems problems = new Problems();
        ServerTransport server = new QuicTransport().server(vertx, Options.of(options, Source.named("test"), problems));
        problems.throwIfAny();
        traffic = new Traffic();
        Listener listener = await(onLoop(() -> server.listen(traffic)));
        listeners.add(listener);
        return listener;
    }

    private static QuicEchoClient rawClient(Listener listener, ChannelHandler network) throws IOException {
        Target target = Target.parse(listener.addresses().get(0));
        QuicSslContext tls = QuicSslContextBuilder.forClient()
                .trustManager(certificates.trustManager())
                .applicationProtocols("echo")
                .build();
        return QuicEchoClient.connect(tls, new InetSocketAddress(target.host(), target.port()), network);
    }

    private static QuicEchoClient rawClient(Listener listener) throws IOException {
        Target target = Target.parse(listener.addresses().get(0));
        QuicSslContext tls = QuicSslContextBuilder.forClient()
                .trustManager(certificates.trustManager())
                .applicationProtocols("echo")
                .build();
        return QuicEchoClient.connect(tls, new InetSocketAddress(target.host(), target.port()), 0);
    }

    private static QuicEchoClient lossyClient(Listener listener, long seed) throws IOException {
        return rawClient(listener, new QuicEchoClient.PacketLoss(seed, 5));
    }

    private ClientTransport client(String address, JsonObject tls) {
        Problems problems = new Problems();
        ClientTransport client = new QuicTransport()
                .client(
                        vertx,
                        Target.parse(address),
                        Options.of(new JsonObject().put("tls", tls), Source.named("test"), problems));
        problems.throwIfAny();
        return client;
    }

    private Connection connect(ClientTransport client, Heard heard) throws Exception {
        return await(onLoop(() -> client.connect(heard)));
    }

    /** Has a text echoed and returns what came. */
    private String echo(String address, JsonObject tls) throws Exception {
        Heard heard = new Heard();
        ClientTransport client = client(address, tls);
        Connection connection = connect(client, heard);
        await(onLoop(() -> connection.send(Buffer.buffer("echo"))));
        await(onLoop(connection::closeOutput));
        await(heard.end.future());
        await(client.close());
        return heard.bytes.toString();
    }

    private boolean echoes(String address) {
        try {
            return echo(address, trusting()).equals("echo");
        } catch (Exception e) {
            return false;
        }
    }

    private TransportException failure(String address, JsonObject tls) throws Exception {
        try {
            String came = echo(address, tls);
            throw new AssertionError("no failure, but " + came);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TransportException failure) {
                return failure;
            }
            throw e;
        }
    }

    private void refused(JsonObject server, JsonObject tls, String reason) throws Exception {
        String address = listen(server).addresses().get(0).replace("127.0.0.1", "localhost");
        TransportException failure = failure(address, tls);
        assertThat(failure.fault()).as(failure.getMessage()).isEqualTo(Fault.TLS);
        assertThat(failure.reason()).as(failure.getMessage()).isEqualTo(reason);
    }

    /** Runs a task on one event loop, always the same. */
    private <T> Future<T> onLoop(Supplier<Future<T>> task) {
        Promise<T> promise = Promise.promise();
        Context context = loop == null ? vertx.getOrCreateContext() : loop;
        loop = context;
        context.runOnContext(now -> task.get().onComplete(promise));
        return promise.future();
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static void eventually(BooleanSupplier condition) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(PATIENCE_SECONDS).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private static byte[] bytes(int count, long seed) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Keeps what a connection tells. */
    private static final class Heard implements Receiver {

        private final Buffer bytes = Buffer.buffer();
        private final List<Phase> phases = new ArrayList<>();
        private final Promise<Void> end = Promise.promise();

        @Override
        public void completed(Phase phase, Duration took) {
            phases.add(phase);
        }

        @Override
        public void received(Buffer part) {
            bytes.appendBuffer(part);
        }

        @Override
        public void ended() {
            end.tryComplete();
        }

        @Override
        public void failed(TransportException cause) {
            end.tryFail(cause);
        }
    }
}
