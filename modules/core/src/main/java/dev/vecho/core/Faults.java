package dev.vecho.core;

import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What can be done on purpose to what a listener carries. Found by {@link ServiceLoader}, so that a service that does nothing of the
 * kind needs no code for it.
 *
 * <p>Its options are described by the resources {@code META-INF/vecho/schema/faults-stream.json}, {@code faults-messages.json} and
 * {@code faults-requests.json} beside its class.
 */
public interface Faults {

    /** What is wrong with a certificate. */
    enum Certificate {
        EXPIRED,
        WRONG_NAME,
        SELF_SIGNED
    }

    /** What faults act on, and so which of them there are. */
    enum Carried {
        /** Connections, each a stream of bytes each way. */
        STREAM,
        /** Messages. */
        MESSAGES,
        /** Requests, whose bodies are streams, and WebSockets, which carry messages. */
        REQUESTS;

        /** The same for a transport that carries only one of the two. */
        public static Carried of(Transport.Framing framing) {
            return framing == Transport.Framing.STREAM ? STREAM : MESSAGES;
        }
    }

    /**
     * Reads a listener's {@code faults}, on a thread that may block.
     *
     * @param carried what they act on, all that the listener has; what acts on one alone is refused where there is none. With
     *     {@link Carried#REQUESTS}, which comes alone, the result has {@link ConfiguredService#requestFaults}
     * @param encrypted whether they have TLS
     * @param service what the listener does; null for the echo
     * @return the same service with these faults, which one that takes its place can change while connections live
     */
    ConfiguredService read(
            Vertx vertx, Options options, Set<Carried> carried, boolean encrypted, @Nullable ConfiguredService service);

    /** The one on the class path; empty where there is none. */
    static Optional<Faults> find() {
        return ServiceLoader.load(Faults.class, Faults.class.getClassLoader()).findFirst();
    }
}
