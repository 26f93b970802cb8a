package dev.vecho.client.report;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The rounds of one case, added up; see {@link Totals}.
 *
 * @param missed how many rounds were due while the one before was still being played, and were left out
 * @param bytesSent by all rounds
 * @param bytesReceived by all rounds
 * @param roundTrips of all rounds
 * @param corrected the same, counted from when each was meant to begin, so that what held the sending up is not hidden: of
 *     sends with a rate, and with a round trip for each round that was missed, as long as it would have waited. Empty where
 *     this is no different.
 * @param messages of all rounds together, with the mean of their jitter; null where streams are carried
 * @param words how often each diagnosis was made
 * @param warnings how often there was each warning
 */
public record Summary(
        long rounds,
        long passed,
        long missed,
        long bytesSent,
        long bytesReceived,
        RoundTrips roundTrips,
        RoundTrips corrected,
        Report.@Nullable Messages messages,
        Phases phases,
        Map<FailureKind, Long> words,
        Map<String, Long> warnings) {

    public Summary {
        words = Map.copyOf(words);
        warnings = Map.copyOf(warnings);
    }

    /** How long the phases of the rounds took; null where no round reached it. See {@link Report.Phases}. */
    public record Phases(
            @Nullable PhaseTime resolve,
            @Nullable PhaseTime connect,
            @Nullable PhaseTime tls,
            @Nullable PhaseTime firstByte,
            @Nullable PhaseTime lastByte) {

        private JsonObject toJson() {
            JsonObject json = new JsonObject();
            putIfReached(json, "resolveMillis", resolve);
            putIfReached(json, "connectMillis", connect);
            putIfReached(json, "tlsMillis", tls);
            putIfReached(json, "firstByteMillis", firstByte);
            putIfReached(json, "lastByteMillis", lastByte);
            return json;
        }

        private static void putIfReached(JsonObject json, String key, @Nullable PhaseTime time) {
            Diagnosis.putIfKnown(json, key, time == null ? null : time.toJson());
        }
    }

    /**
     * How long a phase took.
     *
     * @param count of the rounds that reached it
     */
    public record PhaseTime(long count, Duration mean, Duration max) {

        private JsonObject toJson() {
            return new JsonObject()
                    .put("count", count)
                    .put("mean", Report.millis(mean))
                    .put("max", Report.millis(max));
        }
    }

    public long failed() {
        return rounds - passed;
    }

    /** The corrected round trips where there are any, else those that were measured. */
    public RoundTrips timely() {
        return corrected.isEmpty() ? roundTrips : corrected;
    }

    /**
     * This summary as JSON: {@code rounds}, {@code passed}, {@code failed}, {@code missed}, {@code bytesSent},
     * {@code bytesReceived}, {@code roundTrips} and {@code corrected} (see {@link RoundTrips#toJson}; not there if none was
     * measured), {@code messages} (see {@link Report#toJson}), {@code phases} (each with {@code count}, and in milliseconds
     * {@code mean} and {@code max}), {@code diagnoses} and {@code warnings} (how often each word).
     */
    public JsonObject toJson() {
        JsonObject json = new JsonObject()
                .put("rounds", rounds)
                .put("passed", passed)
                .put("failed", failed())
                .put("missed", missed)
                .put("bytesSent", bytesSent)
                .put("bytesReceived", bytesReceived);
        Diagnosis.putIfKnown(json, "roundTrips", roundTrips.isEmpty() ? null : roundTrips.toJson());
        Diagnosis.putIfKnown(json, "corrected", corrected.isEmpty() ? null : corrected.toJson());
        Diagnosis.putIfKnown(json, "messages", messages == null ? null : messages.toJson());
        JsonObject diagnoses = new JsonObject();
        new TreeMap<>(words).forEach((word, count) -> diagnoses.put(word.toString(), count));
        JsonObject warned = new JsonObject();
        new TreeMap<>(warnings).forEach(warned::put);
        return json.put("phases", phases.toJson()).put("diagnoses", diagnoses).put("warnings", warned);
    }
}
