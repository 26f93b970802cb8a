package dev.vecho.client;

import dev.vecho.client.Diagnosis.Word;
import dev.vecho.client.Plan.Piece;
import dev.vecho.core.Transport.Carriage;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** Compares every byte that comes with the plan, when it comes, and keeps none. */
final class Verifier {

    private static final int CHUNK = 64 * 1024;
    private static final int SHOWN = 8;

    private final Plan plan;
    private final byte[] expected = new byte[CHUNK];
    private final byte[] found = new byte[CHUNK];
    private int completed;
    private long matched;
    private long received;

    Verifier(Plan plan) {
        this.plan = plan;
    }

    /** How many pieces of the plan came completely. */
    int completed() {
        return completed;
    }

    /** How many bytes came, those that were wrong among them. */
    long received() {
        return received;
    }

    /**
     * Takes bytes, or one message, that came.
     *
     * @param sent how many bytes were handed over to be sent so far; of an echo, not more can have come
     * @return what is wrong with them, or null
     */
    @Nullable Diagnosis verify(Buffer bytes, long sent) {
        Diagnosis wrong = plan.carriage() == Carriage.MESSAGES ? message(bytes, sent) : stream(bytes, sent);
        received += bytes.length();
        return wrong;
    }

    private @Nullable Diagnosis stream(Buffer bytes, long sent) {
        int from = 0;
        while (from < bytes.length()) {
            if (completed == plan.pieces().size()) {
                return injected(bytes.length() - from, received + from);
            }
            Piece piece = plan.pieces().get(completed);
            long possible = piece.length() - matched;
            if (piece.echo()) {
                possible = Math.min(possible, sent - piece.sentAt() - matched);
            }
            int length = (int) Math.min(possible, bytes.length() - from);
            if (length <= 0) {
                return injected(bytes.length() - from, received + from);
            }
            Diagnosis wrong = compare(piece, matched, bytes, from, length);
            if (wrong != null) {
                return wrong;
            }
            from += length;
            matched += length;
            if (matched == piece.length()) {
                completed++;
                matched = 0;
            }
        }
        return null;
    }

    private @Nullable Diagnosis message(Buffer bytes, long sent) {
        int length = bytes.length();
        if (completed == plan.pieces().size()) {
            return injected(length, received);
        }
        Piece piece = plan.pieces().get(completed);
        if (piece.echo() && piece.sentAt() + piece.length() > sent) {
            return injected(length, received);
        }
        int common = (int) Math.min(length, piece.length());
        Diagnosis wrong = compare(piece, 0, bytes, 0, common);
        if (wrong != null) {
            return wrong;
        }
        if (length > common) {
            return injected(length - common, received + common);
        }
        if (common < piece.length()) {
            String sentence = "a message of " + piece.length() + " bytes came back with " + common;
            return Diagnosis.at(Word.TRUNCATED, sentence, received + common).inStep(plan.stepOf(completed));
        }
        completed++;
        return null;
    }

    private @Nullable Diagnosis compare(Piece piece, long at, Buffer bytes, int from, int length) {
        for (int done = 0; done < length; done += CHUNK) {
            int count = Math.min(CHUNK, length - done);
            piece.payload().copy(piece.from() + at + done, expected, count);
            bytes.getBytes(from + done, from + done + count, found);
            int index = Arrays.mismatch(expected, 0, count, found, 0, count);
            if (index >= 0) {
                return corrupted(received + from + done + index, index, count).inStep(plan.stepOf(completed));
            }
        }
        return null;
    }

    private Diagnosis corrupted(long offset, int index, int count) {
        int end = Math.min(count, index + SHOWN);
        HexFormat hex = HexFormat.of();
        String sentence = "byte " + offset + " came back as 0x" + hex.toHexDigits(found[index]) + ", expected 0x"
                + hex.toHexDigits(expected[index]);
        return new Diagnosis(
                Word.CORRUPTED,
                null,
                sentence,
                null,
                offset,
                hex.formatHex(expected, index, end),
                hex.formatHex(found, index, end));
    }

    private static Diagnosis injected(int count, long offset) {
        return Diagnosis.at(
                Word.INJECTED, TextReport.bytes(count) + " came that were never sent, at offset " + offset, offset);
    }
}
