package dev.vecho.client;

import dev.vecho.client.Diagnosis.Word;
import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.TransportException;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The steps of a script, played once, on a connection of its own or on one that is kept. Everything happens on one event
 * loop, and every wait has a timer, so that it ends whatever the peer does.
 */
final class Round implements Link.Listener, Sender.Listener, Verifier.Listener {

    private static final long NO_TIMER = -1;

    /** When bytes are wrong, and this long none followed, none will. */
    private static final Duration DOUBT = Duration.ofMillis(300);

    /** A connection that was idle for less was hardly cut for it. */
    private static final Duration WORTH_TELLING = Duration.ofSeconds(1);

    private final Setting setting;
    private final Vertx vertx;
    private final Context context;
    private final ClientTransport transport;
    private final int number;
    private final Seed seed;
    private final @Nullable Trace trace;
    private final LongSupplier nanoTime;

    private final Promise<Report> report = Promise.promise();
    private final Measures measures = new Measures();
    private Instant startedAt = Instant.EPOCH;
    private long started;
    private long opened;
    private boolean over;
    private boolean gaveUp;

    // The connection: another one after a step that reconnects.
    private Link link;
    private Plan plan;
    private Ledger ledger;
    private Verifier verifier;
    private @Nullable Sender sender;
    private int connections;
    private int echoed;
    private @Nullable Throwable sendFailure;
    private Duration idleBefore = Duration.ZERO;
    private boolean kept;

    /** The step being played; as many as there are once all are done, and only sending goes on. */
    private int current;

    private boolean begun;
    private boolean advancing;
    private boolean waited;
    private boolean acted;
    private boolean actionDone;
    private long timer = NO_TIMER;
    private long doubtTimer = NO_TIMER;
    private Duration limit = Duration.ZERO;
    private boolean limitsStep;
    private long limitedFrom;

    /**
     * Prepares a round.
     *
     * @param number from 1
     * @param open a connection that a round before has kept, or null; the context is its own
     */
    @SuppressWarnings("NullAway.Init") // prepare sets the rest before anything else happens.
    Round(
            Setting setting,
            Context context,
            ClientTransport transport,
            int number,
            @Nullable Link open,
            @Nullable Trace trace) {
        this.setting = setting;
        this.vertx = setting.vertx();
        this.context = context;
        this.transport = transport;
        this.number = number;
        this.seed = setting.seed().round(setting.index(), number);
        this.trace = trace;
        this.nanoTime = setting.nanoTime();
        this.kept = open != null;
        this.link = open != null ? open : new Link(context, nanoTime, this);
        prepare(0);
    }

    Future<Report> play() {
        context.runOnContext(now -> on(this::start));
        return report.future();
    }

    /** Ends this round without a report. Any thread. Completes when nothing that happens counts any more. */
    Future<Void> abort(Throwable cause) {
        Promise<Void> aborted = Promise.promise();
        context.runOnContext(now -> {
            crash(cause);
            aborted.complete();
        });
        return aborted.future();
    }

    /** Whether connecting took too long, so that the transport was closed. Known when the report is. */
    boolean gaveUp() {
        return gaveUp;
    }

    /** The connection for the next round, or null if there is none. Known when the report is. */
    @Nullable Link kept() {
        return kept ? link : null;
    }

    // ---- connecting

    private void start() {
        startedAt = Instant.now();
        started = nanoTime.getAsLong();
        opened = started;
        Connection open = link.connection();
        if (open == null) {
            connect(setting.timeout());
            return;
        }
        kept = false;
        idleBefore = link.idle();
        link.listen(this);
        if (brokeMeanwhile()) {
            return;
        }
        begin(open);
    }

    /** Whether a kept connection came to an end between the rounds, in which case this one has failed. */
    private boolean brokeMeanwhile() {
        TransportException failure = link.failure();
        measures.at(link);
        if (link.unexpected() > 0) {
            fail(Diagnosis.of(
                    Word.INJECTED,
                    Diagnosis.bytes(link.unexpected()) + " came between the rounds that were never sent"));
            return true;
        }
        if (failure != null || link.hasEnded()) {
            fail(cutWhileIdle(failure));
            return true;
        }
        return false;
    }

    /** Gets everything ready for a connection on which the steps from one on are played. */
    private void prepare(int from) {
        List<Step> steps = setting.steps();
        int to = from;
        while (to < steps.size() && !(steps.get(to) instanceof Step.Reconnect)) {
            to++;
        }
        plan = new Plan(steps, from, Math.min(to + 1, steps.size()), setting.carriage(), seed, connections);
        ledger = new Ledger();
        String name = setting.target() + ", round " + number + (connections == 0 ? "" : ", connection " + connections);
        verifier = Verifier.of(plan, ledger, setting.recent().add(name, plan), this);
        sender = null;
        echoed = 0;
        connections++;
    }

    private void connect(Duration within) {
        Link opening = link;
        timer = vertx.setTimer(within.toMillis(), fired -> on(() -> giveUpConnecting(within)));
        transport.connect(opening).onComplete(result -> connected(opening, result));
    }

    private void connected(Link opening, AsyncResult<Connection> result) {
        if (over) {
            if (result.succeeded()) {
                result.result().close();
            }
            return;
        }
        on(() -> {
            stopTimer();
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
        opened = nanoTime.getAsLong();
        measures.at(link);
        if (trace != null) {
            trace.opened(since(), open.localAddress(), open.remoteAddress());
        }
        sender = new Sender(context, open, plan, ledger, nanoTime, this);
        actionDone = true;
        advance();
    }

    private void giveUpConnecting(Duration within) {
        gaveUp = true;
        measures.opened(link);
        // This may tell what was found out so far: that one of two addresses refused, for example.
        transport.close();
        if (over) {
            return;
        }
        fail(Diagnosis.noConnection(link.phase(), link.phases(), within));
    }

    // ---- what the connection tells

    @Override
    public void received(Buffer bytes) {
        on(() -> {
            long now = nanoTime.getAsLong();
            measures.received(now, firstSend());
            if (trace != null) {
                trace.received(since(), first(bytes), bytes.length());
            }
            Diagnosis wrong = verifier.verify(bytes);
            if (wrong != null && !setting.tolerated().contains(wrong.word())) {
                fail(wrong);
                return;
            }
            if (verifier.inDoubt()) {
                vertx.cancelTimer(doubtTimer);
                doubtTimer = vertx.setTimer(DOUBT.toMillis(), fired -> on(() -> fail(verifier.decide())));
                return;
            }
            measureEchoes(now);
            moved();
        });
    }

    @Override
    public void ended() {
        on(() -> {
            if (trace != null) {
                trace.ended(since());
            }
            if (verifier.inDoubt()) {
                fail(verifier.decide());
            } else if (idling() && !expectsEnd()) {
                fail(cutWhileIdle(null));
            } else {
                advance();
            }
        });
    }

    @Override
    public void failed(TransportException cause) {
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
        link.moved();
        on(this::moved);
    }

    @Override
    public void failed(Throwable cause) {
        on(() -> {
            if (link.hasEnded()) {
                // The peer is gone after a proper end: the step that misses something says it better.
                sendFailure = cause;
                advance();
            } else {
                broken(cause);
            }
        });
    }

    private void broken(Throwable cause) {
        Diagnosis diagnosis = Diagnosis.of(cause);
        if (sender == null) {
            // What connecting comes to is told once it is over.
            if (link.connection() != null) {
                fail(diagnosis);
            }
            return;
        }
        if (verifier.inDoubt()) {
            fail(verifier.decide());
            return;
        }
        if (idling()) {
            fail(cutWhileIdle(cause));
            return;
        }
        String how = ", after " + Diagnosis.bytes(verifier.received()) + " had come back" + idleHint();
        if (diagnosis.word() == Word.RESET && "closed".equals(diagnosis.reason())) {
            // Closed, not broken off, but before what was under way had come to its own end.
            Word word = verifier.received() == 0 ? Word.CLOSED : Word.TRUNCATED;
            fail(Diagnosis.at(word, diagnosis.sentence() + how, verifier.received()));
            return;
        }
        String reason = diagnosis.word() == Word.RESET ? when(sender) : diagnosis.reason();
        fail(Diagnosis.at(diagnosis.word(), diagnosis.sentence() + how, verifier.received())
                .because(reason));
    }

    /** When a connection was reset. */
    private String when(Sender out) {
        if (verifier.received() == 0) {
            return "before";
        }
        return verifier.nothingUnderWay() && out.sent() == out.queued() ? "after" : "during";
    }

    private void moved() {
        if (!limitsStep) {
            limitedFrom = nanoTime.getAsLong();
        }
        advance();
    }

    @Override
    public void back(int send, long block) {
        long now = nanoTime.getAsLong();
        boolean many = plan.sendings().get(send).count() > 1;
        measures.back(now, ledger.sentAt(send, block), many ? ledger.intendedAt(send, block) : -1, many);
    }

    private long firstSend() {
        long first = ledger.sentAt(0, 0);
        return measures.firstSend(first < 0 ? opened : first);
    }

    private void measureEchoes(long now) {
        while (echoed < plan.echoes().size()
                && verifier.complete(plan.echoes().get(echoed).step())) {
            int send = plan.echoes().get(echoed++).firstSend();
            if (send >= 0) {
                measures.echo(now - ledger.sentAt(send, 0));
            }
        }
    }

    // ---- the steps

    /** Goes on as far as nothing has to be waited for. */
    private void advance() {
        // A step may make something happen at once, which calls this; the loop below sees what it changed.
        if (advancing || (sender == null && !measures.connected())) {
            return;
        }
        advancing = true;
        try {
            while (!over && !verifier.inDoubt()) {
                if (!begun) {
                    begun = true;
                    begin();
                }
                if (over || !done()) {
                    return;
                }
                if (current == setting.steps().size()) {
                    finish(null);
                    return;
                }
                stopTimer();
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
            out().sendNext();
        } else if (step instanceof Step.CloseOutput) {
            out().closeOutput();
        } else if (step instanceof Step.Pause pause) {
            sleep(pause.length());
        } else if (step instanceof Step.ExpectNothing nothing) {
            sleep(nothing.length());
        } else {
            limit(within(step));
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
            return link.hasEnded();
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
            reconnect(Objects.requireNonNullElse(reconnect.within(), setting.timeout()));
            return;
        }
        Connection connection = Objects.requireNonNull(link.connection());
        connection
                .startTls()
                .onComplete(begun -> on(() -> {
                    if (begun.failed()) {
                        fail(Diagnosis.of(begun.cause()));
                    } else {
                        measures.at(link);
                        actionDone = true;
                        moved();
                    }
                }));
    }

    private void reset() {
        Connection connection = Objects.requireNonNull(link.connection());
        link.listen(null);
        endConnection();
        connection
                .reset()
                .onComplete(done -> on(() -> {
                    actionDone = true;
                    advance();
                }));
    }

    private void reconnect(Duration within) {
        stopTimer();
        link.listen(null);
        Connection connection = link.connection();
        Future<Void> closed = connection == null
                ? Future.succeededFuture()
                : Check.atMost(vertx, setting.timeout(), connection.close());
        endConnection();
        link = new Link(context, nanoTime, this);
        prepare(current + 1);
        idleBefore = Duration.ZERO;
        sendFailure = null;
        closed.onComplete(done -> on(() -> connect(within)));
    }

    /** Adds up what is known of a connection that is not used any more. */
    private void endConnection() {
        measures.done(verifier, ledger, sender);
        if (sender != null) {
            sender.stop();
            if (trace != null) {
                trace.closed(since());
            }
        }
        sender = null;
    }

    private Sender out() {
        return Objects.requireNonNull(sender, "no connection");
    }

    /** The current step, or null after the last. */
    private @Nullable Step step() {
        return current < setting.steps().size() ? setting.steps().get(current) : null;
    }

    private boolean nothingCame() {
        if (verifier.beyond(current)) {
            long expected = plan.bytesUpTo(current);
            String sentence = Diagnosis.bytes(verifier.received() - expected) + " came although nothing was expected";
            fail(Diagnosis.at(Word.UNEXPECTED, sentence, expected));
            return false;
        }
        if (link.hasEnded()
                && setting.steps().subList(0, current).stream().noneMatch(Step.ExpectEnd.class::isInstance)) {
            fail(
                    idling() && !expectsEnd()
                            ? cutWhileIdle(null)
                            : Diagnosis.at(
                                    Word.UNEXPECTED,
                                    "the end came although nothing was expected",
                                    verifier.received()));
            return false;
        }
        return true;
    }

    /** Whether the connection is still there after a pause; the end may have come before nothing was under way any more. */
    private boolean stillThere() {
        if (link.hasEnded() && idling() && !expectsEnd()) {
            fail(cutWhileIdle(null));
            return false;
        }
        return true;
    }

    private boolean allCame() {
        if (verifier.complete(current)) {
            return true;
        }
        if (link.hasEnded()) {
            long came = verifier.received();
            String where = "byte " + came + " of " + plan.bytesUpTo(current);
            String after = out().outputClosed() ? ", after this side closed its output" : "";
            if (verifier.nothingOf(current)) {
                String sentence = "the peer closed without a reply, at " + where + after + idleHint();
                fail(Diagnosis.at(Word.CLOSED, sentence, came));
            } else {
                fail(Diagnosis.at(Word.TRUNCATED, "the peer closed at " + where + after, came));
            }
        }
        return false;
    }

    private boolean allSent() {
        if (sender == null) {
            return true;
        }
        if (sendFailure != null && sender.sent() < sender.queued()) {
            broken(sendFailure);
            return false;
        }
        return sendFailure != null || sender.idle();
    }

    // ---- a connection that is cut while nothing is under way

    private boolean idling() {
        return (step() instanceof Step.Pause || step() instanceof Step.ExpectNothing)
                && sender != null
                && sender.idle()
                && verifier.nothingUnderWay();
    }

    /** Whether the end is something that the script, on this connection, has to do with. */
    private boolean expectsEnd() {
        if (sender == null || !sender.outputOpen()) {
            return true;
        }
        for (int i = 0; i < setting.steps().size(); i++) {
            Step step = setting.steps().get(i);
            if (i >= current && step instanceof Step.Reconnect) {
                return false;
            }
            if (i < current && step instanceof Step.Reconnect) {
                continue;
            }
            if (step instanceof Step.ExpectEnd && (i > current || plan.covers(i))) {
                return true;
            }
        }
        return false;
    }

    private Diagnosis cutWhileIdle(@Nullable Throwable cause) {
        String how =
                cause == null ? "closed" : "broken off (" + Diagnosis.of(cause).sentence() + ")";
        return Diagnosis.of(
                        Word.IDLE, "the connection was " + how + " after it had been idle for " + seconds(link.idle()))
                .because(cause == null ? "closed" : "reset");
    }

    /** For a failure that may have come of this, although something was under way again. */
    private String idleHint() {
        boolean worthTelling = idleBefore.compareTo(WORTH_TELLING) >= 0 && verifier.received() == 0;
        return worthTelling ? "; it had been idle for " + seconds(idleBefore) + " before this round" : "";
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.3f s", duration.toNanos() / 1e9);
    }

    // ---- waiting

    private void sleep(Duration length) {
        waited = false;
        timer = vertx.setTimer(
                length.toMillis(),
                fired -> on(() -> {
                    waited = true;
                    advance();
                }));
    }

    private void limit(@Nullable Duration within) {
        limitsStep = within != null;
        limit = within == null ? setting.timeout() : within;
        limitedFrom = nanoTime.getAsLong();
        startTimer(limit);
    }

    private void startTimer(Duration left) {
        // Rounded up, so that the limit is over when it fires.
        timer = vertx.setTimer(left.plusNanos(999_999).toMillis(), fired -> on(this::timerFired));
    }

    private void timerFired() {
        if (!limitsStep && sender != null && sender.waitsForItsTime()) {
            limitedFrom = nanoTime.getAsLong();
        }
        Duration left = limit.minusNanos(nanoTime.getAsLong() - limitedFrom);
        if (left.isNegative() || left.isZero()) {
            timedOut();
        } else {
            // Something moved meanwhile. To set a timer again for each byte that comes would cost more.
            startTimer(left);
        }
    }

    private void timedOut() {
        Step step = step();
        String late = limitsStep ? " within " + limit.toMillis() + " ms" : " for " + limit.toMillis() + " ms";
        if (verifier.inDoubt()) {
            fail(verifier.decide());
        } else if (step instanceof Step.Reset) {
            fail(Diagnosis.of(Word.TIMEOUT, "the connection could not be reset" + late));
        } else if (step instanceof Step.StartTls && acted) {
            fail(Diagnosis.of(Word.TLS, "TLS was not agreed upon" + late).because("timeout"));
        } else if (sender != null) {
            timedOut(sender, step, late);
        }
    }

    private void timedOut(Sender out, @Nullable Step step, String late) {
        String sent = out.sent() + " of " + Diagnosis.bytes(out.queued());
        if (step instanceof Step.ExpectEnd) {
            if (out.outputClosed()) {
                fail(Diagnosis.of(Word.HALF_CLOSE, "the output was closed, and the end did not come" + late));
            } else if (out.outputOpen()) {
                fail(Diagnosis.of(Word.TIMEOUT, "the end did not come" + late));
            } else {
                fail(Diagnosis.of(Word.TIMEOUT, "the output could not be closed" + late + ", " + sent + " were sent"));
            }
        } else if (step instanceof Step.ExpectEcho || step instanceof Step.ExpectBytes) {
            missed(late, out.sent() < out.queued() ? ", and only " + sent + " could be sent" : "");
        } else {
            fail(Diagnosis.of(Word.TIMEOUT, sent + " were sent, nothing more" + late));
        }
    }

    /** Something that the current step expects did not come in time. */
    private void missed(String late, String stalled) {
        long came = verifier.received();
        boolean trickles = limitsStep && measures.receivedSince(nanoTime.getAsLong() - limit.toNanos() / 2);
        if (verifier.nothingOf(current) && !measures.receivedAnything()) {
            fail(Diagnosis.of(Word.SILENT, "connected, but nothing came back" + late + stalled));
        } else if (verifier instanceof MessageVerifier messages && stalled.isEmpty()) {
            missed(messages, trickles, late);
        } else {
            String sentence = came + " of " + Diagnosis.bytes(plan.bytesUpTo(current)) + " came back"
                    + (limitsStep ? late : ", then nothing" + late)
                    + (trickles ? ", and they still came" : "");
            fail(Diagnosis.at(trickles ? Word.SLOW : Word.TIMEOUT, sentence + stalled, came));
        }
    }

    private void missed(MessageVerifier messages, boolean trickles, String late) {
        String sentence =
                messages.missing(current) + " of " + plan.messagesUpTo(current) + " messages did not come back" + late;
        if (setting.tolerated().contains(Word.LOST)) {
            messages.giveUp(current);
            measureEchoes(nanoTime.getAsLong());
            advance();
        } else if (trickles && !messages.hasGap()) {
            fail(Diagnosis.of(Word.SLOW, sentence + ", and they still came"));
        } else {
            String first = ", the first of them message " + (messages.firstMissing() + 1);
            messages.giveUp(current);
            fail(Diagnosis.of(Word.LOST, sentence + first));
        }
    }

    private void stopTimer() {
        vertx.cancelTimer(timer);
        timer = NO_TIMER;
    }

    // ---- the end

    private void fail(Diagnosis diagnosis) {
        boolean inStep = measures.connected() && current < setting.steps().size();
        finish(diagnosis.inStep(inStep ? current : null));
    }

    private void finish(@Nullable Diagnosis diagnosis) {
        boolean keeping = setting.kept()
                && diagnosis == null
                && sender != null
                && sender.idle()
                && verifier.nothingUnderWay()
                && !link.hasEnded()
                && link.failure() == null;
        over = true;
        Duration took = since();
        stopTimers();
        Connection connection = link.connection();
        if (keeping) {
            link.listen(null);
            kept = true;
            measures.done(verifier, ledger, sender);
        } else {
            endConnection();
        }
        Report result = measures.report(setting, number, startedAt, took, diagnosis, seed);
        Future<Void> closed = keeping || connection == null
                ? Future.succeededFuture()
                : Check.atMost(vertx, setting.timeout(), connection.close());
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
            if (sender != null) {
                sender.stop();
            }
            Connection connection = link.connection();
            if (connection != null) {
                connection.close();
            }
        }
    }

    private void stopTimers() {
        stopTimer();
        vertx.cancelTimer(doubtTimer);
    }

    private Duration since() {
        return Duration.ofNanos(nanoTime.getAsLong() - started);
    }

    private static byte[] first(Buffer bytes) {
        return bytes.getBytes(0, Math.min(bytes.length(), 64));
    }
}
