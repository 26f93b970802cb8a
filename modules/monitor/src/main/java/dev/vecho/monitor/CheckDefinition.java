package dev.vecho.monitor;

import dev.vecho.client.Check;
import dev.vecho.client.ConfiguredScript;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.Content;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Source;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A check as the configuration has it, validated.
 *
 * @param name its key
 * @param every {@code everyMillis}: from the start of a case's round to the start of its next; default 10 s
 * @param labels of its metrics, beside those that all have
 * @param content what the configuration says of it
 */
record CheckDefinition(
        String name, Script script, Duration every, Map<String, String> labels, Alert alert, Content content) {

    private static final int DEFAULT_MILLIS = 10_000;
    private static final int LEAST_MILLIS = 100;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+");
    private static final Pattern LABEL = Pattern.compile("(?!__)[A-Za-z_][A-Za-z0-9_]*");

    /** What the metrics say themselves. */
    private static final Set<String> TAKEN =
            Set.of("check", "case", "target", "word", "reason", "phase", "version", "state", "le", "job", "instance");

    /** What targets that are given beside the script call their source. */
    private static final String OWN = "\0";

    private static final Pattern BESIDE = Pattern.compile(OWN + ": (?:([\\w.\\[\\]]+): )?(.*)", Pattern.DOTALL);

    CheckDefinition {
        labels = Map.copyOf(labels);
    }

    /**
     * Reads one. Blocks: it opens the files that it names.
     *
     * @return null where it is switched off, or something is wrong, which is added to {@code options}
     */
    static @Nullable CheckDefinition read(Vertx vertx, Options all, String name) {
        int before = all.problemCount();
        Options options = all.object(name);
        if (options.problemCount() > before || !options.flag("enabled", true)) {
            return null;
        }
        if (!NAME.matcher(name).matches()) {
            all.problem(name, "must be named with letters, digits, \"-\" and \"_\" only");
        }
        long every = options.integer(
                "everyMillis", DEFAULT_MILLIS, LEAST_MILLIS, Duration.ofDays(1).toMillis());
        Map<String, String> labels = labels(options.object("labels"));
        Alert alert = Alert.read(options.object("alert"));
        ConfiguredScript configured = ConfiguredScript.read(options);
        List<String> targets = options.texts("targets");
        if (options.has("targets") && targets.isEmpty()) {
            options.problem("targets", "must name at least one target");
        }
        options.rejectUnknownKeys();
        if (options.problemCount() > before) {
            return null;
        }
        try {
            Script script = configured.parse();
            if (!targets.isEmpty()) {
                script = script.withTargets(
                        targets, new Source(OWN, options.source("targets").directory(), false));
            }
            Check.validate(vertx, script);
            return new CheckDefinition(name, script, Duration.ofMillis(every), labels, alert, options.content());
        } catch (InvalidInputException e) {
            e.problems().forEach(problem -> tell(options, configured, problem));
            return null;
        }
    }

    /**
     * A digest of what is played, where and how often: as long as that is the same, what was found before belongs to it, whatever its
     * labels and its alert.
     */
    String subject() {
        TreeMap<String, Object> rest = new TreeMap<>(content.json().getMap());
        rest.keySet().removeAll(List.of("labels", "alert", "enabled"));
        StringBuilder text = new StringBuilder();
        append(text, rest);
        append(text, new TreeMap<>(content.files()));
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(text.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** The same text for the same content, in whatever order its keys stand. */
    private static void append(StringBuilder text, @Nullable Object value) {
        if (value instanceof JsonObject object) {
            append(text, object.getMap());
        } else if (value instanceof JsonArray array) {
            append(text, array.getList());
        } else if (value instanceof Map<?, ?> map) {
            text.append('{');
            new TreeMap<Object, Object>(map).forEach((key, each) -> {
                text.append(io.vertx.core.json.Json.encode(key.toString())).append(':');
                append(text, each);
            });
            text.append('}');
        } else if (value instanceof List<?> list) {
            text.append('[');
            list.forEach(each -> {
                append(text, each);
                text.append(',');
            });
            text.append(']');
        } else {
            text.append(io.vertx.core.json.Json.encode(value)).append(' ');
        }
    }

    private static Map<String, String> labels(Options options) {
        Map<String, String> labels = new TreeMap<>();
        for (String key : options.keys()) {
            if (!options.has(key)) {
                continue;
            }
            if (!LABEL.matcher(key).matches()) {
                options.problem(key, "is no name of a label: letters, digits and \"_\", and no digit first");
            } else if (TAKEN.contains(key)) {
                options.problem(key, "is a label that metrics have already");
            }
            String value = options.text(key);
            if (value != null) {
                labels.put(key, value);
            }
        }
        return labels;
    }

    private static void tell(Options options, ConfiguredScript configured, String problem) {
        Matcher beside = BESIDE.matcher(problem);
        if (beside.matches()) {
            options.problem(Objects.requireNonNullElse(beside.group(1), "targets"), beside.group(2));
        } else {
            configured.tell(problem);
        }
    }
}
