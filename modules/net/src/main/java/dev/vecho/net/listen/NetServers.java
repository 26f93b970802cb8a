package dev.vecho.net.listen;

import dev.vecho.core.Traffic;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.Addresses;
import dev.vecho.net.LinuxTcp;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.util.NetUtil;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
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
import java.util.function.Supplier;

/**
 * One event loop's {@link NetServer}s of one listener, one for each address. Vert.x lets those of one address, on several
 * event loops, share one socket and deals the connections out to them in turn.
 */
public final class NetServers {

    /** Net servers that share "any free port" know each other by an id. */
    private static final AtomicInteger FREE_PORT_IDS = new AtomicInteger();

    private final Vertx vertx;
    private final Supplier<SocketOptions> options;
    private final SocketOptions opened;
    private final Supplier<String> scheme;
    private final Handler<NetSocket> accept;
    private final Traffic traffic;
    private final AddressOwner owner;
    private final List<NetServer> servers = new CopyOnWriteArrayList<>();

    /** The real addresses, without the scheme. */
    private final List<String> addresses = new CopyOnWriteArrayList<>();

    private final List<String> claims = new ArrayList<>();

    /**
     * Makes it; nothing is open yet.
     *
     * @param options asked when it is made, and for each connection
     * @param scheme of the targets that {@link #addresses} tells, asked for each time
     * @param accept called on a connection's event loop, before anything is read from it
     * @param traffic counts the connections that are refused for lack of a file descriptor
     * @param owner of all addresses, the same for all event loops of a listener
     */
    public NetServers(
            Vertx vertx,
            Supplier<SocketOptions> options,
            Supplier<String> scheme,
            Handler<NetSocket> accept,
            Traffic traffic,
            AddressOwner owner) {
        this.vertx = vertx;
        this.options = options;
        this.opened = options.get();
        this.scheme = scheme;
        this.accept = accept;
        this.traffic = traffic;
        this.owner = owner;
    }

    /**
     * Opens all addresses of a host, on the listener's first event loop.
     *
     * @return what the others {@link #share}; where it fails, some may be open
     */
    public Future<List<SocketAddress>> bind(BindAddress where, List<InetAddress> hosts) {
        if (!owner.bound().isEmpty()) {
            return bindAgain(owner.bound());
        }
        List<SocketAddress> bound = new ArrayList<>();
        return where.openEach(
                        hosts,
                        where.port(),
                        (host, port) -> address(host, port)
                                .compose(address -> claim(address)
                                        .compose(claimed -> open(address))
                                        .onSuccess(opened -> bound.add(address))),
                        NetServer::actualPort)
                .map(bound)
                .onSuccess(owner::bound);
    }

    /** Opens the addresses of a listener that leaves them. */
    private Future<List<SocketAddress>> bindAgain(List<SocketAddress> addresses) {
        owner.inherited();
        Future<?> opened = Future.succeededFuture();
        for (SocketAddress address : addresses) {
            opened = opened.compose(before -> claim(address)).compose(claimed -> open(address));
        }
        return opened.map(addresses);
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

    /** Claims an address for this listener; fails where another one has it that does not leave it. */
    public Future<?> claim(SocketAddress address) {
        boolean anyPort = address.isInetSocket() && address.port() < 0;
        if (!anyPort) {
            String name = address.toString();
            if (!Claims.claim(vertx, name, owner)) {
                return Future.failedFuture(new BindException("Address already in use by another listener"));
            }
            claims.add(name);
        }
        return Future.succeededFuture();
    }

    /** Opens an address, on the caller's event loop, or joins those that have it open. */
    public Future<NetServer> open(SocketAddress address) {
        NetServer server = vertx.createNetServer(opened.forVertx()).connectHandler(this::accept);
        Future<NetServer> opening = AcceptFailures.counting(
                () -> traffic.refuse("for lack of a file descriptor"), owner.accepting(), () -> server.listen(address));
        return opening.onSuccess(listening -> {
            servers.add(listening);
            addresses.add(
                    address.isDomainSocket()
                            ? unixTarget(Addresses.unixPath(address.path()))
                            : "://" + Addresses.format(address.host(), listening.actualPort()));
        });
    }

    private static String unixTarget(String path) {
        return (path.startsWith("@") ? ":" : "://") + path;
    }

    private void accept(NetSocket socket) {
        Channel channel = VertxInternals.lastHandler(socket).channel();
        SocketOptions now = options.get();
        if (now.noDelay() != opened.noDelay() || now.keepAlive() != opened.keepAlive() || owner.inherits()) {
            // What listens gives its connections what it was opened with, maybe by another listener.
            channel.config().setOption(ChannelOption.TCP_NODELAY, now.noDelay());
            channel.config().setOption(ChannelOption.SO_KEEPALIVE, now.keepAlive());
        }
        LinuxTcp.fitCongestionControl(channel);
        accept.handle(socket);
    }

    /**
     * Claims an address for a server that is no listener, against which Vert.x would not guard it either.
     *
     * @return fails with what the operating system would say
     */
    public static Future<Void> claim(Vertx vertx, SocketAddress address, AddressOwner owner) {
        return address.port() == 0 || Claims.claim(vertx, address.toString(), owner)
                ? Future.succeededFuture()
                : Future.failedFuture(new BindException("Address already in use by a listener"));
    }

    /** Takes {@link #claim} back. */
    public static void release(Vertx vertx, SocketAddress address, AddressOwner owner) {
        Claims.release(vertx, address.toString(), owner);
    }

    /** The port of TCP, once an address is open. */
    public int port() {
        return servers.get(0).actualPort();
    }

    /** The real addresses, as targets. */
    public List<String> addresses() {
        return addresses.stream().map(address -> scheme.get() + address).toList();
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
            claims.forEach(address -> Claims.release(vertx, address, owner));
            claims.clear();
            return Future.succeededFuture();
        });
    }
}
