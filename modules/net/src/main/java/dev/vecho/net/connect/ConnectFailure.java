package dev.vecho.net.connect;

import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.net.Addresses;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Why one address could not be connected to.
 *
 * @param words what the operating system said, or the transport
 */
public record ConnectFailure(
        Fault fault,
        @Nullable String reason,
        String words,
        @Nullable Throwable cause) {

    /**
     * What the system says where there is no route, or where a machine on the way says so by ICMP: for each of its
     * codes but that of a port, icmp(7). A firewall's is "permission denied" with IPv6 and "no route to host" with
     * IPv4.
     */
    private static final List<String> UNREACHABLE = List.of(
            "unreachable",
            "no route to host",
            "host is down",
            "machine is not on the network",
            "protocol not available",
            "protocol error",
            "operation not supported",
            "permission denied",
            "operation not permitted",
            "address family not supported",
            "protocol family unavailable");

    /** What the system says where this machine lacks something, and the reason for {@link Fault#LOCAL}. */
    private static final Map<String, String> LACKS = Map.of(
            "too many open files", "files",
            "cannot assign requested address", "ports",
            "no buffer space available", "memory",
            "cannot allocate memory", "memory");

    /** Finds the kind of what a socket failed with. */
    public static ConnectFailure of(Throwable cause) {
        if (cause instanceof TransportException known) {
            return new ConnectFailure(known.fault(), known.reason(), known.getMessage(), known);
        }
        String words = Addresses.reason(cause);
        String lower = words.toLowerCase(Locale.ROOT);
        for (Map.Entry<String, String> each : LACKS.entrySet()) {
            if (lower.contains(each.getKey())) {
                return new ConnectFailure(Fault.LOCAL, each.getValue(), words, cause);
            }
        }
        return new ConnectFailure(fault(cause, lower), null, words, cause);
    }

    private static Fault fault(Throwable cause, String words) {
        if (cause instanceof PortUnreachableException || words.contains("connection refused")) {
            return Fault.REFUSED;
        }
        if (cause instanceof NoRouteToHostException
                || cause instanceof UnsupportedAddressTypeException
                || UNREACHABLE.stream().anyMatch(words::contains)) {
            return Fault.UNREACHABLE;
        }
        if (cause instanceof SocketTimeoutException
                || cause instanceof TimeoutException
                || words.contains("timed out")) {
            return Fault.TIMEOUT;
        }
        return Fault.OTHER;
    }

    /** An address has not answered so far. */
    static ConnectFailure silence(long millis) {
        return new ConnectFailure(Fault.TIMEOUT, null, "no answer for " + millis + " ms", null);
    }

    /** The exception where this was the only address. */
    public TransportException at(String where) {
        if (cause instanceof TransportException known) {
            return known;
        }
        String message = switch (fault) {
            case REFUSED -> "nobody listens on " + where;
            case UNREACHABLE -> where + " cannot be reached: " + words;
            case TIMEOUT -> where + " did not answer";
            default -> "cannot connect to " + where + ": " + words;
        };
        return new TransportException(fault, reason, message, cause);
    }

    /** What to say after the address, where it was one of several. */
    String brief() {
        return fault == Fault.REFUSED && !(cause instanceof TransportException) ? "nobody listens" : words;
    }

    /** Whether the address answered, so that there is no need to try others: what is wrong is something else. */
    boolean answered() {
        return fault == Fault.TLS || fault == Fault.RESET;
    }

    /**
     * Of several failures, the one with the greatest value is reported. If this machine lacks something, the other
     * failures prove nothing.
     */
    int weight() {
        return switch (fault) {
            case TLS, RESET, STATUS -> 5;
            case LOCAL, OTHER, BIND -> 4;
            case REFUSED -> 3;
            case UNREACHABLE -> 2;
            case TIMEOUT, DNS -> 1;
        };
    }
}
