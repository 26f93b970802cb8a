package dev.vecho.transport.http;

import dev.vecho.core.Addresses;
import dev.vecho.core.Listener;
import dev.vecho.core.Traffic;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.shareddata.LocalMap;
import java.net.BindException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
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

    /** After so many TLS records what they held is flushed, even while more is being read. */
    private static final int RECORDS_PER_FLUSH = 4;

    /** Where all listeners on sockets claim their addresses, those of other transports too. */
    private static final String CLAIMED = "dev.vecho.transport.tcp.StreamListener";

    private final Vertx vertx;
    private final HttpListenerOptions options;
    private final String scheme;
    private final Traffic traffic;
    private final List<NetServer> servers = new CopyOnWriteArrayList<>();
    private final List<String> addresses = new CopyOnWriteArrayList<>();
    private final Set<HttpSocket> connections = ConcurrentHashMap.newKeySet();
    private final List<String> claims = new ArrayList<>();

    /** This event loop's share of HTTP/3. */
    private @Nullable Listener quic;

    HttpListener(Vertx vertx, HttpListenerOptions options, String scheme, Traffic traffic) {
        this.vertx = vertx;
        this.options = options;
        this.scheme = scheme;
        this.traffic = traffic;
    }

    /**
     * Claims an address for this listener: Vert.x would let two listeners with one address share it, each with its own
     * options, where an error is wanted.
     */
    Future<?> claim(SocketAddress address) {
        String name = address.toString();
        if (address.port() >= 0 && claimed().putIfAbsent(name, name) != null) {
            return Future.failedFuture(new BindException("Address already in use by another listener"));
        }
        claims.add(name);
        return Future.succeededFuture();
    }

    /** The port of TCP, once an address is open. */
    int port() {
        return servers.get(0).actualPort();
    }

    /** Adds HTTP/3, which drains with this listener. */
    void add(Listener http3) {
        quic = http3;
        addresses.addAll(http3.addresses());
    }

    private LocalMap<String, String> claimed() {
        return vertx.sharedData().getLocalMap(CLAIMED);
    }

    /** Opens an address, on the caller's event loop, or joins those that have it open. */
    Future<NetServer> open(SocketAddress address) {
        NetServer server = vertx.createNetServer(new NetServerOptions()
                        .setAcceptBacklog(options.backlog())
                        .setTcpNoDelay(true)
                        .setTcpKeepAlive(true)
                        .setReusePort(options.reusePort()))
                .connectHandler(this::accept);
        return server.listen(address).onSuccess(listening -> {
            servers.add(listening);
            addresses.add(scheme + "://" + Addresses.format(address.host(), listening.actualPort()));
        });
    }

    /** Runs on the connection's event loop, before anything is read from it. */
    private void accept(NetSocket socket) {
        ChannelHandlerContext last = ((NetSocketInternal) socket).channelHandlerContext();
        if (!traffic.open(options.maxConnections())) {
            // Not before the channel is registered, which is under way.
            last.executor().execute(socket::close);
            return;
        }
        last.channel().config().setAllocator(PooledByteBufAllocator.DEFAULT);
        if (options.tls() != null) {
            addBefore(last, new FlushConsolidationHandler(RECORDS_PER_FLUSH));
            addBefore(last, options.tls().newHandler(last.alloc()));
        }
        HttpSocket connection = new HttpSocket(
                traffic,
                options.writeQueueBytes(),
                options.idle(),
                options.http3() ? "h3=\":" + socket.localAddress().port() + "\"" : null);
        socket.shutdownHandler(grace -> connection.drain());
        connections.add(connection);
        last.channel().closeFuture().addListener(closed -> connections.remove(connection));
        addBefore(last, connection);
        addBefore(last, new VersionDetector(options, connection));
    }

    private static void addBefore(ChannelHandlerContext last, ChannelHandler handler) {
        last.pipeline().addBefore(last.name(), null, handler);
    }

    @Override
    public List<String> addresses() {
        return List.copyOf(addresses);
    }

    @Override
    public List<String> notes() {
        return options.tls() == null ? List.of() : options.tls().notes();
    }

    @Override
    public Future<Void> drain(Duration grace) {
        List<Future<Void>> closing = new ArrayList<>();
        servers.forEach(server -> closing.add(server.shutdown(grace)));
        if (quic != null) {
            closing.add(quic.drain(grace));
            quic = null;
        }
        // Vert.x would wait for a peer that does not read, however long.
        long end = vertx.setTimer(Math.max(1, grace.toMillis()), fired -> connections.forEach(HttpSocket::close));
        return Future.join(closing).transform(closed -> {
            vertx.cancelTimer(end);
            servers.clear();
            addresses.clear();
            claims.forEach(claimed()::remove);
            claims.clear();
            return Future.succeededFuture();
        });
    }
}
