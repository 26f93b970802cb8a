package dev.vecho.transport.http;

import dev.vecho.core.FailureReason;
import dev.vecho.core.Listener;
import dev.vecho.core.Traffic;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.Metering;
import dev.vecho.net.echo.Gate;
import dev.vecho.net.echo.ThrottledReads;
import dev.vecho.net.listen.AddressOwner;
import dev.vecho.net.listen.NetServers;
import dev.vecho.net.service.LateReads;
import dev.vecho.net.tls.TlsOutput;
import dev.vecho.net.tls.TlsServer;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One event loop's net servers of one listener.
 *
 * <p>It is a {@link NetServer} with Netty's HTTP codecs in its pipeline, not an {@link io.vertx.core.http.HttpServer},
 * which cannot keep the promises of an echo: it closes a connection, with what is queued for it, as soon as the peer has
 * closed its output; it counts a connection only when its first bytes or its TLS handshake are complete; it copies each
 * buffer; and its WebSockets hold a whole frame in memory and check a text when the frame is complete.
 */
final class HttpListener implements Listener {

    private final Vertx vertx;
    private final Supplier<HttpListenerOptions> options;
    private final Gate gate;
    private final NetServers servers;
    private final Traffic traffic;
    private final Set<HttpSocket> connections = ConcurrentHashMap.newKeySet();

    private volatile boolean leaving;

    /** This event loop's share of HTTP/3. */
    private volatile @Nullable Listener quic;

    /**
     * Makes it; nothing is open yet.
     *
     * @param options asked for each connection
     * @param gate shared by all event loops of the listener
     */
    HttpListener(
            Vertx vertx,
            Supplier<HttpListenerOptions> options,
            Supplier<String> scheme,
            Gate gate,
            Traffic traffic,
            AddressOwner owner) {
        this.vertx = vertx;
        this.options = options;
        this.gate = gate;
        this.servers = new NetServers(vertx, () -> options.get().socket(), scheme, this::accept, traffic, owner);
        this.traffic = traffic;
    }

    /** What accepts the connections; drained with this listener. */
    NetServers servers() {
        return servers;
    }

    /** Adds HTTP/3, which drains with this listener. */
    void add(Listener http3) {
        quic = http3;
    }

    /** Runs on the connection's event loop, before anything is read from it. */
    private void accept(NetSocket socket) {
        ChannelHandlerContext last = VertxInternals.lastHandler(socket);
        HttpListenerOptions options = this.options.get();
        if (!gate.admission().admits(last.channel(), traffic)
                || !traffic.open(options.limits().maxConnections())) {
            // Not before the channel is registered, which is under way.
            last.executor().execute(socket::close);
            return;
        }
        last.channel().config().setAllocator(PooledByteBufAllocator.DEFAULT);
        ThrottledReads throttled = gate.throttle().newConnection();
        if (throttled != null) {
            last.pipeline().addFirst(throttled);
        }
        Duration late = options.faults() == null
                ? Duration.ZERO
                : options.faults().service().welcome(traffic).delay();
        if (!late.isZero()) {
            last.pipeline().addFirst(new LateReads(late));
        }
        if (options.tls() != null) {
            addBefore(last, new TlsOutput());
            addBefore(
                    last,
                    options.wrongCertificates() == null
                            ? options.tls().newHttpHandler(last.alloc())
                            : options.wrongCertificates()
                                    .newHandler(last.alloc(), true, () -> traffic.fault("certificates")));
        }
        HttpSocket connection = new HttpSocket(
                traffic,
                options.limits(),
                throttled,
                options.http3() ? "h3=\":" + socket.localAddress().port() + "\"" : null,
                () -> leaving);
        socket.shutdownHandler(grace -> connection.drain());
        connections.add(connection);
        last.channel().closeFuture().addListener(closed -> connections.remove(connection));
        if (vertx.isMetricsEnabled() && Metering.isPossible()) {
            addBefore(last, Metering.handler(Metering.of(socket)));
        }
        addBefore(last, connection);
        addBefore(last, new VersionDetector(options, connection));
    }

    private static void addBefore(ChannelHandlerContext last, ChannelHandler handler) {
        last.pipeline().addBefore(last.name(), null, handler);
    }

    @Override
    public List<String> addresses() {
        List<String> all = new ArrayList<>(servers.addresses());
        Listener http3 = quic;
        if (http3 != null) {
            all.addAll(http3.addresses());
        }
        return all;
    }

    @Override
    public List<String> notes() {
        TlsServer tls = options.get().tls();
        return tls == null ? List.of() : tls.notes();
    }

    @Override
    public List<X509Certificate> certificates() {
        TlsServer tls = options.get().tls();
        return tls == null ? List.of() : tls.certificates();
    }

    @Override
    public JsonObject ownClient(String address) {
        TlsServer now = options.get().tls();
        if (now == null) {
            return new JsonObject();
        }
        // Each version of HTTP has application protocols of its own, which its client knows; QUIC brings its own TLS.
        JsonObject tls = now.forOwnClient();
        tls.remove("alpn");
        return new JsonObject().put("tls", address.startsWith("h3:") ? new JsonObject().put("insecure", true) : tls);
    }

    @Override
    public void leaves() {
        leaving = true;
        connections.forEach(HttpSocket::leave);
    }

    @Override
    public Future<Void> drain(Duration grace) {
        List<Future<Void>> closing = new ArrayList<>();
        closing.add(servers.drain(grace));
        Listener http3 = quic;
        if (http3 != null) {
            closing.add(http3.drain(grace));
            quic = null;
        }
        // Vert.x would wait for a peer that does not read, however long.
        long end = vertx.setTimer(
                Math.max(1, grace.toMillis()),
                fired -> connections.forEach(connection -> connection.close(FailureReason.DRAIN)));
        return Future.join(closing).transform(closed -> {
            vertx.cancelTimer(end);
            return Future.succeededFuture();
        });
    }
}
