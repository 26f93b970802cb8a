package dev.vecho.transport.udp;

import dev.vecho.core.Addresses;
import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.netty.util.NetUtil;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens on every address of one UDP listener. Each event loop opens sockets of its own; the operating system deals the
 * datagrams out to those of one address (SO_REUSEPORT), those of one peer always to the same. Where it cannot, the first
 * event loop has the only ones.
 */
final class UdpServerTransport implements ServerTransport {

    private static final Logger LOG = LoggerFactory.getLogger(UdpServerTransport.class);

    private static final String IN_USE = "address already in use";

    /** What the operating system says of an address that this machine does not have. */
    private static final Set<String> NOT_HERE =
            Set.of("cannot assign requested address", "address family not supported", "protocol family unavailable");

    /** How often to look for a port that is free on all addresses. */
    private static final int PORT_ATTEMPTS = 20;

    private final Vertx vertx;
    private final UdpListenerOptions options;
    private final LongSupplier nanoTime;
    private final UdpDrops drops = new UdpDrops();
    private final AtomicInteger parts = new AtomicInteger();

    /** What the first event loop opened, for the others to share. Guarded by this. */
    private @Nullable Future<Bound> bound;

    /**
     * What is open.
     *
     * @param sockets one for each address, with its real port
     * @param sharing whether other event loops can have the same addresses
     * @param addresses for users
     */
    private record Bound(
            UdpRules rules,
            List<InetSocketAddress> sockets,
            boolean sharing,
            List<String> addresses,
            List<String> notes) {}

    UdpServerTransport(Vertx vertx, UdpListenerOptions options) {
        this(vertx, options, System::nanoTime);
    }

    UdpServerTransport(Vertx vertx, UdpListenerOptions options, LongSupplier nanoTime) {
        this.vertx = vertx;
        this.options = options;
        this.nanoTime = nanoTime;
    }

    @Override
    public String address() {
        return Addresses.format(options.host(), options.port());
    }

    /** What got no answer so far. */
    UdpDrops drops() {
        return drops;
    }

    @Override
    public Future<Listener> listen(Traffic traffic) {
        synchronized (this) {
            if (bound == null) {
                Promise<Bound> first = Promise.promise();
                bound = first.future();
                return resolve()
                        .compose(hosts -> first(hosts, traffic, first, PORT_ATTEMPTS))
                        .onFailure(first::tryFail);
            }
            return onThisContext(bound).compose(open -> join(open, traffic));
        }
    }

    /** A future of another event loop completes there; what follows must run on the caller's. */
    private <T> Future<T> onThisContext(Future<T> future) {
        Context context = vertx.getOrCreateContext();
        Promise<T> promise = Promise.promise();
        future.onComplete(result -> context.runOnContext(ignored -> promise.handle(result)));
        return promise.future();
    }

    private UdpListener newListener(UdpRules rules, Traffic traffic) {
        parts.incrementAndGet();
        return new UdpListener(vertx, options, rules, drops, traffic, this::partClosed);
    }

    private void partClosed() {
        if (parts.decrementAndGet() == 0 && !drops.toString().isEmpty()) {
            LOG.info("udp {}: no answer to datagrams: {}", address(), drops);
        }
    }

    private Future<Hosts> resolve() {
        return vertx.executeBlocking(() -> new Hosts(addresses(options.host()), LocalNetworks.now()), false)
                .recover(failure -> Future.failedFuture(
                        bindFailure(address(), "the name does not resolve: " + options.host(), failure)))
                .compose(hosts -> {
                    for (InetAddress host : hosts.addresses()) {
                        if (!host.isAnyLocalAddress() && !hosts.networks().oneHost(host)) {
                            return Future.failedFuture(bindFailure(
                                    Addresses.format(NetUtil.toAddressString(host), options.port()),
                                    "a broadcast or multicast address is no place to answer from",
                                    null));
                        }
                    }
                    return Future.succeededFuture(hosts);
                });
    }

    /** All addresses of a host; those of localhost are the loopback addresses of both families, RFC 6761, section 6.3. */
    private static List<InetAddress> addresses(String host) throws UnknownHostException {
        return host.equalsIgnoreCase("localhost")
                ? List.of(InetAddress.getByName("127.0.0.1"), InetAddress.getByName("::1"))
                : List.of(InetAddress.getAllByName(host));
    }

    /** The addresses of the configured host, and those of this machine. */
    private record Hosts(List<InetAddress> addresses, LocalNetworks networks) {

        boolean wildcard() {
            return addresses.get(0).isAnyLocalAddress();
        }

        /** What to listen on: of a wildcard, all that it stands for; that of IPv6 stands for both families. */
        List<InetAddress> expanded() {
            return wildcard() ? ofWildcard(networks) : addresses;
        }

        List<InetAddress> ofWildcard(LocalNetworks now) {
            boolean both = !(addresses.get(0) instanceof Inet4Address);
            return now.addresses().stream()
                    .filter(address -> both || address instanceof Inet4Address)
                    .toList();
        }
    }

    /** Opens all addresses; where any port will do, looks for one that is free on all of them. */
    private Future<Listener> first(Hosts hosts, Traffic traffic, Promise<Bound> promise, int attempts) {
        UdpRules rules = new UdpRules(options, hosts.networks(), nanoTime);
        UdpListener listener = newListener(rules, traffic);
        List<InetSocketAddress> open = new ArrayList<>();
        boolean catchAll = hosts.wildcard() && UdpListener.hasCatchAll();
        Future<Integer> port = catchAll ? listener.openCatchAll(any(hosts)) : Future.succeededFuture(options.port());
        return port.recover(failure -> Future.failedFuture(bindFailure(address(), Addresses.reason(failure), failure)))
                .compose(free -> openFrom(listener, hosts, 0, free, catchAll, open))
                .compose(done -> {
                    if (open.isEmpty()) {
                        return Future.failedFuture(bindFailure(address(), "this machine has no such address", null));
                    }
                    Bound all = bound(hosts, rules, open, listener.sharing(), catchAll);
                    listener.opened(all.addresses(), all.notes());
                    if (hosts.wildcard()) {
                        listener.follow(() -> vertx.executeBlocking(LocalNetworks::now, false)
                                .map(now -> {
                                    rules.networks(now);
                                    return hosts.ofWildcard(now);
                                }));
                    }
                    promise.complete(all);
                    return Future.<Listener>succeededFuture(listener);
                })
                .recover(failure -> listener.drain(Duration.ZERO).transform(closed -> {
                    boolean again = options.port() == 0
                            && attempts > 1
                            && Addresses.reason(failure).equals(IN_USE);
                    return again ? first(hosts, traffic, promise, attempts - 1) : Future.failedFuture(failure);
                }));
    }

    private InetSocketAddress any(Hosts hosts) {
        return hosts.addresses().get(0) instanceof Inet4Address any
                ? new InetSocketAddress(any, options.port())
                : new InetSocketAddress(NetUtil.createInetAddressFromIpAddressString("0.0.0.0"), options.port());
    }

    private Future<Void> openFrom(
            UdpListener listener, Hosts hosts, int index, int port, boolean catchAll, List<InetSocketAddress> open) {
        List<InetAddress> addresses = hosts.expanded();
        if (index == addresses.size()) {
            return Future.succeededFuture();
        }
        InetAddress host = addresses.get(index);
        // A catch-all has made sure already that nobody has the port on any address of IPv4.
        boolean first = !(catchAll && host instanceof Inet4Address);
        return listener.open(new InetSocketAddress(host, port), first).transform(result -> {
            if (result.succeeded()) {
                InetSocketAddress local = result.result().localAddress();
                open.add(local);
                return openFrom(listener, hosts, index + 1, local.getPort(), catchAll, open);
            }
            String where = Addresses.format(NetUtil.toAddressString(host), port);
            String reason = Addresses.reason(result.cause());
            boolean others = index + 1 < addresses.size() || !open.isEmpty() || catchAll;
            if (others && NOT_HERE.contains(reason)) {
                // A name such as localhost often has an IPv6 address on a machine without IPv6.
                LOG.warn("{}: not listening on {}: {}", address(), where, reason);
                return openFrom(listener, hosts, index + 1, port, catchAll, open);
            }
            return Future.failedFuture(bindFailure(where, reason, result.cause()));
        });
    }

    private static Bound bound(
            Hosts hosts, UdpRules rules, List<InetSocketAddress> open, boolean sharing, boolean catchAll) {
        if (!hosts.wildcard()) {
            return new Bound(
                    rules,
                    open,
                    sharing,
                    open.stream().map(UdpServerTransport::target).toList(),
                    List.of());
        }
        String answering = String.join(
                ", ",
                open.stream()
                        .map(each -> NetUtil.toAddressString(each.getAddress()))
                        .toList());
        String later = catchAll ? "" : ", and from others that this machine gets later, some seconds after it has them";
        int port = open.get(0).getPort();
        return new Bound(
                rules,
                open,
                sharing,
                List.of("udp://"
                        + Addresses.format(
                                NetUtil.toAddressString(hosts.addresses().get(0)), port)),
                List.of("answers from " + answering + later));
    }

    private static String target(InetSocketAddress address) {
        return "udp://" + Addresses.format(address);
    }

    /** Opens this event loop's sockets beside those of the first. */
    private Future<Listener> join(Bound open, Traffic traffic) {
        UdpListener listener = newListener(open.rules(), traffic);
        List<InetSocketAddress> sockets = open.sharing() ? open.sockets() : List.of();
        return Future.all(sockets.stream()
                        .map(address -> listener.open(address, false))
                        .toList())
                .<Listener>map(joined -> {
                    listener.opened(open.addresses(), open.notes());
                    return listener;
                })
                .recover(failure -> listener.drain(Duration.ZERO)
                        .transform(closed ->
                                Future.failedFuture(bindFailure(address(), Addresses.reason(failure), failure))));
    }

    private static TransportException bindFailure(String address, String reason, @Nullable Throwable cause) {
        return new TransportException(Fault.BIND, "cannot bind " + address + ": " + reason, cause);
    }
}
