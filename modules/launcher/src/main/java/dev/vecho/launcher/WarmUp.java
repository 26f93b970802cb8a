package dev.vecho.launcher;

import dev.vecho.client.Check;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
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
import io.vertx.core.Future;
import io.vertx.core.Promise;
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
        return play(vertx, Set.of(on("tcp"))).mapEmpty();
    }

    /**
     * One for each transport of a service that runs, with its certificates, all at once.
     *
     * @param values its configuration
     * @param limit after which it goes on by itself
     * @return when it is done, or at the limit; never a failure
     */
    static Future<Void> ofService(Vertx vertx, List<ConfiguredValue> values, Duration limit) {
        Promise<Void> over = Promise.promise();
        long timer = vertx.setTimer(limit.toMillis(), late -> over.tryComplete());
        play(vertx, like(values)).onComplete(played -> {
            vertx.cancelTimer(timer);
            over.tryComplete();
        });
        return over.future();
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
        List<Future<Long>> played =
                listeners.stream().map(listener -> play(vertx, listener)).toList();
        return Future.join(played)
                .transform(all -> Future.succeededFuture(played.stream()
                        .filter(Future::succeeded)
                        .mapToLong(Future::result)
                        .sum()));
    }

    private static Future<Long> play(Vertx vertx, JsonObject listener) {
        return vertx.executeBlocking(() -> new Serving(server(vertx, listener)), false)
                .compose(serving -> vertx.deployVerticle(serving)
                        .compose(deployed -> vertx.executeBlocking(
                                        () -> script(serving.addresses(), listener.containsKey("tls")), false)
                                .compose(script -> Check.open(vertx, script))
                                .compose(WarmUp::play)
                                .eventually(() -> vertx.undeploy(deployed))));
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

    private static Future<Long> play(List<Check> checks) {
        List<Future<Report>> played = checks.stream()
                .map(check -> check.play(1).eventually(check::close))
                .toList();
        return Future.join(played)
                .map(all ->
                        played.stream().filter(each -> each.result().passed()).count());
    }

    private static Script script(List<String> targets, boolean encrypted) {
        Script script = Script.standard().withTargets(targets, SOURCE).withTimeout(Duration.ofSeconds(1));
        // Also a target without TLS could begin it, so that options load all of it.
        return encrypted ? script.withTls(new JsonObject().put("insecure", true), SOURCE) : script;
    }
}
