package dev.vecho.client;

import dev.vecho.client.report.Report;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What a run found.
 *
 * @param startedAt when its first round was due
 * @param cancelled whether it was ended before all rounds were played
 * @param cases in the order of the script
 */
public record RunReport(Instant startedAt, Duration duration, boolean cancelled, List<CaseReport> cases) {

    public RunReport {
        cases = List.copyOf(cases);
    }

    /** Whether every case passed. */
    public boolean passed() {
        return cases.stream().allMatch(CaseReport::passed);
    }

    /** Whether something has not passed, and only because the process that checks, or its machine, lacked what it takes. */
    public boolean unjudged() {
        return !passed() && cases.stream().allMatch(each -> each.passed() || each.unjudged());
    }

    /**
     * This report as one JSON document: {@code version} ({@value Report#VERSION}), {@code verdict} ({@code passed} if every case passed),
     * {@code startedAt} (ISO-8601), {@code durationMillis}, {@code cancelled}, {@code cases} (see
     * {@link CaseReport#toJson}).
     */
    public JsonObject toJson() {
        return new JsonObject()
                .put("version", Report.VERSION)
                .put("verdict", Report.verdict(passed()))
                .put("startedAt", startedAt.toString())
                .put("durationMillis", Report.millis(duration))
                .put("cancelled", cancelled)
                .put(
                        "cases",
                        new JsonArray(cases.stream().map(CaseReport::toJson).toList()));
    }
}
