package dev.vecho.client.verify;

import dev.vecho.client.script.Payload;
import dev.vecho.client.script.Seed;
import dev.vecho.client.script.ServiceExpectation;
import dev.vecho.client.script.Step;
import dev.vecho.core.Transport.Framing;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What must come back on one connection, in order, known from the steps before anything is sent. That is why bytes can be
 * verified when they arrive, also those that come before their step.
 */
public final class Plan {

    /**
     * What one step sends.
     *
     * @param payload all of it
     * @param block how many bytes of it are one block, or one message
     * @param count how many blocks there are
     * @param ratePerSecond 0 for as fast as possible
     */
    public record Sending(Payload payload, long block, int count, int ratePerSecond) {}

    /**
     * Bytes that must come in one stretch: of a stream some bytes, or messages.
     *
     * @param length how many; of a stream at least one
     * @param block how many bytes of the payload are one block, or one message
     * @param messages how many of these are expected, where messages are carried
     * @param first the number of the first message among all that are expected
     * @param send which of the sends they are the echo of, counted from 0; -1 if of none
     * @param sentAt where they start in all that is sent; -1 if nowhere
     * @param service what answers; then nothing is known of the bytes but this; null for none
     */
    public record Piece(
            Payload payload,
            long length,
            long block,
            int messages,
            long first,
            int send,
            long sentAt,
            @Nullable ServiceExpectation service) {

        boolean echo() {
            return send >= 0;
        }

        private Piece at(long number) {
            return new Piece(payload, length, block, messages, number, send, sentAt, service);
        }
    }

    /**
     * A step that expects an echo, and that has something to expect.
     *
     * @param firstSend the first send of a single payload that it waits for; -1 if there is none
     * @param step its index
     */
    public record Echo(int firstSend, int step) {}

    private static final Payload NO_BYTES = Payload.of(new byte[0]);

    /** Of a block whose length is not known: no message has it. */
    private static final int ANY_LENGTH = -1;

    private final Framing framing;
    private final int from;
    private final List<Sending> sendings = new ArrayList<>();
    private final List<Piece> pieces = new ArrayList<>();
    private final List<Echo> echoes = new ArrayList<>();
    private final int[] piecesUpTo;
    private final long[] messagesUpTo;
    private final long[] bytesUpTo;
    private int lastLook = -1;
    private long bytes;
    private long messages;

    /**
     * Plans for a connection.
     *
     * @param steps of the whole script
     * @param from the index of the first one that is played on this connection
     * @param to the index of the one after the last
     * @param connection its number in the round, from 0
     */
    public Plan(List<Step> steps, int from, int to, Framing framing, Seed seed, int connection) {
        this.framing = framing;
        this.from = from;
        this.piecesUpTo = new int[to - from];
        this.messagesUpTo = new long[to - from];
        this.bytesUpTo = new long[to - from];
        List<Piece> unmatched = new ArrayList<>();
        long sent = 0;
        for (int i = from; i < to; i++) {
            Step step = steps.get(i);
            if (step instanceof Step.Send send) {
                int number = sendings.size();
                Payload payload =
                        send.payload().seeded(seed.payload(connection, number)).times(send.count());
                sendings.add(new Sending(payload, send.payload().size(), send.count(), send.ratePerSecond()));
                Piece piece =
                        new Piece(payload, payload.size(), send.payload().size(), send.count(), 0, number, sent, null);
                sent += piece.length();
                if (something(piece)) {
                    unmatched.add(piece);
                }
            } else if (step instanceof Step.ExpectEcho && !unmatched.isEmpty()) {
                int firstSend = unmatched.stream()
                        .mapToInt(Piece::send)
                        .filter(send -> sendings.get(send).count() == 1)
                        .findFirst()
                        .orElse(-1);
                unmatched.forEach(this::expect);
                unmatched.clear();
                echoes.add(new Echo(firstSend, i));
            } else if (step instanceof Step.ExpectBytes expect) {
                long size = expect.payload().size();
                Piece piece = new Piece(expect.payload(), size, size, 1, 0, -1, -1, null);
                // The answer to all that was sent before it, however long it is: none of that has an echo.
                unmatched.clear();
                if (something(piece)) {
                    expect(piece);
                }
            }
            if (step instanceof Step.ExpectService expect) {
                unmatched.clear();
                expect(new Piece(NO_BYTES, 0, ANY_LENGTH, 1, 0, -1, -1, expect.expectation()));
            }
            if (looks(step)) {
                lastLook = i;
            }
            piecesUpTo[i - from] = pieces.size();
            messagesUpTo[i - from] = messages;
            bytesUpTo[i - from] = bytes;
        }
        // No step waits for these, but if they come they must be right.
        unmatched.forEach(this::expect);
    }

    private boolean something(Piece piece) {
        return framing == Framing.MESSAGES || piece.length() > 0;
    }

    private void expect(Piece piece) {
        pieces.add(piece.at(messages));
        messages += piece.messages();
        bytes += piece.length();
    }

    /** Whether what comes during a step matters. */
    private static boolean looks(Step step) {
        return !(step instanceof Step.Send
                || step instanceof Step.CloseOutput
                || step instanceof Step.Reset
                || step instanceof Step.Reconnect);
    }

    public Framing framing() {
        return framing;
    }

    /** What is sent, in order. */
    public List<Sending> sendings() {
        return sendings;
    }

    public List<Piece> pieces() {
        return pieces;
    }

    public List<Echo> echoes() {
        return echoes;
    }

    /** How many messages may come at all. */
    long messages() {
        return messages;
    }

    /** Whether a step is played on this connection. */
    public boolean covers(int step) {
        return step >= from && step < from + piecesUpTo.length;
    }

    /**
     * Whether what comes during a step, or a later one on this connection, matters. If not, it is not looked at: whether it
     * comes before or after the last step is done would be a matter of chance.
     */
    public boolean looksFrom(int step) {
        return step <= lastLook;
    }

    /** Whether the pieces before this one end with an exact answer, beyond which nothing may come but what is expected next. */
    public boolean followsAnswer(int piece) {
        return piece > 0 && !pieces.get(piece - 1).echo();
    }

    /** How many pieces have come when a step, and all before it, got what they expect. */
    int piecesUpTo(int step) {
        return step < from ? 0 : piecesUpTo[step - from];
    }

    /** How many messages have come when a step, and all before it, got what they expect. */
    public long messagesUpTo(int step) {
        return step < from ? 0 : messagesUpTo[step - from];
    }

    /** How many bytes have come when a step, and all before it, got what they expect. */
    public long bytesUpTo(int step) {
        return step < from ? 0 : bytesUpTo[step - from];
    }

    /** The step that expects a piece, or null if none does. */
    @Nullable Integer stepOf(int piece) {
        for (int step = 0; step < piecesUpTo.length; step++) {
            if (piecesUpTo[step] > piece) {
                return from + step;
            }
        }
        return null;
    }

    /** The index of the piece that a message belongs to. */
    int pieceOf(long message) {
        int low = 0;
        int high = pieces.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (pieces.get(middle).first() <= message) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }
}
