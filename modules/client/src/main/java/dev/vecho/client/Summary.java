package dev.vecho.client;

import dev.vecho.client.Diagnosis.Word;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rounds of one target, added up. It does not grow with their number.
 *
 * @param bytesSent by all rounds
 * @param bytesReceived by all rounds
 * @param roundTrips null if none was measured
 * @param words how often each diagnosis was made
 */
public record Summary(
        long rounds,
        long passed,
        long bytesSent,
        long bytesReceived,
        @Nullable RoundTrips roundTrips,
        Map<Word, Long> words) {

    /** No round yet. */
    public static final Summary NONE = new Summary(0, 0, 0, 0, null, Map.of());

    /** Round trips, at least one. */
    public record RoundTrips(long count, Duration min, Duration max, Duration total) {

        public Duration mean() {
            return total.dividedBy(count);
        }

        private static RoundTrips plus(@Nullable RoundTrips trips, Duration trip) {
            if (trips == null) {
                return new RoundTrips(1, trip, trip, trip);
            }
            return new RoundTrips(
                    trips.count + 1,
                    trip.compareTo(trips.min) < 0 ? trip : trips.min,
                    trip.compareTo(trips.max) > 0 ? trip : trips.max,
                    trips.total.plus(trip));
        }

        private JsonObject toJson() {
            return new JsonObject()
                    .put("min", Report.millis(min))
                    .put("mean", Report.millis(mean()))
                    .put("max", Report.millis(max));
        }
    }

    /** This summary with one more round. */
    public Summary plus(Report report) {
        RoundTrips trips = roundTrips;
        for (Duration trip : report.roundTrips().each()) {
            trips = RoundTrips.plus(trips, trip);
        }
        Map<Word, Long> counted = words;
        if (report.diagnosis() != null) {
            counted = new EnumMap<>(Word.class);
            counted.putAll(words);
            counted.merge(report.diagnosis().word(), 1L, Long::sum);
        }
        return new Summary(
                rounds + 1,
                passed + (report.passed() ? 1 : 0),
                bytesSent + report.bytesSent(),
                bytesReceived + report.bytesReceived(),
                trips,
                counted);
    }

    public long failed() {
        return rounds - passed;
    }

    /**
     * This summary as JSON: {@code rounds}, {@code passed}, {@code failed}, {@code bytesSent}, {@code bytesReceived},
     * {@code roundTripMillis} ({@code min}, {@code mean}, {@code max}; not there if none was measured), {@code diagnoses}
     * (how often each word).
     */
    public JsonObject toJson() {
        JsonObject json = new JsonObject()
                .put("rounds", rounds)
                .put("passed", passed)
                .put("failed", failed())
                .put("bytesSent", bytesSent)
                .put("bytesReceived", bytesReceived);
        Diagnosis.putIfKnown(json, "roundTripMillis", roundTrips == null ? null : roundTrips.toJson());
        JsonObject diagnoses = new JsonObject();
        words.forEach((word, count) -> diagnoses.put(word.toString(), count));
        return json.put("diagnoses", diagnoses);
    }
}
