package dev.vecho.transport.quic;

import dev.vecho.core.Traffic;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.echo.DatagramReads;
import dev.vecho.net.listen.Admission;
import dev.vecho.net.listen.SharedPort;
import dev.vecho.net.tls.TlsServer;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicCodecDispatcher;
import io.netty.handler.codec.quic.QuicConnectionIdGenerator;
import io.netty.util.AttributeKey;
import io.vertx.core.Closeable;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A QUIC server on one UDP socket: Netty's codec, and handlers of ours between the two, for which Vert.x's server has no place.
 *
 * <p>Used on the event loop of its context only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // What cannot be closed is closed.
final class SocketServer {

    private static final AttributeKey<SocketServer> SERVER = AttributeKey.valueOf(SocketServer.class, "server");
    private static final AttributeKey<Codecs> CODECS = AttributeKey.valueOf(SocketServer.class, "codecs");

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
            SocketServer server = socket.attr(SERVER).get();
            server.ids.generate(generator);
            socket.pipeline()
                    .addLast(new ReadFailures(), new FirstPackets(admission, traffic), new PeerAddresses(server.ids));
            Codecs codecs = new Codecs(socket);
            socket.attr(CODECS).set(codecs);
            codecs.add(server.codecId, server.newCodec());
        }
    }

    private final Vertx vertx;
    private final Context context;
    private final Port port;
    private final AddressToken token;
    private final AcceptedConnection.Acceptor acceptor;
    private final ConnectionIds ids = new ConnectionIds();
    private final ServerContexts contexts = new ServerContexts();

    /** Those whose handshake is under way among them. */
    private final ChannelGroup connections;

    private final Closeable hook = completion -> close().onComplete(completion);
    private CodecOptions options;

    /** Of the codec that is made. */
    private byte codecId;

    private @Nullable EndpointMetrics metrics;
    private @Nullable Channel socket;

    /**
     * Makes it.
     *
     * @param port shared with the servers of the other event loops
     * @param acceptor gets the connections
     */
    SocketServer(
            Vertx vertx,
            Context context,
            CodecOptions options,
            TlsServer tls,
            AddressToken token,
            Port port,
            AcceptedConnection.Acceptor acceptor) {
        this.vertx = vertx;
        this.context = context;
        this.options = options;
        this.token = token;
        this.port = port;
        this.acceptor = acceptor;
        this.connections = new DefaultChannelGroup(VertxInternals.eventLoop(context));
        contexts.change(tls, options.alpn());
    }

    /** Follows the peer of a connection of such a server wherever it goes. */
    static void follow(QuicChannel connection) {
        connection.parent().pipeline().get(PeerAddresses.class).follow(connection);
        connection.parent().attr(CODECS).get().opened(connection);
    }

    /** Opens the socket, until it is closed, or the context's verticle undeployed; returns its port. */
    Future<Integer> listen(InetSocketAddress address) {
        Promise<Integer> listening = VertxInternals.promise(context);
        EndpointMetrics told = EndpointMetrics.of(vertx, address);
        metrics = told;
        VertxInternals.closeWith(context, hook);
        ChannelFuture binding = new Bootstrap()
                .group(VertxInternals.eventLoop(context))
                .channelFactory(VertxInternals.transport(vertx).datagramChannelFactory())
                .option(ChannelOption.SO_REUSEADDR, false)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel opened) {
                        SharedPort.allow(opened);
                        DatagramReads.installMerged(opened);
                        opened.attr(SERVER).set(SocketServer.this);
                        opened.pipeline().addLast(port);
                    }
                })
                .bind(address);
        Channel opening = binding.channel();
        socket = opening;
        if (told != null) {
            opening.closeFuture().addListener(closed -> told.close());
        }
        binding.addListener(bound -> {
            if (bound.isSuccess()) {
                listening.complete(((InetSocketAddress) opening.localAddress()).getPort());
            } else {
                VertxInternals.keep(context, hook);
                contexts.forget();
                listening.fail(bound.cause());
            }
        });
        return listening.future();
    }

    private ChannelHandler newCodec() {
        return options.builder()
                .sslContext(contexts.chooser(options.clientAuth()))
                .tokenHandler(options.addressValidation() ? token : null)
                .flushStrategy(QuicSockets.SOON)
                .attr(Codecs.CODEC, codecId)
                .connectionIdAddressGenerator(ids.of(codecId))
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel connection) {
                        connections.add(connection);
                        connection.pipeline().addLast(new AcceptedConnection(context, acceptor, metrics));
                    }
                })
                .build();
    }

    /** Has new connections served with other options; where it needs to, by a codec of their own. */
    void change(CodecOptions next, TlsServer tls) {
        contexts.change(tls, next.alpn());
        if (!next.equals(options)) {
            options = next;
            codecId++;
            Codecs codecs = socket == null ? null : socket.attr(CODECS).get();
            if (codecs != null) {
                codecs.add(codecId, newCodec());
            }
        }
    }

    /** Closes its connections and the socket; never fails. Any thread. */
    Future<Void> close() {
        VertxInternals.keep(context, hook);
        Promise<Void> closed = VertxInternals.promise(context);
        VertxInternals.eventLoop(context)
                .execute(() -> connections.close().addListener(all -> {
                    if (socket == null) {
                        closed.complete();
                    } else {
                        socket.close().addListener(done -> {
                            contexts.forget();
                            closed.complete();
                        });
                    }
                }));
        return closed.future();
    }
}
