package dev.vecho.transport.tcp;

import dev.vecho.core.Addresses;
import dev.vecho.core.EchoPipe;
import dev.vecho.core.Listener;
import dev.vecho.core.Traffic;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
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
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * One event loop's net servers of one listener, for TCP or Unix domain sockets.
 *
 * <p>TLS and the PROXY header are put into the pipeline here, not by the {@link NetServer}: that one accepts with half
 * closing disallowed and calls its handler after the handshake, when the end of the input may have come already and may
 * have closed the channel with all that it held.
 */
final class StreamListener implements Listener {

    /** After so many TLS records what they held is flushed, even while more is being read. */
    private static final int RECORDS_PER_FLUSH = 4;

    private final Vertx vertx;
    private final NetServerOptions sockets;
    private final ConnectionOptions options;
    private final Traffic traffic;
    private final List<NetServer> servers = new CopyOnWriteArrayList<>();
    private final List<String> addresses = new CopyOnWriteArrayList<>();
    private final List<String> claims = new ArrayList<>();

    StreamListener(Vertx vertx, NetServerOptions sockets, ConnectionOptions options, Traffic traffic) {
        this.vertx = vertx;
        this.sockets = sockets;
        this.options = options;
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

    private LocalMap<String, String> claimed() {
        return vertx.sharedData().getLocalMap(StreamListener.class.getName());
    }

    /** Opens an address, on the caller's event loop, or joins those that have it open. */
    Future<NetServer> open(SocketAddress address) {
        NetServer server = vertx.createNetServer(sockets).connectHandler(this::accept);
        return server.listen(address).onSuccess(listening -> {
            servers.add(listening);
            addresses.add(target(address, listening.actualPort()));
        });
    }

    private String target(SocketAddress address, int port) {
        if (address.isDomainSocket()) {
            return "unix://" + address.path();
        }
        return (options.tls() == null ? "tcp://" : "tls://") + Addresses.format(address.host(), port);
    }

    /** Runs on the connection's event loop, before anything is read from it. */
    private void accept(NetSocket socket) {
        ChannelHandlerContext last = ((NetSocketInternal) socket).channelHandlerContext();
        if (!traffic.open(options.maxConnections())) {
            // Not before the channel is registered, which is under way.
            last.executor().execute(socket::close);
            return;
        }
        // Nothing to do on shutdown: a connection has until the end of the grace period to finish.
        socket.shutdownHandler(grace -> {});
        last.channel().config().setAllocator(PooledByteBufAllocator.DEFAULT);
        if (options.proxyProtocol()) {
            addBefore(last, new HAProxyMessageDecoder());
            addBefore(last, new ProxyHeader());
        }
        if (options.tls() != null) {
            addBefore(last, new FlushConsolidationHandler(RECORDS_PER_FLUSH));
            addBefore(last, new WithheldReads());
            addBefore(last, options.tls().newHandler(last.alloc()));
        }
        addBefore(last, new EchoPipe(traffic, options.writeQueueBytes(), options.idle(), options.tls() != null));
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
        List<Future<Void>> closing =
                servers.stream().map(server -> server.shutdown(grace)).toList();
        return Future.join(closing).transform(closed -> {
            servers.clear();
            addresses.clear();
            claims.forEach(claimed()::remove);
            claims.clear();
            return Future.succeededFuture();
        });
    }
}
