package dev.vecho.server;

import dev.vecho.core.config.Source;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/**
 * Reads a configuration that an application gives, which may be what a {@code ConfigRetriever} of vertx-config has retrieved, with the
 * whole environment and all system properties in it: those of Vecho's are read as the command line reads them, the others are ignored.
 */
final class ApplicationLayers {

    private static final String NAME = "deployment options";

    /** Where a store of system properties that makes objects of them has those of Vecho. */
    private static final String OWN_PROPERTIES = "vecho";

    private final Collection<String> ownKeys;
    private final Map<String, String> environment;
    private final Set<String> properties;

    /**
     * Makes it.
     *
     * @param ownKeys the keys at the top of a configuration, which are never ignored
     * @param properties the names of all system properties
     */
    ApplicationLayers(Collection<String> ownKeys, Map<String, String> environment, Set<String> properties) {
        this.ownKeys = Set.copyOf(ownKeys);
        this.environment = Map.copyOf(environment);
        this.properties = Set.copyOf(properties);
    }

    Layers read(JsonObject json) {
        JsonObject own = new JsonObject();
        JsonObject variables = new JsonObject();
        JsonObject flat = new JsonObject();
        JsonObject nested = new JsonObject();
        json.getMap().keySet().forEach(key -> {
            Object value = json.getValue(key);
            if (isNested(key, value)) {
                if (key.equals(OWN_PROPERTIES)) {
                    nested.mergeIn((JsonObject) value);
                }
            } else if (ownKeys.contains(key)) {
                own.put(key, value);
            } else if (environment.containsKey(key)) {
                // As it stands there: the store has made numbers and objects of what looks so.
                variables.put(key, environment.get(key));
            } else if (properties.contains(key)) {
                flat.put(key, String.valueOf(value));
            } else {
                own.put(key, value);
            }
        });
        Layers layers = Layers.of(own, NAME);
        layers.addEnvironment(variables);
        layers.addProperties(flat);
        if (!nested.isEmpty()) {
            layers.add(new Source("system properties", Path.of(""), true), nested);
        }
        return layers;
    }

    /** Whether a value is made of system properties, such as {@code java.version} and {@code java.home}. */
    private boolean isNested(String key, Object value) {
        // No key of ours with an object has the name of a prefix that others use, but "io" is a text.
        return value instanceof JsonObject
                && (!ownKeys.contains(key) || key.equals("io"))
                && properties.stream().anyMatch(name -> name.startsWith(key + "."));
    }
}
