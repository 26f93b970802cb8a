package dev.vecho.launcher;

import dev.vecho.core.config.Source;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The flags that become the script's {@code options} object. No message has their values: a header's may be a secret. */
final class OptionFlags {

    /** A flag's value is a text, whatever the option is. */
    static final Source SOURCE = new Source("command line", Path.of(""), true);

    /** The transports whose connections begin with a request that has headers. */
    private static final List<String> WITH_HEADERS = List.of("http", "ws", "grpc");

    private static final String NAME = "[A-Za-z0-9_-]+";

    /** Of the command that these flags are mixed into. */
    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    @Option(
            names = "--option",
            paramLabel = "TRANSPORT.KEY=VALUE",
            description = "Sets an option of a transport's connections, such as ws.compression=true or http.method=PUT."
                    + " May be repeated.")
    private List<String> options = new ArrayList<>();

    @Option(
            names = {"-H", "--header"},
            paramLabel = "NAME:VALUE",
            description = "Sends a header, to targets of HTTP, WebSocket and gRPC. May be repeated.")
    private List<String> headers = new ArrayList<>();

    JsonObject toJson() {
        JsonObject json = new JsonObject();
        for (String option : options) {
            int equals = option.indexOf('=');
            // What a header is called may have dots.
            String[] path = option.substring(0, Math.max(0, equals)).split("\\.", 3);
            // A header in the wrong place is not to be read in a message.
            if (path.length < 2 || !path[0].matches(NAME) || !path[1].matches(NAME)) {
                throw usage("--option: must be TRANSPORT.KEY=VALUE, such as ws.compression=true");
            }
            JsonObject object = json;
            for (int i = 0; i < path.length - 1; i++) {
                object = inner(object, path[i]);
            }
            object.put(path[path.length - 1], option.substring(equals + 1));
        }
        for (String header : headers) {
            int colon = header.indexOf(':');
            if (colon < 1) {
                throw usage("--header: must be NAME:VALUE, such as 'Origin: https://example.org'");
            }
            for (String transport : WITH_HEADERS) {
                JsonObject all = inner(inner(json, transport), "headers");
                String name = header.substring(0, colon).strip();
                String value = header.substring(colon + 1).strip();
                Object before = all.getValue(name);
                all.put(name, before instanceof JsonArray list ? list.add(value) : new JsonArray().add(value));
            }
        }
        return json;
    }

    private JsonObject inner(JsonObject object, String key) {
        Object value = object.getValue(key);
        if (value != null && !(value instanceof JsonObject)) {
            throw usage("--option: " + key + " cannot be both a value and an object");
        }
        JsonObject inner = value == null ? new JsonObject() : (JsonObject) value;
        object.put(key, inner);
        return inner;
    }

    private ParameterException usage(String message) {
        return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
    }
}
