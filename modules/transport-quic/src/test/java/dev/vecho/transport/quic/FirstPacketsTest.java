package dev.vecho.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a listener answers to packets of clients that it does not know, as they look on the wire. */
class FirstPacketsTest {

    private static final int PATIENCE_MILLIS = 60_000;
    private static final int VERSION_1 = 1;
    private static final int VERSION_2 = 0x6b3343cf;

    /** Of the kind that RFC 9000, section 15, keeps for trying out negotiation. */
    private static final int RESERVED = 0x1a2a3a4a;

    private static final int INITIAL = 0xc0;
    private static final int RETRY = 0xf0;

    @TempDir
    static Path directory;

    private static Vertx vertx;
    private static InetSocketAddress server;

    private DatagramSocket socket;

    @BeforeAll
    static void listen() throws Exception {
        vertx = Vertx.vertx();
        JsonObject options = new JsonObject()
                .put("host", "127.0.0.1")
                .put("port", 0)
                .put("tls", new Certificates(directory).localhost().options());
        Problems problems = new Problems();
        ServerTransport transport =
                new QuicTransport().server(vertx, Options.of(options, Source.named("test"), problems));
        problems.throwIfAny();
        Promise<Listener> listening = Promise.promise();
        vertx.runOnContext(go -> transport.listen(new Traffic()).onComplete(listening));
        Listener listener =
                listening.future().toCompletionStage().toCompletableFuture().get(1, TimeUnit.MINUTES);
        Target target = Target.parse(listener.addresses().get(0));
        server = new InetSocketAddress(target.host(), target.port());
    }

    @AfterAll
    static void stop() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(1, TimeUnit.MINUTES);
    }

    @BeforeEach
    void open() throws IOException {
        socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
        socket.setSoTimeout(PATIENCE_MILLIS);
    }

    @AfterEach
    void close() {
        socket.close();
    }

    @ParameterizedTest
    @CsvSource({"8, 8", "0, 0", "20, 20", "21, 0", "8, 255", "255, 255"})
    void saysWhichVersionThereIs(int destinationBytes, int sourceBytes) throws IOException {
        for (int version : new int[] {VERSION_2, RESERVED, 0xff00001d, -1}) {
            byte[] destination = id(destinationBytes, 1);
            byte[] source = id(sourceBytes, 2);
            send(packet(INITIAL, version, destination, source, 1200));
            ByteBuffer answer = receive();
            assertThat(answer.get()).isNegative();
            assertThat(answer.getInt()).isZero();
            assertThat(readId(answer)).isEqualTo(source);
            assertThat(readId(answer)).isEqualTo(destination);
            assertThat(answer.getInt()).isEqualTo(VERSION_1);
            assertThat(answer.remaining()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 6, 7, 23, 300, 1199})
    void doesNotAnswerUnknownVersionsThatAreShort(int bytes) throws IOException {
        send(Arrays.copyOf(packet(INITIAL, VERSION_2, id(8, 1), id(8, 2), 1200), bytes));
        expectNothing();
    }

    /** Who wants to know versions has one; two would answer each other for ever. */
    @Test
    void doesNotAnswerVersionNegotiation() throws IOException {
        send(packet(0x80, 0, id(8, 1), id(8, 2), 1200));
        expectNothing();
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 1199})
    void doesNotAnswerAFirstPacketThatIsShort(int bytes) throws IOException {
        send(packet(INITIAL, VERSION_1, id(8, 1), id(8, 2), bytes));
        expectNothing();
    }

    @Test
    void doesNotAnswerIdsThatVersion1DoesNotAllow() throws IOException {
        send(packet(INITIAL, VERSION_1, id(21, 1), id(8, 2), 1200));
        expectNothing();
    }

    /** Sends a packet that gets an answer, and takes the first that comes. */
    private void expectNothing() throws IOException {
        byte[] source = id(8, 77);
        send(packet(INITIAL, VERSION_1, id(8, 5), source, 1200));
        ByteBuffer answer = receive();
        assertThat(answer.get() & 0xf0).isEqualTo(RETRY);
        assertThat(answer.getInt()).isEqualTo(VERSION_1);
        assertThat(readId(answer)).isEqualTo(source);
    }

    private static byte[] id(int bytes, int value) {
        byte[] id = new byte[bytes];
        Arrays.fill(id, (byte) value);
        return id;
    }

    private static byte[] readId(ByteBuffer packet) {
        byte[] id = new byte[Byte.toUnsignedInt(packet.get())];
        packet.get(id);
        return id;
    }

    /** A packet with a long header, no token, and zeros for what is encrypted. */
    private static byte[] packet(int first, int version, byte[] destination, byte[] source, int bytes) {
        return ByteBuffer.allocate(bytes)
                .put((byte) first)
                .putInt(version)
                .put((byte) destination.length)
                .put(destination)
                .put((byte) source.length)
                .put(source)
                .array();
    }

    private void send(byte[] packet) throws IOException {
        socket.send(new DatagramPacket(packet, packet.length, server));
    }

    private ByteBuffer receive() throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
        socket.receive(packet);
        return ByteBuffer.wrap(packet.getData(), 0, packet.getLength());
    }
}
