package dev.vecho.server;

import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.server.Configuration.Flag;
import io.vertx.config.ConfigRetriever;
import io.vertx.config.ConfigRetrieverOptions;
import io.vertx.config.ConfigStoreOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a configuration is from, to be read as often as wanted. Each layer is a store of vertx-config, read on its own. The stores
 * that a user described stay open between reads: one on the event bus has what was published meanwhile, a client keeps its
 * connection. Used by one reader at a time.
 */
final class Sources {

    static final String STORES = "stores";

    private static final Logger LOG = LoggerFactory.getLogger(Sources.class);

    /** How long a store may take to be read. */
    private static final long STORE_SECONDS = 10;

    private final Vertx vertx;
    private final List<Path> files;
    private final List<Path> storeFiles;
    private final List<Flag> flags;
    private final boolean again;
    private final Map<StoreDescription, ConfigRetriever> open = new HashMap<>();
    private final Map<StoreDescription, JsonObject> last = new HashMap<>();

    /**
     * Makes them; nothing is read yet.
     *
     * @param files of JSON or YAML
     * @param storeFiles each describes a store, or several as the key {@code stores}
     * @param flags what a command line says, after all others
     * @param again whether they were read before, and warned of what is of no effect
     */
    Sources(Vertx vertx, List<Path> files, List<Path> storeFiles, List<Flag> flags, boolean again) {
        this.vertx = vertx;
        this.files = List.copyOf(files);
        this.storeFiles = List.copyOf(storeFiles);
        this.flags = List.copyOf(flags);
        this.again = again;
    }

    /**
     * Reads files, then stores, then the environment, then system properties, then flags.
     *
     * @return fails with an {@link InvalidInputException} for all that cannot be read
     */
    Future<Layers> read() {
        Layers layers = new Layers();
        Problems problems = new Problems();
        List<StoreDescription> descriptions = new ArrayList<>();
        JsonObject raw = new JsonObject().put("raw-data", true);
        return readFiles(files, problems, (file, json) -> layers.add(sourceOf(file), json))
                .compose(read -> {
                    descriptions.addAll(described(layers.merged(), layers::sourceOf, problems));
                    return readFiles(
                            storeFiles,
                            problems,
                            (file, json) -> descriptions.addAll(describedBy(json, sourceOf(file), problems)));
                })
                .compose(read -> readStores(descriptions, layers, problems))
                .compose(read -> readOnce("env", "json", raw))
                .compose(environment -> {
                    layers.addEnvironment(environment);
                    if (again) {
                        layers.forgetStrayVariables();
                    }
                    return readOnce("sys", "json", raw);
                })
                .map(properties -> {
                    layers.addProperties(properties);
                    flags.forEach(layers::addFlag);
                    problems.throwIfAny();
                    return layers;
                });
    }

    /** What takes a file that was read. */
    private interface Reader {

        void read(Path file, JsonObject json);
    }

    private Future<?> readFiles(List<Path> all, Problems problems, Reader reader) {
        Future<?> chain = Future.succeededFuture();
        for (Path file : all) {
            String format = FileFormat.of(file);
            JsonObject store = new JsonObject()
                    .put("path", file.toAbsolutePath().toString())
                    .put(StrictJson.NAME, file.toString());
            chain = chain.compose(done -> readOnce("file", format, store))
                    .map(json -> plain(json, file.toString()))
                    .onSuccess(json -> reader.read(file, json))
                    .recover(failure -> {
                        unreadable(file.toString(), failure).forEach(problems::add);
                        return Future.succeededFuture();
                    });
        }
        return chain;
    }

    private static Source sourceOf(Path file) {
        Path directory = file.toAbsolutePath().getParent();
        return new Source(file.toString(), directory == null ? file.toAbsolutePath() : directory, false);
    }

    /** Those of the key {@code stores}. */
    private static List<StoreDescription> described(
            JsonObject merged, Function<String, Source> sources, Problems problems) {
        Options options = new Options(merged, sources, problems);
        return options.has(STORES) ? StoreDescription.readAll(options) : List.of();
    }

    private static List<StoreDescription> describedBy(JsonObject json, Source source, Problems problems) {
        Options options = Options.of(json, source, problems);
        List<StoreDescription> described = StoreDescription.readAll(options);
        if (options.has(STORES)) {
            options.rejectUnknownKeys();
        }
        return described;
    }

    private Future<?> readStores(List<StoreDescription> descriptions, Layers layers, Problems problems) {
        Set<StoreDescription> gone = new HashSet<>(open.keySet());
        descriptions.forEach(gone::remove);
        gone.forEach(this::close);
        Future<?> chain = Future.succeededFuture();
        for (StoreDescription description : descriptions) {
            chain = chain.compose(done -> readStore(description))
                    .onSuccess(json -> {
                        if (json.containsKey(STORES)) {
                            problems.add(description.name() + ": " + STORES + ": has no meaning in a store");
                        }
                        layers.add(description.source(), json);
                    })
                    .recover(failure -> {
                        unreadable(description.place() + ": " + description.name(), failure)
                                .forEach(problems::add);
                        return Future.succeededFuture();
                    });
        }
        return chain;
    }

    private Future<JsonObject> readStore(StoreDescription description) {
        ConfigRetriever retriever;
        try {
            retriever = open.computeIfAbsent(description, unknown -> retriever(description.options()));
        } catch (RuntimeException e) {
            // What is wrong with its own configuration each store tells in its own way.
            return Future.failedFuture(e);
        }
        return retriever
                .getConfig()
                .timeout(STORE_SECONDS, TimeUnit.SECONDS)
                .map(json -> plain(json, description.name()))
                .onSuccess(json -> last.put(description, json))
                .recover(failure -> {
                    if (!description.optional()) {
                        return Future.failedFuture(failure);
                    }
                    LOG.debug("{}: cannot be read, which is optional: {}", description.name(), failure.toString());
                    return Future.succeededFuture(last.getOrDefault(description, new JsonObject()));
                });
    }

    private Future<JsonObject> readOnce(String type, String format, JsonObject config) {
        ConfigRetriever retriever;
        try {
            retriever = retriever(
                    new ConfigStoreOptions().setType(type).setFormat(format).setConfig(config));
        } catch (IllegalArgumentException e) {
            return Future.failedFuture(e);
        }
        return retriever.getConfig().eventually(retriever::close);
    }

    private ConfigRetriever retriever(ConfigStoreOptions store) {
        return ConfigRetriever.create(
                vertx, new ConfigRetrieverOptions().setScanPeriod(-1).addStore(store));
    }

    /** With values of JSON alone: other formats know dates, and keys that are numbers. */
    private static JsonObject plain(JsonObject json, String name) {
        try {
            return new JsonObject(json.encode());
        } catch (RuntimeException e) {
            throw new InvalidInputException(List.of(name + ": has a value that JSON does not know"));
        }
    }

    private static List<String> unreadable(String name, Throwable failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof InvalidInputException invalid) {
                return invalid.problems();
            }
            if (cause instanceof NoSuchFileException) {
                return List.of(name + ": no such file");
            }
            if (cause instanceof AccessDeniedException) {
                return List.of(name + ": no permission to read it");
            }
            if (cause instanceof TimeoutException) {
                return List.of(name + ": no answer: " + oneLine(cause));
            }
        }
        return List.of(name + ": cannot be read: " + oneLine(failure));
    }

    private static String oneLine(Throwable failure) {
        String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        return message.strip().replaceAll("\\s*\\R\\s*", "; ");
    }

    private void close(StoreDescription description) {
        ConfigRetriever retriever = open.remove(description);
        last.remove(description);
        if (retriever != null) {
            retriever
                    .close()
                    .onFailure(failure -> LOG.debug("{}: closed with {}", description.name(), failure.toString()));
        }
    }

    /** Closes the stores. */
    void close() {
        List.copyOf(open.keySet()).forEach(this::close);
    }
}
