package dev.vecho.launcher;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** The cases of the checks that a service plays on a schedule, as lines of text: what is failing first. */
final class CheckTable {

    /** A terminal has no room for thousands. */
    private static final int MOST = 20;

    /** From what is worst on. */
    private static final List<String> STATES = List.of("failing", "unknown", "ok");

    private static final int WORD = 24;

    /** Rounds that a sparkline shows. */
    private static final int ROUNDS = 20;

    /** From quick to slow, for terminals that show them, and for others. */
    private static final String BLOCKS = "▁▂▃▄▅▆▇█";

    private static final String SIGNS = "_.-~=+*#";

    private CheckTable() {}

    /** One line of the table. */
    private record Row(String check, JsonObject played) {

        String state() {
            return played.getString("state");
        }
    }

    /** @param checks what {@code GET /checks} answers; of none, there is no table */
    static String of(JsonArray checks) {
        List<Row> rows = rows(checks);
        if (rows.isEmpty()) {
            return "";
        }
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%n%-16s %-8s %-24s %10s %10s %9s %8s  %-20s  %s%n",
                "check",
                "state",
                "word",
                "p50",
                "p99",
                "failed",
                "missed",
                "since",
                "case"));
        rows.stream().limit(MOST).forEach(row -> text.append(line(row)));
        return text + more(rows);
    }

    /**
     * The same with the last rounds as a sparkline, and with the share of messages that were lost, of cases with messages.
     *
     * @param checks each case with {@code lossPercent} where it has messages
     */
    static String live(JsonArray checks) {
        List<Row> rows = rows(checks);
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%-16s %-8s %-24s %10s %10s %9s %7s  %-20s  %s%n",
                "check",
                "state",
                "word",
                "p50",
                "p99",
                "failed",
                "loss",
                "last rounds",
                "case"));
        rows.stream()
                .limit(MOST)
                .forEach(row -> text.append(String.format(
                        Locale.ROOT,
                        "%s %7s  %-20s  %s%n",
                        start(row),
                        row.played().containsKey("lossPercent")
                                ? String.format(
                                        Locale.ROOT, "%.1f %%", row.played().getDouble("lossPercent"))
                                : "-",
                        sparkline(row.played().getJsonObject("recent").getJsonArray("millis")),
                        row.played().getString("name"))));
        return text + more(rows);
    }

    /** From the oldest on, as high as they took long, {@code x} for one that failed. */
    static String sparkline(JsonArray millis) {
        Charset charset = Charset.forName(
                System.getProperty("stdout.encoding", Charset.defaultCharset().name()));
        String heights = charset.newEncoder().canEncode(BLOCKS.charAt(0)) ? BLOCKS : SIGNS;
        int from = Math.max(0, millis.size() - ROUNDS);
        double most = 0;
        for (int i = from; i < millis.size(); i++) {
            most = Math.max(most, Objects.requireNonNullElse(millis.getDouble(i), 0.0));
        }
        StringBuilder line = new StringBuilder();
        for (int i = from; i < millis.size(); i++) {
            Double took = millis.getDouble(i);
            line.append(
                    took == null
                            ? 'x'
                            : heights.charAt(most == 0 ? 0 : (int) Math.min(7, took / most * heights.length())));
        }
        return line.toString();
    }

    private static String more(List<Row> rows) {
        return rows.size() > MOST ? String.format(Locale.ROOT, "… and %d more%n", rows.size() - MOST) : "";
    }

    private static List<Row> rows(JsonArray checks) {
        List<Row> rows = new ArrayList<>();
        for (Object each : checks) {
            JsonObject check = (JsonObject) each;
            for (Object played : check.getJsonArray("cases")) {
                rows.add(new Row(check.getString("name"), (JsonObject) played));
            }
        }
        rows.sort(Comparator.comparingInt(row -> STATES.indexOf(row.state())));
        return rows;
    }

    private static String line(Row row) {
        return String.format(
                Locale.ROOT,
                "%s %8d  %-20s  %s%n",
                start(row),
                row.played().getLong("missed"),
                row.played().getString("since").replaceFirst("\\.[0-9]+Z$", "Z"),
                row.played().getString("name"));
    }

    /** The columns that every table has. */
    private static String start(Row row) {
        JsonObject recent = row.played().getJsonObject("recent");
        JsonObject diagnosis = row.played().getJsonObject("diagnosis", new JsonObject());
        String word = diagnosis.getString("word", "-");
        String reason = diagnosis.getString("reason", "");
        String kind = reason.isEmpty() ? word : word + ": " + reason;
        return String.format(
                Locale.ROOT,
                "%-16s %-8s %-24s %10s %10s %9s",
                row.check(),
                row.state(),
                kind.length() > WORD ? kind.substring(0, WORD) : kind,
                millis(recent, "p50Millis"),
                millis(recent, "p99Millis"),
                recent.getInteger("failed") + "/" + recent.getInteger("rounds"));
    }

    private static String millis(JsonObject recent, String key) {
        return recent.containsKey(key) ? String.format(Locale.ROOT, "%.2f ms", recent.getDouble(key)) : "-";
    }
}
