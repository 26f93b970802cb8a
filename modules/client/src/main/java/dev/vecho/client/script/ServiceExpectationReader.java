package dev.vecho.client.script;

import dev.vecho.client.script.ServiceExpectation.Chargen;
import dev.vecho.client.script.ServiceExpectation.Daytime;
import dev.vecho.client.script.ServiceExpectation.Matching;
import dev.vecho.client.script.ServiceExpectation.Time;
import dev.vecho.client.script.ServiceExpectation.Value;
import dev.vecho.client.script.ServiceExpectation.Whoami;
import dev.vecho.core.config.Options;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.pointer.JsonPointer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** Reads what a step expects of a service, or by a pattern. */
final class ServiceExpectationReader {

    private static final int DEFAULT_BYTES = 4096;
    private static final int MAX_BYTES = 64 * 1024;
    private static final int DEFAULT_LINES = 100;
    private static final int MAX_LINES = 1_000_000_000;
    private static final Duration TOLERANCE = Duration.ofMinutes(1);
    private static final Duration QUIET = Duration.ofMillis(500);
    private static final Duration LEAST = Duration.ofSeconds(1);

    private ServiceExpectationReader() {}

    /** Reads the step; null where something is wrong. */
    static @Nullable Step read(Options options, @Nullable Duration within) {
        String service = options.text("service", "");
        Step step = switch (service) {
            case "chargen" ->
                new Step.ExpectService(new Chargen(options.integer("lines", DEFAULT_LINES, 1, MAX_LINES)), within);
            case "daytime" -> new Step.ExpectService(new Daytime(tolerance(options)), within);
            case "time" -> new Step.ExpectService(new Time(tolerance(options)), within);
            case "whoami" -> new Step.ExpectService(new Whoami(values(options.object("values"))), within);
            // That nothing comes takes its time to be seen.
            case "discard" -> new Step.ExpectNothing(options.millis("forMillis", QUIET, Duration.ofMillis(1)));
            default -> {
                options.problem(
                        "service", "must be one of chargen, daytime, discard, time, whoami, was \"" + service + "\"");
                yield null;
            }
        };
        options.rejectUnknownKeys();
        return step;
    }

    /** Reads the step that expects what matches a pattern; null where something is wrong. */
    static @Nullable Step readPattern(Options options, @Nullable Duration within) {
        String text = options.anyText("pattern");
        int maxBytes = options.integer("maxBytes", DEFAULT_BYTES, 1, MAX_BYTES);
        options.rejectUnknownKeys();
        if (text == null) {
            return null;
        }
        try {
            return new Step.ExpectService(new Matching(BytePattern.of(text), maxBytes), within);
        } catch (IllegalArgumentException e) {
            options.problem("pattern", e.getMessage() + ", was \"" + text + "\"");
            return null;
        }
    }

    private static Duration tolerance(Options options) {
        return options.millis("toleranceMillis", TOLERANCE, LEAST);
    }

    /** By JSON Pointer (RFC 6901): a value, or an object with a pattern. */
    private static List<Value> values(Options options) {
        List<Value> values = new ArrayList<>();
        for (String key : options.keys()) {
            JsonPointer pointer = pointer(key, options);
            if (pointer == null) {
                continue;
            }
            if (options.plain(key) instanceof JsonObject) {
                Options object = options.object(key);
                Pattern pattern = pattern(object);
                object.rejectUnknownKeys();
                values.add(new Value(key, pointer, null, pattern));
            } else {
                values.add(new Value(key, pointer, options.plain(key), null));
            }
        }
        return values;
    }

    private static @Nullable JsonPointer pointer(String text, Options options) {
        try {
            return JsonPointer.from(text);
        } catch (IllegalArgumentException e) {
            options.problem(text, "must be a JSON Pointer, such as /tls/serverName");
            return null;
        }
    }

    private static @Nullable Pattern pattern(Options options) {
        String text = options.text("pattern");
        if (text == null) {
            if (!options.has("pattern")) {
                options.problem("", "must have a pattern");
            }
            return null;
        }
        try {
            return Pattern.compile(text);
        } catch (PatternSyntaxException e) {
            options.problem("pattern", "must be a regular expression: " + e.getDescription());
            return null;
        }
    }
}
