package dev.vecho.server;

import dev.vecho.core.ServerTransport;
import dev.vecho.core.Transport;
import dev.vecho.core.Transports;
import dev.vecho.core.config.Content;
import dev.vecho.core.config.NamedFiles;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.ReadOption;
import dev.vecho.net.io.Io;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The service's configuration. It is loaded in two steps: {@link #load} reads the JSON, which also says what {@link #io}
 * the Vert.x instance needs; {@link #validate} checks all of it on the instance that the service will run on.
 */
public final class Configuration {

    /** What listens where no source names a listener: TCP on the default address. */
    private static final JsonObject DEFAULT =
            new JsonObject().put("listeners", new JsonObject().put("tcp", new JsonObject()));

    /** Those at the top, beside the sections. */
    private static final List<String> OWN_KEYS = List.of(
            "$schema",
            "busyPollMicros",
            "configScanMillis",
            "drainDelayMillis",
            "drainMillis",
            "io",
            "listeners",
            Sources.STORES);

    private static final Logger LOG = LoggerFactory.getLogger(Configuration.class);

    /** Where editors find the schema; it says nothing to a service. */
    private static final String SCHEMA = "$schema";

    /** What may be a secret though its transport does not read it as one. */
    private static final Pattern SECRET =
            Pattern.compile(".*(password|passphrase|secret|token|credential)[^.]*", Pattern.CASE_INSENSITIVE);

    private final Layers layers;
    private final @Nullable Files files;

    /**
     * What it was loaded from.
     *
     * @param configuration in the order in which they were read
     * @param stores those that describe stores
     * @param flags of the command line
     */
    private record Files(List<Path> configuration, List<Path> stores, List<Flag> flags) {}

    /**
     * What a flag of a command line says.
     *
     * @param name of the flag, which messages name, such as {@code --port}
     * @param path of the key, such as {@code listeners.tcp.port}; no key in it has a dot
     * @param value a text, whatever the key wants, as in the environment
     */
    public record Flag(String name, String path, String value) {}

    Configuration(Layers layers) {
        this(layers, null);
    }

    private Configuration(Layers layers, @Nullable Files files) {
        this.layers = layers;
        this.files = files;
    }

    /**
     * One listener, validated.
     *
     * @param name its key in the configuration
     * @param transport the name of what carries its bytes
     * @param server ready to listen
     * @param content what the configuration says of it
     */
    record ValidListener(String name, String transport, ServerTransport server, Content content) {}

    /**
     * A section, validated.
     *
     * @param content what the configuration says of it
     */
    record ValidSection(Section.Prepared prepared, Content content) {}

    /**
     * A configuration without errors.
     *
     * @param drain how long connections may take to finish on shutdown; key {@code drainMillis}, default 10,000
     * @param drainDelay how long the service goes on to accept when it stops; key {@code drainDelayMillis}, default 0
     * @param scan how often to look whether anything has changed, zero for never; key {@code configScanMillis}, default 5,000
     * @param values all that is in effect, in the order in which it was read
     * @param busyPoll how long event loops look for the next event before they sleep; key {@code busyPollMicros}, default 50
     * @param sections those that the configuration has, by key
     */
    record Valid(
            List<ValidListener> listeners,
            Duration drain,
            Duration drainDelay,
            Duration scan,
            Duration busyPoll,
            Map<String, ValidSection> sections,
            List<ConfiguredValue> values) {}

    /**
     * Reads files, the environment ({@code VECHO__LISTENERS__IPV4__PORT}) and system properties
     * ({@code vecho.listeners.ipv4.port}), later ones over earlier ones.
     *
     * @return fails with an {@link dev.vecho.core.config.InvalidInputException} where a file cannot be read or is not JSON
     */
    public static Future<Configuration> load(Vertx vertx, List<Path> files) {
        return load(vertx, files, List.of());
    }

    /**
     * The same, with stores of vertx-config between the files and the environment: those that the files describe with the key
     * {@code stores}, then others.
     *
     * @param files of JSON, or of YAML where the name says so
     * @param storeFiles each describes a store, or several as its key {@code stores}
     * @return fails with an {@link dev.vecho.core.config.InvalidInputException} where a file or a store cannot be read
     */
    public static Future<Configuration> load(Vertx vertx, List<Path> files, List<Path> storeFiles) {
        return load(vertx, files, storeFiles, List.of());
    }

    /**
     * The same, with flags after all others.
     *
     * @param flags of those that say something of the same key the last one counts
     */
    public static Future<Configuration> load(Vertx vertx, List<Path> files, List<Path> storeFiles, List<Flag> flags) {
        Sources sources = new Sources(vertx, files, storeFiles, flags, false);
        Files from = new Files(List.copyOf(files), List.copyOf(storeFiles), List.copyOf(flags));
        return sources.read().map(layers -> new Configuration(layers, from)).eventually(() -> {
            sources.close();
            return Future.succeededFuture();
        });
    }

    /** Where it can be read again; null where nobody but the application has made it. */
    @Nullable Sources sources(Vertx vertx) {
        return files == null ? null : new Sources(vertx, files.configuration(), files.stores(), files.flags(), true);
    }

    /**
     * A configuration that an application has made, or has retrieved with vertx-config: of the environment and the system properties
     * that are in it only Vecho's count, as for {@link #load}.
     */
    static Configuration of(JsonObject json) {
        Set<String> own = new TreeSet<>(OWN_KEYS);
        own.addAll(Section.ARTIFACTS.keySet());
        Section.all().forEach(section -> own.add(section.key()));
        return new Configuration(new ApplicationLayers(
                        own, System.getenv(), System.getProperties().stringPropertyNames())
                .read(json));
    }

    /** The same, changed by somebody while the service runs. */
    Configuration with(String name, JsonObject json) {
        return json.isEmpty() ? this : new Configuration(layers.with(name, json), files);
    }

    /** All that it says, not validated. */
    JsonObject json() {
        return layers.merged();
    }

    /** The configured {@code io}, not validated; default {@code auto}. */
    public String io() {
        return layers.merged().getValue("io") instanceof String io ? io : Io.AUTO;
    }

    /**
     * All that is in effect once everything was checked as for {@link EchoServerVerticle}; nothing is opened. Blocks: it reads
     * certificates. Keys without a value and without a default are left out.
     *
     * @throws dev.vecho.core.config.InvalidInputException with all that is wrong
     */
    public List<ConfiguredValue> effective(Vertx vertx, Transports transports) {
        return validate(vertx, transports).values();
    }

    /**
     * A section that is ready to be started, once everything was checked as for {@link EchoServerVerticle}; empty where the configuration
     * does not have it. Blocks: it reads certificates.
     *
     * @throws dev.vecho.core.config.InvalidInputException with all that is wrong
     */
    public Optional<Section.Prepared> section(Vertx vertx, Transports transports, String key) {
        return Optional.ofNullable(validate(vertx, transports).sections().get(key))
                .map(ValidSection::prepared);
    }

    /**
     * Checks everything. Blocks: it reads certificates.
     *
     * @throws dev.vecho.core.config.InvalidInputException with all that is wrong
     */
    Valid validate(Vertx vertx, Transports transports) {
        return validate(vertx, transports, new NamedFiles());
    }

    /**
     * The same.
     *
     * @param named gets each file that it reads
     */
    Valid validate(Vertx vertx, Transports transports, NamedFiles named) {
        Problems problems = new Problems();
        Map<String, ReadOption> reads = new LinkedHashMap<>();
        Options options =
                new Options(layers.merged(), layers::sourceOf, problems, read -> reads.put(read.path(), read), named);
        options.anyText(SCHEMA);
        Duration drain = Duration.ofMillis(
                options.integer("drainMillis", 10_000L, 0, Duration.ofDays(1).toMillis()));
        Duration drainDelay = Duration.ofMillis(
                options.integer("drainDelayMillis", 0L, 0, Duration.ofDays(1).toMillis()));
        Duration scan = Duration.ofMillis(options.integer(
                "configScanMillis", 5_000L, 0, Duration.ofDays(1).toMillis()));
        Duration busyPoll = Duration.of(options.integer("busyPollMicros", 50L, 0, 1000), ChronoUnit.MICROS);
        checkIo(vertx, options);
        if (options.has(Sources.STORES)) {
            // They were read by the time there is a configuration to check.
            StoreDescription.readAll(options);
        }
        List<ValidListener> listeners = new ArrayList<>();
        Map<String, String> byAddress = new HashMap<>();
        Options all = options.object("listeners");
        if (all.keys().isEmpty()) {
            all = new Options(
                            DEFAULT, path -> layers.sourceOf(""), problems, read -> reads.put(read.path(), read), named)
                    .object("listeners");
        }
        for (String name : all.keys().stream().sorted().toList()) {
            if (!all.has(name)) {
                // A later source has removed it: its value is null.
                continue;
            }
            int before = problems.size();
            Options one = all.object(name);
            if (problems.size() > before || !one.flag("enabled", true)) {
                continue;
            }
            ValidListener listener = validate(vertx, transports, all, name, one, problems);
            if (listener != null) {
                listeners.add(listener);
                // What is wrong with a listener was replaced by defaults, whose address says nothing.
                if (problems.size() == before) {
                    rejectSameAddress(listener, one, byAddress);
                }
            }
        }
        Map<String, ValidSection> sections = new TreeMap<>();
        List<Section> known = Section.all();
        for (Section section : known) {
            if (options.has(section.key())) {
                Options own = options.object(section.key());
                Section.Prepared prepared = section.read(vertx, own);
                sections.put(section.key(), new ValidSection(prepared, own.content()));
            }
        }
        Section.ARTIFACTS.forEach((key, artifact) -> {
            if (known.stream().noneMatch(section -> section.key().equals(key)) && options.has(key)) {
                options.problem(key, "needs the artifact dev.vecho:" + artifact + " on the class path");
            }
        });
        options.rejectUnknownKeys();
        if (listeners.isEmpty() && problems.isEmpty()) {
            options.problem("listeners", "must enable at least one listener, all of them are switched off");
        }
        warnOfStrayVariables(reads.keySet());
        problems.throwIfAny();
        return new Valid(listeners, drain, drainDelay, scan, busyPoll, sections, values(reads));
    }

    private void warnOfStrayVariables(Set<String> paths) {
        for (String name : layers.strayVariables()) {
            LOG.warn(
                    "environment: {} is ignored{}",
                    name,
                    EnvironmentVariables.nearest(name, paths)
                            .map(meant -> ", did you mean " + meant + "?")
                            .orElse(": variables for the configuration begin with " + EnvironmentVariables.PREFIX));
        }
    }

    private List<ConfiguredValue> values(Map<String, ReadOption> reads) {
        List<ConfiguredValue> values = new ArrayList<>();
        for (ReadOption read : reads.values()) {
            Object value = read.value();
            if (value == null || read.path().equals(SCHEMA)) {
                continue;
            }
            boolean secret = read.given() && SECRET.matcher(read.path()).matches();
            values.add(new ConfiguredValue(
                    read.path(),
                    secret ? ReadOption.MASK : value,
                    read.given() ? layers.originOf(read.path()) : "default"));
        }
        return values;
    }

    private static @Nullable ValidListener validate(
            Vertx vertx, Transports transports, Options all, String name, Options options, Problems problems) {
        String transportName = options.text("transport", "tcp");
        if (!name.matches("[A-Za-z0-9_-]+")) {
            all.problem(name, "must be named with letters, digits, \"-\" and \"_\" only");
        }
        Optional<Transport> transport = transports.named(transportName);
        if (transport.isEmpty()) {
            options.problem("transport", transports.unknown(transportName));
            UnknownTransport.check(vertx, transports, transportName, options, problems);
            return null;
        }
        Optional<String> unavailable = transport.get().unavailable(vertx);
        if (unavailable.isPresent()) {
            options.problem("transport", transportName + " cannot run here: " + unavailable.get());
            UnknownTransport.check(vertx, transports, transport.get(), options, problems);
            return null;
        }
        ServerTransport server = transport.get().server(vertx, options);
        return new ValidListener(name, transportName, server, options.content());
    }

    private static void rejectSameAddress(ValidListener listener, Options options, Map<String, String> byAddress) {
        String address = listener.server().address();
        String other = byAddress.putIfAbsent(listener.transport() + " " + address, listener.name());
        if (other != null && !address.endsWith(":0")) {
            options.problem("port", "has the address of listeners." + other + ": " + address);
        }
    }

    private static void checkIo(Vertx vertx, Options options) {
        String io = options.text("io", Io.AUTO);
        if (!Io.names().contains(io)) {
            options.problem("io", "must be one of " + String.join(", ", Io.names()) + ", was \"" + io + "\"");
        } else if (Io.unavailable(io).isPresent()) {
            options.problem(
                    "io", io + " is not available here: " + Io.unavailable(io).get());
        } else if (!io.equals(Io.AUTO) && !io.equals(Io.of(vertx))) {
            options.problem(
                    "io", "must be " + Io.of(vertx) + ", on which this Vert.x runs already, was \"" + io + "\"");
        }
    }
}
