package dev.vecho.monitor;

import dev.vecho.client.report.Report;
import dev.vecho.client.report.RoundTrips;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.Map;

/**
 * A round that failed.
 *
 * @param caseName of the case that it belongs to
 * @param round without the single round trips, and the certificates beside the peer's own
 */
public record Failure(String caseName, Report round) {

    static Failure of(String caseName, Report round) {
        return new Failure(
                caseName,
                new Report(
                        round.target(),
                        round.round(),
                        round.startedAt(),
                        round.duration(),
                        round.diagnosis(),
                        round.localAddress(),
                        round.remoteAddress(),
                        withoutAuthorities(round.details()),
                        round.phases(),
                        round.bytesSent(),
                        round.bytesReceived(),
                        RoundTrips.NONE,
                        RoundTrips.NONE,
                        round.messages(),
                        round.warnings(),
                        round.stalled(),
                        round.seed()));
    }

    private static Map<String, String> withoutAuthorities(Map<String, String> details) {
        Map<String, String> some = new HashMap<>(details);
        some.keySet().removeIf(name -> name.startsWith("peerChain"));
        return some;
    }

    /** {@code case}, and what {@link Report#toJson} has but for the round trips. */
    public JsonObject toJson() {
        JsonObject json = round.toJson();
        json.remove("roundTripMillis");
        return new JsonObject().put("case", caseName).mergeIn(json);
    }
}
