package dev.vecho.client;

import dev.vecho.core.Transport.Carriage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What must come back, in order, known from the steps before anything is sent. That is why bytes can be verified when they
 * arrive, also those that come before their step.
 */
final class Plan {

    /**
     * Bytes that must come in one stretch: of a stream some bytes, or one whole message.
     *
     * @param from where they start in the payload
     * @param length how many; of a stream at least one
     * @param send which of the sends they are the echo of, counted from 0; -1 if of none
     * @param sentAt where they start in all that is sent; -1 if nowhere
     */
    record Piece(Payload payload, long from, long length, int send, long sentAt) {

        boolean echo() {
            return send >= 0;
        }

        private Piece without(long first) {
            return new Piece(payload, from + first, length - first, send, sentAt + first);
        }
    }

    /**
     * A step that expects an echo, and that has something to expect.
     *
     * @param firstSend the send that its first piece is the echo of
     * @param upTo how many pieces have come when all of it has
     */
    record Echo(int firstSend, int upTo) {}

    private final Carriage carriage;
    private final List<Piece> pieces = new ArrayList<>();
    private final List<Echo> echoes = new ArrayList<>();
    private final int[] upTo;
    private final long[] bytesUpTo;

    Plan(List<Step> steps, Carriage carriage) {
        this.carriage = carriage;
        this.upTo = new int[steps.size()];
        this.bytesUpTo = new long[steps.size()];
        Deque<Piece> unmatched = new ArrayDeque<>();
        int sends = 0;
        long sent = 0;
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            if (step instanceof Step.Send send) {
                Piece piece = new Piece(send.payload(), 0, send.payload().size(), sends++, sent);
                sent += piece.length();
                if (something(piece)) {
                    unmatched.add(piece);
                }
            } else if (step instanceof Step.ExpectEcho && !unmatched.isEmpty()) {
                int firstSend = unmatched.element().send();
                pieces.addAll(unmatched);
                unmatched.clear();
                echoes.add(new Echo(firstSend, pieces.size()));
            } else if (step instanceof Step.ExpectBytes expect) {
                Piece piece = new Piece(expect.payload(), 0, expect.payload().size(), -1, -1);
                if (something(piece)) {
                    pieces.add(piece);
                    answer(unmatched, piece.length());
                }
            }
            upTo[i] = pieces.size();
            bytesUpTo[i] = pieces.stream().mapToLong(Piece::length).sum();
        }
        // No step waits for these, but if they come they must be right.
        pieces.addAll(unmatched);
    }

    private boolean something(Piece piece) {
        return carriage == Carriage.MESSAGES || piece.length() > 0;
    }

    /** Takes away what was answered by something else than its echo. */
    private void answer(Deque<Piece> unmatched, long length) {
        if (carriage == Carriage.MESSAGES) {
            unmatched.poll();
            return;
        }
        long left = length;
        while (left > 0 && !unmatched.isEmpty()) {
            Piece first = unmatched.remove();
            if (first.length() > left) {
                unmatched.addFirst(first.without(left));
            }
            left -= first.length();
        }
    }

    Carriage carriage() {
        return carriage;
    }

    List<Piece> pieces() {
        return pieces;
    }

    List<Echo> echoes() {
        return echoes;
    }

    /** How many pieces have come when a step, and all before it, got what they expect. */
    int upTo(int step) {
        return upTo[step];
    }

    /** How many bytes have come when a step, and all before it, got what they expect. */
    long bytesUpTo(int step) {
        return bytesUpTo[step];
    }

    /** The step that expects a piece, or null if none does. */
    @Nullable Integer stepOf(int piece) {
        for (int step = 0; step < upTo.length; step++) {
            if (upTo[step] > piece) {
                return step;
            }
        }
        return null;
    }
}
