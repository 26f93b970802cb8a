package dev.vecho.management;

import dev.vecho.monitor.Monitor;
import dev.vecho.monitor.MonitoredCase;
import dev.vecho.monitor.MonitoredCheck;
import dev.vecho.monitor.Resolution;
import dev.vecho.monitor.State;
import dev.vecho.server.EchoService;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The checks that the service plays on a schedule, for clients. */
final class CheckViews {

    private final Vertx vertx;
    private final EchoService service;

    CheckViews(Vertx vertx, EchoService service) {
        this.vertx = vertx;
        this.service = service;
    }

    private List<MonitoredCheck> checks() {
        return service.section(Monitor.class).map(Monitor::checks).orElse(List.of());
    }

    private Optional<MonitoredCheck> check(String name) {
        return service.section(Monitor.class).flatMap(monitor -> monitor.check(name));
    }

    /** A page of them; on a worker thread, for each takes its time. */
    Future<Answer> page(MultiMap query) {
        CheckFilter filter;
        try {
            filter = CheckFilter.read(query);
        } catch (IllegalArgumentException wrong) {
            return Future.succeededFuture(Answer.problem(400, String.valueOf(wrong.getMessage())));
        }
        return vertx.executeBlocking(() -> page(filter), false);
    }

    private Answer page(CheckFilter filter) {
        List<MonitoredCheck> all = checks();
        JsonObject states = new JsonObject();
        for (State state : State.values()) {
            states.put(
                    state.toString(),
                    all.stream().filter(check -> check.state() == state).count());
        }
        List<CheckFilter.Found> matching = filter.matching(all);
        String cursor = filter.cursor();
        List<CheckFilter.Found> behind = cursor == null
                ? matching
                : matching.stream()
                        .filter(found -> found.place().compareTo(cursor) > 0)
                        .toList();
        List<CheckFilter.Found> told = behind.subList(0, Math.min(filter.limit(), behind.size()));
        JsonObject page = new JsonObject()
                .put("total", all.size())
                .put("states", states)
                .put("matching", matching.size())
                .put(
                        "checks",
                        new JsonArray(told.stream()
                                .map(found -> found.check().toJson())
                                .toList()));
        if (told.size() < behind.size()) {
            page.put("next", told.get(told.size() - 1).place());
        }
        return Answer.json(page);
    }

    Answer one(String name) {
        return check(name).map(check -> Answer.json(check.toDetailedJson())).orElseGet(CheckViews::none);
    }

    /** Of all cases, or of the one that is named. */
    Answer history(String name, MultiMap query) {
        String asked = Optional.ofNullable(query.get("resolution")).orElse("minutes");
        Optional<Resolution> resolution = Stream.of(Resolution.values())
                .filter(each -> each.toString().equals(asked))
                .findFirst();
        if (resolution.isEmpty()) {
            return Answer.problem(400, "resolution must be seconds, minutes or hours.");
        }
        Optional<MonitoredCheck> check = check(name);
        if (check.isEmpty()) {
            return none();
        }
        String named = query.get("case");
        List<MonitoredCase> cases = check.get().cases().stream()
                .filter(each -> named == null || each.name().equals(named))
                .toList();
        if (named != null && cases.isEmpty()) {
            return Answer.problem(404, "The check has no such case.");
        }
        JsonArray all = new JsonArray();
        cases.forEach(each -> all.add(each.history(resolution.get(), Instant.now())));
        return Answer.json(new JsonObject().put("histories", all));
    }

    private static Answer none() {
        return Answer.problem(404, "There is no such check.");
    }
}
