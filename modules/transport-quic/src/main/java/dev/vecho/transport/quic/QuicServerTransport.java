package dev.vecho.transport.quic;

import dev.vecho.core.Addresses;
import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens on every address of one QUIC listener. Each event loop opens a socket of its own for each address; the operating
 * system deals the packets out to them (SO_REUSEPORT), and Vert.x hands those that came to the wrong one over.
 */
public final class QuicServerTransport implements ServerTransport {

    private static final Logger LOG = LoggerFactory.getLogger(QuicServerTransport.class);

    private static final String IN_USE = "address already in use";

    /** What the operating system says of an address that this machine does not have. */
    private static final Set<String> NOT_HERE =
            Set.of("cannot assign requested address", "address family not supported", "protocol family unavailable");

    /** How often to look for a port that is free on all addresses of a name. */
    private static final int PORT_ATTEMPTS = 20;

    private final Vertx vertx;
    private final QuicListenerOptions options;
    private final QuicProtocol protocol;
    private final AddressToken token = new AddressToken();

    /** The connections of all event loops. */
    private final AtomicInteger connections = new AtomicInteger();

    /** What the first event loop bound, for the others to share. Guarded by this. */
    private @Nullable Future<List<InetSocketAddress>> bound;

    /** Makes it ready to listen. */
    public QuicServerTransport(Vertx vertx, QuicListenerOptions options, QuicProtocol protocol) {
        this.vertx = vertx;
        this.options = options;
        this.protocol = protocol;
    }

    @Override
    public String address() {
        return Addresses.format(options.host(), options.port());
    }

    @Override
    public Future<Listener> listen(Traffic traffic) {
        QuicListener listener = new QuicListener(vertx, options, protocol, token, traffic, connections);
        Future<?> open;
        synchronized (this) {
            if (bound == null) {
                bound = resolve().compose(hosts -> bindAll(listener, hosts, PORT_ATTEMPTS));
                open = bound;
            } else {
                open = onThisContext(bound).compose(addresses -> openAll(listener, addresses));
            }
        }
        return open.<Listener>map(listener)
                .recover(failure -> listener.drain(Duration.ZERO).transform(closed -> Future.failedFuture(failure)));
    }

    /** A future of another event loop completes there; what follows must run on the caller's. */
    private <T> Future<T> onThisContext(Future<T> future) {
        Context context = vertx.getOrCreateContext();
        Promise<T> promise = Promise.promise();
        future.onComplete(result -> context.runOnContext(ignored -> promise.handle(result)));
        return promise.future();
    }

    private Future<List<InetAddress>> resolve() {
        return vertx.executeBlocking(() -> addresses(options.host()), false)
                .recover(failure -> Future.failedFuture(
                        bindFailure(address(), "the name does not resolve: " + options.host(), failure)));
    }

    /** All addresses of a host; those of localhost are the loopback addresses of both families, RFC 6761, section 6.3. */
    private static List<InetAddress> addresses(String host) throws UnknownHostException {
        return host.equalsIgnoreCase("localhost")
                ? List.of(InetAddress.getByName("127.0.0.1"), InetAddress.getByName("::1"))
                : List.of(InetAddress.getAllByName(host));
    }

    /** Binds all addresses; where any port will do, looks for one that is free on all of them. */
    private Future<List<InetSocketAddress>> bindAll(QuicListener listener, List<InetAddress> hosts, int attempts) {
        return vertx.executeBlocking(() -> findFree(hosts), false)
                .compose(addresses -> openAll(listener, addresses).map(addresses))
                .recover(failure -> {
                    boolean again = options.port() == 0
                            && attempts > 1
                            && Addresses.reason(failure).equals(IN_USE);
                    return again
                            ? listener.close().compose(closed -> bindAll(listener, hosts, attempts - 1))
                            : Future.failedFuture(failure);
                });
    }

    /**
     * Finds the addresses that nobody has. Sockets that share a port (SO_REUSEPORT) would share it with those of another
     * process of the same user too, where an error is wanted: only a socket that shares nothing tells.
     */
    private List<InetSocketAddress> findFree(List<InetAddress> hosts) throws TransportException {
        List<DatagramChannel> probes = new ArrayList<>();
        List<InetSocketAddress> addresses = new ArrayList<>();
        try {
            int port = options.port();
            for (InetAddress host : hosts) {
                InetSocketAddress address = new InetSocketAddress(host, port);
                try {
                    DatagramChannel probe = DatagramChannel.open(
                            host instanceof Inet6Address ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
                    probes.add(probe);
                    probe.bind(address);
                    port = ((InetSocketAddress) probe.getLocalAddress()).getPort();
                    addresses.add(new InetSocketAddress(host, port));
                } catch (IOException | UnsupportedOperationException e) {
                    String reason = Addresses.reason(e);
                    boolean other = e instanceof UnsupportedOperationException || NOT_HERE.contains(reason);
                    if (hosts.size() == 1 || !other) {
                        throw bindFailure(Addresses.format(new InetSocketAddress(host, options.port())), reason, e);
                    }
                    // A name such as localhost often has an IPv6 address on a machine without IPv6.
                    LOG.warn("{}: not listening on {}: {}", address(), Addresses.format(address), reason);
                }
            }
        } finally {
            probes.forEach(QuicServerTransport::close);
        }
        if (addresses.isEmpty()) {
            throw bindFailure(address(), "this machine has none of its addresses", null);
        }
        return addresses;
    }

    private static void close(DatagramChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("closing a probe: {}", e.toString());
        }
    }

    private static Future<?> openAll(QuicListener listener, List<InetSocketAddress> addresses) {
        return Future.all(addresses.stream()
                .map(address -> listener.open(address)
                        .recover(failure -> Future.failedFuture(
                                bindFailure(Addresses.format(address), Addresses.reason(failure), failure))))
                .toList());
    }

    private static TransportException bindFailure(String address, String reason, @Nullable Throwable cause) {
        return new TransportException(Fault.BIND, "cannot bind " + address + ": " + reason, cause);
    }
}
