package dev.vecho.monitor;

import dev.vecho.client.report.FailureKind;
import io.vertx.core.json.JsonArray;
import org.jspecify.annotations.Nullable;

/**
 * What the rounds of a case found that ended in an interval of time. Small: a service keeps many. Times are microseconds, and 0 where no
 * round trip was measured.
 *
 * @param number which interval it is: seconds since 1970, divided by the length
 * @param rounds those that are over
 * @param failed those that failed
 * @param missed those that were due while the one before was still being played
 * @param sent messages; 0 for streams
 * @param lost messages
 * @param word the failure of the last round that failed; null where none did
 */
record Interval(
        int number,
        int rounds,
        int failed,
        int missed,
        int sent,
        int lost,
        int min,
        int p10,
        int p50,
        int p90,
        int p99,
        int max,
        @Nullable FailureKind word) {

    /** About what one takes in memory, with what refers to it. */
    static final int BYTES = 72;

    /** All of it, in order. */
    JsonArray toJson() {
        JsonArray json = new JsonArray();
        for (int each : new int[] {number, rounds, failed, missed, sent, lost, min, p10, p50, p90, p99, max}) {
            json.add(each);
        }
        return json.add(word == null ? null : word.name());
    }

    /** The opposite of {@link #toJson}. */
    static Interval of(JsonArray json) {
        String word = json.getString(12);
        return new Interval(
                json.getInteger(0),
                json.getInteger(1),
                json.getInteger(2),
                json.getInteger(3),
                json.getInteger(4),
                json.getInteger(5),
                json.getInteger(6),
                json.getInteger(7),
                json.getInteger(8),
                json.getInteger(9),
                json.getInteger(10),
                json.getInteger(11),
                word == null ? null : FailureKind.valueOf(word));
    }
}
