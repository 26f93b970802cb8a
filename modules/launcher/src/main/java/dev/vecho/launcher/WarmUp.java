package dev.vecho.launcher;

import dev.vecho.client.Check;
import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.core.Transports;
import dev.vecho.core.VertxInternals;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.ReadOption;
import dev.vecho.core.config.Source;
import dev.vecho.server.ConfiguredValue;
import dev.vecho.server.EchoProbe;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Checks listeners of our own, on loopback and on free ports, once and without a report. Otherwise the first round trip would
 * include the loading of classes, and take a hundred times as long as the next one. What goes wrong has no other effect than that.
 */
final class WarmUp {

    private static final Source SOURCE = Source.named("warm-up");
    private static final String LISTENERS = "listeners.";

    /** What makes a certificate, and who handles it; not what a client must have. */
    private static final Set<String> TLS =
            Set.of("certificate", "key", "keyStore", "keyStoreAlias", "selfSigned", "engine");

    private static final Set<String> FILES = Set.of("certificate", "key", "keyStore");

    /** Those that listen on a host and a port. */
    private static final Set<String> TRANSPORTS = Set.of("tcp", "udp", "http", "websocket", "quic");

    private WarmUp() {}

    /**
     * One over TCP, which is what a check begins with whatever its targets are.
     *
     * @return when it is done; never a failure
     */
    static Future<Void> ofCheck(Vertx vertx) {
        return serving(
                        vertx,
                        on("tcp"),
                        serving -> Check.once(vertx, serving.addresses().get(0)))
                .transform(played -> Future.succeededFuture());
    }

    /**
     * One for each transport of a service that runs, with its certificates, all at once.
     *
     * @param values its configuration
     * @return when it is done, and its listeners are gone; never a failure
     */
    static Future<Void> ofService(Vertx vertx, List<ConfiguredValue> values) {
        return play(vertx, like(values)).transform(played -> Future.succeededFuture());
    }

    private static JsonObject on(String transport) {
        return new JsonObject()
                .put("transport", transport)
                .put("host", "127.0.0.1")
                .put("port", 0);
    }

    /** Listeners with the transports and certificates of others, none of them twice. */
    static Set<JsonObject> like(List<ConfiguredValue> values) {
        Map<String, JsonObject> byName = new LinkedHashMap<>();
        values.forEach(value -> {
            String[] path = value.key().startsWith(LISTENERS) ? value.key().split("\\.", -1) : new String[0];
            if (path.length == 3 && path[2].equals("transport")) {
                byName.put(path[1], on(value.value().toString()));
            } else if (path.length == 4 && path[2].equals("tls") && TLS.contains(path[3])) {
                JsonObject tls = byName.computeIfAbsent(path[1], name -> on("tcp"));
                if (!tls.containsKey("tls")) {
                    tls.put("tls", new JsonObject());
                }
                tls.getJsonObject("tls").put(path[3], FILES.contains(path[3]) ? file(value) : value.value());
            }
        });
        Set<JsonObject> distinct = new LinkedHashSet<>(byName.values());
        distinct.removeIf(listener -> !TRANSPORTS.contains(listener.getString("transport"))
                || listener.encode().contains(ReadOption.MASK));
        return distinct;
    }

    /** Names of files are relative to the file that has them. */
    private static String file(ConfiguredValue value) {
        return Path.of(value.source()).resolveSibling(value.value().toString()).toString();
    }

    /** Completes when all are done, with the number of addresses that echoed. */
    static Future<Long> play(Vertx vertx, Set<JsonObject> listeners) {
        List<Future<Long>> played = listeners.stream()
                .map(listener -> serving(vertx, listener, serving -> probe(vertx, serving)))
                .toList();
        return Future.join(played)
                .transform(all -> Future.succeededFuture(played.stream()
                        .filter(Future::succeeded)
                        .mapToLong(Future::result)
                        .sum()));
    }

    /** Of a service, it is its own side that is to be warm: a probe needs less memory than a check, which a service may never play. */
    private static Future<Long> probe(Vertx vertx, Serving serving) {
        EchoProbe probe = new EchoProbe(vertx, Transports.load());
        List<Future<EchoProbe.Found>> asked = serving.addresses().stream()
                .map(address -> probe.ask(address, serving.ownClient(address)))
                .toList();
        return Future.join(asked)
                .transform(all -> Future.succeededFuture(
                        asked.stream().filter(Future::succeeded).count()));
    }

    private static <T> Future<T> serving(Vertx vertx, JsonObject listener, Function<Serving, Future<T>> client) {
        return vertx.executeBlocking(() -> new Serving(server(vertx, listener)), false)
                .compose(serving -> vertx.deployVerticle(serving)
                        .compose(deployed -> client.apply(serving).eventually(() -> vertx.undeploy(deployed))));
    }

    private static ServerTransport server(Vertx vertx, JsonObject listener) {
        JsonObject own = listener.copy();
        String transport = (String) own.remove("transport");
        Problems problems = new Problems();
        ServerTransport server = Transports.load()
                .named(transport)
                .orElseThrow()
                .server(vertx, new Options(own, path -> SOURCE, problems));
        problems.throwIfAny();
        return server;
    }

    /** A listener without the service around it, which would tell of it in the log. */
    private static final class Serving extends VerticleBase {

        private final ServerTransport server;
        private volatile @Nullable Listener listener;

        Serving(ServerTransport server) {
            this.server = server;
        }

        List<String> addresses() {
            return Objects.requireNonNull(listener).addresses();
        }

        JsonObject ownClient(String address) {
            return Objects.requireNonNull(listener).ownClient(address);
        }

        @Override
        public Future<?> start() {
            return server.listen(new Traffic().share(VertxInternals.eventLoop(context)))
                    .onSuccess(open -> listener = open);
        }

        @Override
        public Future<?> stop() {
            return Objects.requireNonNull(listener).drain(Duration.ZERO);
        }
    }
}
