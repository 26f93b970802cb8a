package dev.vecho.client;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Summary;
import dev.vecho.client.script.Budget;
import dev.vecho.client.script.Budget.Miss;
import dev.vecho.client.script.Case;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What all rounds of a case found.
 *
 * @param rounds the first 100 that failed and the last 100, in the order in which they were played
 * @param budget how good it must be
 * @param undisturbed what those rounds found that were not {@linkplain Report#disturbed disturbed}
 */
public record CaseReport(Case played, Summary summary, List<Report> rounds, Budget budget, Summary undisturbed) {

    public CaseReport {
        rounds = List.copyOf(rounds);
    }

    /** Whether at least one round was played, no more failed than may, and the budget is kept. */
    public boolean passed() {
        return summary.rounds() > 0
                && (summary.failed() == 0 || budget.allowsFailures())
                && budget.misses(summary).isEmpty();
    }

    /** What of the budget was not kept, {@link FailureKind#BUDGET}; null if all was, or no round was played. */
    public @Nullable Diagnosis diagnosis() {
        List<Miss> misses = misses();
        if (misses.isEmpty()) {
            return null;
        }
        long disturbed = summary.rounds() - undisturbed.rounds();
        boolean others = undisturbed.rounds() > 0 && !budget.misses(undisturbed).isEmpty();
        return disturbed == 0 || others
                ? Budget.diagnosis(misses)
                : Budget.unjudged(misses, disturbed, summary.rounds());
    }

    /** Whether it has not passed only because the process that checks, or its machine, lacked what it takes. */
    public boolean unjudged() {
        Diagnosis missed = diagnosis();
        long failed = budget.allowsFailures() ? 0 : summary.failed();
        return !passed()
                && summary.rounds() > 0
                && failed == summary.words().getOrDefault(FailureKind.UNJUDGED, 0L)
                && (missed == null || missed.word() == FailureKind.UNJUDGED);
    }

    /** The items of the budget that were not kept. */
    public List<Miss> misses() {
        return summary.rounds() == 0 ? List.of() : budget.misses(summary);
    }

    /** How many rounds were played that {@link #rounds} does not have; the summary counts them. */
    public long roundsLeftOut() {
        return summary.rounds() - rounds.size();
    }

    /**
     * {@code name}, {@code target}, where known {@code size}, {@code tls} and {@code family}, {@code connections};
     * {@code verdict}; where the budget was not kept {@code diagnosis} (see {@link Diagnosis#toJson}) and {@code budget} (a
     * list of {@code item}, {@code allowed} and, if it was measured, {@code found}); {@code summary} (see
     * {@link Summary#toJson}), {@code rounds} (see {@link Report#toJson}), {@code roundsLeftOut}.
     */
    JsonObject toJson() {
        JsonObject json = played.toJson().put("verdict", Report.verdict(passed()));
        Diagnosis missed = diagnosis();
        if (missed != null) {
            json.put("diagnosis", missed.toJson()).put("budget", Budget.toJson(misses()));
        }
        return json.put("summary", summary.toJson())
                .put("rounds", new JsonArray(rounds.stream().map(Report::toJson).toList()))
                .put("roundsLeftOut", roundsLeftOut());
    }
}
