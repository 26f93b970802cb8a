package dev.vecho.report;

import dev.vecho.client.RunReport;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Case;
import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;
import java.time.Duration;

/** A line of JSON for each round, as soon as it is over. */
final class JsonLinesReport implements ReportWriter {

    private final PrintWriter out;

    JsonLinesReport(PrintWriter out) {
        this.out = out;
    }

    @Override
    public void finished(Case played, Report round, Duration late) {
        out.println(new JsonObject()
                .put("case", played.name())
                .mergeIn(round.toJson())
                .encode());
        out.flush();
    }

    @Override
    public void over(RunReport report) {
        out.flush();
    }
}
