package dev.vecho.client;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * What all rounds of a check against one target found.
 *
 * @param target as the user wrote it
 * @param rounds in the order in which they were played
 */
public record TargetReport(String target, List<Report> rounds) {

    public TargetReport {
        rounds = List.copyOf(rounds);
    }

    /** Whether at least one round was played, and none failed. */
    public boolean passed() {
        return !rounds.isEmpty() && rounds.stream().allMatch(Report::passed);
    }

    public Summary summary() {
        Summary summary = Summary.NONE;
        for (Report report : rounds) {
            summary = summary.plus(report);
        }
        return summary;
    }

    private JsonObject toJson() {
        return new JsonObject()
                .put("target", target)
                .put("verdict", Report.verdict(passed()))
                .put("summary", summary().toJson())
                .put("rounds", new JsonArray(rounds.stream().map(Report::toJson).toList()));
    }

    /**
     * All targets as one JSON document: {@code version} (1), {@code verdict} ({@code passed} if every target passed),
     * {@code targets}, each with {@code target}, {@code verdict}, {@code summary} (see {@link Summary#toJson}) and
     * {@code rounds} (see {@link Report#toJson}).
     */
    public static JsonObject document(List<TargetReport> reports) {
        return new JsonObject()
                .put("version", 1)
                .put("verdict", Report.verdict(reports.stream().allMatch(TargetReport::passed)))
                .put(
                        "targets",
                        new JsonArray(reports.stream().map(TargetReport::toJson).toList()));
    }
}
