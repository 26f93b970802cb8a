package dev.vecho.client.play;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.script.Step;
import dev.vecho.core.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Plays the steps of a round, one after another, each until it is done, fails or has taken too long. */
final class StepPlayer {

    private enum Progress {
        TO_BEGIN,
        BEGUN,

        /** What had to be sent before is sent, and the step, which is more than to wait, does something. */
        ACTING,

        /** What the step does, or waits for, is over. */
        ACTED
    }

    private final Round round;
    private final List<Step> steps;
    private boolean probes;
    private final HeldBackAnswer heldBack;

    /** The step being played; as many as there are once all are done, and only sending goes on. */
    private int current;

    private Progress progress = Progress.TO_BEGIN;
    private boolean advancing;

    /**
     * Prepares to play.
     *
     * @param probes whether it closes the output to find out whether an answer is held back
     */
    StepPlayer(Round round, List<Step> steps, boolean probes) {
        this.round = round;
        this.steps = steps;
        this.probes = probes;
        this.heldBack = new HeldBackAnswer(round, this);
    }

    HeldBackAnswer heldBack() {
        return heldBack;
    }

    /** The index of the current step; that behind the last one once all are done. */
    int current() {
        return current;
    }

    /** The current step, or null after the last. */
    @Nullable Step step() {
        return current < steps.size() ? steps.get(current) : null;
    }

    /** The connection is open, the first one or another. */
    void connected() {
        if (progress == Progress.ACTING) {
            progress = Progress.ACTED;
        }
        advance();
    }

    /** Goes on as far as nothing has to be waited for. */
    void advance() {
        // A step may make something happen at once, which calls this; the loop below sees what it changed.
        if (advancing
                || heldBack.isMissed()
                || (round.connection().sender() == null && !round.measures().connected())) {
            return;
        }
        advancing = true;
        try {
            while (!round.isOver() && !round.connection().verifier().inDoubt()) {
                if (progress == Progress.TO_BEGIN) {
                    progress = Progress.BEGUN;
                    begin();
                }
                if (round.isOver() || !done()) {
                    return;
                }
                if (current == steps.size()) {
                    round.finish(null);
                    return;
                }
                round.waiting().stop();
                round.timeline().finished(current);
                progress = Progress.TO_BEGIN;
                current++;
            }
        } finally {
            advancing = false;
        }
    }

    private void begin() {
        Step step = step();
        if (step != null) {
            round.timeline().begun(current);
        }
        if (step instanceof Step.Send) {
            round.connection().out().sendNext();
        } else if (step instanceof Step.CloseOutput) {
            round.connection().out().closeOutput();
        } else if (step instanceof Step.Pause pause) {
            sleep(pause.length());
        } else if (step instanceof Step.ExpectNothing nothing) {
            sleep(nothing.length());
        } else {
            waitAtMost(within(step));
        }
        if (step instanceof Step.Reset) {
            round.reset(this::acted);
        }
    }

    private static @Nullable Duration within(@Nullable Step step) {
        if (step instanceof Step.ExpectEcho echo) {
            return echo.within();
        }
        if (step instanceof Step.ExpectBytes bytes) {
            return bytes.within();
        }
        if (step instanceof Step.ExpectService service) {
            return service.within();
        }
        if (step instanceof Step.ExpectEnd end) {
            return end.within();
        }
        if (step instanceof Step.StartTls tls) {
            return tls.within();
        }
        if (step instanceof Step.Reset reset) {
            return reset.within();
        }
        return step instanceof Step.Reconnect reconnect ? reconnect.within() : null;
    }

    private void sleep(Duration length) {
        round.waiting().sleep(length, () -> round.on(this::acted));
    }

    private void acted() {
        progress = Progress.ACTED;
        advance();
    }

    /** Whether the current step is done; fails the round if that cannot happen any more. */
    private boolean done() {
        Step step = step();
        if (step instanceof Step.Send || step instanceof Step.CloseOutput) {
            return true;
        }
        if (step instanceof Step.Pause) {
            return progress == Progress.ACTED && stillThere();
        }
        if (step instanceof Step.ExpectNothing) {
            return nothingCame() && progress == Progress.ACTED;
        }
        if (isToCome(step)) {
            return allCame();
        }
        if (step instanceof Step.ExpectEnd) {
            return round.connection().tracked().hasEnded();
        }
        if (step instanceof Step.Reset) {
            return progress == Progress.ACTED;
        }
        if (step instanceof Step.StartTls || step instanceof Step.Reconnect) {
            if (progress == Progress.BEGUN && allSent()) {
                progress = Progress.ACTING;
                act(step);
            }
            return progress == Progress.ACTED;
        }
        return allSent();
    }

    private void act(Step step) {
        if (step instanceof Step.Reconnect reconnect) {
            round.reconnect(
                    current + 1,
                    Objects.requireNonNullElse(
                            reconnect.within(), round.caseContext().timeout()));
            return;
        }
        Connection connection =
                Objects.requireNonNull(round.connection().tracked().connection());
        connection
                .startTls()
                .onComplete(begun -> round.on(() -> {
                    if (begun.failed()) {
                        round.fail(Diagnosis.of(begun.cause()));
                    } else {
                        round.measures().at(round.connection().tracked());
                        round.waiting().moved();
                        acted();
                    }
                }));
    }

    private boolean nothingCame() {
        Diagnosis unexpected = round.connection().unexpected(current, step());
        if (unexpected != null) {
            round.fail(unexpected);
        }
        return unexpected == null;
    }

    /** Whether the connection is still there after a pause; the end may have come before nothing was under way any more. */
    private boolean stillThere() {
        boolean cut = round.connection().tracked().hasEnded() && cutWhileIdle();
        if (cut) {
            round.fail(round.connection().cutWhileIdle(null));
        }
        return !cut;
    }

    /** Whether an end that comes now is one of a connection that should have stayed open. */
    boolean cutWhileIdle() {
        return round.connection().idling(step()) && !round.connection().expectsEnd();
    }

    /** Whether a step waits for bytes. */
    private static boolean isToCome(@Nullable Step step) {
        return step instanceof Step.ExpectEcho
                || step instanceof Step.ExpectBytes
                || step instanceof Step.ExpectService;
    }

    private boolean allCame() {
        boolean complete = round.connection().verifier().complete(current);
        if (complete && step() instanceof Step.ExpectService) {
            round.measures().found(round.connection().verifier().facts());
        }
        if (!complete && round.connection().tracked().hasEnded()) {
            round.fail(round.connection().endedEarly(current));
        }
        return complete;
    }

    private boolean allSent() {
        Throwable hindrance = round.connection().hindrance();
        if (hindrance != null) {
            round.events().broken(hindrance);
            return false;
        }
        return round.connection().allSent();
    }

    // ---- what takes too long

    private void waitAtMost(@Nullable Duration within) {
        round.waiting().limit(within, round.caseContext().timeout(), () -> round.on(this::timedOut));
    }

    /**
     * The round as a whole has taken too long: so has what it waits for now.
     *
     * @param within how long it may take
     */
    void outOfTime(Duration within) {
        if (heldBack.isMissed()) {
            heldBack.giveUp();
            return;
        }
        probes = false;
        round.waiting().cut();
        Step step = step();
        boolean awaits = round.connection().sender() != null
                && !(step instanceof Step.Pause)
                && !(step instanceof Step.ExpectNothing);
        if (awaits) {
            timedOut();
        }
        if (!round.isOver()) {
            round.fail(Diagnosis.of(FailureKind.TIMEOUT, "the round was not over within " + within.toMillis() + " ms"));
        }
    }

    private void timedOut() {
        Step step = step();
        Wait waiting = round.waiting();
        RoundConnection connection = round.connection();
        Sender sender = connection.sender();
        if (connection.verifier().inDoubt()) {
            round.fail(connection.verifier().decide());
        } else if (!waiting.ofStep() && sender != null && sender.waitsForItsTime()) {
            waitAtMost(null);
        } else if (step instanceof Step.Reset) {
            round.fail(Diagnosis.of(FailureKind.TIMEOUT, "the connection could not be reset" + waiting.late()));
        } else if (step instanceof Step.StartTls && progress != Progress.BEGUN) {
            round.fail(Diagnosis.of(FailureKind.TLS, "TLS was not agreed upon" + waiting.late())
                    .because("timeout"));
        } else if (isToCome(step)) {
            missed();
        } else {
            round.fail(connection.timedOut(step, waiting.late()));
        }
    }

    /** Something that the current step expects did not come in time. */
    private void missed() {
        Wait waiting = round.waiting();
        Measures measures = round.measures();
        boolean trickles = waiting.ofStep() && measures.receivedSince(waiting.lastHalf());
        Diagnosis late =
                round.unlessDropped(round.connection().missed(current, measures.receivedAnything(), trickles, waiting));
        if (late == null) {
            round.connection().measureEchoes(round.nanoTime(), measures);
            advance();
        } else if (probes
                && waiting.end() != Wait.End.CUT
                && !(step() instanceof Step.ExpectService service
                        && !service.expectation().ends())
                && round.connection().mayBeHeldBack(late)) {
            heldBack.await(late);
        } else {
            round.fail(late);
        }
    }
}
