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
 * <p>Its options are described by the resources {@code META-INF/vecho/schema/faults-stream.json} and {@code faults-messages.json}
 * beside its class.
 */
public interface Faults {

    /**
     * Reads a listener's {@code faults}, on a thread that may block.
     *
     * @param carried what the listener's connections carry; what acts on one alone is refused where there is none
     * @param encrypted whether they have TLS
     * @param service what the listener does; null for the echo
     * @return the same service with these faults, which one that takes its place can change while connections live
     */
    ConfiguredService read(
            Vertx vertx,
            Options options,
            Set<Transport.Framing> carried,
            boolean encrypted,
            @Nullable ConfiguredService service);

    /** The one on the class path; empty where there is none. */
    static Optional<Faults> find() {
        return ServiceLoader.load(Faults.class, Faults.class.getClassLoader()).findFirst();
    }
}
