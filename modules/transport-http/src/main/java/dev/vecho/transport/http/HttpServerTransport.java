package dev.vecho.transport.http;

import dev.vecho.core.Addresses;
import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.transport.quic.QuicServerTransport;
import io.netty.util.NetUtil;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens on every address of one HTTP listener. Each event loop opens a {@link io.vertx.core.net.NetServer} of its own for each
 * address; Vert.x lets those of one address share one socket and deals the connections out to them in turn.
 */
final class HttpServerTransport implements ServerTransport {

    private static final Logger LOG = LoggerFactory.getLogger(HttpServerTransport.class);

    private static final String IN_USE = "address already in use";

    /** What the operating system says of an address that this machine does not have. */
    private static final Set<String> NOT_HERE =
            Set.of("cannot assign requested address", "address family not supported", "protocol family unavailable");

    /** How often to look for a port that is free on all addresses of a name. */
    private static final int PORT_ATTEMPTS = 20;

    /** Net servers that share "any free port" know each other by an id, here a negative port, far from those of others. */
    private static final AtomicInteger SHARED_FREE_PORT = new AtomicInteger(-1_000_000);

    private final Vertx vertx;
    private final HttpListenerOptions options;
    private final String scheme;

    /** What the first event loop bound, for the others to share. Guarded by this. */
    private @Nullable Future<List<SocketAddress>> bound;

    /** HTTP/3 on the port that was bound, where it is on. Written before {@link #bound} completes. */
    private volatile @Nullable QuicServerTransport http3;

    /**
     * Makes it ready.
     *
     * @param scheme of the addresses that it tells, without TLS: {@code http} or {@code ws}
     */
    HttpServerTransport(Vertx vertx, HttpListenerOptions options, String scheme) {
        this.vertx = vertx;
        this.options = options;
        this.scheme = options.tls() == null ? scheme : scheme + "s";
    }

    @Override
    public String address() {
        return Addresses.format(options.host(), options.port());
    }

    @Override
    public Future<Listener> listen(Traffic traffic) {
        HttpListener listener = new HttpListener(vertx, options, scheme, traffic);
        Future<?> open;
        synchronized (this) {
            if (bound == null) {
                bound = resolve().compose(hosts -> bindAll(listener, hosts, traffic, PORT_ATTEMPTS));
                open = bound;
            } else {
                open = onThisContext(bound)
                        .compose(addresses ->
                                share(listener, addresses).compose(shared -> openHttp3(listener, traffic)));
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
    private Future<List<SocketAddress>> bindAll(
            HttpListener listener, List<InetAddress> hosts, Traffic traffic, int attempts) {
        int port = options.port() == 0 ? SHARED_FREE_PORT.decrementAndGet() : options.port();
        return bindFrom(listener, hosts, 0, port, new ArrayList<>())
                .compose(addresses -> {
                    http3 = options.http3()
                            ? new QuicServerTransport(vertx, options.quic(listener.port()), new Http3(options))
                            : null;
                    return openHttp3(listener, traffic).map(addresses);
                })
                .recover(failure -> {
                    boolean again = options.port() == 0
                            && (hosts.size() > 1 || options.http3())
                            && attempts > 1
                            && Addresses.reason(failure).equals(IN_USE);
                    return again
                            ? listener.drain(Duration.ZERO)
                                    .compose(closed -> bindAll(listener, hosts, traffic, attempts - 1))
                            : Future.failedFuture(failure);
                });
    }

    private Future<List<SocketAddress>> bindFrom(
            HttpListener listener, List<InetAddress> hosts, int index, int port, List<SocketAddress> addresses) {
        if (index == hosts.size()) {
            return Future.succeededFuture(addresses);
        }
        String host = NetUtil.toAddressString(hosts.get(index));
        SocketAddress address =
                port < 0 ? SocketAddress.sharedRandomPort(-port, host) : SocketAddress.inetSocketAddress(port, host);
        return listener.claim(address)
                .compose(claimed -> listener.open(address))
                .transform(result -> {
                    if (result.succeeded()) {
                        addresses.add(address);
                        return bindFrom(
                                listener, hosts, index + 1, result.result().actualPort(), addresses);
                    }
                    String reason = Addresses.reason(result.cause());
                    boolean others = index + 1 < hosts.size() || !addresses.isEmpty();
                    if (others && NOT_HERE.contains(reason)) {
                        // A name such as localhost often has an IPv6 address on a machine without IPv6.
                        LOG.warn(
                                "{}: not listening on {}: {}",
                                address(),
                                Addresses.format(host, options.port()),
                                reason);
                        return bindFrom(listener, hosts, index + 1, port, addresses);
                    }
                    return Future.failedFuture(
                            bindFailure(Addresses.format(host, options.port()), reason, result.cause()));
                });
    }

    /** Opens this event loop's share of HTTP/3, where it is on. */
    private Future<?> openHttp3(HttpListener listener, Traffic traffic) {
        QuicServerTransport quic = http3;
        return quic == null
                ? Future.succeededFuture()
                : quic.listen(traffic)
                        .recover(failure -> Future.failedFuture(new TransportException(
                                Fault.BIND, failure.getMessage() + " (UDP, for HTTP/3)", failure)))
                        .onSuccess(listener::add);
    }

    private static Future<?> share(HttpListener listener, List<SocketAddress> addresses) {
        return Future.all(addresses.stream().map(listener::open).toList());
    }

    private static TransportException bindFailure(String address, String reason, Throwable cause) {
        return new TransportException(Fault.BIND, "cannot bind " + address + ": " + reason, cause);
    }
}
