package dev.vecho.launcher;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** The cases of the checks that a service plays on a schedule, as lines of text: what is failing first. */
final class CheckTable {

    /** A terminal has no room for thousands. */
    private static final int MOST = 20;

    /** From what is worst on. */
    private static final List<String> STATES = List.of("failing", "unknown", "ok");

    private static final int WORD = 24;

    private CheckTable() {}

    /** One line of the table. */
    private record Row(String check, JsonObject played) {

        String state() {
            return played.getString("state");
        }
    }

    /** @param checks what {@code GET /checks} answers; of none, there is no table */
    static String of(JsonArray checks) {
        List<Row> rows = new ArrayList<>();
        for (Object each : checks) {
            JsonObject check = (JsonObject) each;
            for (Object played : check.getJsonArray("cases")) {
                rows.add(new Row(check.getString("name"), (JsonObject) played));
            }
        }
        if (rows.isEmpty()) {
            return "";
        }
        rows.sort(Comparator.comparingInt(row -> STATES.indexOf(row.state())));
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
        if (rows.size() > MOST) {
            text.append(String.format(Locale.ROOT, "… and %d more%n", rows.size() - MOST));
        }
        return text.toString();
    }

    private static String line(Row row) {
        JsonObject played = row.played();
        JsonObject recent = played.getJsonObject("recent");
        JsonObject diagnosis = played.getJsonObject("diagnosis", new JsonObject());
        String word = diagnosis.getString("word", "-");
        String reason = diagnosis.getString("reason", "");
        String kind = reason.isEmpty() ? word : word + ": " + reason;
        return String.format(
                Locale.ROOT,
                "%-16s %-8s %-24s %10s %10s %9s %8d  %-20s  %s%n",
                row.check(),
                row.state(),
                kind.length() > WORD ? kind.substring(0, WORD) : kind,
                millis(recent, "p50Millis"),
                millis(recent, "p99Millis"),
                recent.getInteger("failed") + "/" + recent.getInteger("rounds"),
                played.getLong("missed"),
                played.getString("since").replaceFirst("\\.[0-9]+Z$", "Z"),
                played.getString("name"));
    }

    private static String millis(JsonObject recent, String key) {
        return recent.containsKey(key) ? String.format(Locale.ROOT, "%.2f ms", recent.getDouble(key)) : "-";
    }
}
