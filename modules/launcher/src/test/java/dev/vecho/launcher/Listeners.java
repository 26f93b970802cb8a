package dev.vecho.launcher;

import dev.vecho.core.Traffic;
import dev.vecho.server.EchoServerVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** A service in the JVM of a test. It ends, without a grace period, with its Vert.x instance. */
final class Listeners {

    private static final int PATIENCE_SECONDS = 60;

    private final Map<String, List<String>> addresses = new LinkedHashMap<>();
    private final Map<String, Traffic> traffic = new LinkedHashMap<>();

    private Listeners() {}

    /** What a listener's configuration begins with: any free port of 127.0.0.1. */
    static JsonObject any() {
        return new JsonObject().put("host", "127.0.0.1").put("port", 0);
    }

    /** Serves, until the Vert.x instance is closed. */
    static Listeners serve(Vertx vertx, JsonObject listeners) throws Exception {
        EchoServerVerticle server = new EchoServerVerticle();
        JsonObject configuration = new JsonObject().put("drainMillis", 0).put("listeners", listeners);
        vertx.deployVerticle(server, new DeploymentOptions().setConfig(configuration))
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        Listeners serving = new Listeners();
        server.listeners().forEach(listener -> {
            serving.addresses.put(listener.name(), listener.addresses());
            serving.traffic.put(listener.name(), listener.traffic());
        });
        return serving;
    }

    /** All addresses of all, as targets. */
    List<String> addresses() {
        return addresses.values().stream().flatMap(List::stream).toList();
    }

    /** The first address of one. */
    String address(String listener) {
        return Objects.requireNonNull(addresses.get(listener), listener).get(0);
    }

    /** The counters of one. */
    Traffic traffic(String listener) {
        return Objects.requireNonNull(traffic.get(listener), listener);
    }

    /** The port of {@link #address}. */
    int port(String listener) {
        String address = address(listener);
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }
}
