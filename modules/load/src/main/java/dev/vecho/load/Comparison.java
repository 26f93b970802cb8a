package dev.vecho.load;

import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A result held against an earlier one.
 *
 * @param figures each with its value then and now
 */
public record Comparison(List<Figure> figures) {

    /** Those options that make two results comparable. */
    private static final List<String> SAME = List.of("connections", "size", "depth", "rate", "newConnections");

    /** Version 1 had the same shape. */
    private static final Set<Integer> VERSIONS = Set.of(1, LoadResult.VERSION);

    public Comparison {
        figures = List.copyOf(figures);
    }

    /**
     * One figure.
     *
     * @param change how much worse it is now: 0.05 is 5 % fewer messages, or 5 % more latency; negative is better
     * @param worse whether that is more than is allowed
     */
    public record Figure(String name, double before, double now, double change, boolean worse) {}

    /**
     * Compares messages a second, and the latency's median and 99th percentile: from when a message was due where there is
     * a rate.
     *
     * @param earlier what {@link LoadResult#toJson} gave
     * @param threshold how much worse a figure may be, such as 0.05
     * @throws IllegalArgumentException if the earlier one is no such result, or was measured with other options
     */
    public static Comparison of(JsonObject earlier, LoadResult result, double threshold) {
        JsonObject now = result.toJson();
        if (!(earlier.getValue("version") instanceof Integer version && VERSIONS.contains(version))
                || !(earlier.getValue("options") instanceof JsonObject before)) {
            throw new IllegalArgumentException("is not a result of version 2, as --output json writes it");
        }
        for (String name : SAME) {
            String then = String.valueOf(before.getValue(name));
            String today = String.valueOf(now.getJsonObject("options").getValue(name));
            if (!then.equals(today)) {
                throw new IllegalArgumentException(name + " was " + then + " then, and is " + today + " now");
            }
        }
        List<Figure> figures = new ArrayList<>();
        double rate = number(earlier, "messagesPerSecond");
        figures.add(figure(
                "messages a second",
                rate,
                result.messagesPerSecond(),
                1 - result.messagesPerSecond() / rate,
                threshold));
        String latency = result.corrected() == null ? "latencyMillis" : "correctedLatencyMillis";
        for (String percentile : List.of("p50", "p99")) {
            double then = number(earlier.getJsonObject(latency, new JsonObject()), percentile);
            double today = now.getJsonObject(latency).getDouble(percentile);
            figures.add(figure(percentile + " ms", then, today, today / then - 1, threshold));
        }
        return new Comparison(figures);
    }

    private static double number(JsonObject json, String name) {
        if (json.getValue(name) instanceof Number number && number.doubleValue() > 0) {
            return number.doubleValue();
        }
        throw new IllegalArgumentException(name + ": must be a number above 0, was " + json.getValue(name));
    }

    private static Figure figure(String name, double before, double now, double change, double threshold) {
        return new Figure(name, before, now, change, change > threshold);
    }

    /** Whether no figure is worse than allowed. */
    public boolean passed() {
        return figures.stream().noneMatch(Figure::worse);
    }

    /** A list of {@code name}, {@code before}, {@code now}, {@code change}, {@code worse}. */
    public List<JsonObject> toJson() {
        return figures.stream()
                .map(figure -> new JsonObject()
                        .put("name", figure.name)
                        .put("before", figure.before)
                        .put("now", figure.now)
                        .put("change", figure.change)
                        .put("worse", figure.worse))
                .toList();
    }

    /** A line for each figure, with its line's end. */
    public String toText() {
        StringBuilder text = new StringBuilder();
        for (Figure figure : figures) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-18s %,14.3f then %,14.3f now  %.1f %% %s%s%n",
                    figure.name,
                    figure.before,
                    figure.now,
                    Math.abs(figure.change) * 100,
                    figure.change > 0 ? "worse" : "better",
                    figure.worse ? "  FAILED" : ""));
        }
        return text.toString();
    }
}
