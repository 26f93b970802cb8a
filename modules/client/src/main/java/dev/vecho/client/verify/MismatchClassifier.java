package dev.vecho.client.verify;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what happened to a stream, from the first wrong byte on: whether bytes were changed, put in or left out shows in
 * how it goes on. Bytes are looked at one by one, so that the verdict is the same in whatever pieces they come.
 */
final class MismatchClassifier {

    /** How many bytes from the first wrong one on are looked at. */
    private static final int WINDOW = 256;

    /** So many right bytes in a row are no coincidence. */
    private static final int ENOUGH = 8;

    /** With so many random bytes, their position in any payload can be found. */
    private static final int ENOUGH_TO_FIND = 16;

    /** Type and version of a TLS record. */
    private static final int RECORD = 3;

    private static final int SHOWN = 8;
    private static final int FARTHEST = 1 << 20;

    private final StreamVerifier verifier;
    private final SentHistory.Entry own;
    private final long offset;
    private final @Nullable Integer step;
    private final boolean answered;
    private final byte[] found = new byte[WINDOW];
    private final byte[] expected = new byte[WINDOW + ENOUGH];
    private int came;
    private int known;

    /**
     * Begins with the first wrong byte.
     *
     * @param offset its offset
     * @param step the one that expected something else
     */
    MismatchClassifier(StreamVerifier verifier, SentHistory.Entry own, long offset, @Nullable Integer step) {
        this.verifier = verifier;
        this.own = own;
        this.offset = offset;
        this.step = step;
        this.answered = verifier.answered();
    }

    /** Takes more bytes; returns the verdict once there is one. */
    @Nullable Diagnosis add(Buffer bytes, int from) {
        for (int i = from; i < bytes.length() && came < WINDOW; i++) {
            found[came++] = bytes.getByte(i);
            known = verifier.peek(0, expected, expected.length);
            Diagnosis verdict = certain();
            if (verdict != null) {
                return verdict;
            }
        }
        return came == WINDOW ? decide() : null;
    }

    private @Nullable Diagnosis certain() {
        if (offset + came == RECORD && speaksTls()) {
            return verdict(FailureKind.TLS, "plain text was spoken, and the peer answered with a TLS record")
                    .because("required");
        }
        if (came == ENOUGH) {
            int left = shiftOfExpected(ENOUGH);
            if (left > 0) {
                return lost(left);
            }
        }
        int start = came - ENOUGH;
        if (start > 0 && came <= known && Arrays.equals(found, start, came, expected, start, came)) {
            return corrupted();
        }
        if (start > 0 && known >= ENOUGH && Arrays.equals(found, start, came, expected, 0, ENOUGH)) {
            return injected(start);
        }
        return came == ENOUGH_TO_FIND ? fromElsewhere() : null;
    }

    /** The verdict, now that no more bytes are looked at. */
    Diagnosis decide() {
        known = verifier.peek(0, expected, expected.length);
        Diagnosis elsewhere = came < ENOUGH_TO_FIND ? fromElsewhere() : null;
        if (elsewhere != null) {
            return elsewhere;
        }
        long remaining = verifier.remaining();
        if (answered && (remaining == 0 || step == null)) {
            return verdict(FailureKind.UNEXPECTED, many() + " came after the expected answer, at offset " + offset);
        }
        if (remaining == 0) {
            return verdict(FailureKind.INJECTED, many() + " came that were never sent, at offset " + offset);
        }
        if (came > remaining) {
            int extra = (int) (came - remaining);
            if (Arrays.equals(found, extra, came, expected, 0, (int) remaining)) {
                return injected(extra);
            }
        } else if (came < remaining && came < WINDOW) {
            byte[] last = new byte[came];
            verifier.peek(remaining - came, last, came);
            if (Arrays.equals(found, 0, came, last, 0, came)) {
                return lost(remaining - came);
            }
        }
        return came == WINDOW || came == remaining ? corrupted() : likeliest();
    }

    private String many() {
        return came == WINDOW ? "at least " + came + " bytes" : Diagnosis.bytes(came);
    }

    /** Whether the stream begins with the first bytes of a TLS alert or handshake record; some may be right by accident. */
    private boolean speaksTls() {
        byte[] head = new byte[RECORD];
        int right = (int) offset;
        if (!verifier.first(head, right)) {
            return false;
        }
        System.arraycopy(found, 0, head, right, RECORD - right);
        return (head[0] == 0x15 || head[0] == 0x16) && head[1] == 0x03 && head[2] >= 0 && head[2] <= 4;
    }

    /** How many expected bytes to leave out, so that they go on with those that came; 0 if there is no such number. */
    private int shiftOfExpected(int length) {
        for (int shift = 1; shift + length <= known; shift++) {
            if (Arrays.equals(found, 0, length, expected, shift, shift + length)) {
                return shift;
            }
        }
        return 0;
    }

    private @Nullable Diagnosis fromElsewhere() {
        if (came < ENOUGH) {
            return foreign();
        }
        long planned = verifier.find(found, came);
        long position = planned < 0 ? search() : verifier.actual(planned);
        if (position > offset) {
            return lost(position - offset);
        }
        if (position >= 0) {
            return verdict(
                    FailureKind.INJECTED,
                    "bytes came once more, at offset " + offset + ", that had come at offset " + position);
        }
        return foreign();
    }

    private @Nullable Diagnosis foreign() {
        String whose = own.foreign(verifier.planned(offset), found, came);
        return whose == null
                ? null
                : verdict(FailureKind.FOREIGN, "from offset " + offset + " on came bytes that were sent on " + whose);
    }

    /** Looks for what came in what should come later; payloads that are not random have no quicker way. */
    private long search() {
        byte[] later = new byte[FARTHEST];
        int length = verifier.peek(WINDOW, later, FARTHEST);
        for (int i = 0; i + came <= length; i++) {
            if (later[i] == found[0] && Arrays.equals(found, 0, came, later, i, i + came)) {
                return offset + WINDOW + i;
            }
        }
        return -1;
    }

    /** What explains most of too few bytes to be certain. */
    private Diagnosis likeliest() {
        int least = Math.min(ENOUGH / 2, came);
        for (int start = 1; came - start >= least; start++) {
            if (came <= known && Arrays.equals(found, start, came, expected, start, came)) {
                return corrupted();
            }
            if (came - start <= known && Arrays.equals(found, start, came, expected, 0, came - start)) {
                return injected(start);
            }
        }
        return corrupted();
    }

    private Diagnosis corrupted() {
        HexFormat hex = HexFormat.of();
        return verdict(
                FailureKind.CORRUPTED,
                "byte " + offset + " came back as 0x" + hex.toHexDigits(found[0]) + ", expected 0x"
                        + hex.toHexDigits(expected[0]));
    }

    private Diagnosis injected(int count) {
        return verdict(
                FailureKind.INJECTED,
                Diagnosis.bytes(count) + " came that were never sent, at offset " + offset + ", then the echo goes on");
    }

    private Diagnosis lost(long count) {
        return verdict(
                FailureKind.LOST,
                Diagnosis.bytes(count) + " are missing at offset " + offset + ", then the echo goes on");
    }

    private Diagnosis verdict(FailureKind word, String sentence) {
        HexFormat hex = HexFormat.of();
        return new Diagnosis(
                word,
                null,
                sentence,
                step,
                offset,
                known == 0 ? null : hex.formatHex(expected, 0, Math.min(known, SHOWN)),
                hex.formatHex(found, 0, Math.min(came, SHOWN)));
    }
}
