package dev.vecho.client.play;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.script.Step;
import dev.vecho.client.verify.Ledger;
import dev.vecho.client.verify.Verifier;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.TransportException;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;

/**
 * What the connection of a round tells, and what that means for the round: that the current step may be done, or that the round
 * fails.
 */
final class ConnectionEvents implements TrackedConnection.Events, Sender.Progress, Verifier.Deliveries {

    /** When bytes are wrong, and this long none followed, none will. */
    private static final Duration DOUBT = Duration.ofMillis(300);

    private final Round round;
    private final StepPlayer player;
    private final HeldBackAnswer heldBack;
    private long doubtTimer = -1;

    ConnectionEvents(Round round, StepPlayer player, HeldBackAnswer heldBack) {
        this.round = round;
        this.player = player;
        this.heldBack = heldBack;
    }

    void stop() {
        round.caseContext().vertx().cancelTimer(doubtTimer);
    }

    @Override
    public void received(Buffer bytes) {
        round.on(() -> {
            round.timeline().received(bytes);
            if (round.connection().plan().looksFrom(player.current())) {
                take(bytes);
            } else {
                round.connection().tracked().leave(bytes);
            }
        });
    }

    /** Takes what came as if each byte, or message, had come alone: each step is over before what follows is looked at. */
    private void take(Buffer bytes) {
        long now = round.nanoTime();
        RoundConnection on = round.connection();
        round.measures().received(now, round.measures().firstSend(on.firstSend()));
        // What has come together with the answer to a request for TLS has come before it, though TLS begins at once.
        boolean secured = on.tracked().hasBegunTls();
        int from = 0;
        do {
            int stretch = on.verifier().stretch(bytes.length() - from, player.step() instanceof Step.ExpectNothing);
            boolean whole = stretch == bytes.length();
            take(whole ? bytes : bytes.slice(from, from + stretch), now, secured);
            from += stretch;
        } while (from < bytes.length()
                && !round.isOver()
                && round.connection() == on
                && on.plan().looksFrom(player.current()));
        if (from < bytes.length()) {
            on.tracked().leave(bytes.slice(from, bytes.length()));
        }
    }

    private void take(Buffer bytes, long now, boolean secured) {
        Verifier verifier = round.connection().verifier();
        Diagnosis wrong = verifier.verify(bytes);
        boolean tolerated = wrong == null || tolerates(wrong.word());
        if (heldBack.isMissed()) {
            heldBack.received(tolerated && !verifier.inDoubt());
        } else if (player.step() instanceof Step.StartTls && (!tolerated || verifier.inDoubt() || !secured)) {
            round.fail(Diagnosis.of(FailureKind.TLS, "bytes in plain text came where TLS was to begin")
                    .because("plain-text"));
        } else if (wrong != null && !tolerated) {
            round.fail(wrong);
        } else if (verifier.inDoubt()) {
            stop();
            doubtTimer = round.caseContext()
                    .vertx()
                    .setTimer(DOUBT.toMillis(), fired -> round.on(() -> round.fail(verifier.decide())));
        } else {
            round.connection().measureEchoes(now, round.measures());
            moved();
        }
    }

    private boolean tolerates(FailureKind word) {
        return round.caseContext().framing() == Framing.MESSAGES
                && round.caseContext().tolerated().contains(word);
    }

    @Override
    public void ended() {
        round.on(() -> {
            round.timeline().ended();
            if (heldBack.isMissed()) {
                heldBack.didNotCome();
            } else if (round.connection().verifier().inDoubt()) {
                round.fail(round.connection().verifier().decide());
            } else if (player.cutWhileIdle()) {
                round.fail(round.connection().cutWhileIdle(null));
            } else {
                player.advance();
            }
        });
    }

    @Override
    public void broke(TransportException cause) {
        round.on(() -> broken(cause));
    }

    @Override
    public void sending(Buffer bytes) {
        round.timeline().sent(bytes);
    }

    @Override
    public void progressed() {
        round.connection().tracked().moved();
        round.on(this::moved);
    }

    @Override
    public void sendFailed(Throwable cause) {
        round.on(() -> {
            if (round.connection().tracked().hasEnded()) {
                // The peer is gone after a proper end: the step that misses something says it better.
                round.connection().sendFailed(cause);
                player.advance();
            } else {
                broken(cause);
            }
        });
    }

    /** The connection broke. */
    void broken(Throwable cause) {
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each instanceof OutOfMemoryError lack) {
                // It says nothing about the server.
                throw lack;
            }
        }
        RoundConnection connection = round.connection();
        if (connection.sender() == null) {
            // What connecting comes to is told once it is over.
            return;
        }
        Step step = player.step();
        if (heldBack.isMissed()) {
            heldBack.broke(connection.broken(cause));
        } else if (connection.verifier().inDoubt()) {
            round.fail(connection.verifier().decide());
        } else if (step == null && connection.atRest()) {
            round.finish(null);
        } else if (connection.idling(step)) {
            round.fail(connection.cutWhileIdle(cause));
        } else {
            round.fail(connection.broken(cause));
        }
    }

    private void moved() {
        round.waiting().moved();
        player.advance();
    }

    @Override
    public void back(int send, long block) {
        Ledger ledger = round.connection().ledger();
        boolean many = round.connection().plan().sendings().get(send).count() > 1;
        round.measures()
                .back(round.nanoTime(), ledger.sentAt(send, block), many ? ledger.intendedAt(send, block) : -1, many);
    }
}
