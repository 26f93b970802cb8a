package dev.vecho.management;

import dev.vecho.monitor.MonitoredCheck;
import dev.vecho.monitor.State;
import io.vertx.core.MultiMap;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which checks a client wants to see, read from the parameters of its request.
 *
 * @param limit how many at most
 * @param cursor only those behind it in their order; null for all
 * @param byState whether those that are failing come first, then those that are unknown; else all in the order of their names
 * @param states those in one of them
 * @param name what their names have in them, in small letters
 * @param labels those that have all of them
 */
record CheckFilter(
        int limit,
        @Nullable String cursor,
        boolean byState,
        Set<State> states,
        String name,
        List<Map.Entry<String, String>> labels) {

    private static final int DEFAULT_LIMIT = 100;
    private static final int MAX_LIMIT = 1000;

    static final Set<String> PARAMETERS = Set.of("limit", "cursor", "order", "state", "name", "label");

    /**
     * Reads a query.
     *
     * @throws IllegalArgumentException with a message that says which parameter is wrong
     */
    static CheckFilter read(MultiMap query) {
        Parameters.refuseOthers(query, PARAMETERS);
        String order = query.contains("order") ? query.get("order") : "name";
        if (!order.equals("name") && !order.equals("state")) {
            throw new IllegalArgumentException("order: must be name or state, was \"" + order + "\"");
        }
        EnumSet<State> states = EnumSet.noneOf(State.class);
        query.getAll("state").forEach(text -> states.add(state(text)));
        List<Map.Entry<String, String>> labels = new ArrayList<>();
        for (String label : query.getAll("label")) {
            int equals = label.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("label: must be name=value, was \"" + label + "\"");
            }
            labels.add(Map.entry(label.substring(0, equals), label.substring(equals + 1)));
        }
        String name = query.get("name");
        return new CheckFilter(
                (int) Parameters.number(query, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT),
                query.get("cursor"),
                order.equals("state"),
                states.isEmpty() ? EnumSet.allOf(State.class) : states,
                name == null ? "" : name.toLowerCase(Locale.ROOT),
                labels);
    }

    private static State state(String text) {
        return Stream.of(State.values())
                .filter(state -> state.toString().equals(text))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("state: must be failing, unknown or ok, was \"" + text + "\""));
    }

    /**
     * A check that matches, with its place in the order: what changes its state while somebody reads page by page may be missed or told
     * twice.
     */
    record Found(String place, State state, MonitoredCheck check) {}

    /** All that match, in their order, those before the cursor among them. */
    List<Found> matching(List<MonitoredCheck> all) {
        List<Found> found = new ArrayList<>();
        for (MonitoredCheck check : all) {
            State state = check.state();
            if (states.contains(state)
                    && check.name().toLowerCase(Locale.ROOT).contains(name)
                    && labels.stream()
                            .allMatch(label ->
                                    label.getValue().equals(check.labels().get(label.getKey())))) {
                found.add(new Found(byState ? rank(state) + " " + check.name() : check.name(), state, check));
            }
        }
        found.sort(Comparator.comparing(Found::place));
        return found;
    }

    private static int rank(State state) {
        return switch (state) {
            case FAILING -> 0;
            case UNKNOWN -> 1;
            case OK -> 2;
        };
    }
}
