package dev.vecho.client.verify;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.script.ServiceExpectation;
import dev.vecho.client.verify.Plan.Piece;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Verifies messages. Each is known by its content, so that one that is lost, comes twice or comes late is told from one that
 * was changed. Messages that are the same, and random ones of less than 8 bytes that could be, are told apart by their
 * order alone.
 *
 * <p>On a connection that is kept, a message of a round before may come late, or once more. It counts in the round in which it
 * comes, as a message out of order or a duplicate.
 */
public final class MessageVerifier extends Verifier {

    private static final int SHOWN = 8;

    /** How many missing messages, and how many that came last, are searched for the most similar one. */
    private static final int MAX_COMPARED = 64;

    private final SentHistory.Entry own;
    private final List<MessageVerifier> earlier;
    private final SequenceSet came = new SequenceSet();

    /** The one after the last in order. */
    private long next;

    /** Messages before this one are not waited for any more. */
    private long givenUp;

    private long count;
    private long lost;
    private long duplicated;
    private long reordered;

    MessageVerifier(
            Plan plan, Ledger ledger, SentHistory.Entry own, List<MessageVerifier> earlier, Deliveries deliveries) {
        super(plan, ledger, deliveries);
        this.own = own;
        this.earlier = List.copyOf(earlier);
    }

    @Override
    public @Nullable Diagnosis verify(Buffer bytes) {
        long due = firstMissing();
        Piece asked = piece(due);
        if (asked != null && asked.service() != null) {
            return answered(asked.service(), due, bytes);
        }
        long number = identify(bytes);
        boolean again = number >= 0 && came.contains(number);
        MessageVerifier before = number < 0 || again ? earlier(bytes, again) : null;
        if (before != null) {
            return ofEarlier(before, bytes);
        }
        long offset = received;
        received += bytes.length();
        count++;
        own.at(received);
        if (number < 0) {
            return wrong(bytes, offset);
        }
        if (!came.add(number)) {
            duplicated++;
            return verdict(FailureKind.DUPLICATED, name(number) + " came back once more", number, bytes, offset, 0);
        }
        Piece piece = plan.pieces().get(plan.pieceOf(number));
        if (piece.echo()) {
            deliveries.back(piece.send(), number - piece.first());
        }
        if (number < givenUp) {
            lost--;
        }
        if (number >= next) {
            next = number + 1;
            return null;
        }
        reordered++;
        String sentence = name(number) + " came back after " + name(next - 1);
        return verdict(FailureKind.REORDERED, sentence, number, bytes, offset, 0);
    }

    private @Nullable Diagnosis answered(ServiceExpectation service, long number, Buffer bytes) {
        ServiceAnswer answer = ServiceAnswer.of(service);
        String sentence = answer.message(bytes.getBytes());
        Diagnosis wrong = sentence == null ? null : wrongAnswer(service, sentence, plan.pieceOf(number));
        received += bytes.length();
        answered.put(plan.pieceOf(number), (long) bytes.length());
        count++;
        own.at(received);
        came.add(number);
        next = number + 1;
        facts.putAll(answer.facts());
        return wrong;
    }

    // ---- rounds before

    /** Whether a message that came between the rounds was sent in one of those before. */
    public boolean isOfEarlier(Buffer bytes) {
        return earlier(bytes, false) != null;
    }

    /**
     * Finds the round before in which a message was sent, rather one in which it did not come.
     *
     * @param missing whether it must not have come there
     */
    private @Nullable MessageVerifier earlier(Buffer bytes, boolean missing) {
        MessageVerifier found = null;
        for (MessageVerifier each : earlier) {
            long number = each.identify(bytes);
            if (number >= 0 && !each.came.contains(number)) {
                return each;
            }
            if (number >= 0 && found == null && !missing) {
                found = each;
            }
        }
        return found;
    }

    private @Nullable Diagnosis ofEarlier(MessageVerifier round, Buffer bytes) {
        long number = round.identify(bytes);
        String message = name(number) + " of " + round.own.name();
        if (!round.came.add(number)) {
            duplicated++;
            return Diagnosis.of(FailureKind.DUPLICATED, message + " came back once more");
        }
        boolean inOrder = number >= round.next && count == 0;
        for (int i = 0; inOrder && earlier.get(i) != round; i++) {
            inOrder = earlier.get(i).count == 0;
        }
        round.next = Math.max(round.next, number + 1);
        if (inOrder) {
            return null;
        }
        reordered++;
        return Diagnosis.of(FailureKind.REORDERED, message + " came back after messages that were sent later");
    }

    // ---- which message it is

    private long identify(Buffer bytes) {
        if (isMessage(next, bytes)) {
            return next;
        }
        long found = find(bytes);
        if (found >= 0) {
            return found;
        }
        long missing = came.firstMissing();
        for (long number = missing; number < missing + MAX_COMPARED; number++) {
            if (isMessage(number, bytes) && !came.contains(number)) {
                return number;
            }
        }
        for (long number = next - 1; number >= Math.max(0, next - MAX_COMPARED); number--) {
            if (isMessage(number, bytes)) {
                return number;
            }
        }
        return -1;
    }

    /** For people, who count from 1. */
    private static String name(long number) {
        return "message " + (number + 1);
    }

    /** Whether a message was handed over, or is to be expected anyway, and is just this. */
    private boolean isMessage(long number, Buffer bytes) {
        Piece piece = piece(number);
        return piece != null
                && piece.block() == bytes.length()
                && mismatch(piece.payload(), position(piece, number), bytes, 0, bytes.length()) < 0;
    }

    /** The piece that a message belongs to, if it can come now. */
    private @Nullable Piece piece(long number) {
        if (number >= plan.messages()) {
            return null;
        }
        Piece piece = plan.pieces().get(plan.pieceOf(number));
        boolean due = !piece.echo() || number - piece.first() < ledger.blocks(piece.send());
        return due ? piece : null;
    }

    private static long position(Piece piece, long number) {
        return (number - piece.first()) * piece.block();
    }

    /** Finds a random message wherever it is from. */
    private long find(Buffer bytes) {
        byte[] start = bytes.getBytes(0, Math.min(bytes.length(), Long.BYTES));
        for (Piece piece : plan.pieces()) {
            if (piece.block() != bytes.length() || piece.messages() == 0) {
                continue;
            }
            long position = piece.payload().find(start, start.length);
            if (position < 0 || position % piece.block() != 0) {
                continue;
            }
            long number = piece.first() + position / piece.block();
            if (number < piece.first() + piece.messages() && isMessage(number, bytes)) {
                return number;
            }
        }
        return -1;
    }

    // ---- what is wrong with it

    private Diagnosis wrong(Buffer bytes, long offset) {
        String whose = own.foreignMessage(bytes.getBytes());
        if (whose != null) {
            String sentence = "a message came that was sent on " + whose;
            return verdict(FailureKind.FOREIGN, sentence, next, bytes, offset, 0);
        }
        long closest = -1;
        double best = 0;
        long missing = came.firstMissing();
        for (long number = missing; number < missing + MAX_COMPARED; number++) {
            double alike = came.contains(number) ? -1 : alike(number, bytes);
            if (alike > best || (closest < 0 && alike >= 0)) {
                best = alike;
                closest = number;
            }
        }
        Piece piece = closest < 0 ? null : piece(closest);
        if (best < 1 && next > 0 && answered(piece, closest)) {
            String sentence = "a message of " + Diagnosis.bytes(bytes.length()) + " came after the expected answer";
            return verdict(FailureKind.UNEXPECTED, sentence, next, bytes, offset, 0);
        }
        if (piece == null) {
            String sentence = "a message of " + Diagnosis.bytes(bytes.length()) + " came that was never sent";
            return verdict(FailureKind.INJECTED, sentence, next, bytes, offset, 0);
        }
        return changed(piece, closest, best, bytes, offset);
    }

    /** Whether the last that came in order is an exact answer, and no step waits for more that could come now. */
    private boolean answered(@Nullable Piece closest, long number) {
        boolean awaited = closest != null && plan.stepOf(plan.pieceOf(number)) != null;
        return !awaited && plan.followsAnswer(plan.pieceOf(next - 1) + 1);
    }

    private Diagnosis changed(Piece piece, long number, double alike, Buffer bytes, long offset) {
        int length = bytes.length();
        int common = (int) Math.min(piece.block(), length);
        int wrong = mismatch(piece.payload(), position(piece, number), bytes, 0, common);
        int at = wrong < 0 ? common : wrong;
        String message = name(number) + " of " + Diagnosis.bytes(piece.block());
        if (length < piece.block() && alike == 1) {
            String sentence = message + " came back with " + length;
            return verdict(FailureKind.TRUNCATED, sentence, number, bytes, offset, at);
        }
        if (length > piece.block() && alike == 1) {
            String sentence = (length - piece.block()) + " more came in " + message + ", at its byte " + at;
            return verdict(FailureKind.INJECTED, sentence, number, bytes, offset, at);
        }
        // So different that it is probably another message, and long enough that this is no coincidence.
        if (alike < 0.5 && Math.max(length, piece.block()) >= Long.BYTES) {
            String sentence = "a message of " + Diagnosis.bytes(length) + " came that was never sent";
            return verdict(FailureKind.INJECTED, sentence, number, bytes, offset, 0);
        }
        String sentence = message + " came back with another byte " + at;
        return verdict(FailureKind.CORRUPTED, sentence, number, bytes, offset, at);
    }

    /**
     * How much of a message is in another: 1 where it has the same beginning and end, and something was left out or put in
     * between; else the part of the bytes that is the same at the same place. Less than 0 if it cannot come now.
     */
    private double alike(long number, Buffer bytes) {
        Piece piece = piece(number);
        if (piece == null || piece.service() != null) {
            return -1;
        }
        byte[] expected = new byte[(int) piece.block()];
        piece.payload().copy(position(piece, number), expected, expected.length);
        byte[] found = bytes.getBytes();
        int shorter = Math.min(expected.length, found.length);
        int longer = Math.max(expected.length, found.length);
        int prefix = Arrays.mismatch(expected, 0, shorter, found, 0, shorter);
        int start = prefix < 0 ? shorter : prefix;
        int end = 0;
        while (end < shorter && expected[expected.length - 1 - end] == found[found.length - 1 - end]) {
            end++;
        }
        if (shorter < longer && start + end >= shorter) {
            return 1;
        }
        int same = 0;
        for (int i = 0; i < shorter; i++) {
            same += expected[i] == found[i] ? 1 : 0;
        }
        // Two messages without a byte are the same.
        return longer == 0 ? 1 : (double) same / longer;
    }

    /** A verdict on a message, with the bytes from a place in it on. */
    private Diagnosis verdict(FailureKind word, String sentence, long number, Buffer bytes, long offset, int at) {
        Piece piece = piece(number);
        String expected = null;
        if (piece != null && at <= piece.block()) {
            byte[] start = new byte[(int) Math.min(SHOWN, piece.block() - at)];
            piece.payload().copy(position(piece, number) + at, start, start.length);
            expected = HexFormat.of().formatHex(start);
        }
        String found = HexFormat.of().formatHex(bytes.getBytes(at, Math.min(bytes.length(), at + SHOWN)));
        Integer step = piece == null ? null : plan.stepOf(plan.pieceOf(number));
        return new Diagnosis(word, null, sentence, step, offset + at, expected, found);
    }

    // ---- what came

    @Override
    public boolean complete(int step) {
        long upTo = plan.messagesUpTo(step);
        return givenUp >= upTo || came.firstMissing() >= upTo;
    }

    @Override
    public boolean nothingUnderWay() {
        return piece(Math.max(givenUp, came.firstMissing())) == null;
    }

    @Override
    public boolean beyond(int step) {
        return next > plan.messagesUpTo(step);
    }

    @Override
    public boolean nothingOf(int step) {
        return count <= plan.messagesUpTo(step - 1);
    }

    /** How many messages that a step, and those before it, expect did not come. */
    public long missing(int step) {
        return came.missing(Math.max(givenUp, came.firstMissing()), plan.messagesUpTo(step));
    }

    /** The first that did not come. */
    public long firstMissing() {
        return Math.max(givenUp, came.firstMissing());
    }

    /** Whether one came that was sent after one that did not. */
    public boolean hasGap() {
        return next > firstMissing();
    }

    /** Counts as lost what a step, and those before it, still expect, and waits for it no more. */
    public void giveUp(int step) {
        lost += missing(step);
        givenUp = Math.max(givenUp, plan.messagesUpTo(step));
    }

    /** How many came. */
    public long count() {
        return count;
    }

    public long lost() {
        return lost;
    }

    public long duplicated() {
        return duplicated;
    }

    public long reordered() {
        return reordered;
    }
}
