package dev.vecho.report;

import dev.vecho.client.RunReport;
import java.io.PrintWriter;

/** The whole run as one JSON document. */
final class JsonReport implements ReportWriter {

    private final PrintWriter out;

    JsonReport(PrintWriter out) {
        this.out = out;
    }

    @Override
    public void over(RunReport report) {
        out.println(report.toJson().encodePrettily());
        out.flush();
    }
}
