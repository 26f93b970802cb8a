package dev.vecho.server;

import dev.vecho.core.config.Options;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * A part of the service beside its listeners, with an object of its own at the top of the configuration, such as
 * {@code management}. Found by {@link java.util.ServiceLoader}.
 *
 * <p>It is validated with the rest of the configuration and started when the listeners are open; it stops after they have
 * drained. A reload that does not change its object, nor the files that it names, leaves it alone. Else the running one is asked
 * to {@link Running#adopt adopt} what is new; if it cannot, it is stopped and the new one is started in its place. The resource {@code META-INF/vecho/schema/section-KEY.json} beside its class is the JSON Schema of its object.
 */
public interface Section {

    /** The artifacts of Vecho's own sections, for who has them not on the class path. */
    Map<String, String> ARTIFACTS = Map.of(
            "management", "vecho-management",
            "probe", "vecho-management",
            "accessLog", "vecho-launcher",
            "checks", "vecho-monitor",
            "notify", "vecho-monitor");

    /** Those that the class path names. */
    static List<Section> all() {
        return ServiceLoader.load(Section.class, Section.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
    }

    /** Its key in the configuration, unique among all sections. */
    String key();

    /**
     * Reads and validates its object, on a thread that may block. Everything that is wrong is added to {@code options}; the
     * result must not be used if anything was.
     */
    Prepared read(Vertx vertx, Options options);

    /** A validated section, ready to start. */
    interface Prepared {

        /**
         * Starts it, on the service's event loop; maybe once more after it was stopped, where a reload is taken back.
         *
         * @return fails with a {@link dev.vecho.core.TransportException} that names the key and the address, and leaves nothing open
         */
        Future<Running> start(EchoService service);
    }

    /** A section that runs. */
    interface Running {

        /** What an operator should know of it, such as the address that it listens on; one line each. */
        List<String> notes();

        /**
         * Takes over what a reload has changed, and keeps its address and connections; on the service's event loop. By default it
         * cannot.
         *
         * @return false where it can take over nothing of it, and has not
         */
        default boolean adopt(Prepared next) {
            return false;
        }

        /**
         * What other sections may use of it, found by its type with {@link EchoService#section}; empty by default. Any thread.
         */
        default <T> Optional<T> face(Class<T> type) {
            return Optional.empty();
        }

        /** Stops it, without waiting for a reload that it has asked for itself; never fails. */
        Future<Void> stop();
    }
}
