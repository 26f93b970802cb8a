package dev.vecho.report;

import dev.vecho.client.CaseReport;
import dev.vecho.client.RunReport;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Objects;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.jspecify.annotations.Nullable;

/** One test suite, with a test case for each case of the run. */
final class JUnitReport implements ReportWriter {

    private static final String SUITE = "vecho check";

    private final PrintWriter out;

    JUnitReport(PrintWriter out) {
        this.out = out;
    }

    @Override
    public void over(RunReport report) {
        try {
            XMLStreamWriter xml = XMLOutputFactory.newFactory().createXMLStreamWriter(out);
            xml.writeStartDocument("UTF-8", "1.0");
            xml.writeCharacters("\n");
            suite(xml, report);
            xml.writeEndDocument();
            xml.flush();
            out.println();
            out.flush();
        } catch (XMLStreamException e) {
            throw new IllegalStateException("cannot be written as XML", e);
        }
    }

    private static void suite(XMLStreamWriter xml, RunReport report) throws XMLStreamException {
        long errors = report.cases().stream().filter(CaseReport::unjudged).count();
        long failures = report.cases().stream().filter(each -> !each.passed()).count() - errors;
        for (String element : new String[] {"testsuites", "testsuite"}) {
            xml.writeStartElement(element);
            xml.writeAttribute("name", SUITE);
            xml.writeAttribute("tests", Integer.toString(report.cases().size()));
            xml.writeAttribute("failures", Long.toString(failures));
            xml.writeAttribute("errors", Long.toString(errors));
            xml.writeAttribute("time", seconds(report.duration()));
        }
        xml.writeAttribute("skipped", "0");
        xml.writeAttribute(
                "timestamp", report.startedAt().truncatedTo(ChronoUnit.SECONDS).toString());
        for (CaseReport each : report.cases()) {
            xml.writeCharacters("\n");
            testCase(xml, each);
        }
        xml.writeCharacters("\n");
        xml.writeEndElement();
        xml.writeEndElement();
    }

    private static void testCase(XMLStreamWriter xml, CaseReport report) throws XMLStreamException {
        xml.writeStartElement("testcase");
        xml.writeAttribute("classname", clean(report.played().target()));
        xml.writeAttribute("name", clean(report.played().name()));
        xml.writeAttribute("time", seconds(time(report)));
        if (!report.passed()) {
            Diagnosis diagnosis = diagnosis(report);
            xml.writeStartElement(report.unjudged() ? "error" : "failure");
            xml.writeAttribute("type", diagnosis == null ? "cancelled" : diagnosis.kind());
            xml.writeAttribute("message", clean(diagnosis == null ? "no round was played" : diagnosis.sentence()));
            xml.writeCharacters(clean(failures(report)));
            xml.writeEndElement();
        }
        xml.writeStartElement("system-out");
        xml.writeCharacters(clean(TextReport.summary(report, Style.PLAIN)));
        xml.writeEndElement();
        xml.writeEndElement();
    }

    /** What of the budget was not kept, or else what the first round that failed found. */
    private static @Nullable Diagnosis diagnosis(CaseReport report) {
        return report.diagnosis() != null
                ? report.diagnosis()
                : report.rounds().stream()
                        .map(Report::diagnosis)
                        .filter(Objects::nonNull)
                        .findFirst()
                        .orElse(null);
    }

    /** How long the rounds took that the report has. */
    private static Duration time(CaseReport report) {
        return report.rounds().stream().map(Report::duration).reduce(Duration.ZERO, Duration::plus);
    }

    private static String failures(CaseReport report) {
        StringBuilder text = new StringBuilder();
        report.rounds().stream()
                .filter(round -> !round.passed())
                .forEach(round -> text.append(TextReport.line(report.played(), round, Style.PLAIN))
                        .append('\n'));
        return text.toString();
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.3f", duration.toNanos() / 1e9);
    }

    /** Without the characters that XML 1.0 has no way to write. */
    private static String clean(String text) {
        return text.replaceAll("[^\\x09\\x0A\\x0D\\x20-\\uD7FF\\uE000-\\uFFFD\\x{10000}-\\x{10FFFF}]", "?");
    }
}
