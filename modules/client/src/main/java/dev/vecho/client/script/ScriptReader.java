package dev.vecho.client.script;

import dev.vecho.client.script.Budget.Item;
import dev.vecho.client.script.Matrix.Connections;
import dev.vecho.core.TestableTransport;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Json;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads a script from JSON. Whatever is wrong is added to the options' problems, and the script must not be used then. */
public final class ScriptReader {

    private static final List<String> VERBS =
            List.of("send", "expect", "pauseMillis", "close", "startTls", "reset", "reconnect");
    private static final List<String> PAYLOADS = List.of("text", "hex", "base64", "file", "random");
    private static final List<String> DEFAULT_TARGETS = List.of("tcp://localhost:7007");
    private static final List<Step> DEFAULT_STEPS = defaultSteps();

    /** Large enough for any test, and small enough that the sizes of a script's payloads can be added up. */
    private static final long MAX_BYTES = 1L << 50;

    private static final int MAX_PER_SECOND = 1_000_000;

    /** A year. */
    private static final long MAX_MILLIS = 365L * 24 * 60 * 60 * 1000;

    private ScriptReader() {}

    /**
     * Reads the whole script.
     *
     * @param variables values for variables of the script, by name
     * @param giver who gave them, for messages
     * @param others reads what is in the same object, and not the script's
     */
    public static Script read(
            JsonObject script,
            Source source,
            Map<String, String> variables,
            Source giver,
            Problems problems,
            Consumer<Options> others) {
        Variables values = Variables.read(script, source, variables, giver, problems);
        JsonObject json = script.copy();
        json.remove("variables");
        Object rawSteps = json.remove("steps");
        json = (JsonObject) values.resolve(json, "");
        Options root = Options.of(json, source, problems);
        root.has("$schema");
        root.text("description");
        root.has("variables");
        root.has("steps");
        others.accept(root);
        List<String> targets = root.has("targets") ? root.texts("targets") : DEFAULT_TARGETS;
        if (root.problemCount() == 0 && targets.isEmpty()) {
            root.problem("targets", "must name at least one target");
        }
        Matrix matrix = matrix(root.object("matrix"));
        Duration timeout = Duration.ofMillis(root.integer("timeoutMillis", 5000, 1, Integer.MAX_VALUE));
        Schedule schedule = schedule(root);
        int concurrency = root.integer("concurrency", 0, root.has("concurrency") ? 1 : 0, Script.MOST_AT_ONCE);
        int parallel = root.integer("parallel", 1, 1, Script.MOST_AT_ONCE);
        Long seed = root.has("seed") ? root.integer("seed", 0L, 0, Script.GREATEST_SEED) : null;
        root.object("tls");
        JsonObject tls = json.getValue("tls") instanceof JsonObject object ? object : new JsonObject();
        if (!matrix.tls().isEmpty() && tls.containsKey("protocols")) {
            root.problem("tls.protocols", "cannot be given beside matrix.tls, which varies them");
        }
        root.object("proxy");
        JsonObject proxy = json.getValue("proxy") instanceof JsonObject object ? object : null;
        root.object("options");
        JsonObject options = json.getValue("options") instanceof JsonObject object ? object : new JsonObject();
        ExpectedFailure expectFailure = expectFailure(root);
        Budget budget = budget(root.object("budget"));
        if (expectFailure != null && !budget.allowed().isEmpty()) {
            root.problem("budget", "cannot be given beside expectFailure: nothing is measured then");
        }
        root.rejectUnknownKeys();
        List<Step> steps = DEFAULT_STEPS;
        Map<Long, List<Step>> bySize = new LinkedHashMap<>();
        if (rawSteps == null) {
            matrix.sizes().forEach(size -> bySize.put(size, Script.sized(size)));
        } else if (matrix.sizes().isEmpty()) {
            steps = steps(rawSteps, values, source, problems);
        } else {
            bySize.putAll(stepsBySize(rawSteps, matrix.sizes(), values, root, problems));
        }
        values.rejectUnknown(script, variables, giver);
        return new Script(
                targets,
                matrix,
                schedule,
                concurrency,
                parallel,
                timeout,
                seed,
                steps,
                bySize,
                rawSteps == null,
                tls,
                proxy,
                options,
                expectFailure,
                budget,
                root::source);
    }

    private static Schedule schedule(Options root) {
        long millis = root.integer("durationMillis", 0L, 0, MAX_MILLIS);
        long repeat = root.integer("repeat", millis == 0 ? 1L : 0, 0, Integer.MAX_VALUE);
        long interval = root.integer("intervalMillis", 1000L, 0, MAX_MILLIS);
        return new Schedule(repeat, Duration.ofMillis(interval), Duration.ofMillis(millis));
    }

    private static @Nullable ExpectedFailure expectFailure(Options root) {
        String text = root.text("expectFailure");
        if (text == null) {
            return null;
        }
        try {
            return ExpectedFailure.parse(text);
        } catch (IllegalArgumentException e) {
            root.problem("expectFailure", e.getMessage() + ", was \"" + text + "\"");
            return null;
        }
    }

    private static Budget budget(Options options) {
        Map<Item, Double> allowed = new EnumMap<>(Item.class);
        for (Item item : Item.values()) {
            Double most = options.decimal(item.key(), 0, item.isTime() ? MAX_MILLIS : 1);
            if (most != null) {
                allowed.put(item, most);
            }
        }
        options.rejectUnknownKeys();
        return new Budget(allowed);
    }

    private static Matrix matrix(Options options) {
        List<Long> sizes = options.integers("sizes", 0, MAX_BYTES);
        List<String> tls = known(options, "tls", TestableTransport.TLS_VERSIONS);
        List<String> families = known(options, "families", List.of("ipv4", "ipv6"));
        List<Connections> connections = new ArrayList<>();
        for (String text : known(options, "connections", List.of("round", "kept"))) {
            connections.add(Connections.of(text.equals("kept")));
        }
        options.rejectUnknownKeys();
        return new Matrix(sizes, tls, families, connections);
    }

    /** A list of some of a few words, each at most once. */
    private static List<String> known(Options options, String key, List<String> words) {
        List<String> texts = options.texts(key);
        for (String text : texts) {
            if (!words.contains(text)) {
                options.problem(key, "must be of " + String.join(", ", words) + ", was \"" + text + "\"");
                return List.of();
            }
        }
        return texts.stream().distinct().toList();
    }

    /** The steps with each of the sizes as the value of a variable. */
    private static Map<Long, List<Step>> stepsBySize(
            Object raw, List<Long> sizes, Variables values, Options root, Problems problems) {
        Map<Long, List<Step>> bySize = new LinkedHashMap<>();
        if (values.has("size")) {
            root.problem("variables.size", "cannot be given beside matrix.sizes, which are its values");
            return bySize;
        }
        Set<String> wrong = new LinkedHashSet<>();
        for (Long size : sizes) {
            values.put("size", size);
            Problems found = new Problems();
            bySize.put(size, steps(raw, values, root.source("steps"), found));
            try {
                found.throwIfAny();
            } catch (InvalidInputException e) {
                // What is wrong with all sizes is told once.
                wrong.addAll(e.problems());
            }
        }
        wrong.forEach(problems::add);
        if (!values.isUsed("size")) {
            root.problem("matrix.sizes", "is of no use: no step has ${size}, such as { \"random\": \"${size}\" }");
        }
        return bySize;
    }

    private static List<Step> steps(Object raw, Variables values, Source source, Problems problems) {
        JsonObject json = new JsonObject().put("steps", values.resolve(raw, "steps"));
        return steps(Options.of(json, source, problems), json);
    }

    private static List<Step> defaultSteps() {
        String name = "default-script.json";
        try (InputStream resource = Objects.requireNonNull(ScriptReader.class.getResourceAsStream(name), name)) {
            JsonObject json = Json.parse(name, Buffer.buffer(resource.readAllBytes()));
            Problems problems = new Problems();
            List<Step> steps = steps(Options.of(json, Source.named(name), problems), json);
            problems.throwIfAny();
            return steps;
        } catch (IOException e) {
            throw new UncheckedIOException(name, e);
        }
    }

    private static List<Step> steps(Options root, JsonObject json) {
        List<JsonObject> raw = new ArrayList<>();
        if (json.getValue("steps") instanceof JsonArray array) {
            // Those that are no objects are left out by the options, too.
            array.forEach(item -> {
                if (item instanceof JsonObject object) {
                    raw.add(object);
                }
            });
        }
        List<Options> objects = root.objects("steps");
        List<Step> steps = new ArrayList<>();
        Order order = new Order();
        for (int i = 0; i < objects.size(); i++) {
            Options options = objects.get(i);
            Step step = step(options, raw.get(i));
            if (step != null) {
                order.check(step, options);
                steps.add(step);
            }
        }
        return steps;
    }

    /** Finds steps that cannot be done after those before them. */
    private static final class Order {

        private boolean closed;
        private boolean ended;
        private boolean reset;
        private boolean served;

        void check(Step step, Options options) {
            if (step instanceof Step.Reconnect) {
                closed = false;
                ended = false;
                reset = false;
                served = false;
                return;
            }
            if (reset && !(step instanceof Step.Pause)) {
                options.problem("", "comes after the step that resets the connection: only reconnect can follow");
            }
            if (closed
                    && (step instanceof Step.Send
                            || step instanceof Step.CloseOutput
                            || step instanceof Step.StartTls)) {
                options.problem("", "comes after the step that closes the output");
            }
            if (ended
                    && (step instanceof Step.ExpectEcho
                            || step instanceof Step.ExpectBytes
                            || step instanceof Step.ExpectService
                            || step instanceof Step.ExpectEnd
                            || step instanceof Step.StartTls)) {
                options.problem("", "comes after the step that expects the end");
            }
            if (served
                    && (step instanceof Step.ExpectEcho
                            || step instanceof Step.ExpectBytes
                            || step instanceof Step.ExpectNothing
                            || step instanceof Step.StartTls)) {
                options.problem("", "comes after the step that expects a service, which no echo follows");
            }
            served |= step instanceof Step.ExpectService service
                    && !service.expectation().ends();
            closed |= step instanceof Step.CloseOutput;
            ended |= step instanceof Step.ExpectEnd;
            reset |= step instanceof Step.Reset;
        }
    }

    private static @Nullable Step step(Options options, JsonObject raw) {
        List<String> verbs = VERBS.stream().filter(options::has).toList();
        if (verbs.size() > 1) {
            options.problem(
                    "", "must have one of " + String.join(", ", VERBS) + ", had " + String.join(" and ", verbs));
            return null;
        }
        Step step = null;
        if (verbs.isEmpty()) {
            options.problem("", "must have one of " + String.join(", ", VERBS) + ", had none");
        } else {
            step = switch (verbs.get(0)) {
                case "send" -> send(options);
                case "expect" -> expect(options, raw);
                case "pauseMillis" -> new Step.Pause(millis(options, "pauseMillis"));
                case "close" -> close(options);
                case "startTls" -> new Step.StartTls(now(options, "startTls"));
                case "reset" -> new Step.Reset(now(options, "reset"));
                default -> new Step.Reconnect(now(options, "reconnect"));
            };
        }
        options.rejectUnknownKeys();
        return step;
    }

    private static @Nullable Step send(Options options) {
        Payload payload = payload(options.object("send"), true);
        int count = options.integer("count", 1, 1, Step.Send.MAX);
        int rate = options.has("ratePerSecond") ? options.integer("ratePerSecond", 1, 1, MAX_PER_SECOND) : 0;
        if (rate > 0 && !options.has("count")) {
            options.problem("ratePerSecond", "belongs to count");
        }
        if (payload == null) {
            return null;
        }
        if (payload.size() > MAX_BYTES / count) {
            options.problem("count", "so many of them must have at most " + MAX_BYTES + " bytes together");
        }
        return new Step.Send(payload, count, rate);
    }

    /** Reads the value of a step that can only be {@code true}, and the limit of the step. */
    private static @Nullable Duration now(Options options, String verb) {
        int problems = options.problemCount();
        if (!options.flag(verb, true) && options.problemCount() == problems) {
            options.problem(verb, "must be true, was false");
        }
        return within(options);
    }

    private static @Nullable Step expect(Options options, JsonObject raw) {
        if (raw.getValue("expect") instanceof JsonObject expected && expected.containsKey("service")) {
            return ServiceExpectationReader.read(options.object("expect"), within(options));
        }
        if (raw.getValue("expect") instanceof JsonObject expected && expected.containsKey("pattern")) {
            return ServiceExpectationReader.readPattern(options.object("expect"), within(options));
        }
        if (raw.getValue("expect") instanceof JsonObject) {
            Payload payload = payload(options.object("expect"), false);
            Duration within = within(options);
            return payload == null ? null : new Step.ExpectBytes(payload, within);
        }
        if ("nothing".equals(raw.getValue("expect"))) {
            if (!options.has("forMillis")) {
                options.problem("forMillis", "is missing");
            }
            return new Step.ExpectNothing(millis(options, "forMillis"));
        }
        Duration within = within(options);
        String what = options.anyText("expect");
        if ("echo".equals(what)) {
            return new Step.ExpectEcho(within);
        }
        if ("end".equals(what)) {
            return new Step.ExpectEnd(within);
        }
        if (what != null) {
            options.problem(
                    "expect",
                    "must be echo, end, nothing or an object with a payload, a pattern or a service, was \"" + what
                            + "\"");
        }
        return null;
    }

    private static @Nullable Step close(Options options) {
        String what = options.anyText("close");
        if ("output".equals(what)) {
            return new Step.CloseOutput();
        }
        if (what != null) {
            options.problem("close", "must be output, was \"" + what + "\"");
        }
        return null;
    }

    private static @Nullable Duration within(Options options) {
        return options.has("withinMillis") ? millis(options, "withinMillis") : null;
    }

    private static Duration millis(Options options, String key) {
        return Duration.ofMillis(options.integer(key, 1, 1, Integer.MAX_VALUE));
    }

    /** Reads a payload, one with random bytes that vary only where that is said. */
    private static @Nullable Payload payload(Options options, boolean varied) {
        List<String> kinds = PAYLOADS.stream().filter(options::has).toList();
        Payload payload = null;
        if (kinds.size() != 1) {
            options.problem(
                    "",
                    "must have one of " + String.join(", ", PAYLOADS) + ", had "
                            + (kinds.isEmpty() ? "none" : String.join(" and ", kinds)));
        } else {
            payload = switch (kinds.get(0)) {
                case "text" -> text(options);
                case "hex" -> hex(options);
                case "base64" -> base64(options);
                case "file" -> file(options);
                default -> random(options, varied);
            };
        }
        if (options.has("seed") && !kinds.contains("random")) {
            options.problem("seed", "belongs to random");
        }
        options.rejectUnknownKeys();
        return payload;
    }

    private static @Nullable Payload text(Options options) {
        String text = options.anyText("text");
        return text == null ? null : Payload.of(text.getBytes(StandardCharsets.UTF_8));
    }

    private static @Nullable Payload hex(Options options) {
        String text = options.anyText("hex");
        if (text == null) {
            return null;
        }
        for (int i = 0; i < text.length(); i++) {
            if (!HexFormat.isHexDigit(text.charAt(i))) {
                options.problem("hex", "not a hexadecimal digit: \"" + text.charAt(i) + "\" at index " + i);
                return null;
            }
        }
        if (text.length() % 2 != 0) {
            options.problem("hex", "odd number of digits");
            return null;
        }
        return Payload.of(HexFormat.of().parseHex(text));
    }

    private static @Nullable Payload base64(Options options) {
        String text = options.anyText("base64");
        if (text == null) {
            return null;
        }
        try {
            return Payload.of(Base64.getDecoder().decode(text));
        } catch (IllegalArgumentException e) {
            options.problem("base64", "not Base64");
            return null;
        }
    }

    private static @Nullable Payload file(Options options) {
        var file = options.file("file");
        if (file == null) {
            return null;
        }
        try {
            return Payload.file(file);
        } catch (IOException e) {
            options.problem("file", Objects.requireNonNullElse(e.getMessage(), "cannot be read: " + file));
            return null;
        }
    }

    private static Payload random(Options options, boolean varied) {
        long size = options.integer("random", 0, 0, MAX_BYTES);
        if (options.has("seed")) {
            return Payload.random(size, options.integer("seed", 1, Long.MIN_VALUE, Long.MAX_VALUE));
        }
        if (!varied) {
            options.problem("seed", "is missing: bytes that differ each time cannot be expected");
        }
        return Payload.random(size);
    }
}
