package dev.vecho.server;

import dev.vecho.core.config.Options;
import dev.vecho.core.config.Source;
import io.vertx.config.ConfigStoreOptions;
import io.vertx.config.spi.ConfigProcessor;
import io.vertx.config.spi.ConfigStoreFactory;
import io.vertx.core.json.JsonObject;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A store of vertx-config that a part of the configuration is read from, as its user described it.
 *
 * @param place where it was described, for messages
 * @param name for messages on its content, such as {@code store http://config:8080/vecho.json}
 * @param optional whether what it gave last, at first nothing, does where it cannot be read
 */
record StoreDescription(String place, String name, String type, String format, boolean optional, JsonObject config) {

    /** Types of vertx-config whose artifact has another name. */
    private static final Map<String, String> ARTIFACTS = Map.of("configmap", "kubernetes-configmap");

    private static final Set<String> OTHER_TYPES =
            Set.of("configmap", "consul", "git", "redis", "spring-config-server", "vault", "zookeeper");

    private static final Set<String> OTHER_FORMATS = Set.of("yaml", "hocon");

    private static final Set<String> TEXTUAL_TYPES = Set.of("env", "sys");

    /** Types whose {@code path} is on this machine. */
    private static final Set<String> ON_DISK = Set.of("file", "directory");

    private static final String JSON = "json";
    private static final String PATH = "path";

    /** Reads the description that stands in an object; null where something is wrong with it, which is a problem. */
    static @Nullable StoreDescription read(Options options) {
        int before = options.problemCount();
        String type = options.text("type");
        if (type == null && !options.has("type")) {
            options.problem("type", "is missing, expected one of " + String.join(", ", types()));
        } else if (type != null && !types().contains(type)) {
            options.problem("type", unknown(type, types(), OTHER_TYPES));
        }
        Options settings = options.object("config");
        JsonObject config = settings.content().json();
        Path file = type != null && ON_DISK.contains(type) ? settings.file(PATH) : null;
        if (file != null) {
            config.put(PATH, file.toAbsolutePath().toString());
        }
        boolean yaml =
                "file".equals(type) && file != null && FileFormat.of(file).equals(FileFormat.YAML);
        String format = options.text("format", yaml ? FileFormat.YAML : JSON);
        if (!formats().contains(format)) {
            options.problem("format", unknown(format, formats(), OTHER_FORMATS));
        }
        boolean optional = options.flag("optional", false);
        options.rejectUnknownKeys();
        return type == null || options.problemCount() > before
                ? null
                : new StoreDescription(
                        options.place(""),
                        "store " + nameOf(type, settings.content().json()),
                        type,
                        format.equals(JSON) ? StrictJson.FORMAT : format,
                        optional,
                        config);
    }

    /** What tells it from others of its type, without what may be a secret. */
    private static String nameOf(String type, JsonObject config) {
        Object host = config.getValue("host");
        Object path = config.getValue(PATH);
        if (host != null) {
            Object port = config.getValue("port");
            return type + "://" + host + (port == null ? "" : ":" + port) + (path == null ? "" : path);
        }
        Object address = config.getValue("address");
        Object what = path == null ? address : path;
        return what == null ? type : type + " " + what;
    }

    private static String unknown(String name, Collection<String> known, Set<String> others) {
        String artifact = ARTIFACTS.getOrDefault(name, name);
        return "must be one of " + String.join(", ", known) + ", was \"" + name + "\""
                + (others.contains(name)
                        ? ": add the artifact io.vertx:vertx-config-" + artifact + " to the class path"
                        : "");
    }

    private static Set<String> types() {
        Set<String> types = new TreeSet<>();
        ServiceLoader.load(ConfigStoreFactory.class, ConfigStoreFactory.class.getClassLoader())
                .forEach(factory -> types.add(factory.name()));
        return types;
    }

    private static Set<String> formats() {
        Set<String> formats = new TreeSet<>();
        ServiceLoader.load(ConfigProcessor.class, ConfigStoreFactory.class.getClassLoader())
                .forEach(processor -> formats.add(processor.name()));
        formats.remove(StrictJson.FORMAT);
        return formats;
    }

    /** For a retriever of its own. */
    ConfigStoreOptions options() {
        JsonObject named = config.copy();
        if (!type.equals(JSON)) {
            // That one's configuration is what it gives.
            named.put(StrictJson.NAME, name);
        }
        return new ConfigStoreOptions().setType(type).setFormat(format).setConfig(named);
    }

    /** Where its values are from. */
    Source source() {
        boolean textual = TEXTUAL_TYPES.contains(type) || format.equals("properties");
        return new Source(name, directory(), textual);
    }

    private Path directory() {
        try {
            Path path = ON_DISK.contains(type) ? Path.of(config.getString(PATH, "")) : Path.of("");
            Path directory = type.equals("file") ? path.getParent() : path;
            return directory == null ? Path.of("") : directory;
        } catch (InvalidPathException e) {
            return Path.of("");
        }
    }

    /** Reads all that a list of objects, or a file for {@code --store}, describes. */
    static List<StoreDescription> readAll(Options options) {
        List<StoreDescription> read = new ArrayList<>();
        List<Options> each = options.has("stores") ? options.objects("stores") : List.of(options);
        for (Options one : each) {
            StoreDescription description = read(one);
            if (description != null) {
                read.add(description);
            }
        }
        return read;
    }
}
