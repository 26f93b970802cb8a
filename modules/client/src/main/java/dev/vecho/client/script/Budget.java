package dev.vecho.client.script;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.RoundTrips;
import dev.vecho.client.report.Summary;
import dev.vecho.client.report.Summary.PhaseTime;
import dev.vecho.client.report.Totals;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How good a case must be, judged when all its rounds are over. A limit on something that was not measured is
 * exceeded.
 *
 * @param allowed the greatest value of each item that matters: shares from 0 to 1, times in milliseconds
 */
public record Budget(Map<Item, Double> allowed) {

    /** Limits nothing, but no round may fail. */
    public static final Budget NONE = new Budget(Map.of());

    /** What a budget can limit. Times are of {@link Summary#timely}. */
    public enum Item {
        /** The share of the messages sent that were lost. Lost messages fail no round then. */
        LOSS("loss"),
        /** How many came once more, for each message sent. They fail no round then. */
        DUPLICATES("duplicates"),
        /** How many came out of order, for each message sent. They fail no round then. */
        REORDERED("reordered"),
        /** The mean of the rounds' jitter. */
        JITTER("jitterMillis"),
        MEAN("meanMillis"),
        P50("p50Millis"),
        P90("p90Millis"),
        P99("p99Millis"),
        P999("p999Millis"),
        MAX("maxMillis"),
        /** The longest time to connect. */
        CONNECT("connectMillis"),
        /** The longest TLS handshake. */
        TLS("tlsMillis"),
        /** The longest time to the first byte. */
        FIRST_BYTE("firstByteMillis"),
        /** The share of the rounds that failed. Without it, none may. */
        FAILED_ROUNDS("failedRounds");

        private final String key;

        Item(String key) {
            this.key = key;
        }

        /** What was found; null if it was not measured. */
        @Nullable Double measure(Summary summary) {
            Report.Messages messages = summary.messages();
            return switch (this) {
                case LOSS -> share(messages, Report.Messages::lost);
                case DUPLICATES -> share(messages, Report.Messages::duplicated);
                case REORDERED -> share(messages, Report.Messages::reordered);
                case JITTER -> millis(messages == null ? null : messages.jitter());
                case MEAN -> trip(summary, RoundTrips::mean);
                case P50 -> trip(summary, trips -> trips.percentile(50));
                case P90 -> trip(summary, trips -> trips.percentile(90));
                case P99 -> trip(summary, trips -> trips.percentile(99));
                case P999 -> trip(summary, trips -> trips.percentile(99.9));
                case MAX -> trip(summary, RoundTrips::max);
                case CONNECT -> longest(summary.phases().connect());
                case TLS -> longest(summary.phases().tls());
                case FIRST_BYTE -> longest(summary.phases().firstByte());
                case FAILED_ROUNDS -> summary.rounds() == 0 ? null : (double) summary.failed() / summary.rounds();
            };
        }

        /** Its key in a script. */
        public String key() {
            return key;
        }

        boolean isTime() {
            return key.endsWith("Millis");
        }

        /** Whether only messages have it. */
        public boolean needsMessages() {
            return this == LOSS || this == DUPLICATES || this == REORDERED || this == JITTER;
        }

        private static @Nullable Double share(
                Report.@Nullable Messages messages, ToLongFunction<Report.Messages> count) {
            return messages == null || messages.sent() == 0
                    ? null
                    : (double) count.applyAsLong(messages) / messages.sent();
        }

        private static @Nullable Double trip(Summary summary, Function<RoundTrips, Duration> value) {
            RoundTrips trips = summary.timely();
            return trips.isEmpty() ? null : millis(value.apply(trips));
        }

        private static @Nullable Double longest(@Nullable PhaseTime phase) {
            return millis(phase == null ? null : phase.max());
        }

        private static @Nullable Double millis(@Nullable Duration time) {
            return time == null ? null : time.toNanos() / 1e6;
        }
    }

    /**
     * An item that is not good enough.
     *
     * @param found null if it was not measured
     */
    public record Miss(Item item, double allowed, @Nullable Double found) {

        private JsonObject toJson() {
            JsonObject json = new JsonObject().put("item", item.key()).put("allowed", allowed);
            Diagnosis.putIfKnown(json, "found", found == null ? null : Double.valueOf(shown(found)));
            return json;
        }

        @Override
        public String toString() {
            return item.key() + (found == null ? " was not measured" : " is " + shown(found)) + ", allowed is "
                    + shown(allowed);
        }

        private static String shown(double value) {
            String text = String.format(Locale.ROOT, "%.6f", value);
            return text.replaceAll("\\.?0+$", "");
        }
    }

    public Budget {
        allowed = Map.copyOf(allowed);
    }

    static List<String> keys() {
        return Arrays.stream(Item.values()).map(Item::key).toList();
    }

    /** What a round of messages counts, and does not fail for. */
    public Set<FailureKind> tolerated() {
        Set<FailureKind> words = EnumSet.noneOf(FailureKind.class);
        for (Item item : allowed.keySet()) {
            switch (item) {
                case LOSS -> words.add(FailureKind.LOST);
                case DUPLICATES -> words.add(FailureKind.DUPLICATED);
                case REORDERED -> words.add(FailureKind.REORDERED);
                default -> {}
            }
        }
        return words;
    }

    /** Whether some rounds may fail. */
    public boolean allowsFailures() {
        return allowed.containsKey(Item.FAILED_ROUNDS);
    }

    /** The items that are not good enough. */
    public List<Miss> misses(Summary summary) {
        List<Miss> misses = new ArrayList<>();
        new TreeMap<>(allowed).forEach((item, most) -> {
            Double found = item.measure(summary);
            if (found == null || found > most) {
                misses.add(new Miss(item, most, found));
            }
        });
        return misses;
    }

    /**
     * Judges a round by itself, where no later moment comes to judge all of them: one that passed but is not good enough has
     * failed.
     */
    public Report judge(Report round) {
        if (!round.passed() || allowed.isEmpty()) {
            return round;
        }
        Totals totals = new Totals();
        totals.add(round);
        List<Miss> misses = misses(totals.summary());
        return misses.isEmpty()
                ? round
                : round.judged(round.disturbed() ? unjudged(misses, 1, 1) : diagnosis(misses), round.details());
    }

    public static Diagnosis diagnosis(List<Miss> misses) {
        return Diagnosis.of(
                FailureKind.BUDGET, misses.stream().map(Miss::toString).collect(Collectors.joining("; ")));
    }

    /** The same where some rounds were {@linkplain dev.vecho.client.report.Report#disturbed disturbed}, and the others keep the budget. */
    public static Diagnosis unjudged(List<Miss> misses, long disturbed, long rounds) {
        return Diagnosis.of(
                        FailureKind.UNJUDGED,
                        "this process could not run for some time, or its machine dropped messages, in " + disturbed
                                + " of " + rounds + " rounds, and no others miss the budget; else it would be budget: "
                                + diagnosis(misses).sentence())
                .because("time");
    }

    public static JsonArray toJson(List<Miss> misses) {
        return new JsonArray(misses.stream().map(Miss::toJson).toList());
    }
}
