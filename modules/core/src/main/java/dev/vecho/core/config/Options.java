package dev.vecho.core.config;

import dev.vecho.core.config.ReadOption.Kind;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object that a user wrote, read key by key. Every getter checks the type and the range; what is wrong is added to
 * the problems as {@code source: path: expected, found}, and the getter returns its default, so that all problems are
 * found in one go. In the end {@link #rejectUnknownKeys} reports the keys that nobody asked for.
 *
 * <p>Not safe for use by several threads.
 */
public final class Options {

    private final JsonObject json;
    private final String path;
    private final Function<String, Source> sources;
    private final Problems problems;
    private final Consumer<ReadOption> reads;
    private final @Nullable NamedFiles files;
    private final Set<String> known = new LinkedHashSet<>();
    private final Set<String> refused = new HashSet<>();

    /**
     * @param json the root object; not changed
     * @param sources which source has the last word on a path such as {@code listeners.tls.port}
     * @param problems where problems are added
     */
    public Options(JsonObject json, Function<String, Source> sources, Problems problems) {
        this(json, sources, problems, read -> {});
    }

    /**
     * @param json the root object; not changed
     * @param sources which source has the last word on a path such as {@code listeners.tls.port}
     * @param problems where problems are added
     * @param reads hears of each key that a getter is asked for, here and in nested objects; of one that is asked for again, again
     */
    public Options(JsonObject json, Function<String, Source> sources, Problems problems, Consumer<ReadOption> reads) {
        this(json, "", sources, problems, reads, null);
    }

    /**
     * @param json the root object; not changed
     * @param sources which source has the last word on a path such as {@code listeners.tls.port}
     * @param problems where problems are added
     * @param reads hears of each key that a getter is asked for, here and in nested objects; of one that is asked for again, again
     * @param files gets each file that is named, here and in nested objects, which then is read for a digest
     */
    public Options(
            JsonObject json,
            Function<String, Source> sources,
            Problems problems,
            Consumer<ReadOption> reads,
            NamedFiles files) {
        this(json, "", sources, problems, reads, files);
    }

    private Options(
            JsonObject json,
            String path,
            Function<String, Source> sources,
            Problems problems,
            Consumer<ReadOption> reads,
            @Nullable NamedFiles files) {
        this.json = json;
        this.path = path;
        this.sources = sources;
        this.problems = problems;
        this.reads = reads;
        this.files = files;
    }

    /** A root object that comes from one source. */
    public static Options of(JsonObject json, Source source, Problems problems) {
        return new Options(json, path -> source, problems);
    }

    /** Whether the key is there, with a value other than null. */
    public boolean has(String key) {
        known.add(key);
        return json.getValue(key) != null;
    }

    /** The keys of this object. Those that it names count as known. */
    public Set<String> keys() {
        known.addAll(json.fieldNames());
        return json.fieldNames();
    }

    /**
     * Says that a key has no meaning here. It is a problem where it is there; getters find nothing then, and nobody hears of them.
     *
     * @param why goes on from the name of the key
     */
    public void refuse(String key, String why) {
        if (has(key)) {
            problem(key, why);
        }
        refused.add(key);
    }

    /** A value of any kind, as it was written; null where there is none. */
    public @Nullable Object plain(String key) {
        return value(key);
    }

    /** The source that has the last word on a key. */
    public Source source(String key) {
        return sources.apply(pathOf(key));
    }

    /** A text that is not empty, or null where there is none. */
    public @Nullable String text(String key) {
        String text = readText(key);
        read(key, Kind.TEXT, text, null);
        return text;
    }

    private @Nullable String readText(String key) {
        Object value = value(key);
        if (value instanceof Number || value instanceof Boolean) {
            // The environment may have made a number of a password of digits.
            value = source(key).textual() ? value.toString() : value;
        }
        if (value == null) {
            return null;
        }
        if (!(value instanceof String text) || text.isEmpty()) {
            wrong(key, "must be a text that is not empty", value);
            return null;
        }
        return text;
    }

    /** A text that is not empty, or the default where there is none. */
    public String text(String key, String otherwise) {
        String given = readText(key);
        String text = given == null ? otherwise : given;
        read(key, Kind.TEXT, text, otherwise);
        return text;
    }

    /** A password: read as text, and no value of it is ever part of a message. */
    public @Nullable String secret(String key) {
        Object value = value(key);
        read(key, Kind.SECRET, value == null ? null : ReadOption.MASK, null);
        if (value == null) {
            return null;
        }
        if (value instanceof String text) {
            return text;
        }
        if (source(key).textual()) {
            return value.toString();
        }
        problem(key, "must be a text");
        return null;
    }

    /** A list of texts, maybe empty ones; a single text stands for a list of one. No value of it is ever part of a message. */
    public List<String> secrets(String key) {
        Object value = value(key);
        read(key, Kind.SECRETS, value == null ? null : ReadOption.MASK, null);
        if (value == null) {
            return List.of();
        }
        List<String> texts = new ArrayList<>();
        for (Object item : value instanceof JsonArray array ? array.getList() : List.of(value)) {
            if (!(item instanceof String text)) {
                problem(key, "must be a text or a list of texts");
                return List.of();
            }
            texts.add(text);
        }
        return texts;
    }

    /** A text that may be empty, or null where there is none. */
    public @Nullable String anyText(String key) {
        Object value = value(key);
        read(key, Kind.TEXT, value, null);
        if (value instanceof String text) {
            return text;
        }
        if (value != null) {
            wrong(key, "must be a text", value);
        }
        return null;
    }

    /** A whole number within bounds, both included. */
    public int integer(String key, int otherwise, int least, int most) {
        return (int) integer(key, (long) otherwise, least, most);
    }

    /** A whole number within bounds, both included. */
    public long integer(String key, long otherwise, long least, long most) {
        long number = readInteger(key, otherwise, least, most);
        read(key, Kind.INTEGER, number, otherwise, least, most, List.of());
        return number;
    }

    /**
     * A time in whole milliseconds, as such a key says in its name.
     *
     * @param least as short as it may be; {@link Bounds#MAX_DURATION} is as long as it may be
     */
    public Duration millis(String key, Duration otherwise, Duration least) {
        return Duration.ofMillis(integer(key, otherwise.toMillis(), least.toMillis(), Bounds.MAX_DURATION.toMillis()));
    }

    private long readInteger(String key, long otherwise, long least, long most) {
        Object value = value(key);
        if (value == null) {
            return otherwise;
        }
        Object number = value;
        if (value instanceof String text && source(key).textual()) {
            try {
                number = Long.valueOf(text.strip());
            } catch (NumberFormatException e) {
                number = value;
            }
        }
        boolean whole = number instanceof Integer || number instanceof Long;
        if (!whole || ((Number) number).longValue() < least || ((Number) number).longValue() > most) {
            wrong(key, (number instanceof Number ? "must be " : "must be a number, ") + least + ".." + most, value);
            return otherwise;
        }
        return ((Number) number).longValue();
    }

    /** A number within bounds, both included, maybe with decimals; null where there is none. */
    public @Nullable Double decimal(String key, long least, long most) {
        Double number = readDecimal(key, least, most);
        read(key, Kind.DECIMAL, number, null, least, most, List.of());
        return number;
    }

    private @Nullable Double readDecimal(String key, long least, long most) {
        Object value = value(key);
        if (value == null) {
            return null;
        }
        if (value instanceof String text && source(key).textual()) {
            try {
                value = Double.valueOf(text.strip());
            } catch (NumberFormatException e) {
                // It is refused as what it is.
                value = text;
            }
        }
        if (!(value instanceof Number number) || !(number.doubleValue() >= least && number.doubleValue() <= most)) {
            wrong(key, (value instanceof Number ? "must be " : "must be a number, ") + least + ".." + most, value);
            return null;
        }
        return number.doubleValue();
    }

    /** True or false. */
    public boolean flag(String key, boolean otherwise) {
        boolean flag = readFlag(key, otherwise);
        read(key, Kind.FLAG, flag, otherwise);
        return flag;
    }

    private boolean readFlag(String key, boolean otherwise) {
        Object value = value(key);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Boolean flag) {
            return flag;
        }
        if (source(key).textual() && (value.equals("true") || value.equals("false"))) {
            return value.equals("true");
        }
        wrong(key, "must be true or false", value);
        return otherwise;
    }

    /** One of a few words. */
    public <T> T choice(String key, T otherwise, Map<String, T> choices) {
        T chosen = readChoice(key, otherwise, choices);
        List<String> words = List.copyOf(choices.keySet());
        read(key, Kind.CHOICE, word(chosen, choices), word(otherwise, choices), null, null, words);
        return chosen;
    }

    private static <T> @Nullable String word(T chosen, Map<String, T> choices) {
        for (Map.Entry<String, T> choice : choices.entrySet()) {
            if (choice.getValue().equals(chosen)) {
                return choice.getKey();
            }
        }
        return null;
    }

    private <T> T readChoice(String key, T otherwise, Map<String, T> choices) {
        Object value = value(key);
        if (value == null) {
            return otherwise;
        }
        T chosen = value instanceof String text ? choices.get(text) : null;
        if (chosen == null) {
            wrong(key, "must be one of " + String.join(", ", choices.keySet()), value);
            return otherwise;
        }
        return chosen;
    }

    /** A list of texts; a single text stands for a list of one, and in a textual source commas part them. */
    public List<String> texts(String key) {
        List<String> given = readTexts(key);
        read(key, Kind.TEXTS, given, null);
        return given == null ? List.of() : given;
    }

    /** The same, or the default where there is no list. An empty one is one. */
    public List<String> texts(String key, List<String> otherwise) {
        List<String> given = readTexts(key);
        List<String> texts = given == null ? otherwise : given;
        read(key, Kind.TEXTS, texts, otherwise);
        return texts;
    }

    private @Nullable List<String> readTexts(String key) {
        Object value = value(key);
        if (value == null) {
            return null;
        }
        List<?> items = value instanceof JsonArray array ? array.getList() : List.of(value);
        if (value instanceof String text && source(key).textual()) {
            items = List.of(text.split("\\s*,\\s*"));
        }
        List<String> texts = new ArrayList<>();
        for (Object item : items) {
            if (!(item instanceof String text) || text.isEmpty()) {
                wrong(key, "must be a list of texts", value);
                return List.of();
            }
            texts.add(text);
        }
        return texts;
    }

    /** A list of whole numbers within bounds, both included; a single number stands for a list of one. */
    public List<Long> integers(String key, long least, long most) {
        List<Long> numbers = readIntegers(key, least, most);
        read(key, Kind.INTEGERS, numbers, null, least, most, List.of());
        return numbers;
    }

    private List<Long> readIntegers(String key, long least, long most) {
        Object value = value(key);
        if (value == null) {
            return List.of();
        }
        List<?> items = value instanceof JsonArray array ? array.getList() : List.of(value);
        List<Long> numbers = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            Object item = items.get(i);
            boolean whole = item instanceof Integer || item instanceof Long;
            if (!whole || ((Number) item).longValue() < least || ((Number) item).longValue() > most) {
                wrong(
                        value instanceof JsonArray ? key + "[" + i + "]" : key,
                        "must be a number, " + least + ".." + most,
                        item);
                return List.of();
            }
            numbers.add(((Number) item).longValue());
        }
        return numbers;
    }

    /** A file name, relative to the directory of the source that names it; null where there is none. */
    public @Nullable Path file(String key) {
        String text = text(key);
        if (text == null) {
            return null;
        }
        if (source(key).foreign()) {
            problem(key, "may name no file of the machine that plays it");
            return null;
        }
        try {
            Path file = source(key).directory().resolve(text);
            if (files != null) {
                files.note(pathOf(key), file);
            }
            return file;
        } catch (InvalidPathException e) {
            problem(key, FileNames.problem(text));
            return null;
        }
    }

    /** An object; an empty one where there is none. */
    public Options object(String key) {
        Object value = value(key);
        read(key, Kind.OBJECT, null, null);
        if (value != null && !(value instanceof JsonObject)) {
            // A text in its place may hold what belongs into it: a secret, maybe.
            problem(key, "must be an object, was " + (value instanceof String ? "a text" : show(value)));
        }
        return nested(pathOf(key), value instanceof JsonObject object ? object : new JsonObject());
    }

    /** A list of objects; an empty one where there is none. */
    public List<Options> objects(String key) {
        Object value = value(key);
        read(key, Kind.OBJECTS, null, null);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof JsonArray array)) {
            wrong(key, "must be a list", value);
            return List.of();
        }
        List<Options> objects = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            String itemPath = pathOf(key) + "[" + i + "]";
            if (array.getValue(i) instanceof JsonObject object) {
                objects.add(nested(itemPath, object));
            } else {
                problems.add(sources.apply(itemPath).name() + ": " + itemPath + ": must be an object, was "
                        + show(array.getValue(i)));
            }
        }
        return objects;
    }

    /**
     * A choice that may have options.
     *
     * @param options none where only the name was given
     */
    public record Named(String name, Options options) {}

    /** A name, or an object whose only key is the name and whose value is an object of options; or the default. */
    public Named named(String key, String otherwise) {
        return named(key, otherwise, name -> null);
    }

    /**
     * The same, where a text may stand for an object with one option.
     *
     * @param shortFor the key of that option, by name; null for none
     */
    public Named named(String key, String otherwise, Function<String, @Nullable String> shortFor) {
        Object value = value(key);
        Named named = readNamed(key, value == null ? otherwise : value, shortFor);
        String name = named == null ? otherwise : named.name();
        read(key, Kind.NAMED, name, otherwise);
        return named == null ? new Named(otherwise, nested(pathOf(key), new JsonObject())) : named;
    }

    private @Nullable Named readNamed(String key, Object value, Function<String, @Nullable String> shortFor) {
        if (value instanceof String name && !name.isEmpty()) {
            return new Named(name, nested(pathOf(key) + "." + name, new JsonObject()));
        }
        if (!(value instanceof JsonObject object)) {
            wrong(key, "must be a name, or an object with a name as its only key", value);
            return null;
        }
        if (object.size() != 1) {
            problem(
                    key,
                    "must have a name as its only key, had "
                            + (object.isEmpty() ? "none" : String.join(" and ", object.fieldNames())));
            return null;
        }
        String name = object.fieldNames().iterator().next();
        String option = shortFor.apply(name);
        if (option != null && object.getValue(name) instanceof String text) {
            return new Named(name, nested(pathOf(key) + "." + name, new JsonObject().put(option, text)));
        }
        return new Named(name, nested(pathOf(key), object).object(name));
    }

    /** Adds a problem with a key's value, or with this object itself where the key is empty. */
    public void problem(String key, String message) {
        problems.add(place(key) + ": " + message);
    }

    /** Where a key stands, or this object where the key is empty; such as {@code vecho.json: listeners.tls.port}. */
    public String place(String key) {
        String place = key.isEmpty() ? path : pathOf(key);
        return sources.apply(place).name() + (place.isEmpty() ? "" : ": " + place);
    }

    /** The same object, to be read once more, with problems of its own; nobody hears of what is read. */
    public Options into(Problems others) {
        return new Options(json, path, sources, others, read -> {}, null);
    }

    /** What this object says, with the files that getters of it and of nested objects were asked for by now. */
    public Content content() {
        return new Content(json, files == null ? Map.of() : files.within(path));
    }

    /** How many problems were found so far, here and elsewhere in the same input. */
    public int problemCount() {
        return problems.size();
    }

    /** Adds a problem for each key that no getter asked for, with the nearest that one did. */
    public void rejectUnknownKeys() {
        for (String key : json.fieldNames()) {
            if (!known.contains(key)) {
                problem(key, "is not a known key" + didYouMean(key, known));
            }
        }
    }

    /** {@code , did you mean "…"?} with the candidate that is nearest, or nothing where none is near. */
    public static String didYouMean(String word, Collection<String> candidates) {
        String expected = candidates.isEmpty() ? "none" : "one of " + String.join(", ", candidates);
        return nearest(word, candidates)
                .map(nearest -> ", did you mean \"" + nearest + "\"?")
                .orElse(", expected " + expected);
    }

    /** The candidate that a word may be a wrong spelling of. */
    public static Optional<String> nearest(String word, Collection<String> candidates) {
        String nearest = null;
        int least = Math.max(2, word.length() / 2) + 1;
        for (String candidate : candidates) {
            int distance = distance(word, candidate);
            if (distance < least) {
                least = distance;
                nearest = candidate;
            }
        }
        return Optional.ofNullable(nearest);
    }

    /** How many characters to insert, delete or replace to make one of the other, case ignored (Levenshtein 1966). */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                boolean same = Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(b.charAt(j - 1));
                int replaced = diagonal + (same ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }

    private Options nested(String nestedPath, JsonObject object) {
        return new Options(object, nestedPath, sources, problems, reads, files);
    }

    private @Nullable Object value(String key) {
        known.add(key);
        return refused.contains(key) ? null : json.getValue(key);
    }

    private void read(String key, Kind kind, @Nullable Object value, @Nullable Object otherwise) {
        read(key, kind, value, otherwise, null, null, List.of());
    }

    private void read(
            String key,
            Kind kind,
            @Nullable Object value,
            @Nullable Object otherwise,
            @Nullable Long least,
            @Nullable Long most,
            List<String> choices) {
        if (!refused.contains(key)) {
            boolean given = json.getValue(key) != null;
            reads.accept(new ReadOption(pathOf(key), kind, given, value, otherwise, least, most, choices));
        }
    }

    private String pathOf(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private void wrong(String key, String expected, @Nullable Object found) {
        problem(key, expected + ", was " + show(found));
    }

    private static String show(@Nullable Object value) {
        if (value instanceof JsonObject) {
            return "an object";
        }
        if (value instanceof JsonArray) {
            return "a list";
        }
        if (value instanceof String text) {
            return "\"" + (text.length() > 60 ? text.substring(0, 60) + "…" : text) + "\"";
        }
        return String.valueOf(value);
    }
}
