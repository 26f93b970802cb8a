package dev.vecho.core;

import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The services that are on the class path, and a listener's choice of one. */
public final class Services {

    /** The default, which is each transport's own. */
    public static final String ECHO = "echo";

    /** A listener's key. */
    public static final String KEY = "service";

    /** A listener's key for what it does on purpose. */
    public static final String FAULTS = "faults";

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
        Services services = load();
        Options.Named chosen = options.named(
                KEY, ECHO, name -> services.named(name).map(Service::textOption).orElse(null));
        if (chosen.name().equals(ECHO)) {
            chosen.options().rejectUnknownKeys();
            return null;
        }
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

    /**
     * The same with the key {@code faults}, for a transport that does them.
     *
     * @return null for the echo without faults
     */
    public static @Nullable ConfiguredService readWithFaults(Vertx vertx, Options options, Transport.Framing carried) {
        return withFaults(vertx, options, Set.of(Faults.Carried.of(carried)), read(vertx, options, carried));
    }

    /**
     * The same for a service that was read.
     *
     * @param carried all that faults act on
     */
    public static @Nullable ConfiguredService withFaults(
            Vertx vertx, Options options, Set<Faults.Carried> carried, @Nullable ConfiguredService service) {
        Options own = options.object(FAULTS);
        if (!options.has(FAULTS)) {
            return service;
        }
        Optional<Faults> faults = Faults.find();
        if (faults.isEmpty()) {
            options.problem(FAULTS, "needs the artifact dev.vecho:vecho-faults on the class path");
            return service;
        }
        ConfiguredService faulty = faults.get().read(vertx, own, carried, options.has("tls"), service);
        own.rejectUnknownKeys();
        return faulty;
    }

    /** Says that the listeners of a transport do nothing on purpose. */
    public static void refuseFaults(Options options, String transport) {
        options.refuse(
                FAULTS,
                "has no meaning for " + transport
                        + " so far: tcp, unix, udp, http, websocket, quic and eventbus have faults");
    }

    /** Tells a service, null for the echo, that another has taken its place. */
    public static void replace(@Nullable ConfiguredService before, @Nullable ConfiguredService next) {
        if (before != null && before != next) {
            before.replacedBy(next);
        }
    }
}
