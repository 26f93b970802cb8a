package dev.vecho.management;

import dev.vecho.core.Listener;
import dev.vecho.core.Traffic;
import dev.vecho.core.Traffic.Packets;
import dev.vecho.management.Route.Call;
import dev.vecho.net.tls.Identity;
import dev.vecho.server.EchoService;
import dev.vecho.server.EchoService.Outcome;
import dev.vecho.server.EchoService.Reload;
import dev.vecho.server.LogLevels;
import dev.vecho.server.OpenListener;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.healthchecks.CheckResult;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the management listener answers. The resource {@code openapi.json} beside this class describes it. */
final class Api {

    /** A reload that takes longer goes on; who asked for it learns so. */
    private static final Duration RELOAD_BOUND = Duration.ofSeconds(30);

    private final Vertx vertx;
    private final EchoService service;
    private final Health health;
    private final Metrics metrics;
    private final ConnectionViews connections;
    private final Page page;
    private final Events events;
    private final CheckViews checks;
    private final Probes probes;
    private final Loggers loggers;
    private final Instant started = Instant.now();

    /**
     * Makes it; nothing begins.
     *
     * @param minClusterMembers asked for each time, for a reload may change it
     */
    Api(Vertx vertx, EchoService service, Clients clients, IntSupplier minClusterMembers) {
        this.vertx = vertx;
        this.service = service;
        this.health = new Health(vertx, service, minClusterMembers);
        this.connections = new ConnectionViews(vertx, service);
        this.checks = new CheckViews(vertx, service);
        this.probes = new Probes(vertx, service);
        this.loggers = new Loggers(vertx, LogLevels.find().orElse(null));
        this.metrics = new Metrics(vertx, service, clients::size);
        this.page = new Page(vertx);
        this.events = new Events(vertx, service, health);
    }

    /** All that it answers to. */
    List<Route> routes() {
        return List.of(
                get("/health/live", true, call -> health(call, health::live)),
                get("/health/ready", true, call -> health(call, health::ready)),
                get("/health", false, call -> health(call, health::all)),
                get("/metrics", false, this::metrics),
                get("/version", false, call -> Future.succeededFuture(version())),
                get("/config", false, call -> Future.succeededFuture(configuration())),
                get("/listeners", false, call -> Future.succeededFuture(listeners())),
                get("/listeners/{name}/faults", false, call -> Future.succeededFuture(faults(call.part("name")))),
                new Route(HttpMethod.PATCH, "/listeners/{name}/faults", false, this::changeFaults),
                new Route(
                        HttpMethod.DELETE,
                        "/listeners/{name}/faults",
                        false,
                        call -> changeFaults(call.part("name"), null)),
                get("/connections", false, this::connections),
                get(
                        "/connections/{id}",
                        false,
                        call -> connections
                                .one(call.part("id"))
                                .map(found -> found.map(Answer::json).orElseGet(Api::noConnection))),
                new Route(
                        HttpMethod.DELETE,
                        "/connections/{id}",
                        false,
                        call -> connections
                                .close(call.part("id"))
                                .map(closed -> closed ? Answer.nothing() : noConnection())),
                get("/", true, call -> page.answer(Page.INDEX, call)),
                get("/page/{file}", true, call -> page.answer(call.part("file"), call)),
                get("/events", false, call -> Future.succeededFuture(events.answer())),
                get("/probe", false, probes::answer),
                new Route(HttpMethod.POST, "/probe", false, probes::stream),
                get("/probe/allowed", false, call -> Future.succeededFuture(probes.allowed())),
                get("/checks", false, call -> checks.page(call.query())),
                get("/checks/{name}", false, call -> Future.succeededFuture(checks.one(call.part("name")))),
                get(
                        "/checks/{name}/history",
                        false,
                        call -> Future.succeededFuture(checks.history(call.part("name"), call.query()))),
                get("/loggers", false, call -> Future.succeededFuture(loggers.all())),
                get("/loggers/{name}", false, call -> Future.succeededFuture(loggers.one(call.part("name")))),
                new Route(
                        HttpMethod.PUT,
                        "/loggers/{name}",
                        false,
                        call -> Future.succeededFuture(loggers.change(call.part("name"), call.body()))),
                new Route(
                        HttpMethod.DELETE,
                        "/loggers/{name}",
                        false,
                        call -> Future.succeededFuture(loggers.reset(call.part("name")))),
                get("/openapi.json", false, call -> Future.succeededFuture(openApi())),
                new Route(HttpMethod.POST, "/reload", false, call -> reload()));
    }

    private static Route get(String path, boolean open, java.util.function.Function<Call, Future<Answer>> handler) {
        return new Route(HttpMethod.GET, path, open, handler);
    }

    /** Begins to watch the service, on the listener's event loop. */
    void start() {
        events.start();
    }

    /** Who is told of the service has to show what they now must. */
    void askAgain() {
        events.dismiss();
    }

    void close() {
        events.stop();
        loggers.close();
        metrics.close();
    }

    /** Body and status as the handler of vertx-web has them for vertx-health-check; strangers get no more than the outcome. */
    private Future<Answer> health(Call call, Supplier<Future<CheckResult>> checks) {
        return checks.get().map(result -> {
            boolean up = CheckResult.isUp(result);
            JsonObject body = result.toJson();
            if (call.trusted() && Health.isDegraded(service)) {
                body.put("degraded", true);
            }
            return Answer.json(
                    up ? 200 : 503, call.trusted() ? body : new JsonObject().put("outcome", body.getString("outcome")));
        });
    }

    private Future<Answer> metrics(Call call) {
        return metrics.scrape(call.headers().get("Accept"), call.query().get("checks"));
    }

    private Answer version() {
        JsonObject version = new JsonObject();
        Build.of(vertx).forEach(version::put);
        return Answer.json(version.put("started", started.toString())
                .put("process", ProcessHandle.current().pid())
                .put("state", service.state().name()));
    }

    private Answer configuration() {
        JsonObject all = new JsonObject();
        service.configuration()
                .forEach(each -> all.put(
                        each.key(), new JsonObject().put("value", each.value()).put("source", each.source())));
        return Answer.json(all);
    }

    private Answer listeners() {
        JsonArray all = new JsonArray();
        service.listeners().forEach(listener -> all.add(listener(listener)));
        return Answer.json(new JsonObject().put("listeners", all));
    }

    private static JsonObject listener(OpenListener listener) {
        Traffic traffic = listener.traffic();
        Traffic.Snapshot counts = traffic.snapshot();
        JsonArray certificates = new JsonArray();
        listener.parts().stream()
                .findFirst()
                .map(Listener::certificates)
                .orElse(List.of())
                .forEach(each -> certificates.add(certificate(each)));
        return new JsonObject()
                .put("name", listener.name())
                .put("transport", listener.transport())
                .put("addresses", new JsonArray(listener.addresses()))
                .put("notes", new JsonArray(listener.notes()))
                .put("eventLoops", listener.parts().size())
                .put("certificates", certificates)
                .put("accepted", counts.accepted())
                .put("active", counts.active())
                .put("refused", counts.refused())
                .put("refusals", counted(traffic.refusals()))
                .put("failed", counts.failed())
                .put("failures", counted(traffic.failures()))
                .put("receivedBytes", counts.bytes())
                .put("sentBytes", counts.sent())
                .put("drops", counted(traffic.drops()))
                .put("faults", counted(traffic.faults()))
                .put("tlsHandshakes", counted(traffic.handshakes()))
                .put("packets", packets(traffic.packets()));
    }

    private static JsonObject packets(Packets packets) {
        JsonObject json = new JsonObject();
        return packets.equals(Packets.NONE)
                ? json
                : json.put("sent", packets.sent())
                        .put("received", packets.received())
                        .put("lost", packets.lost())
                        .put("retransmitted", packets.retransmitted());
    }

    private static JsonObject counted(Map<String, Long> counts) {
        JsonObject json = new JsonObject();
        counts.forEach(json::put);
        return json;
    }

    private static JsonObject certificate(X509Certificate certificate) {
        return new JsonObject()
                .put("subject", certificate.getSubjectX500Principal().getName())
                .put("issuer", certificate.getIssuerX500Principal().getName())
                .put("serial", certificate.getSerialNumber().toString(16))
                .put("notBefore", certificate.getNotBefore().toInstant().toString())
                .put("notAfter", certificate.getNotAfter().toInstant().toString())
                .put("fingerprint", Identity.fingerprint(certificate));
    }

    private Future<Answer> connections(Call call) {
        try {
            return connections.page(ConnectionFilter.read(call.query()));
        } catch (IllegalArgumentException wrong) {
            return Future.succeededFuture(Answer.problem(400, String.valueOf(wrong.getMessage())));
        }
    }

    private static Answer noConnection() {
        return Answer.problem(404, "There is no such connection, or it has ended.");
    }

    private Answer faults(String listener) {
        return hasListener(listener)
                ? Answer.json(service.faults(listener))
                : Answer.problem(404, "There is no such listener.");
    }

    private boolean hasListener(String name) {
        return service.listeners().stream().anyMatch(listener -> listener.name().equals(name));
    }

    private Future<Answer> changeFaults(Call call) {
        Object patch;
        try {
            patch = Json.decodeValue(call.body());
        } catch (DecodeException e) {
            patch = e;
        }
        return patch instanceof JsonObject object
                ? changeFaults(call.part("name"), object)
                : Future.succeededFuture(Answer.problem(
                        400, "The body must be an object in JSON, a merge patch of the listener's faults."));
    }

    private Future<Answer> changeFaults(String listener, @Nullable JsonObject patch) {
        if (!hasListener(listener)) {
            return Future.succeededFuture(Answer.problem(404, "There is no such listener."));
        }
        return bounded(service.changeFaults(listener, patch)
                .map(reload -> reload.outcome() == Outcome.REJECTED
                        ? reloaded(reload)
                        : Answer.json(new JsonObject()
                                .put("faults", service.faults(listener))
                                .put("changes", new JsonArray(reload.changes())))));
    }

    private Future<Answer> reload() {
        return bounded(service.reload().map(Api::reloaded));
    }

    /** Waits for a reload, but not for ever. */
    private Future<Answer> bounded(Future<Answer> reload) {
        Promise<Answer> answer = Promise.promise();
        long timer = vertx.setTimer(
                RELOAD_BOUND.toMillis(),
                late -> answer.tryComplete(Answer.json(202, new JsonObject().put("outcome", "UNDER_WAY"))));
        reload.onComplete(done -> {
            vertx.cancelTimer(timer);
            if (done.succeeded()) {
                answer.tryComplete(done.result());
            } else {
                answer.tryFail(done.cause());
            }
        });
        return answer.future();
    }

    private static Answer reloaded(Reload reload) {
        JsonObject result = new JsonObject()
                .put("at", reload.at().toString())
                .put("outcome", reload.outcome().name());
        return reload.outcome() == Outcome.REJECTED
                ? Answer.problem(
                        422,
                        "The new configuration is wrong or could not be applied; the one before is in effect.",
                        result.put("problems", new JsonArray(reload.problems())))
                : Answer.json(result.put("changes", new JsonArray(reload.changes())));
    }

    private static Answer openApi() {
        try (InputStream in = Api.class.getResourceAsStream("openapi.json")) {
            if (in == null) {
                throw new IllegalStateException("the jar has no openapi.json");
            }
            return Answer.text(Answer.JSON, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
