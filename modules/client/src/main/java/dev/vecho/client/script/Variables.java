package dev.vecho.client.script;

import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The variables of a script. <code>${name}</code> in any text of it stands for a variable's value; another dollar before it
 * makes it mean itself. A text that is nothing but <code>${name}</code> becomes the value with its type, so that it can be a
 * number.
 *
 * <p>A value comes from whoever plays the script, or else is the default in the script's {@code variables}. A variable
 * without a default needs not be declared: it must be given then.
 */
final class Variables {

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]*");
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]{0,17})");

    private final Source source;
    private final Problems problems;
    private final Map<String, Object> values = new TreeMap<>();
    private final Set<String> used = new HashSet<>();

    private Variables(Source source, Problems problems) {
        this.source = source;
        this.problems = problems;
    }

    /**
     * Reads the defaults, and the values that override them.
     *
     * @param given values by name, as text; they get the type of their default, or without one that of a number or a truth
     *     value if they look like it
     * @param giver who gave them, for messages
     */
    static Variables read(
            JsonObject script, Source source, Map<String, String> given, Source giver, Problems problems) {
        Variables variables = new Variables(source, problems);
        if (script.getValue("variables") instanceof JsonObject defaults) {
            for (Map.Entry<String, Object> each : defaults) {
                variables.declare(each.getKey(), each.getValue());
            }
        } else if (script.getValue("variables") != null) {
            variables.problem("variables", "must be an object");
        }
        given.forEach((name, text) -> variables.give(name, text, giver));
        return variables;
    }

    private void declare(String name, @Nullable Object value) {
        if (!NAME.matcher(name).matches()) {
            problem("variables." + name, "must have a name of letters, digits, _ and -, that begins with a letter");
        } else if (value instanceof String || value instanceof Number || value instanceof Boolean) {
            values.put(name, value);
        } else {
            problem("variables." + name, "must be a text, a number, true or false");
        }
    }

    private void give(String name, String text, Source giver) {
        Object otherwise = values.get(name);
        boolean number = NUMBER.matcher(text).matches();
        boolean truth = text.equals("true") || text.equals("false");
        if (otherwise instanceof Number && !number) {
            problems.add(giver.name() + ": variable " + name + ": must be a number, as its default is, was \"" + text
                    + "\"");
        } else if (otherwise instanceof Boolean && !truth) {
            problems.add(giver.name() + ": variable " + name + ": must be true or false, as its default is, was \""
                    + text + "\"");
        } else if (number && !(otherwise instanceof String)) {
            values.put(name, Long.valueOf(text));
        } else if (truth && !(otherwise instanceof String)) {
            values.put(name, Boolean.valueOf(text));
        } else {
            values.put(name, text);
        }
    }

    /** Whether there is a value. */
    boolean has(String name) {
        return values.containsKey(name);
    }

    /** Whether the value was asked for. */
    boolean isUsed(String name) {
        return used.contains(name);
    }

    /** Gives a variable a value, whatever it had. */
    void put(String name, Object value) {
        values.put(name, value);
    }

    /** Adds a problem for each value that was given to a variable which the script neither declares nor uses. */
    void rejectUnknown(JsonObject script, Map<String, String> given, Source giver) {
        Set<String> known = new HashSet<>(used);
        if (script.getValue("variables") instanceof JsonObject defaults) {
            known.addAll(defaults.fieldNames());
        }
        for (String name : given.keySet()) {
            if (!known.contains(name)) {
                problems.add(giver.name() + ": variable " + name + ": the script has none of this name"
                        + Options.didYouMean(name, known));
            }
        }
    }

    /**
     * A value with all its texts replaced; not changed itself.
     *
     * @param path where it stands, for messages
     */
    Object resolve(Object value, String path) {
        if (value instanceof JsonObject object) {
            JsonObject resolved = new JsonObject();
            for (String key : object.fieldNames()) {
                Object item = object.getValue(key);
                resolved.put(key, item == null ? null : resolve(item, path.isEmpty() ? key : path + "." + key));
            }
            return resolved;
        }
        if (value instanceof JsonArray array) {
            JsonArray resolved = new JsonArray();
            for (int i = 0; i < array.size(); i++) {
                Object item = array.getValue(i);
                resolved.add(item == null ? null : resolve(item, path + "[" + i + "]"));
            }
            return resolved;
        }
        return value instanceof String text ? replace(text, path) : value;
    }

    private Object replace(String text, String path) {
        StringBuilder replaced = new StringBuilder();
        int from = 0;
        for (int at = text.indexOf('$'); at >= 0; at = text.indexOf('$', from)) {
            replaced.append(text, from, at);
            if (text.startsWith("$${", at)) {
                replaced.append("${");
                from = at + 3;
            } else if (text.startsWith("${", at)) {
                int end = text.indexOf('}', at);
                if (end < 0) {
                    problem(path, "has a ${ without a }; write $${ for the characters themselves");
                    return text;
                }
                Object value = value(text.substring(at + 2, end), path);
                if (at == 0 && end == text.length() - 1) {
                    return value;
                }
                replaced.append(value);
                from = end + 1;
            } else {
                replaced.append('$');
                from = at + 1;
            }
        }
        return from == 0 ? text : replaced.append(text, from, text.length()).toString();
    }

    private Object value(String name, String path) {
        used.add(name);
        Object value = values.get(name);
        if (value == null) {
            problem(
                    path,
                    "the variable \"" + name + "\" has no value"
                            + (values.isEmpty() ? "" : Options.didYouMean(name, values.keySet())));
            return "${" + name + "}";
        }
        return value;
    }

    private void problem(String path, String message) {
        problems.add(source.name() + ": " + path + ": " + message);
    }
}
