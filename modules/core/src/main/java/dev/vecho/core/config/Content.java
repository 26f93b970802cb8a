package dev.vecho.core.config;

import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.Map;

/**
 * What an object of a configuration says, to be compared with what it said before.
 *
 * @param json the object
 * @param files those that it names, with digests of their content
 */
public record Content(JsonObject json, Map<Path, String> files) {

    public Content {
        json = json.copy();
        files = Map.copyOf(files);
    }
}
