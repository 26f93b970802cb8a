package dev.vecho.monitor;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.RoundTrips;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Makes of JSON again what was written as JSON. Throws a {@link RuntimeException} where it is something else. */
final class SavedReports {

    private SavedReports() {}

    /** See {@link Diagnosis#toJson}. */
    static Diagnosis diagnosis(JsonObject json) {
        return new Diagnosis(
                FailureKind.valueOf(upper(json.getString("word"))),
                json.getString("reason"),
                json.getString("sentence"),
                json.getInteger("step"),
                json.getLong("offset"),
                json.getString("expected"),
                json.getString("found"));
    }

    private static @Nullable Diagnosis maybe(@Nullable JsonObject json) {
        return json == null ? null : diagnosis(json);
    }

    private static String upper(String word) {
        return word.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    /** See {@link StateChange#toJson}. */
    static StateChange change(JsonObject json) {
        return new StateChange(
                json.getString("check"),
                json.getString("case"),
                State.valueOf(upper(json.getString("from"))),
                State.valueOf(upper(json.getString("to"))),
                Instant.parse(json.getString("at")),
                Instant.parse(json.getString("since")),
                maybe(json.getJsonObject("diagnosis")),
                texts(json.getJsonObject("labels")));
    }

    /** See {@link Failure#toJson}. */
    static Failure failure(JsonObject json) {
        JsonObject phases = json.getJsonObject("phases");
        List<Report.Warning> warnings = new ArrayList<>();
        json.getJsonArray("warnings", new JsonArray()).forEach(each -> {
            JsonObject warning = (JsonObject) each;
            warnings.add(new Report.Warning(warning.getString("word"), warning.getString("sentence")));
        });
        return new Failure(
                json.getString("case"),
                new Report(
                        json.getString("target"),
                        json.getInteger("round"),
                        Instant.parse(json.getString("startedAt")),
                        Objects.requireNonNull(millis(json, "durationMillis")),
                        maybe(json.getJsonObject("diagnosis")),
                        json.getString("localAddress"),
                        json.getString("remoteAddress"),
                        texts(json.getJsonObject("details")),
                        new Report.Phases(
                                millis(phases, "resolveMillis"),
                                millis(phases, "connectMillis"),
                                millis(phases, "tlsMillis"),
                                millis(phases, "firstByteMillis"),
                                millis(phases, "lastByteMillis")),
                        json.getLong("bytesSent"),
                        json.getLong("bytesReceived"),
                        RoundTrips.NONE,
                        RoundTrips.NONE,
                        messages(json.getJsonObject("messages")),
                        warnings,
                        Objects.requireNonNullElse(millis(json, "stalledMillis"), Duration.ZERO),
                        json.getLong("seed")));
    }

    private static Report.@Nullable Messages messages(@Nullable JsonObject json) {
        return json == null
                ? null
                : new Report.Messages(
                        json.getLong("sent"),
                        json.getLong("received"),
                        json.getLong("lost"),
                        json.getLong("duplicated"),
                        json.getLong("reordered"),
                        millis(json, "jitterMillis"));
    }

    private static @Nullable Duration millis(JsonObject json, String key) {
        Double millis = json.getDouble(key);
        return millis == null ? null : Duration.ofNanos(Math.round(millis * 1e6));
    }

    private static Map<String, String> texts(JsonObject json) {
        Map<String, String> texts = new HashMap<>();
        json.forEach(each -> texts.put(each.getKey(), (String) each.getValue()));
        return texts;
    }
}
