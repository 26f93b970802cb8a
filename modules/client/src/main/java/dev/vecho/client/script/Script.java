package dev.vecho.client.script;

import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Json;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a check does: steps to play against each target, in each combination of the matrix. Written as JSON, as
 * {@code default-script.json} shows.
 *
 * @param targets URIs, at least one; default {@code tcp://localhost:7007}
 * @param matrix what is varied; by default nothing
 * @param schedule {@code repeat}, how often the steps are played in each case: default 1, or without end where there is a
 *     duration; {@code intervalMillis}, default 1000; {@code durationMillis}, default 0, which is no limit
 * @param concurrency how many cases are played at the same time; default 0: all, but not more than 16
 * @param parallel how many connections play each case at the same time, each of them all its rounds; default 1
 * @param timeout {@code timeoutMillis}, default 5000: the limit of connecting, of a step that names none (see
 *     {@link Step}) and of closing
 * @param seed of the random payloads that have none of their own, so that a run can be played again; null, the default,
 *     for another one in each run
 * @param steps by default: send a line of text, expect its echo, close the output, expect the end
 * @param stepsBySize the same for each size of the matrix; empty where it has none
 * @param defaultSteps whether the user left the steps to Vecho, so that those that a target cannot do are left out
 * @param tls options of TLS, for the transport; by default none
 * @param proxy the PROXY header that connections begin with, for the transport; null, the default, for none
 * @param options of connections, by the {@link dev.vecho.core.Transport#optionsKey key} of the transport; by default none
 * @param expectFailure how each round must fail; null, the default, if it must not
 * @param budget how good each case must be; by default just that no round fails
 * @param sources where a path such as {@code tls.trust} was written, for messages and relative file names
 */
public record Script(
        List<String> targets,
        Matrix matrix,
        Schedule schedule,
        int concurrency,
        int parallel,
        Duration timeout,
        @Nullable Long seed,
        List<Step> steps,
        Map<Long, List<Step>> stepsBySize,
        boolean defaultSteps,
        JsonObject tls,
        @Nullable JsonObject proxy,
        JsonObject options,
        @Nullable ExpectedFailure expectFailure,
        Budget budget,
        Function<String, Source> sources) {

    /** The greatest seed, which every reader of JSON keeps exactly. */
    public static final long GREATEST_SEED = (1L << 53) - 1;

    /** The most cases, and connections of a case, that may be played at the same time. */
    public static final int MOST_AT_ONCE = 10_000;

    private static final int DEFAULT_CONCURRENCY = 16;

    public Script {
        targets = List.copyOf(targets);
        steps = List.copyOf(steps);
        stepsBySize = Map.copyOf(stepsBySize);
        tls = tls.copy();
        proxy = proxy == null ? null : proxy.copy();
        options = options.copy();
    }

    /** The default script. */
    public static Script standard() {
        return of(new JsonObject(), Source.named("default script"));
    }

    /**
     * Parses a script. Files that it names are opened: call it on a thread that may block.
     *
     * @throws InvalidInputException with everything that is wrong
     */
    public static Script parse(Buffer text, Source source) {
        return parse(text, source, Map.of(), source);
    }

    /**
     * Parses a script. Files that it names are opened: call it on a thread that may block.
     *
     * @param variables values for variables of the script, by name
     * @param giver who gave them, for messages
     * @throws InvalidInputException with everything that is wrong
     */
    public static Script parse(Buffer text, Source source, Map<String, String> variables, Source giver) {
        return of(Json.parse(source.name(), text), source, variables, giver);
    }

    /**
     * Reads a script. Files that it names are opened: call it on a thread that may block.
     *
     * @throws InvalidInputException with everything that is wrong
     */
    public static Script of(JsonObject script, Source source) {
        return of(script, source, Map.of(), source);
    }

    private static Script of(JsonObject script, Source source, Map<String, String> variables, Source giver) {
        Problems problems = new Problems();
        Script read = ScriptReader.read(script, source, variables, giver, problems, none -> {});
        problems.throwIfAny();
        return read;
    }

    /** This script with other targets. */
    public Script withTargets(List<String> others, Source source) {
        return with(copy -> {
            copy.targets = others;
            copy.sources = override(source, "targets");
        });
    }

    /** This script with another timeout, at least a millisecond. */
    public Script withTimeout(Duration other) {
        return with(copy -> copy.timeout = other);
    }

    /** This script with another schedule. */
    public Script withSchedule(Schedule other) {
        return with(copy -> copy.schedule = other);
    }

    /**
     * This script with another limit of cases that are played at the same time.
     *
     * @param other at least 1; 0 for all, but not more than 16
     */
    public Script withConcurrency(int other) {
        return with(copy -> copy.concurrency = other);
    }

    /** This script with another number of connections that play each case at the same time, 1 to 10,000. */
    public Script withParallel(int other, Source source) {
        return with(copy -> {
            copy.parallel = other;
            copy.sources = override(source, "parallel");
        });
    }

    /** This script with a seed, 0 to 2^53 - 1. */
    public Script withSeed(long other) {
        return with(copy -> copy.seed = other);
    }

    /** This script with some options of TLS set, or set to something else; the others stay. */
    public Script withTls(JsonObject others, Source source) {
        return with(copy -> {
            copy.tls = tls.copy().mergeIn(others);
            copy.sources = path -> isIn(path, "tls", others) ? source : sources.apply(path);
        });
    }

    /** This script with some options of connections set, or set to something else; the others stay. */
    public Script withOptions(JsonObject others, Source source) {
        return with(copy -> {
            copy.options = options.copy().mergeIn(others, true);
            copy.sources = path -> isIn(path, "options", others) ? source : sources.apply(path);
        });
    }

    /** Whether a path such as {@code options.ws.compression} names something in an object, or the object itself. */
    private static boolean isIn(String path, String prefix, JsonObject object) {
        return object.stream().anyMatch(entry -> {
            String place = prefix + "." + entry.getKey();
            return path.equals(place) || (entry.getValue() instanceof JsonObject inner && isIn(path, place, inner));
        });
    }

    /** This script with the default steps, which send these bytes instead of the text. */
    public Script withPayload(Payload payload) {
        return with(copy -> {
            copy.steps = sending(payload);
            copy.stepsBySize = Map.of();
            copy.defaultSteps = true;
        });
    }

    /** The same with so many random bytes. */
    public Script withSize(long bytes) {
        return withPayload(Payload.random(bytes));
    }

    /** This script with steps that expect these bytes as the answer where they expect an echo. */
    public Script withAnswer(Payload answer) {
        return with(copy -> copy.steps = steps.stream()
                .map(step -> step instanceof Step.ExpectEcho echo ? new Step.ExpectBytes(answer, echo.within()) : step)
                .toList());
    }

    /** The default steps, with so many random bytes instead of the text. */
    static List<Step> sized(long bytes) {
        return sending(Payload.random(bytes));
    }

    private static List<Step> sending(Payload payload) {
        return standard().steps.stream()
                .map(step -> step instanceof Step.Send ? new Step.Send(payload) : step)
                .toList();
    }

    /** Whether a step begins TLS. */
    public boolean startsTls() {
        return Stream.concat(steps.stream(), stepsBySize.values().stream().flatMap(List::stream))
                .anyMatch(Step.StartTls.class::isInstance);
    }

    /** How many of so many cases may be played at the same time. */
    public int concurrency(int cases) {
        return concurrency == 0 ? Math.min(cases, DEFAULT_CONCURRENCY) : concurrency;
    }

    /**
     * The steps of a case. Of the default ones, those are left out that cannot be done: most transports of messages have no halves of
     * a connection to close, and a connection that is kept is not closed.
     *
     * @param hasEnds see {@link dev.vecho.core.Transport#hasEnds}
     */
    public List<Step> steps(boolean hasEnds, Case played) {
        List<Step> chosen =
                played.size() == null ? steps : Objects.requireNonNull(stepsBySize.get(played.size()), played.name());
        if (!defaultSteps) {
            return chosen;
        }
        return chosen.stream()
                .filter(step -> hasEnds || !needsEnds(step))
                .filter(step -> !played.kept() || !needsOwnConnection(step))
                .toList();
    }

    /** Whether a step closes the output, or waits for the end of the input. */
    public static boolean needsEnds(Step step) {
        return step instanceof Step.CloseOutput || step instanceof Step.ExpectEnd;
    }

    /** Whether a step begins or ends a connection, or waits for an answer that may go on, which cannot be done to one that is kept between rounds. */
    public static boolean needsOwnConnection(Step step) {
        return step instanceof Step.CloseOutput
                || step instanceof Step.ExpectEnd
                || step instanceof Step.StartTls
                || (step instanceof Step.ExpectService service
                        && !service.expectation().ends())
                || step instanceof Step.Reset
                || step instanceof Step.Reconnect;
    }

    private Function<String, Source> override(Source source, String key) {
        return path -> path.equals(key) ? source : sources.apply(path);
    }

    private Script with(Consumer<Copy> change) {
        Copy copy = new Copy(this);
        change.accept(copy);
        return copy.script();
    }

    /** A script that can be changed. */
    private static final class Copy {

        private List<String> targets;
        private Matrix matrix;
        private Schedule schedule;
        private int concurrency;
        private int parallel;
        private Duration timeout;
        private @Nullable Long seed;
        private List<Step> steps;
        private Map<Long, List<Step>> stepsBySize;
        private boolean defaultSteps;
        private JsonObject tls;
        private final @Nullable JsonObject proxy;
        private JsonObject options;
        private @Nullable ExpectedFailure expectFailure;
        private Budget budget;
        private Function<String, Source> sources;

        Copy(Script script) {
            targets = script.targets;
            matrix = script.matrix;
            schedule = script.schedule;
            concurrency = script.concurrency;
            parallel = script.parallel;
            timeout = script.timeout;
            seed = script.seed;
            steps = script.steps;
            stepsBySize = script.stepsBySize;
            defaultSteps = script.defaultSteps;
            tls = script.tls;
            proxy = script.proxy;
            options = script.options;
            expectFailure = script.expectFailure;
            budget = script.budget;
            sources = script.sources;
        }

        Script script() {
            return new Script(
                    targets,
                    matrix,
                    schedule,
                    concurrency,
                    parallel,
                    timeout,
                    seed,
                    steps,
                    stepsBySize,
                    defaultSteps,
                    tls,
                    proxy,
                    options,
                    expectFailure,
                    budget,
                    sources);
        }
    }
}
