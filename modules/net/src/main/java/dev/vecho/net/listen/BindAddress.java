package dev.vecho.net.listen;

import dev.vecho.core.TransportException;
import dev.vecho.core.config.Bounds;
import dev.vecho.core.config.Hosts;
import dev.vecho.core.config.Options;
import dev.vecho.net.Addresses;
import io.netty.util.NetUtil;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where one listener listens: on every address of a host, with the same port on all of them.
 *
 * @param host a name or a literal address, without brackets
 * @param port 0 for any that is free on all addresses
 */
public record BindAddress(String host, int port) {

    private static final Logger LOG = LoggerFactory.getLogger(BindAddress.class);

    private static final String IN_USE = "address already in use";

    /** What the operating system says of an address that this machine does not have. */
    private static final Set<String> NOT_HERE = Set.of(
            "cannot assign requested address",
            "address family not supported",
            "protocol family unavailable",
            "IPv6 not available");

    /** How often to look for a port that is free on all addresses. */
    private static final int PORT_ATTEMPTS = 20;

    /** Opens a socket on one address of the host. */
    @FunctionalInterface
    public interface Opening<T> {

        /**
         * Opens it.
         *
         * @param port 0 for any free one
         * @return fails with what the operating system said
         */
        Future<T> open(InetAddress address, int port);
    }

    /** Reads a listener's keys {@code host}, by default localhost, and {@code port}. */
    public static BindAddress read(Options options, int defaultPort) {
        String host = options.text("host", "localhost");
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        return new BindAddress(
                Hosts.check(options, "host", host), options.integer("port", defaultPort, 0, Bounds.MAX_PORT));
    }

    /**
     * Opens a listener; where any port will do, again with another one as long as some socket finds its port in use.
     *
     * @param open opens everything, given all addresses of the host
     * @param close closes what a failed attempt has left open, before the next one; never fails
     * @return fails with a {@link TransportException} if the name does not resolve, else as the last attempt did
     */
    public <T> Future<T> bind(Vertx vertx, Function<List<InetAddress>, Future<T>> open, Supplier<Future<Void>> close) {
        return vertx.executeBlocking(this::addresses, false)
                .recover(failure -> Future.failedFuture(failure(
                        toString(),
                        failure instanceof UnknownHostException
                                ? "the name does not resolve: " + host
                                : Addresses.reason(failure),
                        failure)))
                .compose(addresses -> attempt(addresses, open, close, PORT_ATTEMPTS));
    }

    /** All addresses of the host; those of localhost are the loopback addresses of both families, RFC 6761, section 6.3. */
    private List<InetAddress> addresses() throws UnknownHostException, SocketException {
        return Hosts.isLocalhost(host)
                ? List.of(InetAddress.getByName("127.0.0.1"), InetAddress.getByName("::1"))
                : List.of(Hosts.resolve(host));
    }

    private <T> Future<T> attempt(
            List<InetAddress> addresses,
            Function<List<InetAddress>, Future<T>> open,
            Supplier<Future<Void>> close,
            int attempts) {
        return open.apply(addresses).recover(failure -> {
            boolean again =
                    port == 0 && attempts > 1 && Addresses.reason(failure).equals(IN_USE);
            return again
                    ? close.get().compose(closed -> attempt(addresses, open, close, attempts - 1))
                    : Future.failedFuture(failure);
        });
    }

    /**
     * Opens one socket after the other. An address that this machine does not have is left out with a warning, unless it is
     * the last one and none was opened; where it has no IPv6, {@code 0.0.0.0} takes the place of {@code ::}.
     *
     * @param first the port of the first socket; the others get the one that it has then
     * @param portOf the port that a socket has
     * @return those that were opened; fails with a {@link TransportException}, and then leaves them open
     */
    public <T> Future<List<T>> openEach(
            List<InetAddress> addresses, int first, Opening<T> opening, ToIntFunction<T> portOf) {
        return openFrom(addresses, 0, first, opening, portOf, new ArrayList<>());
    }

    private <T> Future<List<T>> openFrom(
            List<InetAddress> addresses,
            int index,
            int current,
            Opening<T> opening,
            ToIntFunction<T> portOf,
            List<T> opened) {
        if (index == addresses.size()) {
            return Future.succeededFuture(opened);
        }
        InetAddress address = addresses.get(index);
        return opening.open(address, current).transform(result -> {
            if (result.succeeded()) {
                opened.add(result.result());
                return openFrom(addresses, index + 1, portOf.applyAsInt(result.result()), opening, portOf, opened);
            }
            String where = Addresses.format(Addresses.text(address), port);
            String reason = Addresses.reason(result.cause());
            boolean notHere = NOT_HERE.contains(reason);
            if (notHere && isAnyOfIpv6(address)) {
                warnOfNoIpv6(reason);
                return openFrom(List.of(anyOfIpv4()), 0, current, opening, portOf, opened);
            }
            boolean others = index + 1 < addresses.size() || !opened.isEmpty();
            if (notHere && others) {
                // A name such as localhost often has an IPv6 address on a machine without IPv6.
                LOG.warn("{}: not listening on {}: {}", this, where, reason);
                return openFrom(addresses, index + 1, current, opening, portOf, opened);
            }
            return Future.failedFuture(failure(where, reason, result.cause()));
        });
    }

    /** Whether an address stands for all that this machine has, of both families. */
    public static boolean isAnyOfIpv6(InetAddress address) {
        return address instanceof Inet6Address && address.isAnyLocalAddress();
    }

    /** What is left of all addresses of both families where IPv6 is switched off. */
    public static InetAddress anyOfIpv4() {
        return NetUtil.createInetAddressFromIpAddressString("0.0.0.0");
    }

    /** Says that of all addresses only those of IPv4 are listened on. */
    public void warnOfNoIpv6(String reason) {
        LOG.warn("{}: not listening on IPv6, only on 0.0.0.0: {}", this, reason);
    }

    /** Says why an address, maybe one of several or a file, cannot be listened on. */
    public static TransportException failure(String address, String reason, @Nullable Throwable cause) {
        return new TransportException(TransportException.Fault.BIND, "cannot bind " + address + ": " + reason, cause);
    }

    /** As it was configured, such as {@code localhost:7007}. */
    @Override
    public String toString() {
        return Addresses.format(host, port);
    }
}
