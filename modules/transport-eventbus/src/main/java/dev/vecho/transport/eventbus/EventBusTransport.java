package dev.vecho.transport.eventbus;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.TestableTransport;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * The Vert.x event bus: messages to an address, as {@code bus://address}. It reaches the listeners of the same Vert.x
 * instance, and where that is clustered those of every member.
 */
public final class EventBusTransport implements TestableTransport {

    @Override
    public String name() {
        return "eventbus";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("bus");
    }

    @Override
    public Framing framing() {
        return Framing.MESSAGES;
    }

    @Override
    public List<JsonObject> selftests(Path directory, JsonObject tls) {
        return List.of(new JsonObject().put("address", "vecho.selftest"));
    }

    @Override
    public ServerTransport server(Vertx vertx, Options options) {
        return new EventBusServerTransport(vertx, EventBusListenerOptions.read(vertx, options));
    }

    @Override
    public ClientTransport client(Vertx vertx, Target target, Options options) {
        String host = target.host();
        if (host == null) {
            options.problem("", target + ": address: is missing, expected bus://address");
        } else if (target.port() != -1) {
            options.problem("", target + ": port: has no meaning on the event bus, expected bus://address");
        }
        // Known, but of no use here: one script may have targets with and without TLS.
        options.has("tls");
        target.refuseProxyHeader(options);
        options.rejectUnknownKeys();
        return new EventBusClientTransport(vertx, host + target.path());
    }
}
