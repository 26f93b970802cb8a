package dev.vecho.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Listener;
import dev.vecho.core.Receiver;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.MovingRelay;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A peer whose address changes, because a NAT has forgotten it or its network is another one, loses nothing. */
class QuicMovesTest {

    private static final int PATIENCE_SECONDS = 60;

    private static final int DATAGRAM_SECONDS = 5;

    /** From the client, after which it moves. */
    private static final int PACKETS = 200;

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static Issued localhost;
    private static QuicSslContext trusting;

    private Vertx vertx;
    private InetSocketAddress server;
    private final Traffic traffic = new Traffic();

    @BeforeAll
    static void makeCertificates() {
        certificates = new Certificates(directory);
        localhost = certificates.localhost();
        trusting = QuicSslContextBuilder.forClient()
                .trustManager(certificates.trustManager())
                .applicationProtocols("echo")
                .build();
    }

    /** Listens on several event loops: a peer that moves comes to the socket of another one. */
    @BeforeEach
    void listen() throws Exception {
        vertx = Vertx.vertx();
        server = address(listenAt(0).get(0));
    }

    private List<Listener> listenAt(int port) throws Exception {
        JsonObject options =
                new JsonObject().put("host", "127.0.0.1").put("port", port).put("tls", localhost.options());
        Problems problems = new Problems();
        ServerTransport transport =
                new QuicTransport().server(vertx, Options.of(options, Source.named("test"), problems));
        problems.throwIfAny();
        List<Listener> listeners = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            listeners.add(await(on(((VertxInternal) vertx).createEventLoopContext(), () -> transport.listen(traffic))));
        }
        return listeners;
    }

    private static InetSocketAddress address(Listener listener) {
        Target target = Target.parse(listener.addresses().get(0));
        return new InetSocketAddress(target.host(), target.port());
    }

    @AfterEach
    void close() throws Exception {
        await(vertx.close());
    }

    @ParameterizedTest
    @CsvSource({
        "1, 127.0.0.1, 127.0.0.1",
        "3, 127.0.0.1, 127.0.0.1",
        "10, 127.0.0.1, 127.0.0.1",
        "1000, 127.0.0.1, 127.0.0.1",
        "1, 127.0.0.1, 127.0.0.2",
        "10, 127.0.0.1, 127.0.0.2",
    })
    void echoesEveryByte(int moves, String one, String other) throws Exception {
        byte[] sent = bytes(4 << 20);
        try (MovingRelay relay = new MovingRelay(server, PACKETS, moves, one, other);
                QuicEchoClient client = QuicEchoClient.connect(trusting, relay.address(), 0)) {
            EchoClient stream = client.stream();
            CompletableFuture<Void> sending = sending(stream, sent);
            assertThat(stream.in().readAllBytes()).isEqualTo(sent);
            sending.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(relay.moves()).isBetween(Math.min(moves, 15), moves);
        }
    }

    private static CompletableFuture<Void> sending(EchoClient stream, byte[] bytes) {
        return CompletableFuture.runAsync(() -> {
            try {
                stream.out().write(bytes);
                // quiche, in the client, may lose an end of its own.
                ((QuicEchoClient.Stream) stream).closeOutputWhenArrived();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void echoesWhatWasSentBeforeAMoveToAClientThatOnlyReads() throws Exception {
        byte[] sent = bytes(200_000);
        try (MovingRelay relay = new MovingRelay(server, PACKETS, 0, "127.0.0.1", "127.0.0.2");
                QuicEchoClient client = QuicEchoClient.connect(trusting, relay.address(), 20_000)) {
            EchoClient stream = client.stream();
            InputStream in = stream.in();
            stream.out().write(sent);
            for (int at = 0; at < sent.length; at += 10_000) {
                relay.move();
                assertThat(in.readNBytes(10_000)).isEqualTo(Arrays.copyOfRange(sent, at, at + 10_000));
            }
            assertThat(relay.moves()).isPositive();
        }
    }

    /** One that is under way while the peer moves may get lost, as any datagram may; the next one must not. */
    @Test
    void echoesDatagrams() throws Exception {
        try (MovingRelay relay = new MovingRelay(server, PACKETS, 0, "127.0.0.1", "127.0.0.2");
                QuicEchoClient client = QuicEchoClient.connect(trusting, relay.address(), 0)) {
            int lost = 0;
            for (int i = 0; i < 50; i++) {
                relay.move();
                if (!isEchoed(client, bytes(1 + i * 20))) {
                    lost++;
                    assertThat(isEchoed(client, bytes(2 + i * 20))).isTrue();
                }
            }
            assertThat(relay.moves()).isGreaterThanOrEqualTo(50);
            assertThat(lost).isLessThan(5);
        }
    }

    private static boolean isEchoed(QuicEchoClient client, byte[] datagram) throws IOException {
        client.sendDatagram(datagram);
        byte[] echo = client.datagram(DATAGRAM_SECONDS);
        assertThat(echo).isIn(null, datagram);
        return echo != null;
    }

    /** What is told of a port differs with the order of its bytes, which these do not show. */
    @Test
    void followsTheClientsOfAPortOfTwoEqualBytes() throws Exception {
        Listener listener = null;
        for (int twins = 0x40; listener == null; twins++) {
            try {
                listener = listenAt(twins * 0x101).get(0);
            } catch (ExecutionException e) {
                assertThat(twins).isLessThan(0x80);
            }
        }
        InetSocketAddress address = address(listener);
        try (MovingRelay relay = new MovingRelay(address, PACKETS, 0, "127.0.0.1", "127.0.0.2");
                QuicEchoClient client = QuicEchoClient.connect(trusting, relay.address(), 0)) {
            EchoClient stream = client.stream();
            for (int i = 0; i < 5; i++) {
                relay.move();
                stream.out().write(i);
                assertThat(stream.in().read()).isEqualTo(i);
            }
        }
    }

    /** A client's connections share a socket, and so an address; each is followed by itself. */
    @Test
    void followsEachOfSeveralConnectionsOfOneSocket() throws Exception {
        try (MovingRelay relay = new MovingRelay(server, PACKETS, 20, "127.0.0.1", "127.0.0.2")) {
            Problems problems = new Problems();
            JsonObject tls =
                    new JsonObject().put("trust", certificates.authority().toString());
            ClientTransport client = new QuicTransport()
                    .client(
                            vertx,
                            Target.parse("quic://localhost:" + relay.address().getPort()),
                            Options.of(new JsonObject().put("tls", tls), Source.named("test"), problems));
            problems.throwIfAny();
            Context context = ((VertxInternal) vertx).createEventLoopContext();
            byte[] sent = bytes(1 << 20);
            List<Collected> all = new ArrayList<>();
            List<Connection> connections = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Collected collected = new Collected();
                all.add(collected);
                connections.add(await(on(context, () -> client.connect(collected))));
            }
            // One after the other: who moved without a word cannot be found, nor does a client of quiche that waits say
            // one.
            for (int i = 0; i < 3; i++) {
                Collected collected = all.get(i);
                Connection connection = connections.get(i);
                context.runOnContext(go -> connection
                        .send(Buffer.buffer(sent))
                        .compose(done -> connection.closeOutput())
                        .onFailure(collected.end::tryFail));
                await(collected.end.future());
                assertThat(collected.bytes.getBytes()).isEqualTo(sent);
            }
            assertThat(relay.moves()).isGreaterThan(5);
            await(client.close());
        }
    }

    /** What a connection has received, and its end. */
    private static final class Collected implements Receiver {

        private final Buffer bytes = Buffer.buffer();
        private final Promise<Void> end = Promise.promise();

        @Override
        public void received(Buffer more) {
            bytes.appendBuffer(more);
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

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    private static <T> Future<T> on(Context context, Supplier<Future<T>> action) {
        Promise<T> promise = Promise.promise();
        context.runOnContext(go -> action.get().onComplete(promise));
        return promise.future();
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
