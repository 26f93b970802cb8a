package dev.vecho.client.play;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Trace;
import dev.vecho.client.script.Seed;
import dev.vecho.client.script.Step;
import dev.vecho.client.verify.Ledger;
import dev.vecho.client.verify.Verifier;
import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.TransportException;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The steps of a script, played once, on a connection of its own or on one that is kept. Everything happens on one event
 * loop, and every wait has a timer, so that it ends whatever the peer does.
 */
public final class Round implements TrackedConnection.Events, Sender.Progress, Verifier.Deliveries {

    /** When bytes are wrong, and this long none followed, none will. */
    private static final Duration DOUBT = Duration.ofMillis(300);

    private final CaseContext caseContext;
    private final Vertx vertx;
    private final Context context;
    private final ClientTransport transport;
    private final int number;
    private final Seed seed;
    private final @Nullable Trace trace;
    private final LongSupplier nanoTime;

    private final Promise<Report> report = Promise.promise();
    private final Measures measures = new Measures();
    private final Wait waiting;
    private Instant startedAt = Instant.EPOCH;
    private long started;
    private boolean over;
    private boolean gaveUp;

    /** Another one after a step that reconnects. */
    private RoundConnection roundConnection;

    private int connections;
    private boolean kept;

    /** The step being played; as many as there are once all are done, and only sending goes on. */
    private int current;

    private boolean begun;
    private boolean advancing;
    private boolean waited;
    private boolean acted;
    private boolean actionDone;
    private long doubtTimer = -1;

    /** What the round fails with unless closing the output brings what is missing. */
    private @Nullable Diagnosis missed;

    private boolean comparing;
    private boolean probes = true;

    /**
     * Prepares a round.
     *
     * @param number from 1
     * @param open a connection that a round before has kept, or null; the context is its own
     */
    public Round(
            CaseContext caseContext,
            Context context,
            ClientTransport transport,
            int number,
            @Nullable TrackedConnection open,
            @Nullable Trace trace) {
        this.caseContext = caseContext;
        this.vertx = caseContext.vertx();
        this.context = context;
        this.transport = transport;
        this.number = number;
        this.seed = caseContext.seed().round(caseContext.index(), number);
        this.trace = trace;
        this.nanoTime = caseContext.nanoTime();
        this.waiting = new Wait(vertx, nanoTime);
        this.kept = open != null;
        this.roundConnection = roundConnection(open != null ? open : new TrackedConnection(context, nanoTime, this), 0);
    }

    /** A round that is played to find out something, beside another one. */
    static Round probe(CaseContext caseContext, Context context, ClientTransport transport, int number) {
        Round probe = new Round(caseContext, context, transport, number, null, null);
        probe.probes = false;
        return probe;
    }

    public Future<Report> play() {
        context.runOnContext(now -> on(this::start));
        return report.future();
    }

    /** Ends this round without a report. Any thread. Completes when nothing that happens counts any more. */
    public Future<Void> abort(Throwable cause) {
        Promise<Void> aborted = Promise.promise();
        context.runOnContext(now -> {
            crash(cause);
            aborted.complete();
        });
        return aborted.future();
    }

    /** Whether connecting took too long, so that the transport was closed. Known when the report is. */
    public boolean gaveUp() {
        return gaveUp;
    }

    /** The connection for the next round, or null if there is none. Known when the report is. */
    public @Nullable TrackedConnection kept() {
        return kept ? roundConnection.tracked() : null;
    }

    // ---- connecting

    private void start() {
        startedAt = Instant.now();
        started = nanoTime.getAsLong();
        TrackedConnection tracked = roundConnection.tracked();
        Connection open = tracked.connection();
        if (open == null) {
            connect(caseContext.timeout());
            return;
        }
        kept = false;
        roundConnection.wasIdle(tracked.idle());
        tracked.listen(this);
        measures.at(tracked);
        Diagnosis broken = roundConnection.brokeMeanwhile();
        if (broken != null) {
            fail(broken);
        } else {
            begin(open);
        }
    }

    private RoundConnection roundConnection(TrackedConnection tracked, int from) {
        return new RoundConnection(caseContext, tracked, seed, from, number, connections++, this);
    }

    private void connect(Duration within) {
        TrackedConnection opening = roundConnection.tracked();
        waiting.sleep(within, () -> on(() -> giveUpConnecting(within)));
        transport.connect(opening).onComplete(result -> connected(opening, result));
    }

    private void connected(TrackedConnection opening, AsyncResult<Connection> result) {
        if (over) {
            if (result.succeeded()) {
                result.result().close();
            }
            return;
        }
        on(() -> {
            waiting.stop();
            measures.opened(opening);
            if (result.failed()) {
                fail(Diagnosis.connecting(result.cause(), opening.phases()));
                return;
            }
            opening.open(result.result());
            begin(result.result());
        });
    }

    private void begin(Connection open) {
        TrackedConnection tracked = roundConnection.tracked();
        measures.at(tracked);
        if (trace != null) {
            trace.opened(since(), open.localAddress(), open.remoteAddress());
        }
        roundConnection.open(
                new Sender(context, open, roundConnection.plan(), roundConnection.ledger(), nanoTime, this),
                nanoTime.getAsLong());
        TransportException failure = tracked.failure();
        if (failure != null) {
            broken(failure);
            return;
        }
        actionDone = true;
        advance();
    }

    private void giveUpConnecting(Duration within) {
        gaveUp = true;
        TrackedConnection tracked = roundConnection.tracked();
        measures.opened(tracked);
        // This may tell what was found out so far: that one of two addresses refused, for example.
        transport.close();
        if (over) {
            return;
        }
        fail(Diagnosis.noConnection(tracked.phase(), tracked.phases(), within));
    }

    // ---- what the connection tells

    @Override
    public void received(Buffer bytes) {
        on(() -> {
            if (trace != null) {
                trace.received(since(), first(bytes), bytes.length());
            }
            if (roundConnection.plan().looksFrom(current)) {
                take(bytes);
            } else {
                roundConnection.tracked().leave(bytes);
            }
        });
    }

    /** Takes what came as if each byte, or message, had come alone: each step is over before what follows is looked at. */
    private void take(Buffer bytes) {
        long now = nanoTime.getAsLong();
        measures.received(now, measures.firstSend(roundConnection.firstSend()));
        RoundConnection on = roundConnection;
        int from = 0;
        do {
            int stretch = on.verifier().stretch(bytes.length() - from, step() instanceof Step.ExpectNothing);
            boolean whole = stretch == bytes.length();
            take(whole ? bytes : bytes.slice(from, from + stretch), now);
            from += stretch;
        } while (from < bytes.length()
                && !over
                && roundConnection == on
                && on.plan().looksFrom(current));
        if (from < bytes.length()) {
            on.tracked().leave(bytes.slice(from, bytes.length()));
        }
    }

    private void take(Buffer bytes, long now) {
        Verifier verifier = roundConnection.verifier();
        Diagnosis wrong = verifier.verify(bytes);
        boolean tolerated = wrong == null || tolerates(wrong.word());
        if (missed != null) {
            heldBack(missed, tolerated && !verifier.inDoubt());
        } else if (step() instanceof Step.StartTls && (!tolerated || verifier.inDoubt())) {
            fail(Diagnosis.of(FailureKind.TLS, "bytes in plain text came where TLS was to begin")
                    .because("plain-text"));
        } else if (wrong != null && !tolerated) {
            fail(wrong);
        } else if (verifier.inDoubt()) {
            vertx.cancelTimer(doubtTimer);
            doubtTimer = vertx.setTimer(DOUBT.toMillis(), fired -> on(() -> fail(verifier.decide())));
        } else {
            roundConnection.measureEchoes(now, measures);
            moved();
        }
    }

    private boolean tolerates(FailureKind word) {
        return caseContext.framing() == Framing.MESSAGES
                && caseContext.tolerated().contains(word);
    }

    @Override
    public void ended() {
        on(() -> {
            if (trace != null) {
                trace.ended(since());
            }
            if (missed != null) {
                heldBack(missed, false);
            } else if (roundConnection.verifier().inDoubt()) {
                fail(roundConnection.verifier().decide());
            } else if (cutWhileIdle()) {
                fail(roundConnection.cutWhileIdle(null));
            } else {
                advance();
            }
        });
    }

    @Override
    public void broke(TransportException cause) {
        on(() -> broken(cause));
    }

    @Override
    public void sending(Buffer bytes) {
        if (trace != null) {
            trace.sent(since(), first(bytes), bytes.length());
        }
    }

    @Override
    public void progressed() {
        roundConnection.tracked().moved();
        on(this::moved);
    }

    @Override
    public void sendFailed(Throwable cause) {
        on(() -> {
            if (roundConnection.tracked().hasEnded()) {
                // The peer is gone after a proper end: the step that misses something says it better.
                roundConnection.sendFailed(cause);
                advance();
            } else {
                broken(cause);
            }
        });
    }

    private void broken(Throwable cause) {
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each instanceof OutOfMemoryError lack) {
                // It says nothing about the server.
                throw lack;
            }
        }
        if (roundConnection.sender() == null) {
            // What connecting comes to is told once it is over.
            return;
        }
        if (missed != null) {
            Diagnosis broken = roundConnection.broken(cause);
            // Such as an HTTP status, which says more. That the connection is over may be just because of the end.
            heldBack(broken.word() == FailureKind.FAILED ? broken : missed, false);
        } else if (roundConnection.verifier().inDoubt()) {
            fail(roundConnection.verifier().decide());
        } else if (step() == null && roundConnection.atRest()) {
            finish(null);
        } else if (roundConnection.idling(step())) {
            fail(roundConnection.cutWhileIdle(cause));
        } else {
            fail(roundConnection.broken(cause));
        }
    }

    private void moved() {
        waiting.moved();
        advance();
    }

    @Override
    public void back(int send, long block) {
        long now = nanoTime.getAsLong();
        Ledger ledger = roundConnection.ledger();
        boolean many = roundConnection.plan().sendings().get(send).count() > 1;
        measures.back(now, ledger.sentAt(send, block), many ? ledger.intendedAt(send, block) : -1, many);
    }

    // ---- the steps

    /** Goes on as far as nothing has to be waited for. */
    private void advance() {
        // A step may make something happen at once, which calls this; the loop below sees what it changed.
        if (advancing || missed != null || (roundConnection.sender() == null && !measures.connected())) {
            return;
        }
        advancing = true;
        try {
            while (!over && !roundConnection.verifier().inDoubt()) {
                if (!begun) {
                    begun = true;
                    begin();
                }
                if (over || !done()) {
                    return;
                }
                if (current == caseContext.steps().size()) {
                    finish(null);
                    return;
                }
                waiting.stop();
                if (trace != null) {
                    trace.finished(since(), current);
                }
                begun = false;
                current++;
            }
        } finally {
            advancing = false;
        }
    }

    private void begin() {
        Step step = step();
        if (trace != null && step != null) {
            trace.begun(since(), current);
        }
        acted = false;
        actionDone = false;
        if (step instanceof Step.Send) {
            roundConnection.out().sendNext();
        } else if (step instanceof Step.CloseOutput) {
            roundConnection.out().closeOutput();
        } else if (step instanceof Step.Pause pause) {
            sleep(pause.length());
        } else if (step instanceof Step.ExpectNothing nothing) {
            sleep(nothing.length());
        } else {
            waiting.limit(within(step), caseContext.timeout(), () -> on(this::timedOut));
        }
        if (step instanceof Step.Reset) {
            reset();
        }
    }

    private static @Nullable Duration within(@Nullable Step step) {
        if (step instanceof Step.ExpectEcho echo) {
            return echo.within();
        }
        if (step instanceof Step.ExpectBytes bytes) {
            return bytes.within();
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

    /** Whether the current step is done; fails the round if that cannot happen any more. */
    private boolean done() {
        Step step = step();
        if (step instanceof Step.Send || step instanceof Step.CloseOutput) {
            return true;
        }
        if (step instanceof Step.Pause) {
            return waited && stillThere();
        }
        if (step instanceof Step.ExpectNothing) {
            return nothingCame() && waited;
        }
        if (step instanceof Step.ExpectEcho || step instanceof Step.ExpectBytes) {
            return allCame();
        }
        if (step instanceof Step.ExpectEnd) {
            return roundConnection.tracked().hasEnded();
        }
        if (step instanceof Step.Reset) {
            return actionDone;
        }
        if (step instanceof Step.StartTls || step instanceof Step.Reconnect) {
            if (!acted && allSent()) {
                acted = true;
                act(step);
            }
            return actionDone;
        }
        return allSent();
    }

    private void act(Step step) {
        if (step instanceof Step.Reconnect reconnect) {
            reconnect(Objects.requireNonNullElse(reconnect.within(), caseContext.timeout()));
            return;
        }
        Connection connection = Objects.requireNonNull(roundConnection.tracked().connection());
        connection
                .startTls()
                .onComplete(begun -> on(() -> {
                    if (begun.failed()) {
                        fail(Diagnosis.of(begun.cause()));
                    } else {
                        measures.at(roundConnection.tracked());
                        actionDone = true;
                        moved();
                    }
                }));
    }

    private void reset() {
        Connection connection = Objects.requireNonNull(roundConnection.tracked().connection());
        roundConnection.tracked().listen(null);
        endConnection();
        connection
                .reset()
                .onComplete(done -> on(() -> {
                    actionDone = true;
                    advance();
                }));
    }

    private void reconnect(Duration within) {
        waiting.stop();
        roundConnection.tracked().listen(null);
        Connection connection = roundConnection.tracked().connection();
        Future<Void> closed = connection == null
                ? Future.succeededFuture()
                : Wait.atMost(vertx, caseContext.timeout(), connection.close());
        endConnection();
        roundConnection = roundConnection(new TrackedConnection(context, nanoTime, this), current + 1);
        closed.onComplete(done -> on(() -> connect(within)));
    }

    /** Adds up what is known of a connection that is not used any more. */
    private void endConnection() {
        measures.done(roundConnection);
        if (roundConnection.sender() != null && trace != null) {
            trace.closed(since());
        }
        roundConnection.stop();
    }

    /** The current step, or null after the last. */
    private @Nullable Step step() {
        return current < caseContext.steps().size() ? caseContext.steps().get(current) : null;
    }

    private boolean nothingCame() {
        Diagnosis unexpected = roundConnection.unexpected(current, step());
        if (unexpected != null) {
            fail(unexpected);
        }
        return unexpected == null;
    }

    /** Whether the connection is still there after a pause; the end may have come before nothing was under way any more. */
    private boolean stillThere() {
        boolean cut = roundConnection.tracked().hasEnded() && cutWhileIdle();
        if (cut) {
            fail(roundConnection.cutWhileIdle(null));
        }
        return !cut;
    }

    /** Whether an end that comes now is one of a connection that should have stayed open. */
    private boolean cutWhileIdle() {
        return roundConnection.idling(step()) && !roundConnection.expectsEnd();
    }

    private boolean allCame() {
        boolean complete = roundConnection.verifier().complete(current);
        if (!complete && roundConnection.tracked().hasEnded()) {
            fail(roundConnection.endedEarly(current));
        }
        return complete;
    }

    private boolean allSent() {
        Throwable hindrance = roundConnection.hindrance();
        if (hindrance != null) {
            broken(hindrance);
            return false;
        }
        return roundConnection.allSent();
    }

    // ---- waiting

    private void sleep(Duration length) {
        waited = false;
        waiting.sleep(
                length,
                () -> on(() -> {
                    waited = true;
                    advance();
                }));
    }

    private void timedOut() {
        Step step = step();
        Sender sender = roundConnection.sender();
        if (roundConnection.verifier().inDoubt()) {
            fail(roundConnection.verifier().decide());
        } else if (!waiting.ofStep() && sender != null && sender.waitsForItsTime()) {
            waiting.limit(null, caseContext.timeout(), () -> on(this::timedOut));
        } else if (step instanceof Step.Reset) {
            fail(Diagnosis.of(FailureKind.TIMEOUT, "the connection could not be reset" + waiting.late()));
        } else if (step instanceof Step.StartTls && acted) {
            fail(Diagnosis.of(FailureKind.TLS, "TLS was not agreed upon" + waiting.late())
                    .because("timeout"));
        } else if (step instanceof Step.ExpectEcho || step instanceof Step.ExpectBytes) {
            missed();
        } else {
            fail(roundConnection.timedOut(step, waiting.late()));
        }
    }

    /** Something that the current step expects did not come in time. */
    private void missed() {
        boolean trickles = waiting.ofStep() && measures.receivedSince(waiting.lastHalf());
        Diagnosis late = roundConnection.missed(current, measures.receivedAnything(), trickles, waiting);
        if (late == null) {
            roundConnection.measureEchoes(nanoTime.getAsLong(), measures);
            advance();
        } else if (probes && roundConnection.mayBeHeldBack(late)) {
            missed = late;
            Duration waited = waiting.limit();
            waiting.sleep(Buffering.patience(waited), () -> on(() -> heldBack(late, false)));
            roundConnection.out().closeOutput();
        } else {
            fail(late);
        }
    }

    /**
     * Something happened since the output was closed, to see whether that brings what is missing.
     *
     * @param late what the round fails with if it does not
     * @param right whether bytes came that are right
     */
    private void heldBack(Diagnosis late, boolean right) {
        if (comparing) {
            return;
        }
        if (!right) {
            fail(late);
            return;
        }
        if (!roundConnection.verifier().complete(current)) {
            return;
        }
        comparing = true;
        Duration limit = waiting.limit();
        waiting.stop();
        Buffering.compare(caseContext, context, transport, number, roundConnection.from(), current, limit)
                .onComplete(buffered -> on(() -> fail(
                        Boolean.TRUE.equals(buffered.result())
                                ? Diagnosis.at(
                                        FailureKind.BUFFERED,
                                        late.sentence()
                                                + "; all of it came when the output was closed, and only then: the"
                                                + " server, or a proxy before it, waits for the end of the request",
                                        roundConnection.verifier().received())
                                : Diagnosis.of(FailureKind.SLOW, late.sentence() + "; all of it came later"))));
    }

    // ---- the end

    private void fail(Diagnosis diagnosis) {
        boolean inStep = measures.connected() && current < caseContext.steps().size();
        finish(diagnosis.inStep(inStep ? current : null));
    }

    private void finish(@Nullable Diagnosis diagnosis) {
        TrackedConnection tracked = roundConnection.tracked();
        boolean keeping = caseContext.kept()
                && diagnosis == null
                && roundConnection.quiet()
                && !tracked.hasEnded()
                && tracked.failure() == null;
        over = true;
        Duration took = since();
        stopTimers();
        Connection connection = tracked.connection();
        if (keeping) {
            tracked.listen(null);
            kept = true;
            measures.done(roundConnection);
        } else {
            endConnection();
        }
        Report result = measures.report(caseContext, number, startedAt, took, diagnosis, seed);
        Future<Void> closed = keeping || connection == null
                ? Future.succeededFuture()
                : Wait.atMost(vertx, caseContext.timeout(), connection.close());
        closed.onComplete(done -> report.tryComplete(result));
    }

    /** Runs what an event brings, unless the round is over. Whatever goes wrong in it, the round ends. */
    private void on(Runnable event) {
        if (over) {
            return;
        }
        try {
            event.run();
        } catch (Throwable e) {
            crash(e);
        }
    }

    private void crash(Throwable cause) {
        over = true;
        stopTimers();
        if (report.tryFail(cause)) {
            kept = false;
            roundConnection.stop();
            Connection connection = roundConnection.tracked().connection();
            if (connection != null) {
                connection.close();
            }
        }
    }

    private void stopTimers() {
        waiting.stop();
        vertx.cancelTimer(doubtTimer);
    }

    private Duration since() {
        return Duration.ofNanos(nanoTime.getAsLong() - started);
    }

    private static byte[] first(Buffer bytes) {
        return bytes.getBytes(0, Math.min(bytes.length(), 64));
    }
}
