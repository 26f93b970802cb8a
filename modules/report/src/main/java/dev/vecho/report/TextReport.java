package dev.vecho.report;

import dev.vecho.client.CaseReport;
import dev.vecho.client.RunReport;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Report.Messages;
import dev.vecho.client.report.Report.Warning;
import dev.vecho.client.report.RoundTrips;
import dev.vecho.client.report.Summary;
import dev.vecho.client.report.Summary.PhaseTime;
import dev.vecho.client.script.Case;
import dev.vecho.core.Directions;
import dev.vecho.core.Directions.Delay;
import dev.vecho.core.Directions.Direction;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A report for people: a line for each round, in the manner of ping, and in the end a few for each case. */
public final class TextReport implements ReportWriter {

    /** From so many round trips on, percentiles and a histogram say more than the mean. */
    private static final int MANY = 20;

    private final PrintWriter out;
    private final Style style;
    private final boolean quiet;

    /** Cases and words, so that a warning is told once for each case. */
    private final Set<String> warned = new HashSet<>();

    /**
     * Creates an instance.
     *
     * @param out flushed after each line; the caller closes it
     * @param coloured for a terminal
     * @param quiet leaves out the lines of rounds that passed
     */
    public TextReport(PrintWriter out, boolean coloured, boolean quiet) {
        this.out = out;
        this.style = coloured ? Style.COLOURED : Style.PLAIN;
        this.quiet = quiet;
    }

    @Override
    public void finished(Case played, Report round, Duration late) {
        for (Warning warning : round.warnings()) {
            if (warned.add(played.name() + " " + warning.word())) {
                out.println(style.bad(clean(played.name() + " warning " + warning.word() + ": " + warning.sentence())));
            }
        }
        if (!quiet || !round.passed()) {
            out.println(line(played, round, style));
        }
        out.flush();
    }

    @Override
    public void over(RunReport report) {
        report.cases().forEach(each -> out.print(summary(each, style)));
        long failed = report.cases().stream().filter(each -> !each.passed()).count();
        if (report.cases().size() > 1) {
            String text = report.cases().size() + " cases, " + (report.cases().size() - failed) + " passed, " + failed
                    + " failed" + (report.cancelled() ? "; ended before all was played" : "");
            out.println(failed == 0 ? style.good(text) : style.bad(text));
        }
        out.flush();
    }

    /**
     * One line for a round, without the line's end. The time is the round trip; where there are several, it is the
     * shortest, the mean and the longest.
     */
    static String line(Case played, Report round, Style style) {
        String start = played.name() + " round=" + round.round();
        Diagnosis diagnosis = round.diagnosis();
        if (diagnosis != null) {
            return style.bad(clean(
                    start + " FAILED " + diagnosis.kind() + ": " + diagnosis.sentence() + where(round, diagnosis)));
        }
        RoundTrips trips = round.roundTrips();
        String time = trips.isEmpty()
                ? ""
                : " time="
                        + (trips.count() == 1 ? millis(trips.min()) : millis(trips.min(), trips.mean(), trips.max()));
        Messages messages = round.messages();
        String lost = messages == null || messages.lost() + messages.duplicated() + messages.reordered() == 0
                ? ""
                : " lost=" + messages.lost() + " duplicated=" + messages.duplicated() + " reordered="
                        + messages.reordered();
        return clean(start + " bytes=" + round.bytesReceived() + time + lost);
    }

    /** Some lines for a case, each with its line's end. */
    static String summary(CaseReport report, Style style) {
        Summary summary = report.summary();
        StringBuilder text = new StringBuilder("--- " + clean(report.played().name()) + " ---\n");
        String rounds = summary.rounds() + (summary.rounds() == 1 ? " round, " : " rounds, ") + summary.passed()
                + " passed, " + summary.failed() + " failed";
        if (!summary.words().isEmpty()) {
            rounds += new TreeMap<>(summary.words())
                    .entrySet().stream()
                            .map(entry -> entry.getKey() + " " + entry.getValue())
                            .collect(Collectors.joining(", ", " (", ")"));
        }
        text.append(report.passed() ? style.good(rounds) : style.bad(rounds));
        text.append("; " + bytes(summary.bytesSent()) + " sent, " + bytes(summary.bytesReceived()) + " received\n");
        if (summary.missed() > 0) {
            text.append(summary.missed() + (summary.missed() == 1 ? " round was" : " rounds were")
                    + " due while the one before was still being played\n");
        }
        messages(text, summary.messages());
        if (summary.rounds() > 1) {
            phases(text, summary.phases());
        }
        roundTrips(text, "round trip", summary.roundTrips());
        roundTrips(text, "from when due", summary.corrected());
        if (summary.roundTrips().count() >= MANY) {
            text.append(Bars.of(summary.roundTrips().histogram(), style));
        }
        new TreeMap<>(summary.warnings())
                .forEach((word, count) ->
                        text.append("warning " + word + ": in " + count + (count == 1 ? " round\n" : " rounds\n")));
        Diagnosis diagnosis = report.diagnosis();
        if (diagnosis != null) {
            text.append(style.bad(clean("FAILED " + diagnosis.kind() + ": " + diagnosis.sentence())))
                    .append('\n');
        }
        return text.toString();
    }

    private static void messages(StringBuilder text, @Nullable Messages messages) {
        if (messages == null || messages.sent() == 0) {
            return;
        }
        text.append(String.format(
                Locale.ROOT,
                "messages: %d sent, %d received, %d lost (%.2f %%), %d duplicated, %d reordered",
                messages.sent(),
                messages.received(),
                messages.lost(),
                100.0 * messages.lost() / messages.sent(),
                messages.duplicated(),
                messages.reordered()));
        Duration jitter = messages.jitter();
        text.append(jitter == null ? "\n" : ", jitter " + millis(jitter) + "\n");
        Directions directions = messages.directions();
        if (directions != null) {
            direction(text, "forward", directions.forward());
            direction(text, "backward", directions.backward());
            if (directions.lostUnknown() > 0) {
                text.append("lost on either way: " + directions.lostUnknown() + "\n");
            }
        }
    }

    private static void direction(StringBuilder text, String name, Direction direction) {
        List<String> known = new ArrayList<>();
        if (direction.lost() != null) {
            known.add(direction.lost() + " lost");
        }
        if (direction.duplicated() != null) {
            known.add(direction.duplicated() + " duplicated");
        }
        if (direction.reordered() != null) {
            known.add(direction.reordered() + " reordered");
        }
        if (direction.jitter() != null) {
            known.add("jitter " + millis(direction.jitter()));
        }
        Delay delay = direction.delay();
        if (delay != null) {
            known.add("delay min/mean/max = " + millis(delay.min(), delay.mean(), delay.max()) + ", error "
                    + millis(delay.error()));
        }
        if (!known.isEmpty()) {
            text.append(name + ": " + String.join(", ", known) + "\n");
        }
    }

    private static void phases(StringBuilder text, Summary.Phases phases) {
        List<String> all = new ArrayList<>();
        phase(all, "resolve", phases.resolve());
        phase(all, "connect", phases.connect());
        phase(all, "TLS", phases.tls());
        phase(all, "first byte", phases.firstByte());
        phase(all, "last byte", phases.lastByte());
        if (!all.isEmpty()) {
            text.append("mean/max: " + String.join(", ", all) + "\n");
        }
    }

    private static void phase(List<String> all, String name, @Nullable PhaseTime time) {
        if (time != null) {
            all.add(name + " " + millis(time.mean(), time.max()));
        }
    }

    private static void roundTrips(StringBuilder text, String name, RoundTrips trips) {
        if (trips.isEmpty()) {
            return;
        }
        if (trips.count() < MANY) {
            text.append(name + " min/mean/max = " + millis(trips.min(), trips.mean(), trips.max()) + "\n");
        } else {
            text.append(name + " min/mean/p50/p90/p99/p99.9/max = "
                    + millis(
                            trips.min(),
                            trips.mean(),
                            trips.percentile(50),
                            trips.percentile(90),
                            trips.percentile(99),
                            trips.percentile(99.9),
                            trips.max())
                    + "\n");
        }
    }

    private static String where(Report report, Diagnosis diagnosis) {
        if (report.remoteAddress() == null) {
            return " (connect)";
        }
        return diagnosis.step() == null ? "" : " (steps[" + diagnosis.step() + "])";
    }

    /** {@code 1 byte}, {@code 2 bytes}. */
    private static String bytes(long count) {
        return count + (count == 1 ? " byte" : " bytes");
    }

    private static String millis(Duration... durations) {
        return Arrays.stream(durations)
                .map(duration -> String.format(Locale.ROOT, "%.3f", duration.toNanos() / 1e6))
                .collect(Collectors.joining("/", "", " ms"));
    }

    /**
     * Part of a line may come from the peer, a certificate's name for example: it must not contain control characters
     * for a terminal.
     */
    private static String clean(String line) {
        return line.replaceAll("\\p{Cc}", "?");
    }
}
