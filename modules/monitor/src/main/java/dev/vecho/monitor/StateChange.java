package dev.vecho.monitor;

import dev.vecho.client.report.Diagnosis;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A check, or one of its cases, has come into another state.
 *
 * @param check its name
 * @param caseName of the case; null where the check as a whole has changed
 * @param since when the state before had begun
 * @param diagnosis why it is failing; null where it is not
 * @param labels those of the check
 */
public record StateChange(
        String check,
        @Nullable String caseName,
        State from,
        State to,
        Instant at,
        Instant since,
        @Nullable Diagnosis diagnosis,
        Map<String, String> labels) {

    /**
     * {@code check}, {@code case} where it is that of a case, {@code from}, {@code to}, {@code at} and {@code since} (ISO-8601),
     * {@code labels}, and where it is failing {@code diagnosis} (see {@link Diagnosis#toJson}).
     */
    public JsonObject toJson() {
        JsonObject json = new JsonObject().put("check", check);
        Diagnosis.putIfKnown(json, "case", caseName);
        json.put("from", from.toString())
                .put("to", to.toString())
                .put("at", at.toString())
                .put("since", since.toString());
        JsonObject named = new JsonObject();
        labels.forEach(named::put);
        json.put("labels", named);
        Diagnosis.putIfKnown(json, "diagnosis", diagnosis == null ? null : diagnosis.toJson());
        return json;
    }
}
