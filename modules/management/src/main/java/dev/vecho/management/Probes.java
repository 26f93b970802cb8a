package dev.vecho.management;

import dev.vecho.client.Check;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.Target;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Source;
import dev.vecho.management.Route.Call;
import dev.vecho.server.EchoService;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Probes what a client names, as Prometheus' multi-target pattern wants it: one round of a script against one target, whose outcome is
 * the answer. Used on the listener's event loop only.
 */
final class Probes {

    /** How long Prometheus waits for the answer. */
    static final String SCRAPE_TIMEOUT = "X-Prometheus-Scrape-Timeout-Seconds";

    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}(?:\\.[0-9]{1,20})?");
    private static final String DEFAULT_SCRIPT = "default";

    private final Vertx vertx;
    private final EchoService service;
    private int running;

    Probes(Vertx vertx, EchoService service) {
        this.vertx = vertx;
        this.service = service;
    }

    /** What is to be done. */
    record Wanted(Target target, String name, Script script, Duration within) {}

    /** Why a client gets no probe. */
    private static final class Refusal extends Exception {

        private static final long serialVersionUID = 1;

        private final transient Answer answer;

        Refusal(Answer answer) {
            super(null, null, false, false);
            this.answer = answer;
        }

        Refusal(int status, String detail) {
            this(Answer.problem(status, detail));
        }
    }

    Future<Answer> answer(Call call) {
        ProbeOptions options = service.section(ProbeOptions.class).orElse(ProbeOptions.NONE);
        try {
            Wanted wanted = wanted(options, call);
            if (running >= options.most()) {
                throw new Refusal(Answer.problem(
                                503, options.most() + " probes are under way, and no more may be (probe.maxProbes).")
                        .with("Retry-After", "1"));
            }
            boolean debug = "true".equals(call.query().get("debug"));
            return probe(wanted, new ProbeAnswer(wanted, debug, call.headers().get("Accept")));
        } catch (Refusal refusal) {
            return Future.succeededFuture(refusal.answer);
        }
    }

    private static Wanted wanted(ProbeOptions options, Call call) throws Refusal {
        Target target = target(options, one(call.query(), "target"));
        String name = one(call.query(), "script");
        if (name == null && call.query().contains("module")) {
            throw new Refusal(400, "There are no modules here: the parameter is script.");
        }
        return new Wanted(
                target,
                name == null ? DEFAULT_SCRIPT : name,
                script(options, name),
                within(options, call.headers().get(SCRAPE_TIMEOUT)));
    }

    private static @Nullable String one(MultiMap query, String name) throws Refusal {
        List<String> all = query.getAll(name);
        if (all.size() > 1) {
            throw new Refusal(400, "The parameter " + name + " must be given once.");
        }
        return all.isEmpty() || all.get(0).isEmpty() ? null : all.get(0);
    }

    private static Target target(ProbeOptions options, @Nullable String text) throws Refusal {
        if (text == null) {
            throw new Refusal(400, "The parameter target is missing: what to probe, such as tcp://localhost:7007.");
        }
        Target target;
        try {
            target = Target.parse(text);
        } catch (IllegalArgumentException wrong) {
            throw new Refusal(400, "target: " + wrong.getMessage());
        }
        if (!options.allows(target)) {
            throw new Refusal(
                    403,
                    options.targets().isEmpty()
                            ? "No target may be probed: the configuration allows none (probe.targets)."
                            : "This target may not be probed: no pattern of the configuration allows it (probe.targets).");
        }
        return target;
    }

    private static Script script(ProbeOptions options, @Nullable String name) throws Refusal {
        Script script = options.scripts().get(name == null ? DEFAULT_SCRIPT : name);
        if (script != null) {
            return script;
        }
        if (name == null || name.equals(DEFAULT_SCRIPT)) {
            return Script.standard();
        }
        throw new Refusal(
                400,
                "There is no such script (probe.scripts), expected one of "
                        + String.join(", ", new TreeSet<>(options.scripts().keySet())) + ".");
    }

    /** Less than the client waits, so that it gets an answer. */
    private static Duration within(ProbeOptions options, @Nullable String header) throws Refusal {
        if (header == null) {
            return options.timeout();
        }
        long waits = SECONDS.matcher(header).matches() ? Math.round(Double.parseDouble(header) * 1000) : 0;
        if (waits <= 0) {
            throw new Refusal(400, SCRAPE_TIMEOUT + " must be a number of seconds above 0.");
        }
        // Where it waits for about as long as the offset, half of that is better than nothing.
        long millis = Math.max(waits - options.offset().toMillis(), (waits + 1) / 2);
        return Duration.ofMillis(Math.min(millis, options.timeout().toMillis()));
    }

    private Future<Answer> probe(Wanted wanted, ProbeAnswer answer) {
        long deadline = System.nanoTime() + wanted.within().toNanos();
        Context context = vertx.getOrCreateContext();
        Promise<Answer> answered = Promise.promise();
        running++;
        open(wanted)
                .compose(check -> check.play(1, left(deadline), answer.trace(check.played()))
                        .onComplete(played -> context.runOnContext(here -> {
                            if (played.succeeded()) {
                                answered.complete(answer.of(check.played(), judged(wanted, played.result())));
                            } else {
                                answered.fail(played.cause());
                            }
                        }))
                        .eventually(check::close))
                .onComplete(over -> context.runOnContext(here -> {
                    running--;
                    if (over.failed() && over.cause() instanceof InvalidInputException wrong) {
                        answered.tryComplete(unplayable(wrong));
                    } else if (over.failed()) {
                        answered.tryFail(over.cause());
                    }
                }));
        return answered.future();
    }

    private Future<Check> open(Wanted wanted) {
        // What limits single waits limits closing, too.
        Duration timeout = wanted.script().timeout();
        Script script = wanted.script()
                .withTargets(List.of(wanted.target().text()), Source.named("probe"))
                .withTimeout(timeout.compareTo(wanted.within()) < 0 ? timeout : wanted.within());
        return Check.open(vertx, script).map(checks -> checks.get(0));
    }

    private static Duration left(long deadline) {
        return Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
    }

    private static Report judged(Wanted wanted, Report round) {
        return wanted.script().budget().judge(round);
    }

    private static Answer unplayable(InvalidInputException wrong) {
        return Answer.problem(
                400,
                "The script cannot be played against this target.",
                new JsonObject().put("problems", new JsonArray(wrong.problems())));
    }
}
