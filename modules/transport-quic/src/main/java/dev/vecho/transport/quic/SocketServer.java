package dev.vecho.transport.quic;

import dev.vecho.core.Traffic;
import dev.vecho.net.echo.DatagramReads;
import dev.vecho.net.listen.Admission;
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
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.net.QuicServerConfig;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.core.net.impl.ServerID;
import io.vertx.core.net.impl.quic.CleanableQuicServer;
import io.vertx.core.spi.metrics.TransportMetrics;
import java.net.StandardSocketOptions;
import org.jspecify.annotations.Nullable;

/** Vert.x's QUIC server, with handlers of ours between its socket and Netty's codec, for which Vert.x has no place. */
final class SocketServer extends CleanableQuicServer {

    private static final AttributeKey<Opening> OPENING = AttributeKey.valueOf(SocketServer.class, "opening");
    private static final AttributeKey<Codecs> CODECS = AttributeKey.valueOf(SocketServer.class, "codecs");

    /** What decodes the first packets of a socket, and makes the ids that they come to. */
    private record Opening(ChannelHandler codec, ConnectionIds ids) {}

    /** The sockets of all event loops that have one address. A packet goes to the one that has its connection. */
    static final class Port extends QuicCodecDispatcher {

        private final Admission admission;
        private final Traffic traffic;

        Port(Admission admission, Traffic traffic) {
            super(ConnectionId.BYTES);
            this.admission = admission;
            this.traffic = traffic;
        }

        @Override
        protected void initChannel(Channel socket, int idBytes, QuicConnectionIdGenerator generator) {
            Opening opening = socket.attr(OPENING).get();
            opening.ids().generate(generator);
            socket.pipeline()
                    .addLast(
                            new ReadFailures(), new FirstPackets(admission, traffic), new PeerAddresses(opening.ids()));
            Codecs codecs = new Codecs(socket);
            socket.attr(CODECS).set(codecs);
            codecs.add(FIRST, opening.codec());
        }
    }

    private static final byte FIRST = 0;

    private final QuicServerConfig config;
    private final ServerSSLOptions tls;
    private final Port port;
    private final ConnectionIds ids = new ConnectionIds();

    /** Of the codec that is made. */
    private byte codecId = FIRST;

    private @Nullable Open open;

    /** Where it is open. */
    private record Open(
            Channel socket,
            ContextInternal context,
            ServerID address,
            @Nullable TransportMetrics<?> metrics) {}

    /**
     * Makes it.
     *
     * @param config changed by {@link #renewCodec}
     * @param tls changed by {@link #renewCodec}
     * @param port shared with the servers of the other event loops
     */
    SocketServer(Vertx vertx, QuicServerConfig config, ServerSSLOptions tls, Port port) {
        super((VertxInternal) vertx, config, tls);
        this.config = config;
        this.tls = tls;
        this.port = port;
    }

    /** Follows the peer of a connection of such a server wherever it goes. */
    static void follow(QuicChannel connection) {
        connection.parent().pipeline().get(PeerAddresses.class).follow(connection);
        connection.parent().attr(CODECS).get().opened(connection);
    }

    /**
     * Has new connections served with other options, by a codec of their own. Called on the event loop of the socket.
     *
     * @param nextTls the whole of it
     */
    Future<Void> renewCodec(QuicServerConfig next, ServerSSLOptions nextTls) {
        Open now = open;
        if (now == null) {
            return Future.succeededFuture();
        }
        // Vert.x makes its codecs of the objects that the server was made with.
        config.setTransportConfig(next.getTransportConfig())
                .setClientAddressValidation(next.getClientAddressValidation())
                .setClientAddressValidationKey(next.getClientAddressValidationKey());
        tls.setKeyCertOptions(nextTls.getKeyCertOptions())
                .setTrustOptions(nextTls.getTrustOptions())
                .setApplicationLayerProtocols(nextTls.getApplicationLayerProtocols());
        tls.setClientAuth(nextTls.getClientAuth());
        codecId++;
        byte id = codecId;
        Future<ChannelHandler> made;
        try {
            made = super.channelHandler(now.context(), now.address(), now.metrics());
        } catch (Exception e) {
            return Future.failedFuture(e);
        }
        Promise<Void> added = Promise.promise();
        made.onFailure(added::fail)
                .onSuccess(codec -> now.socket().eventLoop().execute(() -> {
                    now.socket().attr(CODECS).get().add(id, codec);
                    added.complete();
                }));
        return added.future();
    }

    @Override
    protected Future<QuicCodecBuilder<?>> codecBuilder(ContextInternal context, TransportMetrics<?> metrics)
            throws Exception {
        byte id = codecId;
        return super.codecBuilder(context, metrics)
                .map(builder -> ((QuicServerCodecBuilder) builder)
                        .attr(Codecs.CODEC, id)
                        .connectionIdAddressGenerator(ids.of(id))
                        .localConnectionIdLength(ConnectionId.BYTES));
    }

    @Override
    protected Future<ChannelHandler> channelHandler(
            ContextInternal context, ServerID address, TransportMetrics<?> metrics) throws Exception {
        return super.channelHandler(context, address, metrics).map(codec -> new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel socket) {
                sharePort(socket);
                DatagramReads.installMerged(socket);
                open = new Open(socket, context, address, metrics);
                socket.attr(OPENING).set(new Opening(codec, ids));
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
