package dev.vecho.client;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Reports as text for people, in the manner of ping. */
public final class TextReport {

    private TextReport() {}

    /**
     * One line for a round, without the line's end. The time is the round trip; where a script expects several echoes, it
     * is the shortest, the mean and the longest.
     */
    public static String line(Report report) {
        return line(report.target(), report);
    }

    /** The same for a round of a case, which has a name that tells more than the target. */
    public static String line(String name, Report report) {
        String start = name + " round=" + report.round();
        Diagnosis diagnosis = report.diagnosis();
        if (diagnosis != null) {
            String line =
                    start + " FAILED " + diagnosis.kind() + ": " + diagnosis.sentence() + where(report, diagnosis);
            // Part of the sentence may come from the peer, a certificate's name for example: it must not rule a
            // terminal.
            return line.replaceAll("\\p{Cc}", "?");
        }
        return start + " bytes=" + report.bytesReceived() + time(report);
    }

    /** Some lines for a case, each with its line's end. */
    public static String summary(CaseReport report) {
        String text = summary(report.played().name(), report.summary());
        Diagnosis diagnosis = report.diagnosis();
        return diagnosis == null ? text : text + "FAILED " + diagnosis.kind() + ": " + diagnosis.sentence() + "\n";
    }

    /** Some lines for a target's rounds, each with its line's end. */
    public static String summary(String target, Summary summary) {
        StringBuilder text = new StringBuilder("--- " + target + " ---\n");
        text.append(summary.rounds() + (summary.rounds() == 1 ? " round, " : " rounds, "));
        text.append(summary.passed() + " passed, " + summary.failed() + " failed");
        if (!summary.words().isEmpty()) {
            text.append(new TreeMap<>(summary.words())
                    .entrySet().stream()
                            .map(entry -> entry.getKey() + " " + entry.getValue())
                            .collect(Collectors.joining(", ", " (", ")")));
        }
        text.append("; " + bytes(summary.bytesSent()) + " sent, " + bytes(summary.bytesReceived()) + " received\n");
        RoundTrips trips = summary.roundTrips();
        if (!trips.isEmpty()) {
            text.append("round trip min/mean/max = " + millis(trips.min(), trips.mean(), trips.max()) + "\n");
        }
        return text.toString();
    }

    private static String where(Report report, Diagnosis diagnosis) {
        if (report.remoteAddress() == null) {
            return " (connect)";
        }
        return diagnosis.step() == null ? "" : " (steps[" + diagnosis.step() + "])";
    }

    private static String time(Report report) {
        RoundTrips trips = report.roundTrips();
        if (trips.isEmpty()) {
            return "";
        }
        return " time=" + (trips.count() == 1 ? millis(trips.min()) : millis(trips.min(), trips.mean(), trips.max()));
    }

    /** {@code 1 byte}, {@code 2 bytes}. */
    static String bytes(long count) {
        return count + (count == 1 ? " byte" : " bytes");
    }

    private static String millis(Duration... durations) {
        return Arrays.stream(durations)
                .map(duration -> String.format(Locale.ROOT, "%.3f", Report.millis(duration)))
                .collect(Collectors.joining("/", "", " ms"));
    }
}
