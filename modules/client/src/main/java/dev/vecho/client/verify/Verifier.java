package dev.vecho.client.verify;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.script.Payload;
import dev.vecho.client.script.ServiceExpectation;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.VertxInternals;
import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Compares every byte that comes on a connection with the plan, when it comes, and keeps none. */
public abstract sealed class Verifier permits StreamVerifier, MessageVerifier {

    /** Told when a block of a send, or a message, has come back. */
    public interface Deliveries {
        void back(int send, long block);
    }

    private static final int CHUNK = 64 * 1024;

    final Plan plan;
    final Ledger ledger;
    final Deliveries deliveries;
    final Map<String, String> facts = new TreeMap<>();

    /** How many bytes came of the answers whose length the plan does not know, by piece. */
    final NavigableMap<Integer, Long> answered = new TreeMap<>();

    private byte[] expected = new byte[0];
    long received;

    Verifier(Plan plan, Ledger ledger, Deliveries deliveries) {
        this.plan = plan;
        this.ledger = ledger;
        this.deliveries = deliveries;
    }

    /**
     * Creates an instance.
     *
     * @param earlier what has verified the messages of the rounds before on the same connection, the last first
     */
    public static Verifier of(
            Plan plan, Ledger ledger, SentHistory.Entry own, List<MessageVerifier> earlier, Deliveries deliveries) {
        return plan.framing() == Framing.MESSAGES
                ? new MessageVerifier(plan, ledger, own, earlier, deliveries)
                : new StreamVerifier(plan, ledger, own, deliveries);
    }

    /** How many bytes came, those that were wrong among them. */
    public final long received() {
        return received;
    }

    /** How many bytes have come when a step, and all before it, got what they expect. */
    public final long bytesUpTo(int step) {
        return plan.bytesUpTo(step) + answered(plan.piecesUpTo(step));
    }

    /** How many bytes came of those answers among the first pieces whose length the plan does not know. */
    final long answered(int pieces) {
        return answered.headMap(pieces, false).values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    /** The beginning of an answer that is not complete, for people, to be put behind a sentence; may be empty. */
    public String soFar() {
        return "";
    }

    /**
     * How many of the bytes that came are to be taken at once, so that a step that they complete is over before those behind
     * them are looked at. That is why it makes no difference whether these came with them or later.
     *
     * @param length how many came
     * @param single whether the current step is over with the next byte, whatever it is
     */
    public int stretch(int length, boolean single) {
        return length;
    }

    /** Takes bytes, or one message, that came; returns what is wrong with them, or null. */
    public abstract @Nullable Diagnosis verify(Buffer bytes);

    /** Whether all came that a step, and all before it, expects. */
    public abstract boolean complete(int step);

    /** Whether something came that only a later step expects, or none. */
    public abstract boolean beyond(int step);

    /** Whether nothing came of what a step expects. */
    public abstract boolean nothingOf(int step);

    /** Whether all that was handed over to be sent, and can come back, did. */
    public abstract boolean nothingUnderWay();

    /** Whether bytes are wrong, and those that follow are needed to say what happened to them. */
    public boolean inDoubt() {
        return false;
    }

    /** What is wrong with the bytes in doubt, now that no more come. */
    public Diagnosis decide() {
        throw new IllegalStateException("nothing is in doubt");
    }

    /** What was found out about the services that have answered, for the report. */
    public final Map<String, String> facts() {
        return facts;
    }

    /** What is wrong with the answer of a service. */
    final Diagnosis wrongAnswer(ServiceExpectation service, String sentence, int index) {
        return new Diagnosis(
                FailureKind.UNEXPECTED,
                service.service(),
                "this is not " + service.answer() + ": " + sentence,
                plan.stepOf(index),
                received,
                null,
                null);
    }

    /** The index of the first byte that is not that of a payload, or -1. */
    final int mismatch(Payload payload, long position, Buffer bytes, int from, int length) {
        int most = Math.min(CHUNK, length);
        if (expected.length < most) {
            expected = new byte[most == CHUNK ? CHUNK : Math.max(most, 1024)];
        }
        ByteBuffer found = nio(bytes);
        for (int done = 0; done < length; done += CHUNK) {
            int count = Math.min(CHUNK, length - done);
            payload.copy(position + done, expected, count);
            int index = ByteBuffer.wrap(expected, 0, count).mismatch(found.slice(from + done, count));
            if (index >= 0) {
                return done + index;
            }
        }
        return -1;
    }

    /** The bytes themselves where they lie in one piece, else a copy. */
    private static ByteBuffer nio(Buffer bytes) {
        ByteBuf buffer = VertxInternals.bytes(bytes);
        return buffer.nioBuffer(buffer.readerIndex(), buffer.readableBytes());
    }
}
