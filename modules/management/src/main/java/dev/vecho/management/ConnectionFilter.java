package dev.vecho.management;

import dev.vecho.core.OpenConnection.Facts;
import dev.vecho.core.OpenConnection.Stage;
import io.vertx.core.MultiMap;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which connections somebody wants to see, and how many at a time.
 *
 * @param limit 1 to {@value #MAX_LIMIT}
 * @param cursor where the page before ended; null for the first one
 * @param listener the name of theirs; null for any
 * @param peer their remote address, or that which a PROXY header told, with the port or without; null for any
 * @param stage null for any
 */
record ConnectionFilter(
        int limit,
        @Nullable String cursor,
        @Nullable String listener,
        @Nullable String peer,
        Duration minAge,
        long minWaitingBytes,
        @Nullable Stage stage) {

    static final int MAX_LIMIT = 1000;

    private static final int DEFAULT_LIMIT = 100;

    private static final Pattern CURSOR = Pattern.compile("[A-Za-z0-9_-]+\\.[0-9]{1,9}\\.[0-9]{1,9}");

    /** The parameters of a query that it is read from. */
    static final Set<String> PARAMETERS =
            Set.of("limit", "cursor", "listener", "peer", "minAgeMillis", "minWaitingBytes", "state");

    /**
     * Reads a query.
     *
     * @throws IllegalArgumentException with a message that says which parameter is wrong
     */
    static ConnectionFilter read(MultiMap query) {
        Parameters.refuseOthers(query, PARAMETERS);
        return new ConnectionFilter(
                (int) Parameters.number(query, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT),
                cursor(query.get("cursor")),
                query.get("listener"),
                query.get("peer"),
                Duration.ofMillis(Parameters.number(query, "minAgeMillis", 0, 0, Integer.MAX_VALUE)),
                Parameters.number(query, "minWaitingBytes", 0, 0, Integer.MAX_VALUE),
                stage(query.get("state")));
    }

    private static @Nullable String cursor(@Nullable String text) {
        if (text != null && !CURSOR.matcher(text).matches()) {
            throw new IllegalArgumentException("cursor: must be the next of another page, was \"" + text + "\"");
        }
        return text;
    }

    private static @Nullable Stage stage(@Nullable String text) {
        if (text == null) {
            return null;
        }
        for (Stage stage : Stage.values()) {
            if (name(stage).equals(text)) {
                return stage;
            }
        }
        throw new IllegalArgumentException("state: must be open, half-closed or closing, was \"" + text + "\"");
    }

    /** A stage as users write it. */
    static String name(Stage stage) {
        return stage.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    boolean matches(Facts facts) {
        return (stage == null || stage == facts.stage())
                && facts.waiting() >= minWaitingBytes
                && facts.age().compareTo(minAge) >= 0
                && (peer == null || isAt(facts.remote()) || (facts.client() != null && isAt(facts.client())));
    }

    private boolean isAt(String address) {
        String host = address.substring(0, Math.max(0, address.lastIndexOf(':')));
        String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        return address.equals(peer) || host.equals(peer) || bare.equals(peer);
    }
}
