package dev.vecho.net;

import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.channels.UnsupportedAddressTypeException;
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
            return format(text(inet.getAddress()), inet.getPort());
        }
        return address instanceof DomainSocketAddress unix ? unixPath(unix.path()) : String.valueOf(address);
    }

    /** An address, without brackets; with its zone where it has one, by the name of the interface if that is known. */
    public static String text(InetAddress address) {
        String text = NetUtil.toAddressString(address);
        if (!(address instanceof Inet6Address ipv6) || ipv6.getScopeId() == 0 || !address.isLinkLocalAddress()) {
            return text;
        }
        try {
            NetworkInterface zone = NetworkInterface.getByIndex(ipv6.getScopeId());
            return text + "%" + (zone == null ? ipv6.getScopeId() : zone.getName());
        } catch (SocketException e) {
            return text + "%" + ipv6.getScopeId();
        }
    }

    /** The path of a Unix domain socket, with the {@code @} of an abstract one where the operating system has a NUL. */
    public static String unixPath(String path) {
        return path.startsWith("\0") ? "@" + path.substring(1) : path;
    }

    /** The families of a host's addresses: both for a name, whatever it resolves to; one for a literal address. */
    public static Set<String> families(@Nullable String host) {
        if (host != null && NetUtil.isValidIpV4Address(host)) {
            return Set.of("ipv4");
        }
        if (host == null || host.indexOf(':') < 0) {
            return Set.of("ipv4", "ipv6");
        }
        // One of IPv4 that is mapped into IPv6 is an address of IPv4 to Java.
        return NetUtil.isValidIpV4Address(host.replaceFirst("(?i)^::ffff:", "")) ? Set.of("ipv4") : Set.of("ipv6");
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
        if (root instanceof UnsupportedAddressTypeException) {
            // As Java's channels throw it where IPv6 is switched off.
            return "address family not supported";
        }
        if (root instanceof NoRouteToHostException && root.getMessage() == null) {
            // As Netty's native transports throw it.
            return "no route to host";
        }
        return root.getMessage() == null ? root.toString() : root.getMessage();
    }
}
