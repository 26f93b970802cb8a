package dev.vecho.core;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An open connection of a listener, for those who watch the service. Used on the event loop of the connection only. */
public interface OpenConnection {

    /** How far a connection has come. */
    enum Stage {
        /** What comes is echoed. */
        OPEN,
        /** The client has closed its output; it still gets what it has sent before. */
        HALF_CLOSED,
        /** It is being closed. */
        CLOSING
    }

    /**
     * What is known of a connection.
     *
     * @param remote the address that it comes from, such as {@code 127.0.0.1:50412}
     * @param local the address that it came to
     * @param client the address that a PROXY header has told; null for none
     * @param age since it was accepted
     * @param idle since a byte moved either way; null where that is not known
     * @param inStage since it came to the stage; null while it is open
     * @param received bytes received to be echoed
     * @param sent bytes of them that were sent back
     * @param waiting bytes that the client does not take, or not yet
     */
    record Facts(
            String remote,
            String local,
            @Nullable String client,
            Stage stage,
            Duration age,
            @Nullable Duration idle,
            @Nullable Duration inStage,
            long received,
            long sent,
            long waiting) {}

    /** What is known of it now. It is asked of many in turn, and must not take long. */
    Facts facts();

    /** The {@link Facts#received} of now, for who wants nothing else. */
    default long received() {
        return facts().received();
    }

    /** The same of {@link Facts#sent}. */
    default long sent() {
        return facts().sent();
    }

    /** What was agreed upon in TLS, by name, such as {@code version} and {@code serverName}; empty where there is none. */
    default Map<String, String> tls() {
        return Map.of();
    }

    /** What the operating system, or QUIC, knows of the path, by name, such as {@code rttMicros}; empty where that is not known. */
    default Map<String, Long> path() {
        return Map.of();
    }

    /** Closes it now. Where its client has not got everything yet, it is reset and counts as failed. */
    void close();
}
