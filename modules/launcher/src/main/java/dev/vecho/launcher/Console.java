package dev.vecho.launcher;

import dev.vecho.client.CaseReport;
import dev.vecho.client.RunListener;
import dev.vecho.client.RunReport;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Trace;
import dev.vecho.client.script.Case;
import dev.vecho.report.ReportWriter;
import dev.vecho.report.TraceText;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Hands what happens in a run on to several writers, and shows on a terminal how far it got. */
final class Console implements RunListener {

    private final List<ReportWriter> writers;
    private final int cases;
    private final @Nullable PrintWriter traced;
    private final LiveLine live = new LiveLine();
    private final long start = System.nanoTime();
    private long rounds;
    private long failed;
    private long over;

    /**
     * @param traced where each round is told step by step; null for nowhere
     */
    Console(List<ReportWriter> writers, int cases, @Nullable PrintWriter traced) {
        this.writers = List.copyOf(writers);
        this.cases = cases;
        this.traced = traced;
    }

    @Override
    public @Nullable Trace trace(Case played, int round) {
        return traced == null ? null : new TraceText(traced, played, round);
    }

    @Override
    public void finished(Case played, Report round, Duration late) {
        live.clear();
        writers.forEach(writer -> writer.finished(played, round, late));
        rounds++;
        failed += round.passed() ? 0 : 1;
        show();
    }

    @Override
    public void finished(CaseReport report) {
        live.clear();
        writers.forEach(writer -> writer.finished(report));
        over++;
        show();
    }

    private void show() {
        live.show(String.format(
                Locale.ROOT,
                "%d of %d cases over, %d rounds, %d failed, %d s",
                over,
                cases,
                rounds,
                failed,
                Duration.ofNanos(System.nanoTime() - start).toSeconds()));
    }

    /** The run is over. */
    void over(RunReport report) {
        live.clear();
        writers.forEach(writer -> writer.over(report));
    }
}
