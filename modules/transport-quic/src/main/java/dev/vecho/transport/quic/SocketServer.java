package dev.vecho.transport.quic;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.unix.UnixChannelOption;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicCodecBuilder;
import io.netty.handler.codec.quic.QuicCodecDispatcher;
import io.netty.handler.codec.quic.QuicConnectionIdGenerator;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.util.AttributeKey;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.net.QuicServerConfig;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.core.net.impl.ServerID;
import io.vertx.core.net.impl.quic.CleanableQuicServer;
import io.vertx.core.spi.metrics.TransportMetrics;
import java.net.StandardSocketOptions;

/** Vert.x's QUIC server, with handlers of ours between its socket and Netty's codec, for which Vert.x has no place. */
final class SocketServer extends CleanableQuicServer {

    private static final AttributeKey<Codec> CODEC = AttributeKey.valueOf(SocketServer.class, "codec");

    /** What decodes the packets of a socket, and makes the ids that they come to. */
    private record Codec(ChannelHandler handler, ConnectionIds ids) {}

    /** The sockets of all event loops that have one address. A packet goes to the one that has its connection. */
    static final class Port extends QuicCodecDispatcher {

        Port() {
            super(ConnectionId.BYTES);
        }

        @Override
        protected void initChannel(Channel socket, int idBytes, QuicConnectionIdGenerator generator) {
            Codec codec = socket.attr(CODEC).get();
            codec.ids().generate(generator);
            socket.pipeline()
                    .addLast(new ReadFailures(), new FirstPackets(), new PeerAddresses(codec.ids()), codec.handler());
        }
    }

    private final Port port;
    private final ConnectionIds ids = new ConnectionIds();

    /**
     * Makes it.
     *
     * @param port shared with the servers of the other event loops
     */
    SocketServer(Vertx vertx, QuicServerConfig config, ServerSSLOptions tls, Port port) {
        super((VertxInternal) vertx, config, tls);
        this.port = port;
    }

    /** Follows the peer of a connection of such a server wherever it goes. */
    static void follow(QuicChannel connection) {
        connection.parent().pipeline().get(PeerAddresses.class).follow(connection);
    }

    @Override
    protected Future<QuicCodecBuilder<?>> codecBuilder(ContextInternal context, TransportMetrics<?> metrics)
            throws Exception {
        return super.codecBuilder(context, metrics)
                .map(builder -> ((QuicServerCodecBuilder) builder)
                        .connectionIdAddressGenerator(ids)
                        .localConnectionIdLength(ConnectionId.BYTES));
    }

    @Override
    protected Future<ChannelHandler> channelHandler(
            ContextInternal context, ServerID address, TransportMetrics<?> metrics) throws Exception {
        return super.channelHandler(context, address, metrics).map(codec -> new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel socket) {
                sharePort(socket);
                socket.attr(CODEC).set(new Codec(codec, ids));
                socket.pipeline().addLast(port);
            }
        });
    }

    private static void sharePort(Channel socket) {
        if (socket instanceof NioDatagramChannel) {
            socket.config().setOption(NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT), true);
        } else {
            socket.config().setOption(UnixChannelOption.SO_REUSEPORT, true);
        }
    }
}
