package dev.vecho.report;

import dev.vecho.client.RunReport;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The whole run as a page that needs no other file: what {@link JsonReport} writes, and a script that draws it. */
final class HtmlReport implements ReportWriter {

    private static final String UPLOT = "META-INF/resources/webjars/uplot/1.6.30/dist/";
    private static final Pattern PLACE = Pattern.compile("@([A-Z_]+)@");

    private final PrintWriter out;

    HtmlReport(PrintWriter out) {
        this.out = out;
    }

    @Override
    public void over(RunReport report) {
        // Within a script, markup would end it; within a string of JSON, this is the same character.
        String run = report.toJson().encode().replace("<", "\\u003c");
        Map<String, String> parts = Map.of(
                "RUN", run,
                "STYLE", resource("report.css"),
                "SCRIPT", resource("report.js"),
                "PLOT_STYLE", ofUplot("uPlot.min.css"),
                "PLOT", ofUplot("uPlot.iife.min.js"));
        out.print(PLACE.matcher(resource("report.html"))
                .replaceAll(place -> Matcher.quoteReplacement(parts.getOrDefault(place.group(1), place.group()))));
        out.flush();
    }

    private static String resource(String name) {
        return text(name, HtmlReport.class.getResourceAsStream(name));
    }

    private static String ofUplot(String name) {
        // By the class loader: a class finds what is in its own module only.
        return text(name, HtmlReport.class.getClassLoader().getResourceAsStream(UPLOT + name));
    }

    private static String text(String name, @Nullable InputStream resource) {
        try (InputStream in = resource) {
            if (in == null) {
                throw new IllegalStateException(name + " is missing on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
