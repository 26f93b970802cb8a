package dev.vecho.transport.udp;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Services;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.net.Addresses;
import dev.vecho.net.listen.BindAddress;
import dev.vecho.net.listen.EventLoops;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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

    private final Vertx vertx;
    private volatile UdpListenerOptions options;
    private final LongSupplier nanoTime;
    private final UdpDrops drops = new UdpDrops();
    private final Set<UdpListener> parts = ConcurrentHashMap.newKeySet();

    /** Those of the attempt to open that was the last; written before other event loops join the first. */
    private volatile @Nullable UdpRules rules;

    private final EventLoops<Part> loops;

    /** What one event loop has opened. */
    private record Part(UdpListener listener, Bound bound) {}

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
        this.loops = new EventLoops<>(vertx);
    }

    @Override
    public String address() {
        return options.address().toString();
    }

    /** What got no answer so far. */
    UdpDrops drops() {
        return drops;
    }

    @Override
    public Future<Listener> listen(Traffic traffic) {
        drops.countIn(traffic);
        return loops.join(
                        () -> options.address()
                                .bind(vertx, addresses -> first(addresses, traffic), Future::succeededFuture),
                        first -> join(first.bound(), traffic))
                .map(Part::listener);
    }

    @Override
    public boolean canAdopt(ServerTransport next) {
        return next instanceof UdpServerTransport other
                && other.options.scheme().equals(options.scheme())
                && other.options.address().equals(options.address());
    }

    @Override
    public Future<List<String>> adopt(ServerTransport next) {
        UdpListenerOptions now = options;
        UdpListenerOptions other = ((UdpServerTransport) next).options;
        DatagramService before = now.service();
        DatagramService after = other.service();
        if (before != null && after != null) {
            after.replaces(before);
        }
        options = other;
        Services.replace(ServiceAnswers.service(before), ServiceAnswers.service(after));
        UdpRules open = rules;
        if (open != null) {
            open.change(other);
        }
        Future<?> changed =
                Future.join(parts.stream().map(part -> part.change(other)).toList());
        List<String> late = new ArrayList<>();
        if (other.receiveBufferBytes() == 0 && now.receiveBufferBytes() != 0) {
            late.add("receiveBufferBytes: that of the system is taken when the service starts again");
        }
        if (other.sendBufferBytes() == 0 && now.sendBufferBytes() != 0) {
            late.add("sendBufferBytes: that of the system is taken when the service starts again");
        }
        return changed.transform(done -> Future.succeededFuture(late));
    }

    private UdpListener newListener(UdpRules rules, Traffic traffic) {
        UdpListener part = new UdpListener(vertx, options, rules, drops, traffic, this::partClosed);
        parts.add(part);
        return part;
    }

    private synchronized void partClosed(UdpListener part) {
        if (parts.remove(part) && parts.isEmpty() && !drops.toString().isEmpty()) {
            LOG.info("{} {}: no answer to datagrams: {}", options.scheme(), address(), drops);
        }
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

    private Hosts hosts(List<InetAddress> addresses, LocalNetworks now) {
        if (BindAddress.isAnyOfIpv6(addresses.get(0))
                && now.addresses().stream().noneMatch(Inet6Address.class::isInstance)) {
            options.address().warnOfNoIpv6("this machine has no address of IPv6");
            return new Hosts(List.of(BindAddress.anyOfIpv4()), now);
        }
        return new Hosts(addresses, now);
    }

    /** Opens the first event loop's sockets. */
    private Future<Part> first(List<InetAddress> addresses, Traffic traffic) {
        return vertx.executeBlocking(() -> hosts(addresses, LocalNetworks.now()), false)
                .recover(failure -> Future.failedFuture(bindFailure(Addresses.reason(failure), failure)))
                .compose(hosts -> {
                    for (InetAddress host : hosts.addresses()) {
                        if (!host.isAnyLocalAddress() && !hosts.networks().oneHost(host)) {
                            return Future.failedFuture(BindAddress.failure(
                                    Addresses.format(
                                            Addresses.text(host),
                                            options.address().port()),
                                    "a broadcast or multicast address is no place to answer from",
                                    null));
                        }
                    }
                    return open(hosts, traffic);
                });
    }

    /** Opens all addresses; closes those that are open where one fails. */
    private Future<Part> open(Hosts hosts, Traffic traffic) {
        UdpRules rules = new UdpRules(options, hosts.networks(), nanoTime);
        this.rules = rules;
        UdpListener listener = newListener(rules, traffic);
        boolean catchAll = hosts.wildcard() && UdpListener.hasCatchAll();
        Future<Integer> port = catchAll
                ? listener.openCatchAll(any(hosts))
                        .recover(failure -> Future.failedFuture(bindFailure(Addresses.reason(failure), failure)))
                : Future.succeededFuture(options.address().port());
        return port.compose(free -> options.address()
                        .openEach(
                                hosts.expanded(),
                                free,
                                // A catch-all has made sure already that nobody has the port on any address of IPv4.
                                (host, current) -> listener.open(
                                                new InetSocketAddress(host, current),
                                                !(catchAll && host instanceof Inet4Address))
                                        .map(UdpSocket::localAddress),
                                InetSocketAddress::getPort))
                .compose(open -> {
                    if (open.isEmpty()) {
                        return Future.failedFuture(bindFailure("this machine has no such address", null));
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
                    return Future.succeededFuture(new Part(listener, all));
                })
                .recover(failure -> listener.drain(Duration.ZERO).transform(closed -> Future.failedFuture(failure)));
    }

    private InetSocketAddress any(Hosts hosts) {
        InetAddress any = hosts.addresses().get(0) instanceof Inet4Address ipv4 ? ipv4 : BindAddress.anyOfIpv4();
        return new InetSocketAddress(any, options.address().port());
    }

    private Bound bound(Hosts hosts, UdpRules rules, List<InetSocketAddress> open, boolean sharing, boolean catchAll) {
        if (!hosts.wildcard()) {
            return new Bound(
                    rules, open, sharing, open.stream().map(this::target).toList(), List.of());
        }
        String answering = String.join(
                ", ",
                open.stream().map(each -> Addresses.text(each.getAddress())).toList());
        String later = catchAll ? "" : ", and from others that this machine gets later, some seconds after it has them";
        int port = open.get(0).getPort();
        return new Bound(
                rules,
                open,
                sharing,
                List.of(options.scheme() + "://"
                        + Addresses.format(Addresses.text(hosts.addresses().get(0)), port)),
                List.of("answers from " + answering + later));
    }

    private String target(InetSocketAddress address) {
        return options.scheme() + "://" + Addresses.format(address);
    }

    /** Opens this event loop's sockets beside those of the first. */
    private Future<Part> join(Bound open, Traffic traffic) {
        UdpListener listener = newListener(open.rules(), traffic);
        List<InetSocketAddress> sockets = open.sharing() ? open.sockets() : List.of();
        return Future.all(sockets.stream()
                        .map(address -> listener.open(address, false))
                        .toList())
                .map(joined -> {
                    listener.opened(open.addresses(), open.notes());
                    return new Part(listener, open);
                })
                .recover(failure -> listener.drain(Duration.ZERO)
                        .transform(closed -> Future.failedFuture(bindFailure(Addresses.reason(failure), failure))));
    }

    private TransportException bindFailure(String reason, @Nullable Throwable cause) {
        return BindAddress.failure(address(), reason, cause);
    }
}
