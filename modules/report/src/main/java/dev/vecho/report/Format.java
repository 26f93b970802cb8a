package dev.vecho.report;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;

/** How a report is written. */
public enum Format {
    /** For people: a line for each round, in the manner of ping, and a summary for each case. */
    TEXT("txt"),
    /** One JSON document, in the end: {@link dev.vecho.client.RunReport#toJson}. */
    JSON("json"),
    /** A line of JSON for each round, at once: {@code case}, and what {@link dev.vecho.client.report.Report#toJson} has. */
    JSONL("jsonl"),
    /** The XML that JUnit's Ant task began and that servers for continuous integration read: a test case for each case. */
    JUNIT("xml"),
    /** A page that stands alone, with plots. */
    HTML("html");

    private final String extension;

    Format(String extension) {
        this.extension = extension;
    }

    /** The format that a file's name stands for: {@code .txt}, {@code .json}, {@code .jsonl}, {@code .xml}, {@code .html}. */
    public static Optional<Format> ofFile(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        for (Format format : values()) {
            if (lower.endsWith("." + format.extension)) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }

    /** Whether it is written bit by bit, while the run goes on. */
    public boolean live() {
        return this == TEXT || this == JSONL;
    }

    /**
     * Makes a writer.
     *
     * @param out flushed after each line that is to be seen at once; the caller closes it
     */
    public ReportWriter to(PrintWriter out) {
        return switch (this) {
            case TEXT -> new TextReport(out, false, false);
            case JSON -> new JsonReport(out);
            case JSONL -> new JsonLinesReport(out);
            case JUNIT -> new JUnitReport(out);
            case HTML -> new HtmlReport(out);
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
