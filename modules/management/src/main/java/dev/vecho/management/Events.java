package dev.vecho.management;

import dev.vecho.core.Listener;
import dev.vecho.core.Traffic;
import dev.vecho.server.EchoService;
import dev.vecho.server.OpenListener;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tells those who listen once a second how the service is, as server-sent events. One who reads too slowly misses some of them. Used on
 * the management listener's event loop only.
 */
final class Events {

    /** So many listen at a time at most. */
    static final int MAX_READERS = 16;

    /** What waits for one of them, about; an event is dropped while more does. */
    private static final int MAX_WAITING_BYTES = 64 * 1024;

    private static final long TICK_MILLIS = 1000;

    /** The checks of health connect to every listener, which would be seen in its rates if they came as often as events. */
    private static final int TICKS_PER_CHECK = 5;

    private final Vertx vertx;
    private final EchoService service;
    private final Health health;
    private final History history = new History();
    private final Set<HttpServerResponse> readers = new LinkedHashSet<>();
    private long timer = -1;
    private long ticks;

    Events(Vertx vertx, EchoService service, Health health) {
        this.vertx = vertx;
        this.service = service;
        this.health = health;
    }

    void start() {
        history.begin(service.listeners());
        timer = vertx.setPeriodic(TICK_MILLIS, tick -> tick());
    }

    void stop() {
        vertx.cancelTimer(timer);
        dismiss();
    }

    /** Ends what is being told: who still may listen comes again. */
    void dismiss() {
        List<HttpServerResponse> all = List.copyOf(readers);
        readers.clear();
        all.forEach(HttpServerResponse::end);
    }

    /** The answer to one who wants to listen. */
    Answer answer() {
        return readers.size() < MAX_READERS
                ? Answer.stream("text/event-stream", this::add)
                : Answer.problem(503, MAX_READERS + " listen already, and no more may.")
                        .with("Retry-After", "5");
    }

    private void add(HttpServerResponse reader) {
        reader.setWriteQueueMaxSize(MAX_WAITING_BYTES);
        reader.exceptionHandler(failure -> readers.remove(reader));
        reader.closeHandler(closed -> readers.remove(reader));
        if (readers.isEmpty()) {
            check();
        }
        readers.add(reader);
        reader.write("retry: 2000\n\n" + event("history", new JsonObject().put("listeners", history.toJson()))
                + event("snapshot", snapshot()));
    }

    /** What happens each second. */
    void tick() {
        history.look(service.listeners(), Instant.now());
        if (readers.isEmpty()) {
            return;
        }
        if (++ticks % TICKS_PER_CHECK == 0) {
            check();
        }
        String event = event("snapshot", snapshot());
        for (HttpServerResponse reader : List.copyOf(readers)) {
            if (!reader.writeQueueFull()) {
                reader.write(event);
            }
        }
    }

    /** What comes of it is told by {@link Health#known}. */
    private void check() {
        Future<?> unused = health.all();
    }

    /** As server-sent events are written. */
    static String event(String name, JsonObject data) {
        return "event: " + name + "\ndata: " + data.encode() + "\n\n";
    }

    private JsonObject snapshot() {
        Instant now = Instant.now();
        JsonArray listeners = new JsonArray();
        service.listeners().forEach(each -> listeners.add(listener(each, now)));
        JsonObject checks = new JsonObject();
        health.known().forEach((name, known) -> checks.put(name, known.toJson()));
        JsonObject snapshot = new JsonObject()
                .put("at", time(now))
                .put("state", service.state().name())
                .put("listeners", listeners)
                .put("health", checks);
        service.lastReload()
                .ifPresent(reload -> snapshot.put(
                        "reload",
                        new JsonObject()
                                .put("at", time(reload.at()))
                                .put("outcome", reload.outcome().name())
                                .put("problems", new JsonArray(reload.problems()))));
        return snapshot;
    }

    private JsonObject listener(OpenListener listener, Instant now) {
        Traffic traffic = listener.traffic();
        Traffic.Snapshot counts = traffic.snapshot();
        JsonObject json = new JsonObject()
                .put("name", listener.name())
                .put("transport", listener.transport())
                .put("addresses", new JsonArray(listener.addresses()))
                .put("accepted", counts.accepted())
                .put("active", counts.active())
                .put("refused", counts.refused())
                .put("refusals", counted(traffic.refusals()))
                .put("failed", counts.failed())
                .put("failures", counted(traffic.failures()))
                .put("second", History.toJson(history.last(listener.name())));
        Instant failed = history.failed(listener.name());
        if (failed != null) {
            json.put("lastFailure", time(failed));
        }
        Instant refused = history.refused(listener.name());
        if (refused != null) {
            json.put("lastRefusal", time(refused));
        }
        JsonArray certificates = new JsonArray();
        listener.parts().stream()
                .findFirst()
                .map(Listener::certificates)
                .orElse(List.of())
                .forEach(each -> certificates.add(certificate(each, now)));
        return json.put("certificates", certificates);
    }

    private static JsonObject certificate(X509Certificate certificate, Instant now) {
        Instant end = certificate.getNotAfter().toInstant();
        return new JsonObject()
                .put("subject", certificate.getSubjectX500Principal().getName())
                .put("notAfter", end.toString())
                .put("daysLeft", Math.floorDiv(Duration.between(now, end).toSeconds(), 86_400L));
    }

    private static JsonObject counted(Map<String, Long> counts) {
        JsonObject json = new JsonObject();
        counts.forEach(json::put);
        return json;
    }

    private static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MILLIS).toString();
    }
}
