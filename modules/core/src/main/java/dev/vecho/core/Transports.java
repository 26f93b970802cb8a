package dev.vecho.core;

import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeMap;

/** The transports that are on the class path. */
public final class Transports {

    private final Map<String, Transport> byName = new TreeMap<>();
    private final Map<String, Transport> byScheme = new TreeMap<>();
    private final Map<String, Transport> byOptionsKey = new TreeMap<>();

    /**
     * Those that somebody has chosen, whatever the class path names.
     *
     * @throws InvalidInputException if two have one name, one scheme or one key of options
     */
    public Transports(Iterable<Transport> transports) {
        for (Transport transport : transports) {
            add(byName, "name", transport.name(), transport);
            transport.schemes().forEach(scheme -> add(byScheme, "scheme", scheme, transport));
            add(byOptionsKey, "key of options", transport.optionsKey(), transport);
        }
    }

    private static void add(Map<String, Transport> map, String what, String key, Transport transport) {
        Transport other = map.putIfAbsent(key, transport);
        if (other != null) {
            throw new InvalidInputException(List.of("two transports have the " + what + " \"" + key + "\": "
                    + other.getClass().getName() + " and "
                    + transport.getClass().getName()));
        }
    }

    /**
     * Finds those that the class path names.
     *
     * @throws InvalidInputException if two have one name, one scheme or one key of options
     * @throws java.util.ServiceConfigurationError if one cannot be loaded
     */
    public static Transports load() {
        return new Transports(ServiceLoader.load(Transport.class, Transports.class.getClassLoader()));
    }

    public Optional<Transport> named(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** What is wrong with a listener's key {@code transport} that names none of these. */
    public String unknown(String name) {
        return (byName.isEmpty()
                        ? "must be a transport, and there is none on the class path"
                        : "must be one of " + String.join(", ", names()))
                + ", was \"" + name + "\"" + Artifacts.missing(name);
    }

    public Optional<Transport> ofScheme(String scheme) {
        return Optional.ofNullable(byScheme.get(scheme));
    }

    /**
     * The transport that reaches a target.
     *
     * @throws IllegalArgumentException with a message that starts with the target, if there is none or it cannot run here
     */
    public Transport reaching(Vertx vertx, Target target) {
        Transport transport = byScheme.get(target.scheme());
        if (transport == null) {
            String artifact = Artifacts.missing(target.scheme());
            throw new IllegalArgumentException(target + ": scheme: \"" + target.scheme() + "\" is not known"
                    + (artifact.isEmpty() ? Options.didYouMean(target.scheme(), schemes()) : artifact));
        }
        Optional<String> missing = transport.unavailable(vertx);
        if (missing.isPresent()) {
            throw new IllegalArgumentException(target + ": cannot run here: " + missing.get());
        }
        return transport;
    }

    /** Validates a script's {@code options}, which have an object for each transport; may block. */
    public void validateOptions(Options options) {
        byOptionsKey.forEach((key, transport) -> transport.validateOptions(options.object(key)));
        options.rejectUnknownKeys();
    }

    /** All names, in order. */
    public Collection<String> names() {
        return byName.keySet();
    }

    /** All schemes, in order. */
    public Collection<String> schemes() {
        return byScheme.keySet();
    }
}
