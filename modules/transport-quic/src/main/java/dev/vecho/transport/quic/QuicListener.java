package dev.vecho.transport.quic;

import dev.vecho.core.FailureReason;
import dev.vecho.core.Listener;
import dev.vecho.core.Traffic;
import dev.vecho.net.Addresses;
import dev.vecho.net.ConnectionEnd;
import dev.vecho.net.Metering;
import dev.vecho.net.echo.Gate;
import dev.vecho.net.tls.TlsServer;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.ssl.ClientAuth;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.QuicClientAddressValidation;
import io.vertx.core.net.QuicConfig;
import io.vertx.core.net.QuicConnection;
import io.vertx.core.net.QuicDatagramConfig;
import io.vertx.core.net.QuicServer;
import io.vertx.core.net.QuicServerConfig;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One event loop's QUIC servers of one listener. Its connections are used on that event loop only. */
final class QuicListener implements Listener {

    private static final Logger LOG = LoggerFactory.getLogger(QuicListener.class);

    /** How much longer than for its streams a connection waits for a sign of its peer, so that these end in order. */
    private static final Duration LONGER = Duration.ofSeconds(3);

    /** The same where streams are held to a rate: its peer has nothing to say while they are not read. */
    private static final Duration LONGER_AT_A_RATE = Duration.ofMinutes(1);

    /** What a peer may send on a stream that goes one way, and carries no echo, before it was read. */
    private static final int UNIDIRECTIONAL_WINDOW = 16 * 1024;

    private final Vertx vertx;
    private final Context context;
    private final AddressToken token;
    private final Gate gate;
    private final Traffic traffic;
    private final AtomicInteger connections;
    private final List<SocketServer> servers = new CopyOnWriteArrayList<>();
    private final List<String> addresses = new CopyOnWriteArrayList<>();
    private final Set<ServedConnection> open = new LinkedHashSet<>();
    private volatile QuicListenerOptions options;
    private volatile QuicProtocol protocol;
    private boolean draining;
    private @Nullable Promise<Void> empty;

    /**
     * Makes it, on the event loop that it will use.
     *
     * @param connections how many are open on all event loops of this listener
     */
    QuicListener(
            Vertx vertx,
            QuicListenerOptions options,
            QuicProtocol protocol,
            AddressToken token,
            Gate gate,
            Traffic traffic,
            AtomicInteger connections) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.options = options;
        this.protocol = protocol;
        this.token = token;
        this.gate = gate;
        this.traffic = traffic;
        this.connections = connections;
    }

    /**
     * Opens an address that other event loops may open too.
     *
     * @param port of all of them
     */
    Future<?> open(InetSocketAddress address, SocketServer.Port port) {
        SocketServer server = new SocketServer(vertx, config(), tlsOptions(), port);
        server.connectHandler(this::accept).exceptionHandler(this::handshakeFailed);
        QuicSockets.sendSoon(server);
        servers.add(server);
        // Not by its text, for Vert.x loses the zone of that.
        InetAddress host = Addresses.unnamed(address.getAddress());
        return server.listen(SocketAddress.inetSocketAddress(new InetSocketAddress(host, address.getPort())))
                .onSuccess(listening -> addresses.add(
                        protocol.scheme() + "://" + Addresses.format(Addresses.text(host), listening.port())))
                .onFailure(failure -> servers.remove(server));
    }

    /** Takes over other options, for the connections that come from now on. Any thread. */
    Future<Void> adopt(QuicListenerOptions next, QuicProtocol nextProtocol) {
        Promise<Void> adopted = Promise.promise();
        context.runOnContext(now -> {
            boolean sameCodec = Codec.of(options, protocol).equals(Codec.of(next, nextProtocol));
            boolean sameTls = options.tls() == next.tls();
            options = next;
            protocol = nextProtocol;
            List<Future<?>> changing = new ArrayList<>();
            for (SocketServer server : servers) {
                if (!sameCodec) {
                    changing.add(server.renewCodec(config(), tlsOptions()));
                } else if (!sameTls) {
                    changing.add(server.updateSSLOptions(tlsOptions(), true));
                }
            }
            Future.join(changing).<Void>mapEmpty().onComplete(adopted);
        });
        return adopted.future();
    }

    /** The options that a codec is made with, for all its connections. */
    private record Codec(
            Duration idle,
            int maxStreams,
            int maxStreamData,
            long maxData,
            boolean datagrams,
            boolean addressValidation,
            ClientAuth clientAuth,
            List<String> alpn) {

        static Codec of(QuicListenerOptions options, QuicProtocol protocol) {
            TlsServer tls = tls(options);
            return new Codec(
                    maxIdle(options),
                    options.maxStreams(),
                    options.maxStreamData(),
                    options.maxData(),
                    options.datagrams(),
                    options.addressValidation(),
                    tls.clientAuth(),
                    protocol.alpn(tls));
        }
    }

    private static Duration maxIdle(QuicListenerOptions options) {
        boolean throttled = options.limits().rates().isLimited();
        return options.limits().idle().plus(throttled ? LONGER_AT_A_RATE : LONGER);
    }

    private static TlsServer tls(QuicListenerOptions options) {
        return Objects.requireNonNull(options.tls(), "validated before");
    }

    private ServerSSLOptions tlsOptions() {
        TlsServer tls = tls(options);
        return QuicTls.options(tls, protocol.alpn(tls));
    }

    private QuicServerConfig config() {
        QuicConfig transport = QuicConfig.forServer()
                .setInitialMaxStreamsBidi(options.maxStreams())
                .setInitialMaxStreamsUni(protocol.peerUnidirectionalStreams())
                .setInitialMaxStreamDataUni(UNIDIRECTIONAL_WINDOW)
                .setInitialMaxStreamDataBidiRemote(options.maxStreamData())
                .setInitialMaxData(options.maxData())
                .setMaxIdleTimeout(maxIdle(options));
        if (options.datagrams()) {
            transport.setDatagramConfig(new QuicDatagramConfig()
                    .setEnabled(true)
                    .setReceiveQueueLength(QuicListenerOptions.DATAGRAM_QUEUE)
                    .setSendQueueLength(QuicListenerOptions.DATAGRAM_QUEUE));
        }
        QuicServerConfig config =
                new QuicServerConfig().setTransportConfig(transport).setReuseAddress(false);
        return options.addressValidation()
                ? config.setClientAddressValidation(QuicClientAddressValidation.CRYPTO)
                        .setClientAddressValidationKey(token.key())
                : config.setClientAddressValidation(QuicClientAddressValidation.NONE);
    }

    private void handshakeFailed(Throwable cause) {
        LOG.debug("handshake failed: {}", cause.toString());
        if (traffic.open(Integer.MAX_VALUE)) {
            FailureReason reason = ConnectionEnd.reason(cause);
            traffic.broke(reason == null ? FailureReason.TLS_OTHER : reason);
        }
    }

    /** Runs on the connection's event loop, after the handshake and before anything is read. */
    private void accept(QuicConnection connection) {
        traffic.handshake(QuicTls.VERSION);
        ChannelHandlerContext last = QuicInternals.lastHandler(connection);
        QuicSockets.tend((QuicChannel) last.channel());
        SocketServer.follow((QuicChannel) last.channel());
        ServedConnection served = new ServedConnection(
                (QuicChannel) last.channel(),
                connection,
                options,
                protocol,
                gate.throttle().newRate(),
                traffic,
                context,
                this::closed);
        if (!admits((QuicChannel) last.channel())) {
            served.close(QuicErrorCode.CONNECTION_REFUSED, draining ? "going away" : "too many connections");
            return;
        }
        open.add(served);
        connection.streamHandler(served::accept);
        protocol.connected(last);
        if (vertx.isMetricsEnabled()) {
            last.pipeline().addBefore(last.name(), null, Metering.handler(connection));
        }
        last.pipeline().addBefore(last.name(), null, served);
    }

    /** Counts a connection in, or as refused. */
    private boolean admits(QuicChannel connection) {
        if (draining) {
            traffic.refuse("while it stops");
            return false;
        }
        InetAddress from =
                connection.remoteSocketAddress() instanceof InetSocketAddress address ? address.getAddress() : null;
        if (!gate.admission().admits(from, connection, traffic)) {
            return false;
        }
        if (protocol.countsConnections()) {
            return traffic.open(options.limits().maxConnections());
        }
        if (connections.incrementAndGet() > options.limits().maxConnections()) {
            connections.decrementAndGet();
            traffic.refuse("over maxConnections");
            return false;
        }
        return true;
    }

    private void closed(ServedConnection connection) {
        if (open.remove(connection)) {
            if (!protocol.countsConnections()) {
                connections.decrementAndGet();
            }
            if (open.isEmpty() && empty != null) {
                empty.tryComplete();
            }
        }
    }

    @Override
    public List<String> addresses() {
        return List.copyOf(addresses);
    }

    @Override
    public List<String> notes() {
        return tls(options).notes();
    }

    @Override
    public List<X509Certificate> certificates() {
        return tls(options).certificates();
    }

    @Override
    public JsonObject ownClient(String address) {
        JsonObject client = new JsonObject()
                .put("insecure", true)
                .put("alpn", new JsonArray(tls(options).alpn()));
        return new JsonObject().put("tls", client);
    }

    @Override
    public Future<Void> drain(Duration grace) {
        Promise<Void> drained = Promise.promise();
        context.runOnContext(now -> drainHere(grace).compose(empty -> close()).onComplete(drained));
        return drained.future();
    }

    private Future<Void> drainHere(Duration grace) {
        draining = true;
        Promise<Void> gone = Promise.promise();
        empty = gone;
        if (open.isEmpty()) {
            gone.complete();
        } else if (grace.isZero()) {
            copyOfOpen().forEach(ServedConnection::cut);
        } else {
            long timer = vertx.setTimer(
                    Math.max(1, grace.toMillis()), late -> copyOfOpen().forEach(ServedConnection::cut));
            gone.future().onComplete(done -> vertx.cancelTimer(timer));
            copyOfOpen().forEach(ServedConnection::drain);
        }
        return gone.future();
    }

    private List<ServedConnection> copyOfOpen() {
        return new ArrayList<>(open);
    }

    /** Closes the sockets; never fails. */
    Future<Void> close() {
        List<Future<Void>> closing = servers.stream().map(QuicServer::close).toList();
        return Future.join(closing).transform(closed -> {
            servers.clear();
            addresses.clear();
            return Future.succeededFuture();
        });
    }
}
