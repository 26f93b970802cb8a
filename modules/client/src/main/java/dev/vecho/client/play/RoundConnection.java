package dev.vecho.client.play;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.script.Seed;
import dev.vecho.client.script.Step;
import dev.vecho.client.verify.Ledger;
import dev.vecho.client.verify.MessageVerifier;
import dev.vecho.client.verify.Plan;
import dev.vecho.client.verify.Verifier;
import dev.vecho.core.Connection;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.TransportException;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The part of a round that is played on one connection: what is planned, what was sent and came, and what that means. */
final class RoundConnection {

    /** A connection that was idle for less was probably not closed because of that. */
    private static final Duration WORTH_TELLING = Duration.ofSeconds(1);

    private final CaseContext caseContext;
    private final TrackedConnection tracked;
    private final int from;
    private final Plan plan;
    private final Ledger ledger = new Ledger();
    private final Verifier verifier;
    private @Nullable Sender sender;
    private @Nullable Throwable sendFailure;
    private Duration idleBefore = Duration.ZERO;
    private long opened;
    private long droppedBefore;
    private int echoed;

    /**
     * Plans the steps from one on, up to the next that reconnects.
     *
     * @param round for people
     * @param number of this connection in the round, from 0
     */
    RoundConnection(
            CaseContext caseContext,
            TrackedConnection tracked,
            Seed seed,
            int from,
            int round,
            int number,
            Verifier.Deliveries deliveries) {
        List<Step> steps = caseContext.steps();
        int to = from;
        while (to < steps.size() && !(steps.get(to) instanceof Step.Reconnect)) {
            to++;
        }
        this.caseContext = caseContext;
        this.tracked = tracked;
        this.from = from;
        this.plan = new Plan(steps, from, Math.min(to + 1, steps.size()), caseContext.framing(), seed, number);
        String name = caseContext.target() + ", round " + round + (number == 0 ? "" : ", connection " + (number + 1));
        this.verifier = Verifier.of(plan, ledger, caseContext.history().add(name, plan), tracked.earlier(), deliveries);
        if (verifier instanceof MessageVerifier messages) {
            tracked.verifiedBy(messages);
        }
    }

    TrackedConnection tracked() {
        return tracked;
    }

    Plan plan() {
        return plan;
    }

    Ledger ledger() {
        return ledger;
    }

    Verifier verifier() {
        return verifier;
    }

    /** The connection is open. */
    void open(Sender sending, long now) {
        droppedBefore = dropped();
        sender = sending;
        opened = now;
    }

    /** Null before the connection is open, and when it is not used any more. */
    @Nullable Sender sender() {
        return sender;
    }

    /** As {@link #sender}, where there must be one. */
    Sender out() {
        return Objects.requireNonNull(sender, "no connection");
    }

    /** The connection is used no more. */
    void stop() {
        if (sender != null) {
            sender.stop();
        }
        sender = null;
    }

    /** The connection was open before, and idle so long. */
    void wasIdle(Duration time) {
        idleBefore = time;
    }

    /** Sending has failed after the peer's end, which is no failure where nothing is missed. */
    void sendFailed(Throwable cause) {
        sendFailure = cause;
    }

    /** The moment from which the first byte is waited for. */
    long firstSend() {
        long first = ledger.sentAt(0, 0);
        return first < 0 ? opened : first;
    }

    /** Hands out how long each echo took that is complete and was not handed out yet. */
    void measureEchoes(long now, Measures measures) {
        while (echoed < plan.echoes().size()
                && verifier.complete(plan.echoes().get(echoed).step())) {
            int send = plan.echoes().get(echoed++).firstSend();
            if (send >= 0) {
                measures.echo(now - ledger.sentAt(send, 0));
            }
        }
    }

    /** What hinders that all is sent, or null. */
    @Nullable Throwable hindrance() {
        return sender != null && sender.sent() < sender.queued() ? sendFailure : null;
    }

    /** Whether all that was asked for is sent. */
    boolean allSent() {
        return sender == null || sendFailure != null || sender.idle();
    }

    /**
     * Whether all that can come back did, so that all was sent, too. The connection may report the end of a write
     * later. When it does is a matter of timing, so no verdict depends on it.
     */
    boolean answered() {
        return sender != null && sender.handedOver() && verifier.nothingUnderWay();
    }

    /** As {@link #answered}, and the output is not just being closed. */
    boolean atRest() {
        return answered() && (out().outputOpen() || out().outputClosed());
    }

    /** How many bytes were sent. */
    long sent() {
        return answered() ? ledger.bytes() : sender == null ? 0 : sender.sent();
    }

    /** Whether nothing is under way, and the connection can be kept. */
    boolean quiet() {
        return sender != null && sender.idle() && verifier.nothingUnderWay();
    }

    /** Whether the step is one that lets time pass, and nothing is under way. */
    boolean idling(@Nullable Step step) {
        return (step instanceof Step.Pause || step instanceof Step.ExpectNothing) && atRest();
    }

    /** Whether the end is something that the script, on this connection, has to do with. */
    boolean expectsEnd() {
        if (sender == null || !sender.outputOpen()) {
            return true;
        }
        for (int i = 0; i < caseContext.steps().size(); i++) {
            if (plan.covers(i) && caseContext.steps().get(i) instanceof Step.ExpectEnd) {
                return true;
            }
        }
        return false;
    }

    /** Whether a step before this one has expected the end. */
    boolean endWasExpected(int current) {
        for (int i = 0; i < current; i++) {
            if (plan.covers(i) && caseContext.steps().get(i) instanceof Step.ExpectEnd) {
                return true;
            }
        }
        return false;
    }

    /** The index of its first step. */
    int from() {
        return from;
    }

    /** Whether what is missed may be held back until the output is closed. */
    boolean mayBeHeldBack(Diagnosis missed) {
        boolean nothingMore = missed.word() == FailureKind.SILENT || missed.word() == FailureKind.TIMEOUT;
        return nothingMore && hasEnds() && out().idle() && out().outputOpen();
    }

    private boolean hasEnds() {
        return caseContext.framing() == Framing.STREAM
                || caseContext.steps().stream().anyMatch(Step.CloseOutput.class::isInstance);
    }

    // ---- what is wrong

    /** What went wrong on a kept connection between the previous round and this one; null if nothing did. */
    @Nullable Diagnosis brokeMeanwhile() {
        TransportException failure = tracked.failure();
        long unexpected = tracked.unexpected();
        for (Buffer message : tracked.left()) {
            if (verifier instanceof MessageVerifier messages && messages.isOfEarlier(message)) {
                Diagnosis late = verifier.verify(message);
                if (late != null && !caseContext.tolerated().contains(late.word())) {
                    return late;
                }
            } else {
                unexpected += message.length();
            }
        }
        tracked.left().clear();
        if (unexpected > 0) {
            String came = Diagnosis.bytes(unexpected) + " came between the rounds";
            return plan.followsAnswer(plan.pieces().size())
                    ? Diagnosis.of(FailureKind.UNEXPECTED, came + ", after the expected answer")
                    : Diagnosis.of(FailureKind.INJECTED, came + " that were never sent");
        }
        return failure != null || tracked.hasEnded() ? cutWhileIdle(failure) : null;
    }

    /** The connection was closed, or broken off, while nothing was under way. */
    Diagnosis cutWhileIdle(@Nullable Throwable cause) {
        Diagnosis broken = cause == null ? null : Diagnosis.of(cause);
        boolean closed = broken == null || isClosed(broken);
        String how = broken == null ? "closed" : (closed ? "closed (" : "broken off (") + broken.sentence() + ")";
        return Diagnosis.of(
                        FailureKind.IDLE,
                        "the connection was " + how + " after it had been idle for " + seconds(tracked.idle()))
                .because(closed ? "closed" : "reset");
    }

    /** The connection broke while something was under way. */
    Diagnosis broken(Throwable cause) {
        Diagnosis diagnosis = Diagnosis.of(cause);
        String how = ", after " + Diagnosis.bytes(verifier.received()) + " had come back" + idleHint();
        if (isClosed(diagnosis)) {
            FailureKind word = verifier.received() == 0 ? FailureKind.CLOSED : FailureKind.TRUNCATED;
            return Diagnosis.at(word, diagnosis.sentence() + how, verifier.received());
        }
        String reason = diagnosis.word() == FailureKind.RESET ? when() : diagnosis.reason();
        return Diagnosis.at(diagnosis.word(), diagnosis.sentence() + how, verifier.received())
                .because(reason);
    }

    /** Whether it was closed rather than reset, although something was still under way. */
    private static boolean isClosed(Diagnosis diagnosis) {
        return diagnosis.word() == FailureKind.RESET && "closed".equals(diagnosis.reason());
    }

    /** When it was reset. */
    private String when() {
        if (verifier.received() == 0) {
            return "before";
        }
        return answered() ? "after" : "during";
    }

    /** The end came before all that a step expects. */
    Diagnosis endedEarly(int current) {
        long came = verifier.received();
        String where = "byte " + came + " of " + verifier.bytesUpTo(current);
        String after = out().outputClosed() ? ", after this side closed its output" : "";
        if (caseContext.steps().get(current) instanceof Step.ExpectService service && !verifier.nothingOf(current)) {
            return Diagnosis.at(
                    FailureKind.TRUNCATED,
                    "the peer closed within " + name(service) + ", after " + Diagnosis.bytes(came) + after
                            + verifier.soFar(),
                    came);
        }
        return verifier.nothingOf(current)
                ? Diagnosis.at(
                        FailureKind.CLOSED, "the peer closed without a reply, at " + where + after + idleHint(), came)
                : Diagnosis.at(FailureKind.TRUNCATED, "the peer closed at " + where + after, came);
    }

    /** Something came while nothing was expected; null if nothing did. */
    @Nullable Diagnosis unexpected(int current, @Nullable Step step) {
        if (verifier.beyond(current)) {
            long expected = verifier.bytesUpTo(current);
            return Diagnosis.at(FailureKind.UNEXPECTED, "bytes came although nothing was expected", expected);
        }
        if (!tracked.hasEnded() || endWasExpected(current)) {
            return null;
        }
        return idling(step) && !expectsEnd()
                ? cutWhileIdle(null)
                : Diagnosis.at(
                        FailureKind.UNEXPECTED, "the end came although nothing was expected", verifier.received());
    }

    /** The end, or something that is not an echo, did not happen in time. */
    Diagnosis timedOut(@Nullable Step step, String late) {
        String sent = out().sent() + " of " + Diagnosis.bytes(out().queued());
        if (!(step instanceof Step.ExpectEnd)) {
            return Diagnosis.of(FailureKind.TIMEOUT, sent + " were sent, nothing more" + late);
        }
        if (out().outputClosed()) {
            return Diagnosis.of(FailureKind.HALF_CLOSE, "the output was closed, and the end did not come" + late);
        }
        return Diagnosis.of(
                FailureKind.TIMEOUT,
                out().outputOpen()
                        ? "the end did not come" + late
                        : "the output could not be closed" + late + ", " + sent + " were sent");
    }

    /**
     * Something that a step expects did not come in time.
     *
     * @param anything whether anything came in the round
     * @param trickles whether something came shortly before
     * @return null if the loss of messages is tolerated, and they are given up
     */
    @Nullable Diagnosis missed(int current, boolean anything, boolean trickles, Wait waited) {
        Sender out = out();
        String stalled = out.sent() == out.queued()
                ? ""
                : ", and only " + out.sent() + " of " + Diagnosis.bytes(out.queued()) + " could be sent";
        if (!anything && verifier.nothingOf(current)) {
            return Diagnosis.of(FailureKind.SILENT, "connected, but nothing came back" + waited.late() + stalled);
        }
        if (verifier instanceof MessageVerifier messages && stalled.isEmpty()) {
            return missed(messages, current, trickles, waited.late());
        }
        long came = verifier.received();
        if (caseContext.steps().get(current) instanceof Step.ExpectService service) {
            String part =
                    Diagnosis.bytes(came) + " came, and not all of " + name(service) + waited.late() + verifier.soFar();
            return Diagnosis.at(trickles ? FailureKind.SLOW : FailureKind.TIMEOUT, part, came);
        }
        String sentence = came + " of " + Diagnosis.bytes(verifier.bytesUpTo(current)) + " came back"
                + (waited.ofStep() ? "" : ", then nothing") + waited.late() + (trickles ? ", and they still came" : "");
        return Diagnosis.at(trickles ? FailureKind.SLOW : FailureKind.TIMEOUT, sentence + stalled, came);
    }

    private static String name(Step.ExpectService step) {
        return step.expectation().answer();
    }

    private @Nullable Diagnosis missed(MessageVerifier messages, int current, boolean trickles, String late) {
        Set<FailureKind> tolerated = caseContext.tolerated();
        String sentence =
                messages.missing(current) + " of " + plan.messagesUpTo(current) + " messages did not come back" + late;
        if (trickles && !messages.hasGap() && !tolerated.contains(FailureKind.LOST)) {
            return Diagnosis.of(FailureKind.SLOW, sentence + ", and they still came");
        }
        String first = ", the first of them message " + (messages.firstMissing() + 1);
        messages.giveUp(current);
        return tolerated.contains(FailureKind.LOST) ? null : Diagnosis.of(FailureKind.LOST, sentence + first);
    }

    /** How many messages this machine had no room for, since the round began to use the connection; -1 if that is not known. */
    long droppedSince() {
        long now = dropped();
        return now < 0 ? -1 : now - droppedBefore;
    }

    private long dropped() {
        Connection connection = tracked.connection();
        return connection == null ? 0 : connection.dropped();
    }

    /** A hint for a failure that a long idle time may have caused, although something was under way again. */
    private String idleHint() {
        boolean worthTelling = idleBefore.compareTo(WORTH_TELLING) >= 0 && verifier.received() == 0;
        return worthTelling ? "; it had been idle for " + seconds(idleBefore) + " before this round" : "";
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.3f s", duration.toNanos() / 1e9);
    }
}
