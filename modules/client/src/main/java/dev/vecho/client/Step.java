package dev.vecho.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One step of a {@link Script}. Steps are played one after another; receiving goes on all the time, and what comes before
 * a step expects it is verified at once and waits to be expected.
 *
 * <p>A limit that a step names, {@code within}, is a limit of the whole step. Where it names none, the step fails when
 * neither a byte was sent nor one came for the script's timeout: what moves, however slowly, does not fail.
 */
public sealed interface Step {

    /**
     * Sends bytes, or one message: <code>{"send": PAYLOAD}</code>. The next step starts at once, sending goes on in the
     * background; the script is not over before all was sent.
     *
     * <p>A payload is one of <code>{"text": "…"}</code> (sent as UTF-8), <code>{"hex": "…"}</code>,
     * <code>{"base64": "…"}</code>, <code>{"file": "…"}</code> (relative to the script's directory) and
     * <code>{"random": SIZE, "seed": 1}</code> (see {@link Payload#random}).
     */
    record Send(Payload payload) implements Step {}

    /**
     * Waits until all that was sent so far, and is not matched yet, has come back:
     * <code>{"expect": "echo", "withinMillis": 500}</code>.
     */
    record ExpectEcho(@Nullable Duration within) implements Step {}

    /**
     * Waits for exact bytes, or one message, from a peer that answers with something else than the echo:
     * <code>{"expect": PAYLOAD, "withinMillis": 500}</code>. They count as the answer to as many bytes (to one message) of
     * what was sent and is not matched yet.
     */
    record ExpectBytes(Payload payload, @Nullable Duration within) implements Step {}

    /** Waits until the peer closes its output: <code>{"expect": "end", "withinMillis": 500}</code>. */
    record ExpectEnd(@Nullable Duration within) implements Step {}

    /**
     * Waits that long, and fails as soon as anything comes, bytes of whatever kind or the end:
     * <code>{"expect": "nothing", "forMillis": 500}</code>.
     */
    record ExpectNothing(Duration length) implements Step {}

    /** Waits that long, whatever comes: <code>{"pauseMillis": 500}</code>. */
    record Pause(Duration length) implements Step {}

    /**
     * Closes the output after all that was sent so far: <code>{"close": "output"}</code>. Like sending, this goes on in the
     * background.
     */
    record CloseOutput() implements Step {}
}
