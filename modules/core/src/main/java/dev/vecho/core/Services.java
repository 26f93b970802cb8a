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
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The services that are on the class path, and a listener's choice of one. */
public final class Services {

    /** The default, which is each transport's own. */
    public static final String ECHO = "echo";

    /** A listener's key. */
    public static final String KEY = "service";

    private final Map<String, Service> byName = new TreeMap<>();

    private Services(Iterable<Service> services) {
        for (Service service : services) {
            Service other = byName.putIfAbsent(service.name(), service);
            if (other != null || service.name().equals(ECHO)) {
                throw new InvalidInputException(List.of("two services have the name \"" + service.name() + "\": "
                        + (other == null ? "the echo" : other.getClass().getName())
                        + " and " + service.getClass().getName()));
            }
        }
    }

    /**
     * Finds those that the class path names.
     *
     * @throws InvalidInputException if two have one name
     * @throws java.util.ServiceConfigurationError if one cannot be loaded
     */
    public static Services load() {
        return new Services(ServiceLoader.load(Service.class, Services.class.getClassLoader()));
    }

    /** All names, in order, with that of the echo. */
    public Collection<String> names() {
        TreeSet<String> names = new TreeSet<>(byName.keySet());
        names.add(ECHO);
        return names;
    }

    public Optional<Service> named(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /**
     * Reads the key {@code service} of a listener, on a thread that may block.
     *
     * @param carried what the listener's connections carry
     * @return null for the echo, and where something is wrong
     */
    public static @Nullable ConfiguredService read(Vertx vertx, Options options, Transport.Framing carried) {
        Options.Named chosen = options.named(KEY, ECHO);
        if (chosen.name().equals(ECHO)) {
            chosen.options().rejectUnknownKeys();
            return null;
        }
        Services services = load();
        Service service = services.byName.get(chosen.name());
        if (service == null) {
            options.problem(
                    KEY,
                    "must be one of " + String.join(", ", services.names()) + ", was \"" + chosen.name() + "\""
                            + Artifacts.missingService(chosen.name()));
            return null;
        }
        ConfiguredService configured = service.read(vertx, chosen.options());
        chosen.options().rejectUnknownKeys();
        String refusal = configured.refusal(carried);
        if (refusal != null) {
            options.problem(KEY, chosen.name() + " " + refusal);
        }
        return configured;
    }

    /** Says that the listeners of a transport have no service but the echo. */
    public static void onlyEcho(Options options, String why) {
        Options.Named chosen = options.named(KEY, ECHO);
        if (!chosen.name().equals(ECHO)) {
            options.problem(KEY, "must be echo, was \"" + chosen.name() + "\": " + why);
        }
        chosen.options().rejectUnknownKeys();
    }
}
