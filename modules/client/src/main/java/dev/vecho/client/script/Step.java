package dev.vecho.client.script;

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
     * <code>{"base64": "…"}</code>, <code>{"file": "…"}</code> (relative to the script's directory),
     * <code>{"random": SIZE}</code> (others on each connection and in each round) and
     * <code>{"random": SIZE, "seed": 1}</code> (always the same, see {@link Payload#random(long, long)}).
     *
     * <p><code>{"send": PAYLOAD, "count": 1000, "ratePerSecond": 50}</code> sends so many blocks, or messages, at such a
     * rate, whatever comes back meanwhile; without a rate, as fast as the connection takes them. Random ones all differ.
     *
     * @param count how many, at least 1
     * @param ratePerSecond 0 for no rate
     */
    record Send(Payload payload, int count, int ratePerSecond) implements Step {

        /** The largest count. */
        static final int MAX = 100_000_000;

        /** Sends once. */
        Send(Payload payload) {
            this(payload, 1, 0);
        }
    }

    /**
     * Waits until all that was sent since the last step that expects an echo, or exact bytes, has come back:
     * <code>{"expect": "echo", "withinMillis": 500}</code>.
     */
    record ExpectEcho(@Nullable Duration within) implements Step {}

    /**
     * Waits for exact bytes, or one message, from a peer that answers with something else than the echo:
     * <code>{"expect": PAYLOAD, "withinMillis": 500}</code>. They are the answer to all that was sent before this step and
     * is not matched yet, so that none of it is expected as an echo any more.
     */
    record ExpectBytes(Payload payload, @Nullable Duration within) implements Step {}

    /**
     * Waits for the answer of a service that is no echo, <code>{"expect": {"service": "chargen"}, "withinMillis": 500}</code>, or for
     * one that matches a pattern, <code>{"expect": {"pattern": "220 [^\\r\\n]*\\r\\n"}}</code>. As for {@link ExpectBytes}, none of what
     * was sent before is expected as an echo any more.
     */
    record ExpectService(
            ServiceExpectation expectation, @Nullable Duration within) implements Step {}

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

    /**
     * Closes this connection and opens a new one: <code>{"reconnect": true, "withinMillis": 500}</code>. Waits until all
     * was sent. What was sent before and did not come back is given up: who wants it, expects it before.
     */
    record Reconnect(@Nullable Duration within) implements Step {}

    /**
     * Breaks the connection off, what is not sent yet is lost: <code>{"reset": true, "withinMillis": 500}</code>. After it
     * comes the end of the steps, or a step that reconnects.
     */
    record Reset(@Nullable Duration within) implements Step {}

    /**
     * Begins TLS on a connection that was opened without: <code>{"startTls": true, "withinMillis": 500}</code>. Waits until
     * all was sent.
     */
    record StartTls(@Nullable Duration within) implements Step {}
}
