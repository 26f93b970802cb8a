package dev.vecho.launcher;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a service does, of what it has told at two moments. */
final class StatusView {

    private final JsonObject now;
    private final double seconds;
    private final List<JsonObject> listeners = new ArrayList<>();
    private final List<JsonObject> busiest;

    /**
     * Compares.
     *
     * @param count how many of the busiest connections are wanted
     */
    StatusView(JsonObject before, JsonObject now, int count) {
        this.now = now;
        this.seconds = Math.max(1e-3, (now.getLong("nanos") - before.getLong("nanos")) / 1e9);
        Map<String, JsonObject> old = by("name", before.getJsonArray("listeners"));
        for (Object each : now.getJsonArray("listeners")) {
            JsonObject listener = (JsonObject) each;
            listeners.add(listener.copy()
                    .put("acceptedPerSecond", rate("accepted", listener, old, "name"))
                    .put("receivedBytesPerSecond", rate("receivedBytes", listener, old, "name"))
                    .put("sentBytesPerSecond", rate("sentBytes", listener, old, "name")));
        }
        Map<String, JsonObject> known = by("id", before.getJsonArray("connections"));
        List<JsonObject> connections = new ArrayList<>();
        for (Object each : now.getJsonArray("connections")) {
            JsonObject connection = (JsonObject) each;
            connections.add(connection
                    .copy()
                    .put("receivedBytesPerSecond", rate("receivedBytes", connection, known, "id"))
                    .put("sentBytesPerSecond", rate("sentBytes", connection, known, "id")));
        }
        this.busiest = connections.stream()
                .sorted(Comparator.comparingDouble(StatusView::moved).reversed())
                .limit(count)
                .toList();
    }

    private static double moved(JsonObject connection) {
        return connection.getDouble("receivedBytesPerSecond") + connection.getDouble("sentBytesPerSecond");
    }

    private static Map<String, JsonObject> by(String key, JsonArray all) {
        Map<String, JsonObject> map = new HashMap<>();
        all.forEach(each -> map.put(((JsonObject) each).getString(key), (JsonObject) each));
        return map;
    }

    /** What was not there before has begun since; one that a reload has opened anew counts from nothing. */
    private double rate(String counter, JsonObject of, Map<String, JsonObject> before, String key) {
        JsonObject old = before.get(of.getString(key));
        long grown = of.getLong(counter) - (old == null ? 0 : old.getLong(counter));
        return Math.max(0, grown) / seconds;
    }

    JsonObject toJson() {
        return new JsonObject()
                .put("service", now.getJsonObject("service"))
                .put("seconds", seconds)
                .put("listeners", new JsonArray(listeners))
                .put("checks", now.getJsonArray("checks"))
                .put("busiest", new JsonArray(busiest))
                .put("more", now.getBoolean("more"));
    }

    String toText() {
        JsonObject service = now.getJsonObject("service");
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "%s: vecho %s on %s, process %d, %s since %s%n%n",
                now.getString("url"),
                service.getString("version"),
                service.getString("io"),
                service.getLong("process"),
                service.getString("state").toLowerCase(Locale.ROOT),
                service.getString("started")));
        text.append(String.format(
                Locale.ROOT,
                "%-12s %-10s %8s %10s %8s %8s %12s %12s  %s%n",
                "listener",
                "transport",
                "active",
                "accepted/s",
                "refused",
                "failed",
                "in",
                "out",
                "address"));
        for (JsonObject each : listeners) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-12s %-10s %8d %10.1f %8d %8d %12s %12s  %s%n",
                    each.getString("name"),
                    each.getString("transport"),
                    each.getLong("active"),
                    each.getDouble("acceptedPerSecond"),
                    each.getLong("refused"),
                    each.getLong("failed"),
                    bytes(each.getDouble("receivedBytesPerSecond")) + "/s",
                    bytes(each.getDouble("sentBytesPerSecond")) + "/s",
                    String.join(
                            " ",
                            each.getJsonArray("addresses").stream()
                                    .map(String::valueOf)
                                    .toList())));
        }
        text.append(CheckTable.of(now.getJsonArray("checks")));
        if (!busiest.isEmpty()) {
            text.append(String.format(
                    Locale.ROOT,
                    "%n%-24s %-12s %-11s %10s %12s %12s %10s %9s%n",
                    "connection from",
                    "listener",
                    "state",
                    "age",
                    "in",
                    "out",
                    "waiting",
                    "rtt"));
            busiest.forEach(each -> text.append(row(each)));
            if (now.getBoolean("more")) {
                text.append(
                        "There are more connections than were looked at: the busiest of the first 1000 are shown.\n");
            }
        }
        return text.toString().replace(System.lineSeparator(), "\n");
    }

    private static String row(JsonObject connection) {
        JsonObject path = connection.getJsonObject("path", new JsonObject());
        return String.format(
                Locale.ROOT,
                "%-24s %-12s %-11s %10s %12s %12s %10s %9s%n",
                connection.getString("client", connection.getString("remote")),
                connection.getString("listener"),
                connection.getString("state"),
                String.format(Locale.ROOT, "%.1f s", connection.getLong("ageMillis") / 1e3),
                bytes(connection.getDouble("receivedBytesPerSecond")) + "/s",
                bytes(connection.getDouble("sentBytesPerSecond")) + "/s",
                bytes(connection.getLong("waitingBytes")),
                path.containsKey("rttMicros")
                        ? String.format(Locale.ROOT, "%.2f ms", path.getLong("rttMicros") / 1e3)
                        : "-");
    }

    /** With a unit that leaves at most four digits. */
    static String bytes(double count) {
        double rest = count;
        for (String unit : List.of("B", "KiB", "MiB", "GiB")) {
            if (rest < 1024) {
                return unit.equals("B")
                        ? String.format(Locale.ROOT, "%.0f B", rest)
                        : String.format(Locale.ROOT, "%.1f %s", rest, unit);
            }
            rest /= 1024;
        }
        return String.format(Locale.ROOT, "%.1f TiB", rest);
    }
}
