package dev.vecho.transport.quic;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.net.Addresses;
import dev.vecho.net.echo.Gate;
import dev.vecho.net.listen.BindAddress;
import dev.vecho.net.listen.EventLoops;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Listens on every address of one QUIC listener. Each event loop opens a socket of its own for each address; the operating
 * system deals the packets out to them (SO_REUSEPORT), and those that came to the wrong one are handed over.
 */
public final class QuicServerTransport implements ServerTransport {

    private final Vertx vertx;
    private final Gate gate;
    private final AddressToken token = new AddressToken();

    /** What the sockets of all event loops share, by their address. */
    private final Map<InetSocketAddress, SocketServer.Port> ports = new ConcurrentHashMap<>();

    /** The connections of all event loops. */
    private final AtomicInteger connections = new AtomicInteger();

    private final EventLoops<List<InetSocketAddress>> loops;
    private final List<QuicListener> parts = new CopyOnWriteArrayList<>();
    private volatile QuicListenerOptions options;
    private volatile QuicProtocol protocol;

    /**
     * Makes it ready to listen.
     *
     * @param gate who may connect, and how fast they may send; it may be that of another listener, too
     */
    public QuicServerTransport(Vertx vertx, QuicListenerOptions options, QuicProtocol protocol, Gate gate) {
        this.vertx = vertx;
        this.gate = gate;
        this.options = options;
        this.protocol = protocol;
        this.loops = new EventLoops<>(vertx);
    }

    @Override
    public String address() {
        return options.address().toString();
    }

    /** The port of UDP that was configured. */
    public int port() {
        return options.address().port();
    }

    @Override
    public boolean canAdopt(ServerTransport next) {
        return next instanceof QuicServerTransport other
                && other.options.address().equals(options.address());
    }

    @Override
    public Future<List<String>> adopt(ServerTransport next) {
        QuicServerTransport other = (QuicServerTransport) next;
        QuicListenerOptions then = options.then(other.options);
        options = then;
        gate.change(then.limits());
        QuicProtocol before = protocol;
        protocol = other.protocol;
        before.replacedBy(protocol);
        return Future.join(parts.stream()
                        .map(part -> part.adopt(then, other.protocol))
                        .toList())
                .transform(adopted -> Future.succeededFuture(
                        adopted.succeeded()
                                ? List.of()
                                : List.of("tls: cannot be changed: "
                                        + adopted.cause().getMessage())));
    }

    @Override
    public Future<Listener> listen(Traffic traffic) {
        QuicListener listener = new QuicListener(vertx, options, protocol, token, gate, traffic, connections);
        parts.add(listener);
        return loops.join(
                        () -> options.address().bind(vertx, hosts -> bind(listener, hosts, traffic), listener::close),
                        addresses -> openAll(listener, addresses, traffic))
                .<Listener>map(listener)
                .recover(failure -> listener.drain(Duration.ZERO).transform(closed -> Future.failedFuture(failure)));
    }

    /**
     * Binds the addresses that nobody has. Sockets that share a port (SO_REUSEPORT) would share it with those of another
     * process of the same user too, where an error is wanted: only a socket that shares nothing tells.
     */
    private Future<List<InetSocketAddress>> bind(QuicListener listener, List<InetAddress> hosts, Traffic traffic) {
        List<DatagramChannel> probes = new CopyOnWriteArrayList<>();
        return options.address()
                .openEach(
                        hosts,
                        options.address().port(),
                        (host, port) -> vertx.executeBlocking(() -> probe(host, port, probes), false),
                        InetSocketAddress::getPort)
                .eventually(() -> vertx.executeBlocking(() -> closeAll(probes), false))
                .compose(free -> openAll(listener, free, traffic));
    }

    /** Binds a socket, which is kept until all are bound. */
    private static InetSocketAddress probe(InetAddress host, int port, List<DatagramChannel> probes)
            throws IOException {
        DatagramChannel probe = DatagramChannel.open(
                host instanceof Inet6Address ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
        probes.add(probe);
        probe.bind(new InetSocketAddress(host, port));
        return new InetSocketAddress(host, probe.socket().getLocalPort());
    }

    private static @Nullable Void closeAll(List<DatagramChannel> probes) throws IOException {
        for (DatagramChannel probe : probes) {
            probe.close();
        }
        return null;
    }

    /** Opens them one after the other, so that the listener tells them in this order. */
    private Future<List<InetSocketAddress>> openAll(
            QuicListener listener, List<InetSocketAddress> addresses, Traffic traffic) {
        Future<?> opened = Future.succeededFuture();
        for (InetSocketAddress address : addresses) {
            opened = opened.compose(before -> listener.open(
                            address,
                            ports.computeIfAbsent(address, shared -> new SocketServer.Port(gate.admission(), traffic)))
                    .recover(failure -> Future.failedFuture(
                            BindAddress.failure(Addresses.format(address), Addresses.reason(failure), failure))));
        }
        return opened.map(addresses);
    }
}
