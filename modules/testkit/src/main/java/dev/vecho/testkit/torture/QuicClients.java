package dev.vecho.testkit.torture;

import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.MessageClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.net.QuicConnectionInternal;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.QuicClient;
import io.vertx.core.net.QuicClientConfig;
import io.vertx.core.net.QuicConfig;
import io.vertx.core.net.QuicConnection;
import io.vertx.core.net.QuicDatagramConfig;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A connection of QUIC by Vert.x. */
public final class QuicClients implements AutoCloseable {

    private static final int WINDOW = 1 << 20;
    private static final long TEND_MILLIS = 200;
    private static final int DATAGRAMS = 1000;

    /** Vert.x waits for so long where it is refused. */
    private static final Duration UNANSWERED = Duration.ofSeconds(10);

    private final Vertx vertx;
    private final Owned owned;
    private final QuicConnection connection;
    private final long tending;

    /** What is closed with the connection. */
    private interface Owned {
        void close() throws IOException;
    }

    private QuicClients(Vertx vertx, QuicConnection connection, Owned owned) {
        this.vertx = vertx;
        this.connection = connection;
        this.owned = owned;
        // Netty, as of 4.2.18, does not send again what a timer that it finds late makes due: any event makes it look.
        this.tending = vertx.setPeriodic(
                TEND_MILLIS,
                id -> ((QuicConnectionInternal) connection)
                        .channelHandlerContext()
                        .channel()
                        .parent()
                        .pipeline()
                        .fireChannelWritabilityChanged());
    }

    /** What makes connections, on sockets that they share; the caller closes it. */
    static QuicClient client(Vertx vertx) {
        return client(vertx, WINDOW, Duration.ofMinutes(1));
    }

    private static QuicClient client(Vertx vertx, int window, Duration patience) {
        QuicClientConfig config = new QuicClientConfig()
                .setTransportConfig(QuicConfig.forClient()
                        .setInitialMaxStreamDataBidiLocal(window)
                        .setInitialMaxStreamDataUni(WINDOW)
                        .setMaxIdleTimeout(Duration.ofMinutes(2))
                        .setDatagramConfig(new QuicDatagramConfig()
                                .setEnabled(true)
                                .setReceiveQueueLength(DATAGRAMS)
                                .setSendQueueLength(DATAGRAMS)))
                .setConnectTimeout(patience)
                .setLocalAddress(SocketAddress.inetSocketAddress(0, "0.0.0.0"));
        ClientSSLOptions tls = new ClientSSLOptions().setTrustAll(true).setHostnameVerificationAlgorithm("");
        tls.setApplicationLayerProtocols(List.of("echo"));
        return vertx.createQuicClient(config, tls);
    }

    /** Connects by a client that others use, too. */
    static QuicClients connect(Vertx vertx, QuicClient client, InetSocketAddress address) throws IOException {
        QuicConnection connection = Blocking.get(client.connect(SocketAddress.inetSocketAddress(address)));
        return new QuicClients(vertx, connection, () -> {});
    }

    /** Connects from a socket of its own. */
    static QuicClients connect(Vertx vertx, InetSocketAddress address) throws IOException {
        return alone(vertx, client(vertx), address);
    }

    /** Connects; closes the client with the connection. */
    private static QuicClients alone(Vertx vertx, QuicClient client, InetSocketAddress address) throws IOException {
        try {
            QuicConnection connection = Blocking.get(client.connect(SocketAddress.inetSocketAddress(address)));
            return new QuicClients(vertx, connection, () -> Blocking.get(client.close()));
        } catch (IOException e) {
            Blocking.get(client.close());
            throw e;
        }
    }

    EchoClient stream() throws IOException {
        return QuicStreamClient.open(connection);
    }

    /**
     * One stream, on a connection and a socket of its own, which are closed with it.
     *
     * @param window how much the listener may send before it was read, in bytes; 0 for a usual one
     */
    public static EchoClient soleStream(Vertx vertx, InetSocketAddress address, int window) throws IOException {
        QuicClients connection = alone(vertx, client(vertx, window == 0 ? WINDOW : window, UNANSWERED), address);
        return new SoleStream(connection, QuicStreamClient.openSole(connection.connection));
    }

    private record SoleStream(QuicClients connection, EchoClient stream) implements EchoClient {

        @Override
        public OutputStream out() throws IOException {
            return stream.out();
        }

        @Override
        public InputStream in() throws IOException {
            return stream.in();
        }

        @Override
        public void closeOutput() throws IOException {
            stream.closeOutput();
        }

        /** The connection stays, so that a reset that got lost is sent again. */
        @Override
        public void reset() throws IOException {
            stream.reset();
            stream.close();
        }

        @Override
        public void close() throws IOException {
            stream.close();
            connection.close();
        }
    }

    /** Datagrams, on a connection and a socket of its own. */
    public static MessageClient datagrams(Vertx vertx, InetSocketAddress address) throws IOException {
        QuicClients connection = alone(vertx, client(vertx, WINDOW, UNANSWERED), address);
        BlockingQueue<byte[]> came = new LinkedBlockingQueue<>();
        // As of 5.2.0, Vert.x does not release a datagram that it reads after the peer's CONNECTION_CLOSE.
        ((QuicConnectionInternal) connection.connection)
                .channelHandlerContext()
                .pipeline()
                .addFirst(new ReceivedDatagrams(came));
        return new Datagrams(connection, came);
    }

    private static final class ReceivedDatagrams extends SimpleChannelInboundHandler<ByteBuf> {

        private final BlockingQueue<byte[]> came;

        ReceivedDatagrams(BlockingQueue<byte[]> came) {
            this.came = came;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, ByteBuf datagram) {
            came.add(ByteBufUtil.getBytes(datagram));
        }
    }

    private record Datagrams(QuicClients connection, BlockingQueue<byte[]> came) implements MessageClient {

        @Override
        public void send(byte[] message) throws IOException {
            Blocking.get(connection.connection.writeDatagram(Buffer.buffer(message)));
        }

        @Override
        public byte @Nullable [] receive(Duration patience) throws IOException {
            try {
                return came.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        @Override
        public void close() throws IOException {
            connection.close();
        }
    }

    @Override
    public void close() throws IOException {
        vertx.cancelTimer(tending);
        Blocking.get(connection.close());
        owned.close();
    }

    /** Connects and uses some streams at the same time. */
    static void play(Play play, String listener, InetSocketAddress address, long largest) throws Exception {
        int count = 1 + (int) Manner.size(play.random(), 30);
        List<Exchange> exchanges = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            exchanges.add(new Exchange(play, listener, play.manner(largest / count)));
        }
        try (QuicClients connection = play.keep(connect(play.stage().vertx(), address))) {
            List<Task> tasks = new ArrayList<>();
            for (Exchange exchange : exchanges) {
                tasks.add(() -> exchange.run(connection.stream()));
            }
            Exchange.all(play, tasks);
        }
    }
}
