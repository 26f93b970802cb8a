package dev.vecho.client.report;

import dev.vecho.core.TransportException.Fault;
import java.util.Locale;

/** The kinds of failure. In text, they are lower case with a hyphen, such as {@code half-close}. */
public enum FailureKind {
    /** The name did not resolve. */
    DNS,
    /** Nobody listens. */
    REFUSED,
    /** The network or the host cannot be reached. */
    UNREACHABLE,
    /** Nothing answered the attempt to connect: something on the way drops packets, or there is no such machine. */
    FILTERED,
    /** Something did not happen in time: the rest of an echo, the end, the name's address. */
    TIMEOUT,
    /**
     * TLS was not agreed upon. Reasons: {@code expired}, {@code not-yet-valid}, {@code wrong-name},
     * {@code unknown-authority}, {@code self-signed}, {@code wrong-purpose}, {@code weak}, {@code protocol},
     * {@code cipher}, {@code alpn}, {@code client-certificate-required}, {@code client-certificate-refused},
     * {@code plain-text} (the peer does not speak TLS), {@code required} (the peer speaks TLS, and plain text was
     * spoken to it), {@code closed}, {@code timeout}, {@code other}.
     */
    TLS,
    /**
     * The connection was broken off. Reasons: {@code before} (nothing had come back), {@code during}, {@code after}
     * (all that was sent had come back).
     */
    RESET,
    /**
     * The peer answered with a status that says that it has failed. Reasons: that status, of gRPC, in small letters, such as
     * {@code unavailable}; {@code missing}, where the answer ended without one.
     */
    STATUS,
    /** The end came without a reply, although one was due. */
    CLOSED,
    /** The end came in the middle of what was expected, or a message came back shorter. */
    TRUNCATED,
    /** Bytes came back changed. */
    CORRUPTED,
    /** Bytes came that were never sent, or too often; where an echo is expected, too, it may go on after them. */
    INJECTED,
    /** Bytes came that were sent on another connection, or in an earlier round. */
    FOREIGN,
    /** Some bytes, or messages, are missing, and what was sent after them came back. */
    LOST,
    /** A message came back more than once. */
    DUPLICATED,
    /** A message came back after one that was sent later. */
    REORDERED,
    /** Connected, and nothing at all came back. */
    SILENT,
    /** The output was closed, and the end never came. */
    HALF_CLOSE,
    /** The connection was cut while nothing was under way. Reasons: {@code closed}, {@code reset}. */
    IDLE,
    /** What should have come at once came when the output was closed, and only then: something waits for the end. */
    BUFFERED,
    /** Bytes still trickled in when the limit of a step had passed, or all of them came only after it. */
    SLOW,
    /**
     * An echo or the end came when the script expected nothing, or bytes came beyond an exact answer. Or a service answered something
     * else than it should, or what came does not match a pattern; then the reason is the service's name, {@code chargen}, {@code daytime},
     * {@code time}, {@code whoami}, or {@code pattern}.
     */
    UNEXPECTED,
    /** All came back, but not as well as the script demands. */
    BUDGET,
    /**
     * The process that checks, or its machine, lacked what it takes, so that nothing can be said of the peer. Reasons: {@code time}
     * (the process could not run, or had no thread for it), {@code files}, {@code ports}, {@code memory}.
     */
    UNJUDGED,
    /** Anything else. */
    FAILED;

    public static FailureKind of(Fault fault) {
        return switch (fault) {
            case DNS -> DNS;
            case REFUSED -> REFUSED;
            case UNREACHABLE -> UNREACHABLE;
            case TIMEOUT -> TIMEOUT;
            case TLS -> TLS;
            case RESET -> RESET;
            case STATUS -> STATUS;
            case LOCAL -> UNJUDGED;
            case BIND, OTHER -> FAILED;
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
