package dev.vecho.client;

import dev.vecho.client.Budget.Item;
import dev.vecho.core.ClientTransport;
import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.core.Transport.Carriage;
import dev.vecho.core.Transports;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A script, ready to be played against one target. Two lines embed it:
 *
 * <pre>{@code
 * Check.once(vertx, "tcp://localhost:7007")
 *     .onSuccess(report -> System.out.println(report.toJson()));
 * }</pre>
 *
 * <p>Safe for any thread. Whoever opens a check closes it.
 */
public final class Check {

    private static final long MOST_CASES = 10_000;

    private final Vertx vertx;
    private final Context context;
    private final Case played;
    private final Setting setting;
    private final @Nullable ExpectedFailure expected;
    private final Supplier<ClientTransport> opener;

    // These are guarded by this.
    private @Nullable ClientTransport transport;
    private @Nullable Future<Boolean> answersTls;
    private @Nullable Round round;
    private @Nullable Link kept;
    private boolean playing;
    private boolean closed;

    /**
     * Blocks while it opens the transport.
     *
     * @param opener makes a new transport after one had to be closed; called on a thread that may block
     */
    Check(Setting setting, Case played, @Nullable ExpectedFailure expected, Supplier<ClientTransport> opener) {
        this.vertx = setting.vertx();
        // Its own, so that several checks share the event loops, and one is not disturbed by those who wait for it.
        this.context = ((VertxInternal) vertx).createEventLoopContext();
        this.setting = setting;
        this.played = played;
        this.expected = expected;
        this.opener = opener;
        this.transport = opener.get();
    }

    /** A check of the only case of a run. */
    Check(Setting setting, Supplier<ClientTransport> opener) {
        this(setting, Case.of(setting.target()), null, opener);
    }

    /**
     * Validates a script's targets and options, and makes them ready; connects to none.
     *
     * @return a check for each case, in order; fails with an {@link InvalidInputException} that tells everything that is
     *     wrong
     */
    public static Future<List<Check>> open(Vertx vertx, Script script) {
        return vertx.executeBlocking(() -> openAll(vertx, script), false);
    }

    /** Opens a check of the default script, plays one round and closes it; fails as {@link #open} does. */
    public static Future<Report> once(Vertx vertx, String target) {
        return vertx.executeBlocking(
                        () -> openAll(vertx, Script.standard().withTargets(List.of(target), Source.named("check"))),
                        false)
                .compose(checks -> {
                    Check check = checks.get(0);
                    return check.play(1).eventually(check::close);
                });
    }

    /** Blocks. */
    static List<Check> openAll(Vertx vertx, Script script) {
        String source = script.sources().apply("matrix").name();
        if (script.matrix().combinations() > MOST_CASES / script.targets().size()) {
            throw new InvalidInputException(List.of(source + ": matrix: must make at most " + MOST_CASES
                    + " cases, makes " + script.matrix().combinations() + " for each of "
                    + script.targets().size() + " targets"));
        }
        Transports transports = Transports.load();
        List<Check> checks = new ArrayList<>();
        Seed seed = script.seed() == null ? Seed.any() : new Seed(script.seed());
        Recent recent = new Recent();
        List<Case> cases = new ArrayList<>();
        // Options that all targets share are wrong for each of them, and told once.
        Set<String> problems = new LinkedHashSet<>(optionsProblems(transports, script));
        for (int i = 0; i < script.targets().size(); i++) {
            String place = script.sources().apply("targets").name() + ": targets[" + i + "]: ";
            int before = cases.size();
            Target target;
            Transport transport;
            try {
                target = Target.parse(script.targets().get(i));
                transport = transports.reaching(vertx, target);
                script.matrix().addCases(target, transport, script.startsTls(), cases);
            } catch (IllegalArgumentException e) {
                problems.add(place + e.getMessage());
                continue;
            }
            for (Case each : cases.subList(before, cases.size())) {
                Setting setting = setting(vertx, script, transport, each, seed, recent);
                open(setting, script, transport, target, each, checks, problems);
            }
        }
        if (!problems.isEmpty()) {
            checks.forEach(Check::close);
            throw new InvalidInputException(List.copyOf(problems));
        }
        return checks;
    }

    /** What is wrong with the options of all transports, also of those that no target needs. */
    private static List<String> optionsProblems(Transports transports, Script script) {
        Problems problems = new Problems();
        JsonObject json = new JsonObject().put("options", script.options());
        transports.validateOptions(new Options(json, script.sources(), problems).object("options"));
        try {
            problems.throwIfAny();
            return List.of();
        } catch (InvalidInputException e) {
            return e.problems();
        }
    }

    private static Setting setting(
            Vertx vertx, Script script, Transport transport, Case played, Seed seed, Recent recent) {
        Carriage carriage = transport.carriage();
        return new Setting(
                vertx,
                played.target(),
                carriage,
                script.steps(carriage, played),
                script.timeout(),
                played.kept(),
                script.budget().tolerated(),
                seed,
                played.index(),
                recent,
                System::nanoTime);
    }

    private static void open(
            Setting setting,
            Script script,
            Transport transport,
            Target target,
            Case played,
            List<Check> checks,
            Set<String> problems) {
        try {
            rejectImpossibleSteps(script, transport.carriage(), target, played);
            rejectImmeasurable(script, transport, target);
            checks.add(new Check(
                    setting,
                    played,
                    script.expectFailure(),
                    () -> connector(setting.vertx(), script, transport, target, played)));
        } catch (InvalidInputException e) {
            problems.addAll(e.problems());
        }
    }

    private static ClientTransport connector(
            Vertx vertx, Script script, Transport transport, Target target, Case played) {
        JsonObject tls = script.tls().copy();
        if (played.tls() != null) {
            tls.put("protocols", new JsonArray().add(played.tls()));
        }
        JsonObject json = new JsonObject();
        if (!tls.isEmpty()) {
            json.put("tls", tls);
        }
        Diagnosis.putIfKnown(json, "family", played.family());
        String key = transport.optionsKey();
        if (script.options().getValue(key) instanceof JsonObject own) {
            json.put("options", new JsonObject().put(key, own));
        }
        Problems problems = new Problems();
        // What a transport says of no option, it says of the target.
        Options options =
                new Options(json, path -> script.sources().apply(path.isEmpty() ? "targets" : path), problems);
        // Validated with those of all transports; one that has none need not know the key.
        options.has("options");
        ClientTransport opened = transport.client(vertx, target, options);
        problems.throwIfAny();
        return opened;
    }

    /** To judge by what cannot be measured would always fail. */
    private static void rejectImmeasurable(Script script, Transport transport, Target target) {
        Problems problems = new Problems();
        boolean tls = !transport.tlsVersions(target, script.startsTls()).isEmpty();
        for (Item item : script.budget().allowed().keySet()) {
            String place = script.sources().apply("budget").name() + ": budget." + item.key() + ": ";
            if (item.needsMessages() && transport.carriage() == Carriage.STREAM) {
                problems.add(place + target + " carries a stream of bytes, which has no messages to count");
            } else if (item == Item.TLS && !tls) {
                problems.add(place + target + " has no TLS");
            }
        }
        problems.throwIfAny();
    }

    private static void rejectImpossibleSteps(Script script, Carriage carriage, Target target, Case played) {
        Problems problems = new Problems();
        List<Step> steps = script.steps(carriage, played);
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            String path = "steps[" + i + "]";
            String place = script.sources().apply(path).name() + ": " + path + ": ";
            if (played.kept() && Script.needsOwnConnection(step)) {
                problems.add(place + "cannot be done to a connection that is kept, as matrix.connections says");
            }
            if (carriage == Carriage.STREAM) {
                continue;
            }
            if (Script.needsStream(step)) {
                problems.add(place + target + " carries messages, which have no output to close and no end");
            } else if (step instanceof Step.Send send && send.payload().size() > Sender.MOST_IN_A_MESSAGE) {
                problems.add(place + target + " carries messages, which must have at most " + Sender.MOST_IN_A_MESSAGE
                        + " bytes, was " + send.payload().size());
            }
        }
        problems.throwIfAny();
    }

    /** What it checks. */
    public Case played() {
        return played;
    }

    /** The target, as the user wrote it. */
    public String target() {
        return played.target();
    }

    /**
     * Plays the script once, on an event loop of its own. Whatever happens to the connection is told by the report.
     *
     * @param number of the round, from 1, for the report; random payloads follow from it
     * @return completes when the connection is closed, or kept for the next round; fails with an
     *     {@link IllegalStateException} if a round is being played or the check is closed, with a
     *     {@link CancellationException} if it is closed meanwhile, and with an {@link InvalidInputException} if options
     *     that were valid are so no more
     */
    public Future<Report> play(int number) {
        return play(number, null);
    }

    /**
     * As {@link #play(int)}.
     *
     * @param trace told of everything that happens; null for nobody
     */
    public synchronized Future<Report> play(int number, @Nullable Trace trace) {
        if (playing || closed) {
            return Future.failedFuture(new IllegalStateException(
                    played + (closed ? ": the check is closed" : ": a round is being played")));
        }
        playing = true;
        Link open = kept;
        kept = null;
        Future<ClientTransport> ready =
                transport != null ? Future.succeededFuture(transport) : vertx.executeBlocking(opener::get, false);
        return ready.compose(
                        opened -> begin(opened, number, open, trace).play().compose(round -> explain(round, opened)))
                .map(round -> expected == null ? round : expected.judge(round))
                .onComplete(done -> end());
    }

    /** Asks a server that has made nothing of plain text, once, whether it speaks TLS. */
    private Future<Report> explain(Report round, ClientTransport opened) {
        Diagnosis found = round.diagnosis();
        boolean isExpected = expected != null && expected.judge(round).passed();
        if (found == null || isExpected || !TlsRequired.mayExplain(round)) {
            return Future.succeededFuture(round);
        }
        if (answersTls == null) {
            answersTls = opened.answersTls();
        }
        return answersTls.map(answers -> answers ? TlsRequired.judge(round, found) : round);
    }

    private synchronized Round begin(ClientTransport opened, int number, @Nullable Link open, @Nullable Trace trace) {
        transport = opened;
        Round begun = new Round(setting, context, opened, number, open, trace);
        round = begun;
        if (closed) {
            opened.close();
            begun.abort(cancelled());
        }
        return begun;
    }

    private synchronized void end() {
        if (round != null && round.gaveUp()) {
            transport = null;
        }
        kept = round == null ? null : round.kept();
        round = null;
        playing = false;
    }

    /** Ends the round that is being played and closes everything. Completes after the script's timeout at the latest. */
    public synchronized Future<Void> close() {
        closed = true;
        Future<Void> aborted = round == null ? Future.succeededFuture() : round.abort(cancelled());
        ClientTransport open = transport;
        // In this order: a closed transport would fail the round with something that nobody has found out.
        return open == null ? aborted : aborted.compose(done -> atMost(vertx, setting.timeout(), open.close()));
    }

    private CancellationException cancelled() {
        return new CancellationException(played + ": the check was closed");
    }

    /** Completes with what closes something, or after a limit. */
    static Future<Void> atMost(Vertx vertx, Duration limit, Future<Void> closing) {
        Promise<Void> done = Promise.promise();
        long timer = vertx.setTimer(limit.toMillis(), fired -> done.tryComplete());
        closing.onComplete(closed -> {
            vertx.cancelTimer(timer);
            done.tryComplete();
        });
        return done.future();
    }
}
