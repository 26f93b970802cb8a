package dev.vecho.client;

import dev.vecho.client.play.CaseContext;
import dev.vecho.client.play.Round;
import dev.vecho.client.play.TlsRequired;
import dev.vecho.client.play.TrackedConnection;
import dev.vecho.client.play.Wait;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Trace;
import dev.vecho.client.script.Case;
import dev.vecho.client.script.ExpectedFailure;
import dev.vecho.client.script.Script;
import dev.vecho.client.script.Step;
import dev.vecho.core.ClientTransport;
import dev.vecho.core.VertxInternals;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Source;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
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

    private final Vertx vertx;
    private final Context context;
    private final Case played;
    private final CaseContext caseContext;
    private final @Nullable ExpectedFailure expected;
    private final Supplier<ClientTransport> opener;

    // These are guarded by this.
    private @Nullable ClientTransport transport;
    private @Nullable Future<Boolean> answersTls;
    private @Nullable Round round;
    private @Nullable TrackedConnection kept;
    private boolean playing;
    private boolean closed;

    /**
     * Blocks while it opens the transport.
     *
     * @param opener makes a new transport after one had to be closed; called on a thread that may block
     */
    Check(CaseContext caseContext, Case played, @Nullable ExpectedFailure expected, Supplier<ClientTransport> opener) {
        this.vertx = caseContext.vertx();
        // A context of its own, so that several checks share the event loops and do not wait for one another.
        this.context = VertxInternals.newEventLoopContext(vertx);
        this.caseContext = caseContext;
        this.played = played;
        this.expected = expected;
        this.opener = opener;
        this.transport = opener.get();
    }

    /** A check of the only case of a run. */
    @SuppressWarnings("exports") // For the tests of the package play, which have its context.
    public Check(CaseContext caseContext, Supplier<ClientTransport> opener) {
        this(caseContext, Case.of(caseContext.target()), null, opener);
    }

    /**
     * Validates a script's targets and options, and makes them ready; connects to none.
     *
     * @return a check for each case, in order, whatever the script has in parallel; fails with an
     *     {@link InvalidInputException} that tells everything that is wrong
     */
    public static Future<List<Check>> open(Vertx vertx, Script script) {
        return open(vertx, script, 1);
    }

    /** As {@link #open(Vertx, Script)}, with so many checks for each case, next to each other, that differ in nothing. */
    static Future<List<Check>> open(Vertx vertx, Script script, int parallel) {
        return vertx.executeBlocking(() -> CheckFactory.openAll(vertx, script, parallel), false);
    }

    /**
     * Validates a script's targets and options as {@link #open} does, and leaves nothing open. Blocks.
     *
     * @throws InvalidInputException with everything that is wrong
     */
    public static void validate(Vertx vertx, Script script) {
        CheckFactory.openAll(vertx, script, 1).forEach(Check::close);
    }

    /** Opens a check of the default script, plays one round and closes it; fails as {@link #open} does. */
    public static Future<Report> once(Vertx vertx, String target) {
        return vertx.executeBlocking(
                        () -> CheckFactory.openAll(
                                vertx, Script.standard().withTargets(List.of(target), Source.named("check")), 1),
                        false)
                .compose(checks -> {
                    Check check = checks.get(0);
                    return check.play(1).eventually(check::close);
                });
    }

    /** What it checks. */
    public Case played() {
        return played;
    }

    /** What it plays in each round. */
    public List<Step> steps() {
        return caseContext.steps();
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
    public Future<Report> play(int number, @Nullable Trace trace) {
        return play(number, null, trace);
    }

    /**
     * As {@link #play(int)}, for somebody who waits for the verdict no longer than that.
     *
     * @param within how long all of the round may take, with closing its connection: one that is not over then has failed,
     *     as if its current step had taken too long. Null if only its parts are limited
     * @param trace told of everything that happens; null for nobody
     */
    public synchronized Future<Report> play(int number, @Nullable Duration within, @Nullable Trace trace) {
        if (playing || closed) {
            return Future.failedFuture(new IllegalStateException(
                    played + (closed ? ": the check is closed" : ": a round is being played")));
        }
        playing = true;
        TrackedConnection open = kept;
        kept = null;
        Future<ClientTransport> ready =
                transport != null ? Future.succeededFuture(transport) : vertx.executeBlocking(opener::get, false);
        long start = caseContext.nanoTime().getAsLong();
        return ready.compose(opened -> begin(opened, number, open, within, trace)
                        .play()
                        .compose(round -> explain(round, opened, left(within, start))))
                .map(round -> expected == null ? round : expected.judge(round))
                .onComplete(done -> end());
    }

    /** Asks a server that did not understand plain text, once, whether it speaks TLS. */
    private Future<Report> explain(Report round, ClientTransport opened, @Nullable Duration left) {
        Diagnosis found = round.diagnosis();
        boolean isExpected = expected != null && expected.judge(round).passed();
        if (found == null || isExpected || !TlsRequired.mayExplain(round)) {
            return Future.succeededFuture(round);
        }
        if (answersTls == null) {
            answersTls = opened.answersTls();
        }
        Future<Boolean> answered = left == null
                ? answersTls
                : answersTls
                        .timeout(Math.max(1, left.toMillis()), TimeUnit.MILLISECONDS)
                        .otherwise(false);
        return answered.map(answers -> answers ? TlsRequired.judge(round, found) : round);
    }

    private @Nullable Duration left(@Nullable Duration within, long start) {
        return within == null ? null : within.minusNanos(caseContext.nanoTime().getAsLong() - start);
    }

    private synchronized Round begin(
            ClientTransport opened,
            int number,
            @Nullable TrackedConnection open,
            @Nullable Duration within,
            @Nullable Trace trace) {
        transport = opened;
        Round begun = new Round(caseContext, context, opened, number, open, within, trace);
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
        // In this order: closing the transport first would fail the round for a misleading reason.
        return open == null
                ? aborted
                : aborted.compose(done -> Wait.atMost(vertx, caseContext.timeout(), open.close()));
    }

    private CancellationException cancelled() {
        return new CancellationException(played + ": the check was closed");
    }
}
