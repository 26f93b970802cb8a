package dev.vecho.core;

import java.io.Serial;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a transport could not do, with the kind of fault and a message for people that names the address. */
public final class TransportException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    /** The kind of a fault, the same on every transport. */
    public enum Fault {
        /** A name did not resolve. */
        DNS,
        /** The peer's machine answered that nobody listens. */
        REFUSED,
        /** The network or the host cannot be reached. */
        UNREACHABLE,
        /** No answer in time. */
        TIMEOUT,
        /** TLS was not agreed upon. */
        TLS,
        /** The peer, or something on the way, broke the connection. */
        RESET,
        /** The peer answered with a status that says that it has failed, or without one where one is due. */
        STATUS,
        /** An address cannot be listened on. */
        BIND,
        /**
         * This process, or its machine, lacked what it takes, so that nothing is known of the peer. Reasons: {@code time},
         * {@code files}, {@code ports}, {@code memory}.
         */
        LOCAL,
        /** Anything else. */
        OTHER
    }

    private final Fault fault;
    private final @Nullable String reason;
    private final transient Map<String, String> details;

    public TransportException(Fault fault, String message, @Nullable Throwable cause) {
        this(fault, null, message, cause);
    }

    /**
     * Creates an instance.
     *
     * @param reason see {@link #reason}
     */
    public TransportException(Fault fault, @Nullable String reason, String message, @Nullable Throwable cause) {
        this(fault, reason, message, cause, Map.of());
    }

    /**
     * Creates an instance.
     *
     * @param reason see {@link #reason}
     * @param details see {@link #details}
     */
    public TransportException(
            Fault fault,
            @Nullable String reason,
            String message,
            @Nullable Throwable cause,
            Map<String, String> details) {
        super(message, cause);
        this.fault = fault;
        this.reason = reason;
        this.details = Map.copyOf(details);
    }

    public Fault fault() {
        return fault;
    }

    /** Which of the faults of its kind it was, in a stable word for programs, such as {@code expired}; null for no other. */
    public @Nullable String reason() {
        return reason;
    }

    /** What was learned of the peer before it failed, such as its certificate; as {@link Connection#details} has it. */
    public Map<String, String> details() {
        // Not serialized.
        return details == null ? Map.of() : details;
    }

    /** The message; a {@link TransportException} always has one. */
    @Override
    public String getMessage() {
        String message = super.getMessage();
        return message == null ? fault.toString() : message;
    }
}
