package dev.vecho.client.report;

import dev.vecho.core.Directions;
import dev.vecho.core.Directions.Delay;
import dev.vecho.core.Directions.Direction;
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
 *     that it waits for, to the last byte that came back. Of a send with a {@code count}, those of each block or message
 *     instead: from when it was handed over.
 * @param corrected of sends with a rate, each block's or message's time from when it was meant to be sent: where a stall
 *     held up the sending, these tell it, and {@code roundTrips} do not
 * @param messages what became of messages; null where a stream of bytes is carried
 * @param warnings what is not as it should be, and did not fail the round
 * @param stalled for how long, in pieces of more than 10 ms, the event loop that played it could not run: for lack of processor time, or
 *     because it had too much to do. No limit counts this time, but the other times may be longer by it.
 * @param seed from which the random payloads without a seed of their own were made. A run with this seed sends the same
 *     bytes in its first round, so that this round can be played again.
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
        RoundTrips roundTrips,
        RoundTrips corrected,
        @Nullable Messages messages,
        List<Warning> warnings,
        Duration stalled,
        long seed) {

    /** Of the shape of all JSON documents that a check writes; {@code conf/check/report.schema.json} describes it. */
    public static final int VERSION = 2;

    public Report {
        details = Map.copyOf(details);
        warnings = List.copyOf(warnings);
    }

    /**
     * Something that does not fail a round.
     *
     * @param word stable, for programs, such as {@code family}
     * @param sentence for people
     */
    public record Warning(String word, String sentence) {

        private JsonObject toJson() {
            return new JsonObject().put("word", word).put("sentence", sentence);
        }
    }

    /**
     * What became of messages.
     *
     * @param sent those handed over to be sent
     * @param received those that came, wrong ones among them
     * @param lost those that a step waited for in vain
     * @param duplicated those that came once more
     * @param reordered those that came after one that was sent later
     * @param jitter the mean deviation of the time between messages, smoothed, as RFC 3550 section 6.4.1 has it, but of
     *     round trips, since the clock of the other side is not known; null where less than two round trips were measured
     * @param directions the same by direction, where the transport can tell; else null
     */
    public record Messages(
            long sent,
            long received,
            long lost,
            long duplicated,
            long reordered,
            @Nullable Duration jitter,
            @Nullable Directions directions) {

        /** Of a transport that does not tell directions. */
        public Messages(
                long sent, long received, long lost, long duplicated, long reordered, @Nullable Duration jitter) {
            this(sent, received, lost, duplicated, reordered, jitter, null);
        }

        JsonObject toJson() {
            JsonObject json = new JsonObject()
                    .put("sent", sent)
                    .put("received", received)
                    .put("lost", lost)
                    .put("duplicated", duplicated)
                    .put("reordered", reordered);
            Diagnosis.putIfKnown(json, "jitterMillis", jitter == null ? null : millis(jitter));
            if (directions != null) {
                json.put("forward", toJson(directions.forward()))
                        .put("backward", toJson(directions.backward()))
                        .put("lostUnknown", directions.lostUnknown());
            }
            return json;
        }

        private static JsonObject toJson(Direction direction) {
            JsonObject json = new JsonObject();
            Diagnosis.putIfKnown(json, "lost", direction.lost());
            Diagnosis.putIfKnown(json, "duplicated", direction.duplicated());
            Diagnosis.putIfKnown(json, "reordered", direction.reordered());
            Duration jitter = direction.jitter();
            Diagnosis.putIfKnown(json, "jitterMillis", jitter == null ? null : millis(jitter));
            Delay delay = direction.delay();
            if (delay != null) {
                json.put(
                        "delayMillis",
                        new JsonObject()
                                .put("min", millis(delay.min()))
                                .put("mean", millis(delay.mean()))
                                .put("max", millis(delay.max()))
                                .put("error", millis(delay.error())));
            }
            return json;
        }
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

    /** This report with another verdict. */
    public Report judged(@Nullable Diagnosis other, Map<String, String> otherDetails) {
        return new Report(
                target,
                round,
                startedAt,
                duration,
                other,
                localAddress,
                remoteAddress,
                otherDetails,
                phases,
                bytesSent,
                bytesReceived,
                roundTrips,
                corrected,
                messages,
                warnings,
                stalled,
                seed);
    }

    /** Whether the process that checks, or its machine, may have to do with times that are too long, or with messages that are lost. */
    public boolean disturbed() {
        return !stalled.isZero()
                || warnings.stream().anyMatch(each -> each.word().equals("dropped"));
    }

    public boolean passed() {
        return diagnosis == null;
    }

    /**
     * This report as JSON: {@code version} ({@value #VERSION}), {@code target}, {@code round}, {@code startedAt} (ISO-8601),
     * {@code durationMillis}, {@code verdict} ({@code passed} or {@code failed}), {@code diagnosis} (see
     * {@link Diagnosis#toJson}), {@code localAddress}, {@code remoteAddress}, {@code details}, {@code phases}
     * ({@code resolveMillis}, {@code connectMillis}, {@code tlsMillis}, {@code firstByteMillis}, {@code lastByteMillis}),
     * {@code bytesSent}, {@code bytesReceived}, {@code roundTripMillis} (a list; empty if there were more than 1000),
     * {@code roundTrips} and {@code corrected} (see {@link RoundTrips#toJson}), {@code messages} ({@code sent},
     * {@code received}, {@code lost}, {@code duplicated}, {@code reordered}, {@code jitterMillis}, and of some transports
     * {@code forward}, {@code backward} and {@code lostUnknown}, see {@link Directions}), {@code warnings} (a list of {@code word} and {@code sentence}; not there if there is none), {@code stalledMillis}, {@code seed}. What is not known is not there.
     * Milliseconds have up to three decimals.
     */
    public JsonObject toJson() {
        JsonObject json = new JsonObject()
                .put("version", VERSION)
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
        json.put("details", negotiated)
                .put("phases", phases.toJson())
                .put("bytesSent", bytesSent)
                .put("bytesReceived", bytesReceived)
                .put(
                        "roundTripMillis",
                        new JsonArray(
                                roundTrips.each().stream().map(Report::millis).toList()));
        Diagnosis.putIfKnown(json, "roundTrips", roundTrips.isEmpty() ? null : roundTrips.toJson());
        Diagnosis.putIfKnown(json, "corrected", corrected.isEmpty() ? null : corrected.toJson());
        Diagnosis.putIfKnown(json, "messages", messages == null ? null : messages.toJson());
        if (!warnings.isEmpty()) {
            json.put(
                    "warnings",
                    new JsonArray(warnings.stream().map(Warning::toJson).toList()));
        }
        Diagnosis.putIfKnown(json, "stalledMillis", stalled.isZero() ? null : millis(stalled));
        return json.put("seed", seed);
    }

    public static String verdict(boolean passed) {
        return passed ? "passed" : "failed";
    }

    /** Milliseconds, to the microsecond. */
    public static double millis(Duration duration) {
        return Math.round(duration.toNanos() / 1e3) / 1e3;
    }
}
