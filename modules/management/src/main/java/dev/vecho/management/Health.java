package dev.vecho.management;

import dev.vecho.core.Listener;
import dev.vecho.core.Transports;
import dev.vecho.core.VertxInternals;
import dev.vecho.server.EchoProbe;
import dev.vecho.server.EchoService;
import dev.vecho.server.EchoService.Outcome;
import dev.vecho.server.EchoService.Reload;
import dev.vecho.server.EchoService.State;
import dev.vecho.server.OpenListener;
import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.healthchecks.CheckResult;
import io.vertx.ext.healthchecks.HealthChecks;
import io.vertx.ext.healthchecks.Status;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** Whether the service is well, by checks of vertx-health-check. Used on the management listener's event loop only. */
final class Health {

    /** An event loop that has not answered after so long is stuck. */
    private static final long LOOP_BOUND_MILLIS = 5000;

    private static final long CLUSTER_BOUND_MILLIS = 5000;

    /** Beyond the probe's own bound, which tells more. */
    private static final long LISTENER_BOUND_MILLIS = 2 * EchoProbe.BOUND_MILLIS;

    private static final String CONFIGURATION = "configuration";

    private final Vertx vertx;
    private final EchoService service;
    private final IntSupplier minMembers;
    private final EchoProbe probe;
    private final List<Cached<Status>> loops = new ArrayList<>();
    private final Cached<Status> cluster;

    /** By listener: one that a reload has opened anew is another one. */
    private final Map<OpenListener, Cached<Status>> listeners = new HashMap<>();

    private final Map<String, Known> known = new TreeMap<>();

    /** @param minMembers how many members the cluster must have, where there is one; asked on this event loop */
    Health(Vertx vertx, EchoService service, IntSupplier minMembers) {
        this.vertx = vertx;
        this.service = service;
        this.minMembers = minMembers;
        this.probe = new EchoProbe(vertx, Transports.load());
        for (EventExecutor loop : VertxInternals.eventLoopsOf(vertx)) {
            loops.add(new Cached<>(() -> answer(loop)));
        }
        this.cluster = new Cached<>(() -> {
            int least = minMembers.getAsInt();
            return vertx.executeBlocking(() -> members(least), false);
        });
    }

    /** Whether the process works, so that it is no use to restart it: its event loops answer. Also while it drains. */
    Future<CheckResult> live() {
        return withEventLoops(HealthChecks.create(vertx)).checkStatus().onSuccess(result -> note(result, false));
    }

    /** Whether clients should be sent here: it runs, and every listener echoes. */
    Future<CheckResult> ready() {
        return readiness().checkStatus().onSuccess(result -> note(result, true));
    }

    /** All that is known. */
    Future<CheckResult> all() {
        return readiness()
                .register(CONFIGURATION, this::configuration)
                .checkStatus()
                .onSuccess(result -> note(result, true));
    }

    /**
     * What the last check of something has found.
     *
     * @param since when it was first found so
     * @param before when it was last found otherwise; null where it never was
     * @param at when it was last found so
     * @param data what is known beside
     */
    record Known(boolean up, Instant since, @Nullable Instant before, Instant at, JsonObject data) {

        Known then(boolean next, Instant now, JsonObject data) {
            return next == up ? new Known(up, since, before, now, data) : new Known(next, now, at, now, data);
        }

        JsonObject toJson() {
            JsonObject json = new JsonObject()
                    .put("up", up)
                    .put("since", time(since))
                    .put("at", time(at))
                    .put("data", data);
            return before == null ? json : json.put("before", time(before));
        }

        private static String time(Instant instant) {
            return instant.truncatedTo(ChronoUnit.MILLIS).toString();
        }
    }

    /** What is known of each check without asking again, by its name such as {@code listeners/tcp}. */
    Map<String, Known> known() {
        return Collections.unmodifiableMap(known);
    }

    /** @param all whether what is not in the result is not there any more */
    private void note(CheckResult result, boolean all) {
        Map<String, Known> found = new TreeMap<>();
        note(result.toJson().getJsonArray("checks", new JsonArray()), "", Instant.now(), found);
        if (all) {
            known.keySet().removeIf(name -> !found.containsKey(name) && !name.equals(CONFIGURATION));
        }
        known.putAll(found);
    }

    private void note(JsonArray checks, String prefix, Instant now, Map<String, Known> found) {
        for (Object each : checks) {
            JsonObject check = (JsonObject) each;
            String name = prefix + check.getString("id");
            if (check.containsKey("checks")) {
                note(check.getJsonArray("checks"), name + "/", now, found);
                continue;
            }
            boolean up = "UP".equals(check.getString("status"));
            JsonObject data = check.getJsonObject("data", new JsonObject());
            Known before = known.get(name);
            found.put(name, before == null ? new Known(up, now, null, now, data) : before.then(up, now, data));
        }
    }

    private HealthChecks readiness() {
        HealthChecks checks = HealthChecks.create(vertx).register("service", this::state);
        if (service.state() == State.READY) {
            listenersNow()
                    .forEach((name, status) -> register(checks, "listeners/" + name, LISTENER_BOUND_MILLIS, status));
        }
        if (vertx.isClustered() || minMembers.getAsInt() > 1) {
            register(checks, "cluster", CLUSTER_BOUND_MILLIS, cluster);
        }
        return withEventLoops(checks);
    }

    private HealthChecks withEventLoops(HealthChecks checks) {
        for (int i = 0; i < loops.size(); i++) {
            register(checks, "event-loops/" + i, LOOP_BOUND_MILLIS, loops.get(i));
        }
        return checks;
    }

    private static void register(HealthChecks checks, String name, long bound, Cached<Status> status) {
        checks.register(name, bound, promise -> status.get().onComplete(promise));
    }

    private void state(Promise<Status> promise) {
        State state = service.state();
        JsonObject data = new JsonObject().put("state", state.name());
        promise.complete(state == State.READY ? Status.OK(data) : Status.KO(data));
    }

    /** A configuration that was rejected takes nothing away from those that are served: it is told, and no more. */
    private void configuration(Promise<Status> promise) {
        Optional<Reload> last = service.lastReload();
        JsonObject data = new JsonObject();
        last.ifPresent(reload -> data.put("lastReload", reload.at().toString())
                .put("outcome", reload.outcome().name()));
        if (isDegraded(service)) {
            data.put("degraded", true)
                    .put("problems", new JsonArray(last.orElseThrow().problems()));
        }
        promise.complete(Status.OK(data));
    }

    /** Whether it serves by a configuration that is not the one that was last written. */
    static boolean isDegraded(EchoService service) {
        return service.lastReload()
                .filter(reload -> reload.outcome() == Outcome.REJECTED)
                .isPresent();
    }

    private Future<Status> answer(EventExecutor loop) {
        Promise<Status> answered = Promise.promise();
        // It completes on that loop; what follows belongs on the one that asks.
        var context = vertx.getOrCreateContext();
        loop.execute(() -> context.runOnContext(here -> answered.complete(Status.OK())));
        return answered.future();
    }

    private Status members(int least) {
        int members = VertxInternals.clusterNodes(vertx).size();
        JsonObject data = new JsonObject().put("members", members);
        if (members == 0) {
            return Status.KO(data.put("cause", "this member is not in its cluster"));
        }
        return members < least
                ? Status.KO(data.put("cause", "too few members are left, minClusterMembers is " + least))
                : Status.OK(data);
    }

    private Map<String, Cached<Status>> listenersNow() {
        List<OpenListener> open = service.listeners();
        listeners.keySet().retainAll(open);
        Map<String, Cached<Status>> byName = new LinkedHashMap<>();
        for (OpenListener listener : open) {
            byName.put(listener.name(), listeners.computeIfAbsent(listener, each -> new Cached<>(() -> echoes(each))));
        }
        return byName;
    }

    /** Asks one address of each scheme, all at once. */
    private Future<Status> echoes(OpenListener listener) {
        if (listener.parts().isEmpty()) {
            return Future.succeededFuture(Status.KO(new JsonObject().put("cause", "no event loop listens")));
        }
        Listener part = listener.parts().get(0);
        Map<String, String> byScheme = new LinkedHashMap<>();
        for (String address : listener.addresses()) {
            byScheme.putIfAbsent(address.substring(0, address.indexOf(':')), address);
        }
        Map<String, Future<JsonObject>> asked = new LinkedHashMap<>();
        byScheme.values()
                .forEach(address -> asked.put(
                        address, probe.ask(address, part.ownClient(address)).map(EchoProbe.Found::toJson)));
        return Future.join(List.copyOf(asked.values())).transform(all -> {
            JsonArray found = new JsonArray();
            asked.forEach((address, result) -> found.add(
                    result.succeeded()
                            ? result.result()
                            : new JsonObject()
                                    .put("address", address)
                                    .put("cause", String.valueOf(result.cause().getMessage()))));
            JsonObject data = new JsonObject().put("addresses", found);
            return Future.succeededFuture(all.succeeded() ? Status.OK(data) : Status.KO(data));
        });
    }
}
