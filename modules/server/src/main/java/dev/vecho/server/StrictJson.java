package dev.vecho.server;

import dev.vecho.core.config.Json;
import io.vertx.config.spi.ConfigProcessor;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;

/** JSON for vertx-config whose errors name the file, the line and the column. */
@SuppressWarnings("exports") // ServiceLoader wants it public; nobody else uses it.
public final class StrictJson implements ConfigProcessor {

    static final String FORMAT = "vecho-strict-json";

    /** Where a store's configuration has the name that errors begin with. */
    static final String NAME = "vechoSource";

    @Override
    public String name() {
        return FORMAT;
    }

    @Override
    public Future<JsonObject> process(Vertx vertx, JsonObject configuration, Buffer input) {
        return Future.succeededFuture(input).map(text -> Json.parse(configuration.getString(NAME), text));
    }
}
