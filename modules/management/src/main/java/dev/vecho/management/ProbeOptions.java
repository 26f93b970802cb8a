package dev.vecho.management;

import dev.vecho.client.Check;
import dev.vecho.client.ConfiguredScript;
import dev.vecho.client.script.Script;
import dev.vecho.core.Target;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Source;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What clients may have probed, section {@code probe}.
 *
 * @param targets which they may name; none by default
 * @param scripts by name
 * @param timeout {@code timeoutMillis}, of a probe, default 10 s
 * @param offset {@code timeoutOffsetMillis}: so much less than Prometheus waits for the answer; default 500 ms
 * @param most {@code maxProbes}, at the same time, default 100
 * @param clientScripts whether clients may bring scripts of their own, default false
 */
record ProbeOptions(
        List<TargetPattern> targets,
        Map<String, Script> scripts,
        Duration timeout,
        Duration offset,
        int most,
        boolean clientScripts) {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+");

    /** Nothing is allowed. */
    static final ProbeOptions NONE =
            new ProbeOptions(List.of(), Map.of(), Duration.ofSeconds(10), Duration.ZERO, 1, false);

    ProbeOptions {
        targets = List.copyOf(targets);
        scripts = Map.copyOf(scripts);
    }

    /** Reads them. Blocks: it opens the files that scripts name. */
    static ProbeOptions read(Vertx vertx, Options options) {
        List<TargetPattern> targets = new ArrayList<>();
        List<String> given = options.texts("targets", List.of());
        for (int i = 0; i < given.size(); i++) {
            try {
                targets.add(TargetPattern.parse(given.get(i)));
            } catch (IllegalArgumentException wrong) {
                options.problem("targets[" + i + "]", String.valueOf(wrong.getMessage()));
            }
        }
        int timeout = options.integer("timeoutMillis", 10_000, 100, 120_000);
        int offset = options.integer("timeoutOffsetMillis", 500, 0, 60_000);
        int most = options.integer("maxProbes", 100, 1, 200);
        boolean clientScripts = options.flag("clientScripts", false);
        Options named = options.object("scripts");
        Map<String, Script> scripts = new TreeMap<>();
        for (String name : named.keys()) {
            // A later source has removed one that is null.
            Script script = named.has(name) ? script(vertx, named, name, targets) : null;
            if (script != null) {
                scripts.put(name, script);
            }
        }
        options.rejectUnknownKeys();
        return new ProbeOptions(
                targets, scripts, Duration.ofMillis(timeout), Duration.ofMillis(offset), most, clientScripts);
    }

    private static @Nullable Script script(Vertx vertx, Options all, String name, List<TargetPattern> targets) {
        int before = all.problemCount();
        Options options = all.object(name);
        if (!NAME.matcher(name).matches()) {
            all.problem(name, "must be named with letters, digits, \"-\" and \"_\" only");
        }
        ConfiguredScript configured = ConfiguredScript.read(options);
        options.rejectUnknownKeys();
        if (all.problemCount() > before) {
            return null;
        }
        try {
            Script script = single(configured.parse());
            validate(vertx, script, targets);
            return script;
        } catch (InvalidInputException e) {
            e.problems().forEach(configured::tell);
            return null;
        }
    }

    /** Refuses a script that makes several cases. */
    static Script single(Script script) {
        long cases = script.matrix().combinations();
        if (cases > 1) {
            throw new InvalidInputException(
                    List.of("a probe is one round, and its matrix makes " + cases + " cases: give a script for each"));
        }
        return script;
    }

    /** A script is wrong if it can be played against no target that is allowed; one need not fit all kinds. */
    private static void validate(Vertx vertx, Script script, List<TargetPattern> targets) {
        InvalidInputException wrong = null;
        for (TargetPattern each : targets) {
            try {
                Check.validate(vertx, script.withTargets(List.of(each.sample()), Source.named(each.toString())));
                return;
            } catch (InvalidInputException e) {
                wrong = e;
            }
        }
        if (wrong != null) {
            throw wrong;
        }
    }

    boolean allows(Target target) {
        return targets.stream().anyMatch(pattern -> pattern.allows(target));
    }
}
