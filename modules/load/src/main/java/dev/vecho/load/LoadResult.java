package dev.vecho.load;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was measured.
 *
 * @param duration of the measurement, without the warm-up
 * @param details what the connections negotiated
 * @param messages that came back while it was measured, each one verified
 * @param latency of these, from the moment each was sent; with a new connection for each, from the moment it was begun
 * @param corrected the same from the moment each was due, those that were due and did not come back among them; null
 *     without a rate. It does not hide that a stalled target keeps messages from being sent
 * @param lost messages, and the like, warm-up included
 * @param failures of connections, by their word; {@code silent} where nothing came back at all; or {@code unjudged} alone, see
 *     {@link #unjudged}
 * @param threadShare of one processor that the busiest of the load's threads has used
 * @param processShare the same of the whole process, so 2 is two processors
 */
public record LoadResult(
        LoadOptions options,
        Instant startedAt,
        Duration duration,
        Map<String, String> details,
        long messages,
        Latency latency,
        @Nullable Latency corrected,
        Messages lost,
        List<Failure> failures,
        double threadShare,
        double processShare) {

    /** Of the shape of {@link #toJson}; all of Vecho's reports have one. */
    static final int VERSION = 2;

    /** From this share of a processor on, a thread counts as saturated. */
    private static final double BUSY = 0.95;

    public LoadResult {
        details = Map.copyOf(details);
        failures = List.copyOf(failures);
    }

    /**
     * Messages that did not come back once.
     *
     * @param lost that did not come back in time
     * @param late of those, that came after all
     * @param duplicated that came twice
     * @param unsent that were due but found no room under way
     */
    public record Messages(long lost, long late, long duplicated, long unsent) {}

    /**
     * A kind of failure.
     *
     * @param word stable, such as {@code corrupted} or {@code reset}
     * @param count of connections
     * @param sentence the first one's
     */
    public record Failure(String word, long count, String sentence) {}

    /**
     * The word where nothing came back while it was measured, and this process could not run for most of the time, or something
     * came before or after.
     */
    static final String UNJUDGED = "unjudged";

    /** Whether nothing is known of the target, because this process lacked processor time, or measured for too short a time. */
    public boolean unjudged() {
        return failures.stream().anyMatch(failure -> failure.word.equals(UNJUDGED));
    }

    /** Whether messages came back, and nothing failed. Messages that were lost do not make it fail. */
    public boolean passed() {
        return failures.isEmpty() && messages > 0;
    }

    public double messagesPerSecond() {
        return messages * 1e9 / duration.toNanos();
    }

    /** Bytes a second, one way. */
    public double bytesPerSecond() {
        return messagesPerSecond() * options.size();
    }

    /** Whether this program, and not the target, was what could not go faster. */
    public boolean limitedByLoad() {
        return threadShare >= BUSY
                || processShare >= BUSY * Runtime.getRuntime().availableProcessors();
    }

    /**
     * As JSON: {@code version} (2), {@code target}, {@code verdict}, {@code startedAt}, {@code durationMillis}, {@code options},
     * {@code details}, {@code messages}, {@code messagesPerSecond}, {@code bytesPerSecond} (one way), {@code latencyMillis}
     * and, with a rate, {@code correctedLatencyMillis} (each with {@code count}, {@code min}, {@code mean}, {@code p50},
     * {@code p90}, {@code p99}, {@code p999}, {@code max}), {@code lost}, {@code late}, {@code duplicated}, {@code unsent},
     * {@code failures} ({@code word}, {@code count}, {@code sentence}), {@code load} ({@code threadShare},
     * {@code processShare}, {@code limit}).
     */
    public JsonObject toJson() {
        JsonObject json = new JsonObject()
                .put("version", VERSION)
                .put("target", options.target())
                .put("verdict", passed() ? "passed" : "failed")
                .put("startedAt", startedAt.toString())
                .put("durationMillis", duration.toMillis())
                .put("options", options.toJson())
                .put("details", new JsonObject(Map.copyOf(details)))
                .put("messages", messages)
                .put("messagesPerSecond", round(messagesPerSecond()))
                .put("bytesPerSecond", round(bytesPerSecond()))
                .put("latencyMillis", latency.toJson());
        if (corrected != null) {
            json.put("correctedLatencyMillis", corrected.toJson());
        }
        JsonArray kinds = new JsonArray();
        failures.forEach(failure -> kinds.add(new JsonObject()
                .put("word", failure.word)
                .put("count", failure.count)
                .put("sentence", failure.sentence)));
        return json.put("lost", lost.lost)
                .put("late", lost.late)
                .put("duplicated", lost.duplicated)
                .put("unsent", lost.unsent)
                .put("failures", kinds)
                .put(
                        "load",
                        new JsonObject()
                                .put("threadShare", round(threadShare))
                                .put("processShare", round(processShare))
                                .put("limit", limitedByLoad()));
    }

    private static double round(double value) {
        return Math.round(value * 1e3) / 1e3;
    }

    /** Some lines for people, each with its line's end. */
    public String toText() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "--- %s ---%n%d %s, %d bytes, %s, %.1f s%n",
                options.target(),
                options.connections(),
                (options.newConnections() ? "client" : "connection")
                        + (options.connections() == 1 ? "" : "s")
                        + (options.newConnections() ? ", a new connection for each message" : ""),
                options.size(),
                options.rate() > 0
                        ? String.format(Locale.ROOT, "%.0f a second", options.rate())
                        : options.depth() + " under way on each",
                duration.toNanos() / 1e9));
        text.append(String.format(
                Locale.ROOT,
                "%s    %,d, %,.0f a second, %,.2f MiB a second each way%n",
                options.newConnections() ? "connections" : "messages   ",
                messages,
                messagesPerSecond(),
                bytesPerSecond() / (1 << 20)));
        text.append("latency        ").append(latency.toText()).append('\n');
        if (corrected != null) {
            text.append("from when due  ").append(corrected.toText()).append('\n');
        }
        if (lost.lost + lost.duplicated + lost.unsent > 0) {
            text.append(String.format(
                    Locale.ROOT,
                    "messages lost  %,d (%,d came late), %,d doubled, %,d due but not sent%n",
                    lost.lost,
                    lost.late,
                    lost.duplicated,
                    lost.unsent));
        }
        for (Failure failure : failures) {
            text.append(String.format(
                    Locale.ROOT, "FAILED         %s %,d: %s%n", failure.word, failure.count, clean(failure)));
        }
        if (passed()) {
            text.append("every byte that came back was the one that was sent\n");
        }
        text.append(String.format(
                Locale.ROOT,
                "this program   %.0f %% of a processor, its busiest thread %.0f %%%s%n",
                processShare * 100,
                threadShare * 100,
                limitedByLoad() ? ": it was the limit, not the target; try more --threads or another machine" : ""));
        return text.toString();
    }

    /** Part of a sentence may come from the peer: it must not contain control characters for a terminal. */
    private static String clean(Failure failure) {
        return failure.sentence.replaceAll("\\p{Cc}", "?");
    }
}
