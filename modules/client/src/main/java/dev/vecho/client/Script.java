package dev.vecho.client;

import dev.vecho.core.InvalidInputException;
import dev.vecho.core.Json;
import dev.vecho.core.Options;
import dev.vecho.core.Problems;
import dev.vecho.core.Source;
import dev.vecho.core.Transport.Carriage;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/**
 * What a check does: steps to play against each target. Written as JSON, as {@code default-script.json} shows.
 *
 * @param targets URIs, at least one; default {@code tcp://localhost:7007}
 * @param timeout {@code timeoutMillis}, default 5000: the limit of connecting, of a step that names none (see
 *     {@link Step}) and of closing
 * @param repeat how often the steps are played against each target; default 1
 * @param steps by default: send a line of text, expect its echo, close the output, expect the end
 * @param defaultSteps whether the user left the steps to Vecho, so that those that a target cannot do are left out
 * @param tls options of TLS, for the transport; by default none
 * @param sources where a path such as {@code tls.trust} was written, for messages and relative file names
 */
public record Script(
        List<String> targets,
        Duration timeout,
        int repeat,
        List<Step> steps,
        boolean defaultSteps,
        JsonObject tls,
        Function<String, Source> sources) {

    public Script {
        targets = List.copyOf(targets);
        steps = List.copyOf(steps);
        tls = tls.copy();
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
        return of(Json.parse(source.name(), text), source);
    }

    /**
     * Reads a script. Files that it names are opened: call it on a thread that may block.
     *
     * @throws InvalidInputException with everything that is wrong
     */
    public static Script of(JsonObject script, Source source) {
        Problems problems = new Problems();
        Script read = ScriptReader.read(Options.of(script, source, problems), script);
        problems.throwIfAny();
        return read;
    }

    /** This script with other targets. */
    public Script withTargets(List<String> others, Source source) {
        return new Script(others, timeout, repeat, steps, defaultSteps, tls, override(source, "targets"));
    }

    /** This script with another timeout, at least a millisecond. */
    public Script withTimeout(Duration other) {
        return new Script(targets, other, repeat, steps, defaultSteps, tls, sources);
    }

    /** This script with some options of TLS set, or set to something else; the others stay. */
    public Script withTls(JsonObject others, Source source) {
        Function<String, Source> merged = sources;
        for (String key : others.fieldNames()) {
            Function<String, Source> before = merged;
            merged = path -> path.equals("tls." + key) ? source : before.apply(path);
        }
        return new Script(
                targets, timeout, repeat, steps, defaultSteps, tls.copy().mergeIn(others), merged);
    }

    /** This script with the default steps, which send so many random bytes instead of the text. */
    public Script withSize(long bytes) {
        List<Step> sized = standard().steps.stream()
                .map(step -> step instanceof Step.Send ? new Step.Send(Payload.random(bytes)) : step)
                .toList();
        return new Script(targets, timeout, repeat, sized, true, tls, sources);
    }

    /** The steps for a target that carries a stream or messages; there are no halves of a connection to close for those. */
    List<Step> steps(Carriage carriage) {
        if (carriage == Carriage.STREAM || !defaultSteps) {
            return steps;
        }
        return steps.stream().filter(step -> !needsStream(step)).toList();
    }

    static boolean needsStream(Step step) {
        return step instanceof Step.CloseOutput || step instanceof Step.ExpectEnd || step instanceof Step.StartTls;
    }

    /** Whether a step begins or ends a connection, which cannot be done to one that is kept between rounds. */
    static boolean needsOwnConnection(Step step) {
        return step instanceof Step.CloseOutput
                || step instanceof Step.ExpectEnd
                || step instanceof Step.StartTls
                || step instanceof Step.Reset
                || step instanceof Step.Reconnect;
    }

    private Function<String, Source> override(Source source, String key) {
        return path -> path.equals(key) ? source : sources.apply(path);
    }
}
