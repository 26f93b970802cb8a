package dev.vecho.core;

import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Addresses as people write them: {@code 127.0.0.1:7007}, {@code [::1]:7007}. */
public final class Addresses {

    private Addresses() {}

    /** A host, which is a name or a literal address, and a port. */
    public static String format(String host, int port) {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    /** A socket's address; the literal one, even if a name is known. */
    public static String format(@Nullable SocketAddress address) {
        if (address instanceof InetSocketAddress inet && inet.getAddress() != null) {
            return format(NetUtil.toAddressString(inet.getAddress()), inet.getPort());
        }
        return String.valueOf(address);
    }

    /** The families of a host's addresses: both for a name, whatever it resolves to; one for a literal address. */
    public static Set<String> families(@Nullable String host) {
        if (host != null && NetUtil.isValidIpV4Address(host)) {
            return Set.of("ipv4");
        }
        return host != null && host.indexOf(':') >= 0 ? Set.of("ipv6") : Set.of("ipv4", "ipv6");
    }

    /** What the operating system said of an address, in words: {@code address already in use}. */
    public static String reason(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = String.valueOf(root.getMessage()).toLowerCase(Locale.ROOT);
        for (String known : new String[] {
            "address already in use",
            "permission denied",
            "cannot assign requested address",
            "address family not supported",
            "protocol family unavailable",
            "too many open files",
            "connection refused",
            "network is unreachable",
            "no route to host",
            "host is down",
            "machine is not on the network",
            "protocol not available",
            "protocol error",
            "operation not supported",
            "connection reset",
            "broken pipe",
            "connection timed out"
        }) {
            if (message.contains(known)) {
                return known;
            }
        }
        if (root instanceof NoRouteToHostException && root.getMessage() == null) {
            // As Netty's native transports throw it.
            return "no route to host";
        }
        return root.getMessage() == null ? root.toString() : root.getMessage();
    }
}
