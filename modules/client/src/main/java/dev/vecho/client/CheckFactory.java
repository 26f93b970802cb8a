package dev.vecho.client;

import dev.vecho.client.play.CaseContext;
import dev.vecho.client.play.Sender;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.script.Budget.Item;
import dev.vecho.client.script.Case;
import dev.vecho.client.script.Script;
import dev.vecho.client.script.Seed;
import dev.vecho.client.script.ServiceExpectation.Matching;
import dev.vecho.client.script.Step;
import dev.vecho.client.verify.SentHistory;
import dev.vecho.core.ClientTransport;
import dev.vecho.core.Target;
import dev.vecho.core.TestableTransport;
import dev.vecho.core.Transport;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.Transports;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Makes the checks of a script: validates it against the transports that its targets name, and finds everything that is wrong. */
final class CheckFactory {

    private static final long MAX_CASES = 10_000;

    private CheckFactory() {}

    /**
     * Opens checks of each case, in order. Blocks.
     *
     * @param parallel how many of each
     * @throws InvalidInputException with everything that is wrong; nothing is open then
     */
    static List<Check> openAll(Vertx vertx, Script script, int parallel) {
        String source = script.sources().apply("matrix").name();
        if (script.matrix().combinations() > MAX_CASES / script.targets().size()) {
            throw new InvalidInputException(List.of(source + ": matrix: must make at most " + MAX_CASES
                    + " cases, makes " + script.matrix().combinations() + " for each of "
                    + script.targets().size() + " targets"));
        }
        long most = script.matrix().combinations() * script.targets().size();
        if (parallel > MAX_CASES / most) {
            throw new InvalidInputException(
                    List.of(script.sources().apply("parallel").name()
                            + ": parallel: must be at most " + MAX_CASES / most + " where there are up to " + most
                            + " cases, was " + parallel));
        }
        Transports transports = Transports.load();
        List<Check> checks = new ArrayList<>();
        Seed seed = script.seed() == null ? Seed.any() : new Seed(script.seed());
        SentHistory history = new SentHistory();
        List<Case> cases = new ArrayList<>();
        // Options that all targets share are wrong for each of them, but reported once.
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
                CaseContext caseContext = caseContext(vertx, script, transport, each, seed, history);
                open(caseContext, script, transport, target, each, parallel, checks, problems);
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

    private static CaseContext caseContext(
            Vertx vertx, Script script, Transport transport, Case played, Seed seed, SentHistory history) {
        Framing framing = transport.framing();
        return new CaseContext(
                vertx,
                played.target(),
                framing,
                script.steps(transport.hasEnds(), played),
                script.timeout(),
                played.kept(),
                script.budget().tolerated(),
                seed,
                played.index(),
                history,
                CaseContext.CLOCK);
    }

    private static void open(
            CaseContext caseContext,
            Script script,
            Transport transport,
            Target target,
            Case played,
            int parallel,
            List<Check> checks,
            Set<String> problems) {
        try {
            rejectImpossibleSteps(script, transport, target, played);
            rejectImmeasurable(script, transport, target);
            for (int i = 0; i < parallel; i++) {
                checks.add(new Check(
                        caseContext,
                        played,
                        script.expectFailure(),
                        () -> connector(caseContext.vertx(), script, transport, target, played)));
            }
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
        Diagnosis.putIfKnown(json, "proxy", script.proxy());
        Diagnosis.putIfKnown(json, "family", played.family());
        String key = transport.optionsKey();
        if (script.options().getValue(key) instanceof JsonObject own) {
            json.put("options", new JsonObject().put(key, own));
        }
        Problems problems = new Problems();
        // A problem that a transport does not attribute to an option belongs to the target.
        Options options =
                new Options(json, path -> script.sources().apply(path.isEmpty() ? "targets" : path), problems);
        // Validated with those of all transports; one that has none need not know the key.
        options.has("options");
        ClientTransport opened = transport.client(vertx, target, options);
        problems.throwIfAny();
        return opened;
    }

    /** A budget on something that cannot be measured would always fail. */
    private static void rejectImmeasurable(Script script, Transport transport, Target target) {
        Problems problems = new Problems();
        boolean tls = transport instanceof TestableTransport testable
                && !testable.tlsVersions(target, script.startsTls()).isEmpty();
        for (Item item : script.budget().allowed().keySet()) {
            String place = script.sources().apply("budget").name() + ": budget." + item.key() + ": ";
            if (item.needsMessages() && transport.framing() == Framing.STREAM) {
                problems.add(place + target + " carries a stream of bytes, which has no messages to count");
            } else if (item == Item.TLS && !tls) {
                problems.add(place + target + " has no TLS");
            }
        }
        problems.throwIfAny();
    }

    private static void rejectImpossibleSteps(Script script, Transport transport, Target target, Case played) {
        Problems problems = new Problems();
        boolean unheard = transport.beginsWithFirstByte();
        List<Step> steps = script.steps(transport.hasEnds(), played);
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            String path = "steps[" + i + "]";
            String place = script.sources().apply(path).name() + ": " + path + ": ";
            if (played.kept() && Script.needsOwnConnection(step)) {
                problems.add(place + "cannot be done to a connection that is kept, as matrix.connections says");
            }
            if (unheard && (step instanceof Step.ExpectBytes || step instanceof Step.ExpectService)) {
                problems.add(place + target
                        + " hears of a stream with its first byte: send something before, or close the output");
            }
            unheard = step instanceof Step.Reconnect
                    ? transport.beginsWithFirstByte()
                    : unheard && !(step instanceof Step.Send || step instanceof Step.CloseOutput);
            if (transport.framing() == Framing.STREAM) {
                if (step instanceof Step.ExpectService service
                        && service.expectation() instanceof Matching matching
                        && matching.pattern().goesOn()) {
                    problems.add(place + "the pattern may go on where it matches already, and of a stream the shortest"
                            + " answer counts: end it with what ends the answer, such as \\r\\n");
                }
                continue;
            }
            if (step instanceof Step.StartTls || (Script.needsEnds(step) && !transport.hasEnds())) {
                problems.add(place + target + " carries messages, which have no output to close and no end");
            } else if (step instanceof Step.Send send && send.payload().size() > Sender.MAX_MESSAGE_BYTES) {
                problems.add(place + target + " carries messages, which must have at most " + Sender.MAX_MESSAGE_BYTES
                        + " bytes, was " + send.payload().size());
            }
        }
        problems.throwIfAny();
    }
}
