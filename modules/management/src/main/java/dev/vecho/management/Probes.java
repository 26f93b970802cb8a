package dev.vecho.management;

import dev.vecho.client.Check;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Trace;
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
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;
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

    /** What of a probe's outcome a client is to be told. */
    private record Played(Check check, Report round) {}

    private ProbeOptions options() {
        return service.section(ProbeOptions.class).orElse(ProbeOptions.NONE);
    }

    /** What clients may ask for. */
    Answer allowed() {
        ProbeOptions options = options();
        return Answer.json(new JsonObject()
                .put(
                        "targets",
                        new JsonArray(options.targets().stream()
                                .map(TargetPattern::toString)
                                .toList()))
                .put(
                        "scripts",
                        new JsonArray(
                                List.copyOf(new TreeSet<>(options.scripts().keySet()))))
                .put("clientScripts", options.clientScripts()));
    }

    /** Answers with the outcome as metrics. */
    Future<Answer> answer(Call call) {
        try {
            ProbeOptions options = options();
            Wanted wanted = wanted(options, call);
            refuseBeyond(options);
            ProbeAnswer answer = new ProbeAnswer(
                    wanted,
                    "true".equals(call.query().get("debug")),
                    call.headers().get("Accept"));
            return play(wanted, check -> answer.trace(check.played()))
                    .map(played -> answer.of(played.check().played(), played.round()))
                    .recover(failure -> failure instanceof InvalidInputException wrong
                            ? Future.succeededFuture(unplayable(wrong))
                            : Future.failedFuture(failure));
        } catch (Refusal refusal) {
            return Future.succeededFuture(refusal.answer);
        }
    }

    /** Tells what happens while it happens, of a script that a client may have brought itself. */
    Future<Answer> stream(Call call) {
        try {
            ProbeOptions options = options();
            JsonObject asked = body(call);
            Target target = target(options, asked.getValue("target") instanceof String text ? text : null);
            Object script = asked.getValue("script");
            Wanted wanted = script instanceof JsonObject own
                    ? new Wanted(target, "of the client", script(options, own), options.timeout())
                    : named(options, target, script, options.timeout());
            refuseBeyond(options);
            return Future.succeededFuture(Answer.stream("text/event-stream", response -> {
                ProbeStream stream = new ProbeStream(vertx, response, wanted);
                play(wanted, stream::began).onComplete(played -> {
                    if (played.succeeded()) {
                        stream.over(played.result().round());
                    } else {
                        stream.failed(played.cause());
                    }
                });
            }));
        } catch (Refusal refusal) {
            return Future.succeededFuture(refusal.answer);
        }
    }

    private static JsonObject body(Call call) throws Refusal {
        try {
            Object body = Json.decodeValue(call.body());
            if (body instanceof JsonObject object) {
                return object;
            }
        } catch (DecodeException notJson) {
            // As any other body that is no object.
        }
        throw new Refusal(400, "The body must be a JSON object with target and maybe script.");
    }

    private static Wanted named(ProbeOptions options, Target target, @Nullable Object script, Duration within)
            throws Refusal {
        if (script != null && !(script instanceof String)) {
            throw new Refusal(400, "script must be the name of one, or an object.");
        }
        String name = script == null || script.equals("") ? null : script.toString();
        return new Wanted(target, name == null ? DEFAULT_SCRIPT : name, script(options, name), within);
    }

    private static Script script(ProbeOptions options, JsonObject own) throws Refusal {
        if (!options.clientScripts()) {
            throw new Refusal(403, "The configuration allows no scripts of clients (probe.clientScripts).");
        }
        try {
            return ProbeOptions.single(Script.of(own, Source.foreign("script")));
        } catch (InvalidInputException wrong) {
            throw new Refusal(Answer.problem(
                    400, "The script is wrong.", new JsonObject().put("problems", new JsonArray(wrong.problems()))));
        }
    }

    private void refuseBeyond(ProbeOptions options) throws Refusal {
        if (running >= options.most()) {
            throw new Refusal(
                    Answer.problem(503, options.most() + " probes are under way, and no more may be (probe.maxProbes).")
                            .with("Retry-After", "1"));
        }
    }

    private static Wanted wanted(ProbeOptions options, Call call) throws Refusal {
        Target target = target(options, one(call.query(), "target"));
        String name = one(call.query(), "script");
        if (name == null && call.query().contains("module")) {
            throw new Refusal(400, "There are no modules here: the parameter is script.");
        }
        return named(options, target, name, within(options, call.headers().get(SCRAPE_TIMEOUT)));
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

    /**
     * Plays it.
     *
     * @param began called when the check is open; who is to be told of what happens, or null
     * @return completes on this event loop with the verdict; fails as {@link Check#open} and {@link Check#play(int)} do
     */
    private Future<Played> play(Wanted wanted, Function<Check, @Nullable Trace> began) {
        long deadline = System.nanoTime() + wanted.within().toNanos();
        Context context = vertx.getOrCreateContext();
        Promise<Played> verdict = Promise.promise();
        running++;
        open(wanted)
                .compose(check -> check.play(1, left(deadline), began.apply(check))
                        .map(round -> wanted.script().budget().judge(round))
                        .onSuccess(round -> context.runOnContext(here -> verdict.tryComplete(new Played(check, round))))
                        .eventually(check::close))
                .onComplete(over -> context.runOnContext(here -> {
                    running--;
                    if (over.failed()) {
                        verdict.tryFail(over.cause());
                    }
                }));
        return verdict.future();
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

    private static Answer unplayable(InvalidInputException wrong) {
        return Answer.problem(
                400,
                "The script cannot be played against this target.",
                new JsonObject().put("problems", new JsonArray(wrong.problems())));
    }
}
