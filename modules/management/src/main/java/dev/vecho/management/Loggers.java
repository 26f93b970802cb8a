package dev.vecho.management;

import dev.vecho.server.LogLevels;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How much the loggers write, and what was changed of it here: for a time, until it is taken back, or until this listener closes. Used
 * on the management listener's event loop only.
 */
final class Loggers {

    /** A logger lives as long as the process, so not any number of names may come. */
    static final int MOST_NAMES = 1000;

    /** A week. */
    static final long MOST_MILLIS = 7L * 24 * 60 * 60 * 1000;

    private static final int MOST_CHARACTERS = 200;
    private static final Pattern NAME = Pattern.compile("[\\w$-]+(\\.[\\w$-]+)*");
    private static final Set<String> KEYS = Set.of("level", "forMillis");
    private static final long NO_TIMER = -1;

    private final Vertx vertx;
    private final @Nullable LogLevels levels;
    private final Set<String> names = new HashSet<>();
    private final Map<String, Change> changes = new TreeMap<>();

    /**
     * What was changed of a logger.
     *
     * @param before its own level before; null where it had none
     * @param until when it falls back; null where it does not by itself
     */
    private record Change(@Nullable String before, @Nullable Instant until, long timer) {}

    /** @param levels null where the log cannot be changed */
    Loggers(Vertx vertx, @Nullable LogLevels levels) {
        this.vertx = vertx;
        this.levels = levels;
    }

    /** Those that have a level of their own. */
    Answer all() {
        if (levels == null) {
            return unknown();
        }
        Map<String, String> own = levels.own();
        Set<String> told = new TreeSet<>(own.keySet());
        told.addAll(changes.keySet());
        JsonArray loggers = new JsonArray();
        told.forEach(name -> loggers.add(view(levels, own, name)));
        return Answer.json(
                new JsonObject().put("levels", new JsonArray(levels.levels())).put("loggers", loggers));
    }

    /** Any one. */
    Answer one(String name) {
        if (levels == null) {
            return unknown();
        }
        return isName(name) ? Answer.json(view(levels, levels.own(), name)) : noName();
    }

    /** Gives one a level. */
    Answer change(String name, Buffer body) {
        if (levels == null) {
            return unknown();
        }
        if (!isName(name)) {
            return noName();
        }
        JsonObject wanted;
        try {
            wanted = read(body, levels);
        } catch (IllegalArgumentException wrong) {
            return Answer.problem(400, String.valueOf(wrong.getMessage()));
        }
        if (!names.contains(name) && names.size() == MOST_NAMES) {
            return Answer.problem(
                    422,
                    "The levels of " + MOST_NAMES + " loggers were changed since this listener opened: no others.");
        }
        names.add(name);
        Change before = changes.get(name);
        String start = before == null ? levels.own().get(name) : before.before();
        if (before != null) {
            vertx.cancelTimer(before.timer());
        }
        Long time = wanted.getLong("forMillis");
        changes.put(
                name,
                time == null
                        ? new Change(start, null, NO_TIMER)
                        : new Change(
                                start,
                                Instant.now().plusMillis(time),
                                vertx.setTimer(time, over -> takeBack(levels, name))));
        levels.set(name, wanted.getString("level"));
        return Answer.json(view(levels, levels.own(), name));
    }

    /** Takes back what was changed of one; nothing is all right, too. */
    Answer reset(String name) {
        if (levels == null) {
            return unknown();
        }
        if (!isName(name)) {
            return noName();
        }
        takeBack(levels, name);
        return Answer.json(view(levels, levels.own(), name));
    }

    private void takeBack(LogLevels known, String name) {
        Change change = changes.remove(name);
        if (change != null) {
            vertx.cancelTimer(change.timer());
            known.set(name, change.before());
        }
    }

    /** Takes everything back: nobody could do so later. */
    void close() {
        if (levels != null) {
            Set.copyOf(changes.keySet()).forEach(name -> takeBack(levels, name));
        }
    }

    private JsonObject view(LogLevels known, Map<String, String> own, String name) {
        JsonObject view = new JsonObject().put("name", name).put("effectiveLevel", known.effective(name));
        if (own.containsKey(name)) {
            view.put("level", own.get(name));
        }
        Change change = changes.get(name);
        view.put("changed", change != null);
        if (change != null && change.before() != null) {
            view.put("levelBefore", change.before());
        }
        if (change != null && change.until() != null) {
            view.put("until", change.until().truncatedTo(ChronoUnit.MILLIS).toString());
        }
        return view;
    }

    private static boolean isName(String name) {
        return name.length() <= MOST_CHARACTERS && NAME.matcher(name).matches();
    }

    /** What is wrong is an {@link IllegalArgumentException} that says so. */
    private static JsonObject read(Buffer body, LogLevels known) {
        Object decoded;
        try {
            decoded = Json.decodeValue(body);
        } catch (DecodeException e) {
            throw new IllegalArgumentException(
                    "The body must be an object in JSON, such as {\"level\": \"debug\"}.", e);
        }
        if (!(decoded instanceof JsonObject wanted)) {
            throw new IllegalArgumentException("The body must be an object in JSON, such as {\"level\": \"debug\"}.");
        }
        Set<String> others = new TreeSet<>(wanted.fieldNames());
        others.removeAll(KEYS);
        if (!others.isEmpty()) {
            throw new IllegalArgumentException(
                    others.iterator().next() + ": is not known, expected one of " + new TreeSet<>(KEYS));
        }
        Object level = wanted.getValue("level");
        if (!(level instanceof String text) || !known.levels().contains(text)) {
            throw new IllegalArgumentException(
                    "level: must be one of " + known.levels() + ", was " + Json.encode(level));
        }
        Object time = wanted.getValue("forMillis");
        boolean whole = time instanceof Integer || time instanceof Long;
        if (time != null
                && !(whole && ((Number) time).longValue() >= 1 && ((Number) time).longValue() <= MOST_MILLIS)) {
            throw new IllegalArgumentException("forMillis: must be 1.." + MOST_MILLIS + ", was " + Json.encode(time));
        }
        return wanted;
    }

    private static Answer noName() {
        return Answer.problem(404, "A logger has a name such as dev.vecho, or root.");
    }

    private static Answer unknown() {
        return Answer.problem(501, "What writes the log here does not let its levels be changed.");
    }
}
