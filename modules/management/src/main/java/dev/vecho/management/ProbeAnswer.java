package dev.vecho.management;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Trace;
import dev.vecho.client.script.Case;
import dev.vecho.management.Probes.Wanted;
import dev.vecho.report.Format;
import dev.vecho.report.TraceText;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a client is told of a probe: its metrics, or for a person all that happened. */
final class ProbeAnswer {

    /** What is told of what happened, before the verdict. */
    private static final int MAX_TRACE_CHARS = 128 * 1024;

    private static final String PLAIN = "text/plain; charset=utf-8";

    private final Wanted wanted;
    private final boolean debug;
    private final @Nullable String accept;
    private final Bounded happened = new Bounded();

    /**
     * Prepares an answer.
     *
     * @param debug whether it is for a person
     * @param accept which format of metrics the client understands
     */
    ProbeAnswer(Wanted wanted, boolean debug, @Nullable String accept) {
        this.wanted = wanted;
        this.debug = debug;
        this.accept = accept;
    }

    /** A text that ends where it becomes too long. */
    private static final class Bounded extends StringWriter {

        private boolean cut;

        @Override
        public void write(String text, int from, int length) {
            if (!cut && getBuffer().length() + length <= MAX_TRACE_CHARS) {
                super.write(text, from, length);
            } else {
                cut = true;
            }
        }
    }

    /** Notes what happens, where somebody wants to know. */
    @Nullable Trace trace(Case played) {
        return debug ? new TraceText(new PrintWriter(happened), played, 1) : null;
    }

    Answer of(Case played, Report round) {
        MetricSnapshots.Builder metrics = MetricSnapshots.builder();
        List<RoundMetrics.Last> only = List.of(new RoundMetrics.Last(Labels.EMPTY, round));
        RoundMetrics.ALL.forEach(family -> metrics.metricSnapshot(family.of(only)));
        RoundMetrics.addOfOne(round, metrics);
        if (!debug) {
            return Exposition.of(accept).answer(metrics.build());
        }
        return Answer.text(PLAIN, text(played, round) + "\n" + Exposition.TEXT.write(metrics.build()));
    }

    private String text(Case played, Report round) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        out.println("probe of " + played.target() + " by the script " + wanted.name() + ", within "
                + wanted.within().toMillis() + " ms");
        out.println();
        out.print(happened);
        if (happened.cut) {
            out.println("… and more, which is left out here");
        }
        out.println();
        Format.TEXT.to(out).finished(played, round, Duration.ZERO);
        Diagnosis diagnosis = round.diagnosis();
        if (diagnosis != null && diagnosis.expected() != null) {
            out.println("expected " + diagnosis.expected());
        }
        if (diagnosis != null && diagnosis.found() != null) {
            out.println("found    " + diagnosis.found());
        }
        out.println("duration " + millis(round.duration()));
        RoundMetrics.phases(round.phases()).forEach((phase, took) -> {
            if (took != null) {
                out.println("  " + phase + " " + millis(took));
            }
        });
        out.println("bytes sent " + round.bytesSent() + ", received " + round.bytesReceived());
        if (round.remoteAddress() != null) {
            out.println("connected " + round.localAddress() + " to " + round.remoteAddress());
        }
        // A certificate's names are the peer's words.
        new TreeMap<>(round.details())
                .forEach((name, value) -> out.println("  " + name + ": " + value.replaceAll("\\p{Cc}", "?")));
        return text.toString();
    }

    private static String millis(Duration time) {
        return String.format(Locale.ROOT, "%.3f ms", time.toNanos() / 1e6);
    }
}
