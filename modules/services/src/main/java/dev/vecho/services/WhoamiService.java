package dev.vecho.services;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Peer;
import dev.vecho.core.Service;
import dev.vecho.core.VertxInternals;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tells a client what this end sees of it, once for each connection or message: as JSON, or as lines of text. Key {@code format}:
 * {@code json}, the default, or {@code text}.
 */
public final class WhoamiService implements Service {

    private static final Map<String, Boolean> FORMATS = Map.of("json", false, "text", true);

    private final Clock clock;

    /** Called by {@link java.util.ServiceLoader}. */
    public WhoamiService() {
        this(Clock.systemUTC());
    }

    WhoamiService(Clock clock) {
        this.clock = clock;
    }

    @Override
    public String name() {
        return "whoami";
    }

    @Override
    public ConfiguredService read(Vertx vertx, Options options) {
        boolean asText = options.choice("format", false, FORMATS);
        String host = hostName();
        return new OneAnswer() {
            @Override
            public String contentType() {
                return asText ? "text/plain" : "application/json";
            }

            @Override
            Buffer answer(Peer peer) {
                JsonObject document = peer.facts().put("time", clock.instant().toString());
                if (host != null) {
                    document.put("host", host);
                }
                VertxInternals.nodeId(vertx).ifPresent(member -> document.put("member", member));
                return Buffer.buffer(asText ? text(document) : document.encodePrettily() + "\n");
            }
        };
    }

    private static @Nullable String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return null;
        }
    }

    /** A line for each value, with the path to it. */
    static String text(JsonObject document) {
        StringBuilder lines = new StringBuilder();
        append(lines, "", document);
        return lines.toString();
    }

    private static void append(StringBuilder lines, String path, @Nullable Object value) {
        if (value instanceof JsonObject object) {
            object.forEach(entry ->
                    append(lines, path.isEmpty() ? entry.getKey() : path + "." + entry.getKey(), entry.getValue()));
        } else if (value instanceof JsonArray array) {
            for (int i = 0; i < array.size(); i++) {
                append(lines, path + "[" + i + "]", array.getValue(i));
            }
        } else {
            lines.append(path).append(": ").append(value).append('\n');
        }
    }
}
