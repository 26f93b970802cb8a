package dev.vecho.client;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one round of a check found.
 *
 * @param target as the user wrote it
 * @param round its number, from 1
 * @param startedAt when it began to connect
 * @param duration from then to the verdict; closing the connection is not part of it
 * @param diagnosis what broke, or null if the check passed
 * @param localAddress null if there was no connection; the remote one, too
 * @param details what was negotiated, such as {@code protocol} and {@code TLSv1.3}
 * @param bytesSent those that the operating system took
 * @param bytesReceived those that came, wrong ones among them
 * @param roundTrips for each step that expects an echo, and got it: from the first byte handed over of the first payload
 *     that it waits for, to the last byte that came back
 */
public record Report(
        String target,
        int round,
        Instant startedAt,
        Duration duration,
        @Nullable Diagnosis diagnosis,
        @Nullable String localAddress,
        @Nullable String remoteAddress,
        Map<String, String> details,
        Phases phases,
        long bytesSent,
        long bytesReceived,
        List<Duration> roundTrips) {

    public Report {
        details = Map.copyOf(details);
        roundTrips = List.copyOf(roundTrips);
    }

    /**
     * How long each phase took; null if it was never reached or the transport has none such.
     *
     * @param firstByte until the first byte came, from the first send, or from the connection where nothing had been sent
     *     yet
     * @param lastByte until the last byte came, from the same moment
     */
    public record Phases(
            @Nullable Duration resolve,
            @Nullable Duration connect,
            @Nullable Duration tls,
            @Nullable Duration firstByte,
            @Nullable Duration lastByte) {

        private JsonObject toJson() {
            JsonObject json = new JsonObject();
            putIfReached(json, "resolveMillis", resolve);
            putIfReached(json, "connectMillis", connect);
            putIfReached(json, "tlsMillis", tls);
            putIfReached(json, "firstByteMillis", firstByte);
            putIfReached(json, "lastByteMillis", lastByte);
            return json;
        }

        private static void putIfReached(JsonObject json, String key, @Nullable Duration took) {
            Diagnosis.putIfKnown(json, key, took == null ? null : millis(took));
        }
    }

    public boolean passed() {
        return diagnosis == null;
    }

    /**
     * This report as JSON: {@code version} (1), {@code target}, {@code round}, {@code startedAt} (ISO-8601),
     * {@code durationMillis}, {@code verdict} ({@code passed} or {@code failed}), {@code diagnosis} (see
     * {@link Diagnosis#toJson}), {@code localAddress}, {@code remoteAddress}, {@code details}, {@code phases}
     * ({@code resolveMillis}, {@code connectMillis}, {@code tlsMillis}, {@code firstByteMillis}, {@code lastByteMillis}),
     * {@code bytesSent}, {@code bytesReceived}, {@code roundTripMillis} (a list). What is not known is not there.
     * Milliseconds have up to three decimals.
     */
    public JsonObject toJson() {
        JsonObject json = new JsonObject()
                .put("version", 1)
                .put("target", target)
                .put("round", round)
                .put("startedAt", startedAt.toString())
                .put("durationMillis", millis(duration))
                .put("verdict", verdict(passed()));
        Diagnosis.putIfKnown(json, "diagnosis", diagnosis == null ? null : diagnosis.toJson());
        Diagnosis.putIfKnown(json, "localAddress", localAddress);
        Diagnosis.putIfKnown(json, "remoteAddress", remoteAddress);
        JsonObject negotiated = new JsonObject();
        details.forEach(negotiated::put);
        return json.put("details", negotiated)
                .put("phases", phases.toJson())
                .put("bytesSent", bytesSent)
                .put("bytesReceived", bytesReceived)
                .put(
                        "roundTripMillis",
                        new JsonArray(roundTrips.stream().map(Report::millis).toList()));
    }

    static String verdict(boolean passed) {
        return passed ? "passed" : "failed";
    }

    /** Milliseconds, to the microsecond. */
    static double millis(Duration duration) {
        return Math.round(duration.toNanos() / 1e3) / 1e3;
    }
}
