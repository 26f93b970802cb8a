package dev.vecho.client;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * What all rounds of a case found.
 *
 * @param rounds the first 100 that failed and the last 100, in the order in which they were played
 */
public record CaseReport(Case played, Summary summary, List<Report> rounds) {

    public CaseReport {
        rounds = List.copyOf(rounds);
    }

    /** Whether at least one round was played, and none failed. */
    public boolean passed() {
        return summary.rounds() > 0 && summary.failed() == 0;
    }

    /** How many rounds were played that {@link #rounds} does not have; the summary counts them. */
    public long roundsLeftOut() {
        return summary.rounds() - rounds.size();
    }

    /**
     * {@code name}, {@code target}, where known {@code size}, {@code tls} and {@code family}, {@code connections};
     * {@code verdict}, {@code summary} (see {@link Summary#toJson}), {@code rounds} (see {@link Report#toJson}),
     * {@code roundsLeftOut}.
     */
    JsonObject toJson() {
        return played.toJson()
                .put("verdict", Report.verdict(passed()))
                .put("summary", summary.toJson())
                .put("rounds", new JsonArray(rounds.stream().map(Report::toJson).toList()))
                .put("roundsLeftOut", roundsLeftOut());
    }
}
