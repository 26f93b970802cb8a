package dev.vecho.client.play;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An answer that did not come in time, and may be held back until the output is closed. The round closes it, and waits a while
 * longer: if that brings the answer, {@link Buffering} finds out whether that was the reason. From then on no step is played,
 * and the round fails, whatever comes.
 */
final class HeldBackAnswer {

    private final Round round;
    private final StepPlayer player;

    /** What the round fails with unless closing the output brings the answer; null while no answer is missed. */
    private @Nullable Diagnosis missed;

    private boolean comparing;

    HeldBackAnswer(Round round, StepPlayer player) {
        this.round = round;
        this.player = player;
    }

    /** Whether an answer is missed. */
    boolean isMissed() {
        return missed != null;
    }

    /** Closes the output, and waits for the answer. */
    void await(Diagnosis late) {
        missed = late;
        Duration waited = round.waiting().limit();
        round.waiting().patience(Buffering.patience(waited), () -> round.on(this::didNotCome));
        round.connection().out().closeOutput();
    }

    /** Bytes came. */
    void received(boolean right) {
        if (!right) {
            didNotCome();
        } else if (!comparing && round.connection().verifier().complete(player.current())) {
            comparing = true;
            compare();
        }
    }

    /** Nothing more comes, or not what is missed. */
    void didNotCome() {
        if (missed != null && !comparing) {
            round.fail(missed);
        }
    }

    /** There is no time to find out more. */
    void giveUp() {
        if (missed != null) {
            round.fail(missed);
        }
    }

    /** The connection broke: that it is over may be just because of the end, but an HTTP status, for example, says more. */
    void broke(Diagnosis broken) {
        boolean saysMore = broken.word() == FailureKind.FAILED || broken.word() == FailureKind.STATUS;
        if (!comparing) {
            round.fail(saysMore || missed == null ? broken : missed);
        }
    }

    private void compare() {
        Duration limit = round.waiting().limit();
        round.waiting().stop();
        Buffering.compare(
                        round.caseContext(),
                        round.context(),
                        round.transport(),
                        round.number(),
                        round.connection().from(),
                        player.current(),
                        limit)
                .onComplete(buffered -> round.on(() -> compared(Boolean.TRUE.equals(buffered.result()))));
    }

    private void compared(boolean isBuffered) {
        String late = missed == null ? "" : missed.sentence();
        round.fail(
                isBuffered
                        ? Diagnosis.at(
                                FailureKind.BUFFERED,
                                late + "; all of it came when the output was closed, and only then: the server, or a"
                                        + " proxy before it, waits for the end of the request",
                                round.connection().verifier().received())
                        : Diagnosis.of(FailureKind.SLOW, late + "; all of it came later"));
    }
}
