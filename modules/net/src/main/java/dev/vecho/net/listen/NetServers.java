package dev.vecho.net.listen;

import dev.vecho.core.Traffic;
import dev.vecho.core.VertxInternals;
import dev.vecho.core.config.Bounds;
import dev.vecho.core.config.Options;
import dev.vecho.net.Addresses;
import dev.vecho.net.LinuxTcp;
import io.netty.util.NetUtil;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.shareddata.LocalMap;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One event loop's {@link NetServer}s of one listener, one for each address. Vert.x lets those of one address, on several
 * event loops, share one socket and deals the connections out to them in turn.
 */
public final class NetServers {

    private static final int DEFAULT_BACKLOG = 1024;

    /** Net servers that share "any free port" know each other by an id. */
    private static final AtomicInteger FREE_PORT_IDS = new AtomicInteger();

    private final Vertx vertx;
    private final NetServerOptions options;
    private final String scheme;
    private final Handler<NetSocket> accept;
    private final Traffic traffic;
    private final List<NetServer> servers = new CopyOnWriteArrayList<>();
    private final List<String> addresses = new CopyOnWriteArrayList<>();
    private final List<String> claims = new ArrayList<>();

    /**
     * Makes it; nothing is open yet.
     *
     * @param scheme of the targets that {@link #addresses} tells
     * @param accept called on a connection's event loop, before anything is read from it
     * @param traffic counts the connections that are refused for lack of a file descriptor
     */
    public NetServers(
            Vertx vertx, NetServerOptions options, String scheme, Handler<NetSocket> accept, Traffic traffic) {
        this.vertx = vertx;
        this.options = options;
        this.scheme = scheme;
        this.accept = accept;
        this.traffic = traffic;
    }

    /**
     * Reads a listener's key {@code backlog}: connections that the operating system keeps until they are accepted; default 1024, at
     * most what the system allows.
     */
    public static int readBacklog(Options options) {
        return options.integer("backlog", DEFAULT_BACKLOG, 1, Bounds.MAX_COUNT);
    }

    /** Reads a listener's key {@code reusePort}: lets several processes listen on its port; default false. */
    public static boolean readReusePort(Vertx vertx, Options options) {
        boolean reusePort = options.flag("reusePort", false);
        if (reusePort && !vertx.isNativeTransportEnabled()) {
            options.problem("reusePort", "needs io epoll, io_uring or kqueue, this runs on nio");
        }
        return reusePort;
    }

    /**
     * Opens all addresses of a host, on the listener's first event loop.
     *
     * @return what the others {@link #share}; where it fails, some may be open
     */
    public Future<List<SocketAddress>> bind(BindAddress where, List<InetAddress> hosts) {
        List<SocketAddress> bound = new ArrayList<>();
        return where.openEach(
                        hosts,
                        where.port(),
                        (host, port) -> address(host, port)
                                .compose(address -> claim(address)
                                        .compose(claimed -> open(address))
                                        .onSuccess(opened -> bound.add(address))),
                        NetServer::actualPort)
                .map(bound);
    }

    private Future<SocketAddress> address(InetAddress host, int port) {
        if (host instanceof Inet6Address ipv6 && ipv6.getScopeId() != 0) {
            // Vert.x loses the zone of a host that it has as text, and one for any free port must be text.
            return vertx.executeBlocking(() -> port == 0 ? freePort(host) : port, false)
                    .map(known -> SocketAddress.inetSocketAddress(new InetSocketAddress(host, known)));
        }
        String text = NetUtil.toAddressString(host);
        return Future.succeededFuture(
                port == 0
                        ? SocketAddress.sharedRandomPort(FREE_PORT_IDS.incrementAndGet(), text)
                        : SocketAddress.inetSocketAddress(port, text));
    }

    /** Where another takes it meanwhile, {@link BindAddress#bind} tries again. */
    private static int freePort(InetAddress host) throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, host)) {
            return free.getLocalPort();
        }
    }

    /** Opens, on another event loop, what the first one has bound. */
    public Future<List<SocketAddress>> share(List<SocketAddress> bound) {
        return Future.join(bound.stream().map(this::open).toList()).map(bound);
    }

    /**
     * Claims an address for this listener: Vert.x would let two listeners with one address share it, each with its own
     * options, where an error is wanted.
     */
    public Future<?> claim(SocketAddress address) {
        String name = address.toString();
        boolean anyPort = address.isInetSocket() && address.port() < 0;
        if (!anyPort && claimed().putIfAbsent(name, name) != null) {
            return Future.failedFuture(new BindException("Address already in use by another listener"));
        }
        claims.add(name);
        return Future.succeededFuture();
    }

    /** The addresses of all net servers, whatever their transport. */
    private LocalMap<String, String> claimed() {
        return vertx.sharedData().getLocalMap(NetServers.class.getName());
    }

    /** Opens an address, on the caller's event loop, or joins those that have it open. */
    public Future<NetServer> open(SocketAddress address) {
        NetServer server = vertx.createNetServer(options).connectHandler(this::accept);
        Future<NetServer> opening = AcceptFailures.counting(
                () -> traffic.refuse("for lack of a file descriptor"), () -> server.listen(address));
        return opening.onSuccess(listening -> {
            servers.add(listening);
            addresses.add(
                    address.isDomainSocket()
                            ? unixTarget(Addresses.unixPath(address.path()))
                            : scheme + "://" + Addresses.format(address.host(), listening.actualPort()));
        });
    }

    private String unixTarget(String path) {
        return scheme + (path.startsWith("@") ? ":" : "://") + path;
    }

    private void accept(NetSocket socket) {
        LinuxTcp.fitCongestionControl(VertxInternals.lastHandler(socket).channel());
        accept.handle(socket);
    }

    /** The port of TCP, once an address is open. */
    public int port() {
        return servers.get(0).actualPort();
    }

    /** The real addresses, as targets. */
    public List<String> addresses() {
        return List.copyOf(addresses);
    }

    /**
     * Stops to accept, waits until the connections have closed, and closes what is left after the grace period.
     *
     * @return never fails
     */
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
