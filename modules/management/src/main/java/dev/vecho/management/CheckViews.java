package dev.vecho.management;

import dev.vecho.monitor.Monitor;
import dev.vecho.monitor.MonitoredCase;
import dev.vecho.monitor.MonitoredCheck;
import dev.vecho.monitor.Resolution;
import dev.vecho.server.EchoService;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The checks that the service plays on a schedule, for clients. */
final class CheckViews {

    private final EchoService service;

    CheckViews(EchoService service) {
        this.service = service;
    }

    private List<MonitoredCheck> checks() {
        return service.section(Monitor.class).map(Monitor::checks).orElse(List.of());
    }

    private Optional<MonitoredCheck> check(String name) {
        return service.section(Monitor.class).flatMap(monitor -> monitor.check(name));
    }

    Answer all() {
        JsonArray all = new JsonArray();
        checks().forEach(check -> all.add(check.toJson()));
        return Answer.json(new JsonObject().put("checks", all));
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
