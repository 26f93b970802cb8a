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
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
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
final class QuicListener implements Listener, AcceptedConnection.Acceptor {

    private static final Logger LOG = LoggerFactory.getLogger(QuicListener.class);

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
        SocketServer server =
                new SocketServer(vertx, context, CodecOptions.of(options, protocol), tls(options), token, port, this);
        servers.add(server);
        String host = Addresses.text(address.getAddress());
        return server.listen(address)
                .onSuccess(listening -> addresses.add(protocol.scheme() + "://" + Addresses.format(host, listening)))
                .onFailure(failure -> servers.remove(server));
    }

    /** Takes over other options, for the connections that come from now on. Any thread. */
    Future<Void> adopt(QuicListenerOptions next, QuicProtocol nextProtocol) {
        Promise<Void> adopted = Promise.promise();
        context.runOnContext(now -> {
            CodecOptions before = CodecOptions.of(options, protocol);
            CodecOptions then = CodecOptions.of(next, nextProtocol);
            boolean same = before.equals(then) && options.tls() == next.tls();
            options = next;
            protocol = nextProtocol;
            try {
                if (!same) {
                    servers.forEach(server -> server.change(then, tls(next)));
                }
                adopted.complete();
            } catch (RuntimeException e) {
                adopted.fail(e);
            }
        });
        return adopted.future();
    }

    private static TlsServer tls(QuicListenerOptions options) {
        return Objects.requireNonNull(options.tls(), "validated before");
    }

    @Override
    public void handshakeFailed(Throwable cause) {
        LOG.debug("handshake failed: {}", cause.toString());
        if (traffic.open(Integer.MAX_VALUE)) {
            FailureReason reason = ConnectionEnd.reason(cause);
            traffic.broke(reason == null ? FailureReason.TLS_OTHER : reason);
        }
    }

    /** Runs on the connection's event loop, after the handshake and before anything is read. */
    @Override
    public void accept(AcceptedConnection connection) {
        traffic.handshake(QuicTls.VERSION);
        ChannelHandlerContext last = connection.last();
        QuicSockets.tend(connection.channel());
        SocketServer.follow(connection.channel());
        ServedConnection served = new ServedConnection(
                connection, options, protocol, gate.throttle().newRate(), traffic, context, this::closed);
        if (!admits(connection.channel())) {
            served.close(QuicErrorCode.CONNECTION_REFUSED, draining ? "going away" : "too many connections");
            return;
        }
        open.add(served);
        connection.onStream(served::accept);
        protocol.connected(last);
        EndpointMetrics.OfConnection metrics = connection.metrics();
        if (metrics != null) {
            last.pipeline().addBefore(last.name(), null, Metering.handler(metrics));
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
        List<Future<Void>> closing = servers.stream().map(SocketServer::close).toList();
        return Future.join(closing).transform(closed -> {
            servers.clear();
            addresses.clear();
            return Future.succeededFuture();
        });
    }
}
