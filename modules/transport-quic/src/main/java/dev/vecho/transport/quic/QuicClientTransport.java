package dev.vecho.transport.quic;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Receiver.Phase;
import dev.vecho.core.VertxInternals;
import dev.vecho.core.config.Options;
import dev.vecho.net.Addresses;
import dev.vecho.net.connect.Connector;
import dev.vecho.net.connect.Connector.Attempt;
import dev.vecho.net.connect.Family;
import dev.vecho.net.tls.TlsClient;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.quic.QuicChannel;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.QuicClient;
import io.vertx.core.net.QuicClientConfig;
import io.vertx.core.net.QuicConfig;
import io.vertx.core.net.QuicConnection;
import io.vertx.core.net.SocketAddress;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects to one target over QUIC, each time with a connection of its own that carries one stream.
 *
 * <p>The handshake of QUIC is that of TLS too: {@link Phase#CONNECT} is both, and {@link Phase#TLS} never comes.
 */
public final class QuicClientTransport implements ClientTransport {

    private static final Logger LOG = LoggerFactory.getLogger(QuicClientTransport.class);

    /** An attempt cannot be cancelled, so that one whose result nobody wants any more must come to its own end. */
    private static final Duration ATTEMPT_TIMEOUT = Duration.ofMinutes(1);

    private static final long MAX_STREAM_DATA = 1 << 20;

    /** A client's socket is of one family, and serves the connections of one event loop. */
    private record Key(EventLoop eventLoop, boolean ipv6) {}

    private final Vertx vertx;
    private final Connector connector;
    private final @Nullable TlsClient tls;
    private final QuicRequest request;

    /** Kept: a client that nobody holds is closed by the garbage collector, with its connections. */
    private final Map<Key, QuicClient> clients = new ConcurrentHashMap<>();

    /**
     * @param tls null only where it could not be read, which is a problem of its own
     */
    private QuicClientTransport(Vertx vertx, Connector connector, @Nullable TlsClient tls, QuicRequest request) {
        this.vertx = vertx;
        this.connector = connector;
        this.tls = tls;
        this.request = request;
    }

    /** Reads the options of connections; what is wrong is added to them. Blocks: it reads files. */
    public static QuicClientTransport read(Vertx vertx, Options options, String host, int port, QuicRequest request) {
        TlsClient tls = QuicTls.readClient(options.object("tls"), host);
        Connector connector = new Connector(host, port, Family.read(options));
        options.rejectUnknownKeys();
        return new QuicClientTransport(vertx, connector, tls, request);
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        Context context = vertx.getOrCreateContext();
        return connector
                .connect(context, receiver, address -> attempt(context, address))
                .compose(opened -> open(context, opened, receiver));
    }

    private Attempt<Opened> attempt(Context context, InetSocketAddress address) {
        Future<Opened> connecting = connectTo(context, address)
                .recover(failure -> Future.failedFuture(QuicFailure.connect(
                        Addresses.format(address), failure, Objects.requireNonNull(tls, "validated before"))));
        return Attempt.of(connecting, late -> late.connection().close());
    }

    /** A connection, and the address of this machine that it goes out from. */
    private record Opened(
            QuicConnection connection, @Nullable InetAddress from) {}

    /** Connects, and learns by the way from the operating system if nobody is there, which QUIC alone does not tell. */
    private Future<Opened> connectTo(Context context, InetSocketAddress address) {
        Promise<Opened> promise = VertxInternals.promise(context);
        PortProbe portProbe = new PortProbe(promise::tryFail);
        portProbe.at(vertx, VertxInternals.eventLoop(context), address);
        Future<QuicConnection> connecting;
        try {
            connecting = client(VertxInternals.eventLoop(context), address.getAddress() instanceof Inet6Address)
                    .connect(named(address));
        } catch (RuntimeException e) {
            connecting = Future.failedFuture(e);
        }
        connecting.onComplete(result -> {
            if (result.failed()) {
                promise.tryFail(result.cause());
            } else if (!promise.tryComplete(new Opened(result.result(), portProbe.from()))) {
                result.result().close();
            }
        });
        return promise.future().onComplete(done -> portProbe.close());
    }

    /** An address with the name that the certificate must be for. */
    private SocketAddress named(InetSocketAddress address) {
        try {
            String name = Objects.requireNonNull(tls, "validated before").peerName();
            byte[] bytes = address.getAddress().getAddress();
            InetAddress named = address.getAddress() instanceof Inet6Address ipv6
                    ? Inet6Address.getByAddress(name, bytes, ipv6.getScopeId())
                    : InetAddress.getByAddress(name, bytes);
            return SocketAddress.inetSocketAddress(new InetSocketAddress(named, address.getPort()));
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address has 4 or 16 bytes", e);
        }
    }

    private QuicClient client(EventLoop eventLoop, boolean ipv6) {
        return clients.computeIfAbsent(new Key(eventLoop, ipv6), key -> {
            QuicConfig transport = QuicConfig.forClient()
                    .setInitialMaxStreamDataBidiLocal(MAX_STREAM_DATA)
                    .setInitialMaxStreamsUni(request.peerUnidirectionalStreams())
                    .setInitialMaxStreamDataUni(MAX_STREAM_DATA)
                    // The caller bounds the time of a connection, and the listener says how long it keeps an idle one.
                    .setMaxIdleTimeout(null);
            QuicClientConfig config = new QuicClientConfig()
                    .setTransportConfig(transport)
                    .setConnectTimeout(ATTEMPT_TIMEOUT)
                    .setLocalAddress(SocketAddress.inetSocketAddress(0, ipv6 ? "::" : "0.0.0.0"));
            TlsClient validated = Objects.requireNonNull(tls, "validated before");
            QuicClient client = vertx.createQuicClient(config, QuicTls.options(validated, request.alpn(validated)));
            QuicInternals.flushStrategy(client, QuicSockets.SOON);
            return client;
        });
    }

    /** Runs on the connection's event loop. */
    private Future<Connection> open(Context context, Opened opened, Receiver receiver) {
        QuicConnection quic = opened.connection();
        ChannelHandlerContext last = QuicInternals.lastHandler(quic);
        QuicChannel channel = (QuicChannel) last.channel();
        QuicSockets.tend(channel);
        QuicStreamConnection connection = new QuicStreamConnection(
                receiver, channel, opened.from(), Objects.requireNonNull(tls), request.details());
        quic.streamHandler(
                stream -> stream.exceptionHandler(failure -> LOG.debug("{}: {}", channel, failure.toString())));
        request.connected(last);
        last.pipeline().addBefore(last.name(), null, connection.watch());
        return request.open(quic, context)
                .<Connection>map(stream -> {
                    stream.exceptionHandler(failure -> LOG.debug("{}: {}", channel, failure.toString()));
                    ChannelHandlerContext end = QuicInternals.lastHandler(stream);
                    end.pipeline().addBefore(end.name(), null, connection);
                    return connection;
                })
                .recover(failure -> {
                    connection.close();
                    return Future.failedFuture(connection.failure(failure));
                });
    }

    @Override
    public boolean resends() {
        return true;
    }

    @Override
    public Future<Void> close() {
        connector.close();
        List<Future<Void>> closing =
                clients.values().stream().map(QuicClient::close).toList();
        return Future.join(closing).transform(closed -> Future.succeededFuture());
    }
}
