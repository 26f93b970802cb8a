package dev.vecho.server;

import dev.vecho.core.config.Source;
import dev.vecho.server.Configuration.Flag;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A configuration's layers, later ones over earlier ones, merged deeply. It remembers which layer has the last word on a
 * path, so that an error can name the file.
 */
final class Layers {

    private static final String PROPERTY_PREFIX = "vecho.";

    /**
     * One of them.
     *
     * @param names what says so in the source, by paths, where it does not say it with JSON
     */
    private record Layer(Source source, JsonObject json, Map<String, String> names) {}

    private final List<Layer> layers = new ArrayList<>();
    private final List<String> stray = new ArrayList<>();
    private JsonObject merged = new JsonObject();

    /** One layer, that an application has made. */
    static Layers of(JsonObject json, String name) {
        Layers layers = new Layers();
        layers.add(Source.named(name), json);
        return layers;
    }

    /** The same with one more layer over all others. */
    Layers with(String name, JsonObject json) {
        Layers more = new Layers();
        // Copies, for merging changes what is merged into.
        layers.forEach(layer -> more.add(layer.source(), layer.json().copy(), layer.names()));
        more.add(Source.named(name), json.copy());
        more.stray.addAll(stray);
        return more;
    }

    void add(Source source, JsonObject json) {
        add(source, json, Map.of());
    }

    private void add(Source source, JsonObject json, Map<String, String> names) {
        layers.add(new Layer(source, json, names));
        merged = merged.mergeIn(json, true);
    }

    /** Adds what variables such as {@code VECHO__LISTENERS__IPV4__PORT} say. */
    void addEnvironment(JsonObject variables) {
        addText(
                "environment",
                "environment variable ",
                EnvironmentVariables.PREFIX,
                EnvironmentVariables.SEPARATOR,
                variables);
        variables.getMap().forEach((name, value) -> {
            if (EnvironmentVariables.isStray(name, String.valueOf(value))) {
                stray.add(name);
            }
        });
    }

    /** Adds what system properties such as {@code vecho.listeners.ipv4.port} say. */
    void addProperties(JsonObject properties) {
        addText("system properties", "system property ", PROPERTY_PREFIX, "\\.", properties);
    }

    /** Adds what a flag such as {@code --port} says, a layer of its own, so that a message names the flag. */
    void addFlag(Flag flag) {
        List<String> path = List.of(flag.path().split("\\.", -1));
        JsonObject json = new JsonObject().put(path.get(path.size() - 1), flag.value());
        for (int i = path.size() - 2; i >= 0; i--) {
            json = new JsonObject().put(path.get(i), json);
        }
        add(new Source(flag.name(), Path.of(""), true), json);
    }

    /** Environment variables that look like those of Vecho, and which nobody reads. */
    List<String> strayVariables() {
        return stray.stream().sorted().toList();
    }

    /** They were told of before. */
    void forgetStrayVariables() {
        stray.clear();
    }

    /** Adds a layer of names with a prefix, whose parts name nested keys. */
    private void addText(String name, String kind, String prefix, String separator, JsonObject values) {
        Map<String, Object> own = new TreeMap<>();
        values.getMap().forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                own.put(key.substring(prefix.length()), value);
            }
        });
        if (own.isEmpty()) {
            return;
        }
        boolean upperCase = prefix.equals(EnvironmentVariables.PREFIX);
        JsonObject json = new JsonObject();
        Map<String, String> names = new HashMap<>();
        own.forEach((key, value) -> {
            JsonObject target = json;
            JsonObject model = merged;
            String[] parts = key.split(separator, -1);
            List<String> path = new ArrayList<>();
            for (int i = 0; i < parts.length; i++) {
                String part = upperCase ? keyFor(parts[i], model) : parts[i];
                path.add(part);
                if (i == parts.length - 1) {
                    target.put(part, value);
                    names.put(String.join(".", path), kind + prefix + key);
                } else {
                    if (!(target.getValue(part) instanceof JsonObject)) {
                        target.put(part, new JsonObject());
                    }
                    target = target.getJsonObject(part);
                    model = model.getValue(part) instanceof JsonObject nested ? nested : new JsonObject();
                }
            }
        });
        add(new Source(name, Path.of(""), true), json, names);
    }

    /** The key that a part of an environment variable's name stands for: {@code DRAIN_MILLIS} is drainMillis. */
    private static String keyFor(String part, JsonObject model) {
        String plain = EnvironmentVariables.plain(part);
        for (String existing : model.fieldNames()) {
            if (EnvironmentVariables.plain(existing).equals(plain)) {
                return existing;
            }
        }
        StringBuilder camel = new StringBuilder();
        for (String word : part.split("_", -1)) {
            String lower = word.toLowerCase(Locale.ROOT);
            camel.append(
                    camel.isEmpty() || lower.isEmpty()
                            ? lower
                            : Character.toUpperCase(lower.charAt(0)) + lower.substring(1));
        }
        return camel.toString();
    }

    JsonObject merged() {
        return merged;
    }

    /** The source of the last layer that has the path, or else the object that it belongs in. */
    Source sourceOf(String path) {
        Layer layer = layerOf(path);
        return layer == null ? Source.named("defaults") : layer.source();
    }

    /** Who has said what stands at a path: a file, a variable or a property by its name. */
    String originOf(String path) {
        Layer layer = layerOf(path);
        if (layer == null) {
            return "default";
        }
        for (String at = path; !at.isEmpty(); at = parent(at)) {
            String name = layer.names().get(at);
            if (name != null) {
                return name;
            }
        }
        return layer.source().name();
    }

    private @Nullable Layer layerOf(String path) {
        for (String at = path; ; at = parent(at)) {
            for (int i = layers.size() - 1; i >= 0; i--) {
                if (at.isEmpty() || has(layers.get(i).json(), at)) {
                    return layers.get(i);
                }
            }
            if (at.isEmpty()) {
                return null;
            }
        }
    }

    private static String parent(String path) {
        return path.substring(0, Math.max(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['))));
    }

    private static boolean has(JsonObject json, String path) {
        @Nullable Object value = json;
        for (String key : path.split("\\.", -1)) {
            int bracket = key.indexOf('[');
            if (!(value instanceof JsonObject object) || bracket >= 0 || !object.containsKey(key)) {
                return false;
            }
            value = object.getValue(key);
        }
        return true;
    }
}
