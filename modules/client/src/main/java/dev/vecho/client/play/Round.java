package dev.vecho.client.play;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Trace;
import dev.vecho.client.script.Seed;
import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.LoopStalls;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.TransportException;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The steps of a script, played once, on a connection of its own or on one that is kept. Everything happens on one event
 * loop, and every wait has a timer, so that it ends whatever the peer does.
 *
 * <p>It opens and closes the connections, and settles the report. {@link StepPlayer} plays the steps, {@link ConnectionEvents}
 * hears of what comes, {@link HeldBackAnswer} looks for what did not come, {@link Timeline} writes down when.
 */
public final class Round {

    private static final long NO_TIMER = -1;

    private final CaseContext caseContext;
    private final Vertx vertx;
    private final Context context;
    private final ClientTransport transport;
    private final int number;
    private final Seed seed;
    private final @Nullable Duration within;

    private final Promise<Report> report = Promise.promise();
    private final Measures measures = new Measures();
    private final Wait waiting;
    private final Timeline timeline;
    private final StepPlayer player;
    private final ConnectionEvents events;
    private boolean over;
    private boolean gaveUp;
    private @Nullable LoopStalls stalls;
    private long stallsBefore;
    private long longStallsBefore;

    /** Another one after a step that reconnects. */
    private RoundConnection roundConnection;

    private int connections;
    private boolean kept;
    private long deadline = NO_TIMER;
    private boolean connecting;
    private long connectingSince;

    /**
     * Prepares a round.
     *
     * @param number from 1
     * @param open a connection that a round before has kept, or null; the context is its own
     * @param within how long all of it may take, up to the verdict; null if only its parts are limited
     */
    public Round(
            CaseContext caseContext,
            Context context,
            ClientTransport transport,
            int number,
            @Nullable TrackedConnection open,
            @Nullable Duration within,
            @Nullable Trace trace) {
        this(caseContext, context, transport, number, open, within, trace, true);
    }

    private Round(
            CaseContext caseContext,
            Context context,
            ClientTransport transport,
            int number,
            @Nullable TrackedConnection open,
            @Nullable Duration within,
            @Nullable Trace trace,
            boolean probes) {
        this.caseContext = caseContext;
        this.vertx = caseContext.vertx();
        this.context = context;
        this.transport = transport;
        this.number = number;
        this.within = within;
        this.seed = caseContext.seed().round(caseContext.index(), number);
        this.waiting = new Wait(vertx, caseContext.nanoTime(), this::excused);
        this.timeline = new Timeline(trace, caseContext.nanoTime());
        this.player = new StepPlayer(this, caseContext.steps(), probes);
        this.events = new ConnectionEvents(this, player, player.heldBack());
        this.kept = open != null;
        this.roundConnection = roundConnection(open != null ? open : newConnection(), 0);
    }

    /** A round that is played to find out something, beside another one. */
    static Round probe(CaseContext caseContext, Context context, ClientTransport transport, int number) {
        return new Round(caseContext, context, transport, number, null, null, null, false);
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

    CaseContext caseContext() {
        return caseContext;
    }

    Context context() {
        return context;
    }

    ClientTransport transport() {
        return transport;
    }

    int number() {
        return number;
    }

    Measures measures() {
        return measures;
    }

    Timeline timeline() {
        return timeline;
    }

    ConnectionEvents events() {
        return events;
    }

    /** The timer of the current step. */
    Wait waiting() {
        return waiting;
    }

    /** That of the current step. */
    RoundConnection connection() {
        return roundConnection;
    }

    boolean isOver() {
        return over;
    }

    long nanoTime() {
        return caseContext.nanoTime().getAsLong();
    }

    // ---- connections

    private void start() {
        if (caseContext.nanoTime() == CaseContext.CLOCK) {
            stalls = LoopStalls.of(context);
            stalls.watch();
            stallsBefore = stalls.total();
            longStallsBefore = stalls.totalOfLong();
        }
        timeline.start();
        if (within != null) {
            deadline = vertx.setTimer(Math.max(1, within.toMillis()), late -> on(() -> outOfTime(within)));
        }
        TrackedConnection tracked = roundConnection.tracked();
        Connection open = tracked.connection();
        if (open == null) {
            connect(caseContext.timeout());
            return;
        }
        kept = false;
        roundConnection.wasIdle(tracked.idle());
        tracked.listen(events);
        measures.at(tracked);
        Diagnosis broken = roundConnection.brokeMeanwhile();
        if (broken != null) {
            fail(broken);
        } else {
            begin(open);
        }
    }

    private TrackedConnection newConnection() {
        return new TrackedConnection(context, caseContext.nanoTime(), events);
    }

    private RoundConnection roundConnection(TrackedConnection tracked, int from) {
        return new RoundConnection(caseContext, tracked, seed, from, number, connections++, events);
    }

    private void outOfTime(Duration limit) {
        if (connecting) {
            giveUpConnecting(Duration.ofNanos(nanoTime() - connectingSince));
        } else {
            player.outOfTime(limit);
        }
    }

    private void connect(Duration limit) {
        TrackedConnection opening = roundConnection.tracked();
        connecting = true;
        connectingSince = nanoTime();
        waiting.patience(limit, () -> on(() -> giveUpConnecting(limit)));
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
            connecting = false;
            waiting.stop();
            measures.opened(opening);
            if (result.failed()) {
                measures.failed(result.cause());
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
        timeline.opened(open);
        Sender sender = new Sender(
                context, open, roundConnection.plan(), roundConnection.ledger(), caseContext.nanoTime(), events);
        roundConnection.open(sender, nanoTime());
        TransportException failure = tracked.failure();
        if (failure != null) {
            events.broken(failure);
            return;
        }
        player.connected();
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

    /** Resets the connection, which is used no more. */
    void reset(Runnable done) {
        TrackedConnection tracked = roundConnection.tracked();
        Connection connection = Objects.requireNonNull(tracked.connection());
        tracked.listen(null);
        endConnection();
        connection.reset().onComplete(reset -> on(done));
    }

    /**
     * Closes the connection, and opens another one.
     *
     * @param from the first step that is played on it
     */
    void reconnect(int from, Duration within) {
        waiting.stop();
        TrackedConnection tracked = roundConnection.tracked();
        tracked.listen(null);
        Future<Void> closed = close(tracked);
        endConnection();
        roundConnection = roundConnection(newConnection(), from);
        closed.onComplete(done -> on(() -> connect(within)));
    }

    private Future<Void> close(TrackedConnection tracked) {
        Connection connection = tracked.connection();
        return connection == null
                ? Future.succeededFuture()
                : Wait.atMost(vertx, left(caseContext.timeout()), connection.close());
    }

    /** A limit, or what is left of that of the round if this is less. */
    private Duration left(Duration limit) {
        if (within == null) {
            return limit;
        }
        long millis = within.minus(timeline.since()).toMillis();
        return Duration.ofMillis(Math.max(1, Math.min(limit.toMillis(), millis)));
    }

    /** Adds up what is known of a connection that is not used any more. */
    private void endConnection() {
        measures.done(roundConnection);
        if (roundConnection.sender() != null) {
            timeline.closed();
        }
        roundConnection.stop();
    }

    // ---- the end

    void fail(Diagnosis diagnosis) {
        boolean inStep = measures.connected() && player.step() != null;
        finish(diagnosis.inStep(inStep ? player.current() : null));
    }

    /**
     * Ends the round, which has a report then.
     *
     * @param diagnosis null if it has passed
     */
    void finish(@Nullable Diagnosis diagnosis) {
        TrackedConnection tracked = roundConnection.tracked();
        boolean keeping = caseContext.kept()
                && diagnosis == null
                && roundConnection.quiet()
                && !tracked.hasEnded()
                && tracked.failure() == null;
        over = true;
        Duration took = timeline.since();
        stopTimers();
        if (keeping) {
            tracked.listen(null);
            kept = true;
            measures.done(roundConnection);
        } else {
            endConnection();
        }
        Duration stalled = Duration.ofNanos(stalls() - stallsBefore);
        Diagnosis verdict = diagnosis == null ? null : judged(diagnosis, stalled, took);
        stopWatching();
        Report result = measures.report(caseContext, number, timeline.startedAt(), took, verdict, stalled, seed);
        Future<Void> closed = keeping ? Future.succeededFuture() : close(tracked);
        closed.onComplete(done -> report.tryComplete(result));
    }

    /** What to say of messages that did not come: nobody else is to blame for those that this machine dropped. */
    @Nullable Diagnosis unlessDropped(@Nullable Diagnosis missed) {
        if (caseContext.framing() != Framing.MESSAGES || (missed != null && missed.word() != FailureKind.LOST)) {
            return missed;
        }
        long dropped = roundConnection.droppedSince();
        boolean mayHaveBeen = dropped < 0 && stalls() > stallsBefore;
        if (dropped <= 0 && !mayHaveBeen) {
            return missed;
        }
        String what = "this machine " + (mayHaveBeen ? "may have" : "has") + " dropped "
                + (mayHaveBeen ? "some" : dropped) + " of the messages";
        measures.warned("dropped", what);
        return missed == null
                ? null
                : new Diagnosis(
                        FailureKind.UNJUDGED,
                        "memory",
                        what + ", which it had no room for; else it would be lost: " + missed.sentence(),
                        missed.step(),
                        null,
                        null,
                        null);
    }

    private Diagnosis judged(Diagnosis diagnosis, Duration stalled, Duration took) {
        boolean blameless;
        if (waiting.end() != Wait.End.NONE) {
            // What did not come within a limit of the script's was given its time.
            blameless = diagnosis.isOfTime() && waiting.end() == Wait.End.CUT;
        } else if (diagnosis.isOfTheEnd()) {
            // The peer has limits that know nothing of stalls.
            blameless = stalls != null && stalls.totalOfLong() > longStallsBefore;
        } else {
            // And so do transports, of some seconds at least.
            blameless = diagnosis.isOfTime()
                    && stalled.compareTo(LoopStalls.LONG) > 0
                    && stalled.compareTo(took.multipliedBy(2).dividedBy(3)) > 0;
        }
        return blameless ? diagnosis.unjudged(stalled, took) : diagnosis;
    }

    /** Runs what an event brings, unless the round is over. Whatever goes wrong in it, the round ends. */
    void on(Runnable event) {
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
        stopWatching();
        if (report.tryFail(cause)) {
            kept = false;
            roundConnection.stop();
            Connection connection = roundConnection.tracked().connection();
            if (connection != null) {
                connection.close();
            }
        }
    }

    /** The time that does not count for limits. */
    private long excused() {
        return stalls == null ? 0 : transport.resends() ? stalls.totalWithAftermath() : stalls.total();
    }

    /** See {@link LoopStalls#total}. */
    private long stalls() {
        return stalls == null ? 0 : stalls.total();
    }

    private void stopWatching() {
        if (stalls != null) {
            stalls.leave();
            stalls = null;
        }
    }

    private void stopTimers() {
        vertx.cancelTimer(deadline);
        waiting.stop();
        events.stop();
    }
}
