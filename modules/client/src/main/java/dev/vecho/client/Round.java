package dev.vecho.client;

import dev.vecho.client.Diagnosis.Word;
import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The steps of a script, played once on a connection of its own. Everything happens on one event loop, and every wait has
 * a timer, so that it ends whatever the peer does.
 */
final class Round implements Receiver {

    private static final long NO_TIMER = -1;

    private final Vertx vertx;
    private final Context context;
    private final ClientTransport transport;
    private final String target;
    private final int number;
    private final List<Step> steps;
    private final Plan plan;
    private final Duration timeout;
    private final LongSupplier nanoTime;

    private final Promise<Report> report = Promise.promise();
    private final Verifier verifier;
    private final RoundTrips.Recorder roundTrips = new RoundTrips.Recorder();
    private int echoed;
    private final List<Report.Warning> warnings = new ArrayList<>();
    private final Map<Phase, Duration> opening = new EnumMap<>(Phase.class);
    private @Nullable Duration firstByte;
    private @Nullable Duration lastByte;
    private Instant startedAt = Instant.EPOCH;
    private long started;
    private long connected;
    private @Nullable Connection connection;
    private @Nullable String localAddress;
    private @Nullable String remoteAddress;
    private Map<String, String> details = Map.of();
    private @Nullable Sender sender;
    private boolean ended;
    private @Nullable Throwable sendFailure;
    private boolean over;
    private boolean gaveUp;

    /** The step being played; as many as there are once all are done, and only sending goes on. */
    private int current;

    private boolean begun;
    private boolean advancing;
    private boolean waited;
    private long timer = NO_TIMER;
    private Duration limit = Duration.ZERO;
    private boolean limitsStep;
    private long limitedFrom;

    Round(
            Vertx vertx,
            Context context,
            ClientTransport transport,
            String target,
            int number,
            List<Step> steps,
            Plan plan,
            Duration timeout,
            LongSupplier nanoTime) {
        this.vertx = vertx;
        this.context = context;
        this.transport = transport;
        this.target = target;
        this.number = number;
        this.steps = steps;
        this.plan = plan;
        this.timeout = timeout;
        this.nanoTime = nanoTime;
        this.verifier = new Verifier(plan);
    }

    Future<Report> play() {
        context.runOnContext(now -> on(this::connect));
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

    // ---- connecting

    private void connect() {
        startedAt = Instant.now();
        started = nanoTime.getAsLong();
        connected = started;
        timer = vertx.setTimer(timeout.toMillis(), fired -> on(this::giveUpConnecting));
        transport.connect(this).onComplete(this::connected);
    }

    private void connected(AsyncResult<Connection> result) {
        if (over) {
            if (result.succeeded()) {
                result.result().close();
            }
            return;
        }
        on(() -> {
            stopTimer();
            if (result.failed()) {
                fail(Diagnosis.of(result.cause()));
                return;
            }
            Connection open = result.result();
            connection = open;
            connected = nanoTime.getAsLong();
            localAddress = open.localAddress();
            remoteAddress = open.remoteAddress();
            details = open.details();
            sender = new Sender(
                    context,
                    open,
                    plan.carriage(),
                    nanoTime,
                    () -> on(this::progressed),
                    cause -> on(() -> sendFailed(cause)));
            advance();
        });
    }

    private void giveUpConnecting() {
        String how = "no connection within ";
        if (opening.containsKey(Phase.CONNECT)) {
            how = "connected, but not ready to carry bytes (a TLS handshake, for example) within ";
        } else if (opening.containsKey(Phase.RESOLVE)) {
            how = "the name resolved, but no connection within ";
        }
        gaveUp = true;
        transport.close();
        fail(Diagnosis.of(Word.TIMEOUT, how + timeout.toMillis() + " ms"));
    }

    // ---- what the connection tells

    @Override
    public void completed(Phase phase, Duration took) {
        on(() -> opening.put(phase, took));
    }

    @Override
    public void warned(String word, String sentence) {
        on(() -> warnings.add(new Report.Warning(word, sentence)));
    }

    @Override
    public void received(Buffer bytes) {
        on(() -> {
            long now = nanoTime.getAsLong();
            Duration since = Duration.ofNanos(now - firstSend());
            firstByte = firstByte == null ? since : firstByte;
            lastByte = since;
            Diagnosis wrong = verifier.verify(bytes, sender == null ? 0 : sender.handedOver());
            if (wrong != null) {
                fail(wrong);
                return;
            }
            measureRoundTrips(now);
            progressed();
        });
    }

    @Override
    public void ended() {
        on(() -> {
            ended = true;
            advance();
        });
    }

    @Override
    public void failed(TransportException cause) {
        on(() -> broken(cause));
    }

    private void sendFailed(Throwable cause) {
        if (ended) {
            // The peer is gone after a proper end: the step that misses something says it better.
            sendFailure = cause;
            advance();
        } else {
            broken(cause);
        }
    }

    private void broken(Throwable cause) {
        Diagnosis diagnosis = Diagnosis.of(cause);
        if (connection == null) {
            fail(diagnosis);
            return;
        }
        String how = ", after " + TextReport.bytes(verifier.received()) + " had come back";
        fail(Diagnosis.at(diagnosis.word(), diagnosis.sentence() + how, verifier.received()));
    }

    private void progressed() {
        if (!limitsStep) {
            limitedFrom = nanoTime.getAsLong();
        }
        advance();
    }

    private long firstSend() {
        return sender == null || sender.started() == 0 ? connected : sender.startedAt(0);
    }

    private void measureRoundTrips(long now) {
        while (sender != null
                && echoed < plan.echoes().size()
                && plan.echoes().get(echoed).upTo() <= verifier.completed()) {
            int send = plan.echoes().get(echoed++).firstSend();
            roundTrips.record(now - sender.startedAt(send));
        }
    }

    // ---- the steps

    /** Goes on as far as nothing has to be waited for. */
    private void advance() {
        // A step may make something happen at once, which calls this; the loop below sees what it changed.
        if (advancing || sender == null) {
            return;
        }
        advancing = true;
        try {
            while (!over) {
                if (!begun) {
                    begun = true;
                    begin(sender);
                }
                if (over || !done(sender)) {
                    return;
                }
                if (current == steps.size()) {
                    finish(null);
                    return;
                }
                stopTimer();
                begun = false;
                current++;
            }
        } finally {
            advancing = false;
        }
    }

    private void begin(Sender out) {
        Step step = step();
        if (step instanceof Step.Send send) {
            out.send(send.payload());
        } else if (step instanceof Step.CloseOutput) {
            out.closeOutput();
        } else if (step instanceof Step.Pause pause) {
            sleep(pause.length());
        } else if (step instanceof Step.ExpectNothing nothing) {
            sleep(nothing.length());
        } else if (step instanceof Step.ExpectEcho echo) {
            limit(echo.within());
        } else if (step instanceof Step.ExpectBytes bytes) {
            limit(bytes.within());
        } else if (step instanceof Step.ExpectEnd end) {
            limit(end.within());
        } else {
            limit(null);
        }
    }

    /** Whether the current step is done; fails the round if that cannot happen any more. */
    private boolean done(Sender out) {
        Step step = step();
        if (step instanceof Step.Send || step instanceof Step.CloseOutput) {
            return true;
        }
        if (step instanceof Step.Pause) {
            return waited;
        }
        if (step instanceof Step.ExpectNothing) {
            return nothingCame() && waited;
        }
        if (step instanceof Step.ExpectEcho || step instanceof Step.ExpectBytes) {
            return allCame(out);
        }
        if (step instanceof Step.ExpectEnd) {
            return ended;
        }
        return allSent(out);
    }

    /** The current step, or null after the last. */
    private @Nullable Step step() {
        return current < steps.size() ? steps.get(current) : null;
    }

    private boolean nothingCame() {
        long expected = plan.bytesUpTo(current);
        long unexpected = verifier.received() - expected;
        if (unexpected > 0 || verifier.completed() > plan.upTo(current)) {
            String sentence = TextReport.bytes(unexpected) + " came although nothing was expected";
            fail(Diagnosis.at(Word.UNEXPECTED, sentence, expected));
            return false;
        }
        if (ended && steps.subList(0, current).stream().noneMatch(Step.ExpectEnd.class::isInstance)) {
            fail(Diagnosis.at(Word.UNEXPECTED, "the end came although nothing was expected", expected));
            return false;
        }
        return true;
    }

    private boolean allCame(Sender out) {
        if (verifier.completed() >= plan.upTo(current)) {
            return true;
        }
        if (ended) {
            long came = verifier.received();
            String where = "byte " + came + " of " + plan.bytesUpTo(current);
            String sentence =
                    came == 0 ? "the peer closed without a reply, at " + where : "the peer closed at " + where;
            String after = out.outputClosed() ? ", after this side closed its output" : "";
            fail(Diagnosis.at(Word.TRUNCATED, sentence + after, came));
        }
        return false;
    }

    private boolean allSent(Sender out) {
        if (sendFailure != null && out.sent() < out.queued()) {
            broken(sendFailure);
            return false;
        }
        return sendFailure != null || out.idle();
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
        limit = within == null ? timeout : within;
        limitedFrom = nanoTime.getAsLong();
        startTimer(limit);
    }

    private void startTimer(Duration left) {
        // Rounded up, so that the limit is over when it fires.
        timer = vertx.setTimer(left.plusNanos(999_999).toMillis(), fired -> on(this::timerFired));
    }

    private void timerFired() {
        Duration left = limit.minusNanos(nanoTime.getAsLong() - limitedFrom);
        if (left.isNegative() || left.isZero()) {
            timedOut();
        } else {
            // Something moved meanwhile. To set a timer again for each byte that comes would cost more.
            startTimer(left);
        }
    }

    private void timedOut() {
        if (sender == null) {
            return;
        }
        Step step = step();
        String late = limitsStep ? " within " + limit.toMillis() + " ms" : " for " + limit.toMillis() + " ms";
        String sent = sender.sent() + " of " + TextReport.bytes(sender.queued());
        if (step == null) {
            fail(Diagnosis.of(Word.TIMEOUT, sent + " were sent, nothing more" + late));
        } else if (step instanceof Step.ExpectEnd) {
            if (sender.outputClosed()) {
                fail(Diagnosis.of(Word.HALF_CLOSE, "the output was closed, and the end did not come" + late));
            } else if (sender.outputOpen()) {
                fail(Diagnosis.of(Word.TIMEOUT, "the end did not come" + late));
            } else {
                fail(Diagnosis.of(Word.TIMEOUT, "the output could not be closed" + late + ", " + sent + " were sent"));
            }
        } else {
            String stalled = sender.sent() < sender.queued() ? ", and only " + sent + " could be sent" : "";
            long came = verifier.received();
            if (came == 0) {
                fail(Diagnosis.of(Word.SILENT, "connected, but nothing came back" + late + stalled));
            } else {
                String sentence = came + " of " + TextReport.bytes(plan.bytesUpTo(current)) + " came back"
                        + (limitsStep ? late : ", then nothing" + late);
                fail(Diagnosis.at(Word.TIMEOUT, sentence + stalled, came));
            }
        }
    }

    private void stopTimer() {
        vertx.cancelTimer(timer);
        timer = NO_TIMER;
    }

    // ---- the end

    private void fail(Diagnosis diagnosis) {
        boolean inStep = connection != null && current < steps.size();
        finish(diagnosis.inStep(inStep ? current : null));
    }

    private void finish(@Nullable Diagnosis diagnosis) {
        over = true;
        Duration took = Duration.ofNanos(nanoTime.getAsLong() - started);
        Report result = new Report(
                target,
                number,
                startedAt,
                took,
                diagnosis,
                localAddress,
                remoteAddress,
                details,
                new Report.Phases(
                        opening.get(Phase.RESOLVE),
                        opening.get(Phase.CONNECT),
                        opening.get(Phase.TLS),
                        firstByte,
                        lastByte),
                sender == null ? 0 : sender.sent(),
                verifier.received(),
                roundTrips.get(),
                RoundTrips.NONE,
                null,
                warnings,
                0);
        close().onComplete(closed -> report.tryComplete(result));
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
        if (report.tryFail(cause)) {
            close();
        }
    }

    /** Completes when the connection is closed, or after the timeout. */
    private Future<Void> close() {
        stopTimer();
        if (sender != null) {
            sender.stop();
        }
        return connection == null ? Future.succeededFuture() : Check.atMost(vertx, timeout, connection.close());
    }
}
