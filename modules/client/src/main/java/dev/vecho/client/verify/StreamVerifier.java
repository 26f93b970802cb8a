package dev.vecho.client.verify;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.script.ServiceExpectation;
import dev.vecho.client.verify.Plan.Piece;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** Verifies a stream of bytes. What is wrong does not depend on the pieces in which it comes. */
final class StreamVerifier extends Verifier {

    private final SentHistory.Entry own;
    private int completed;
    private long matched;
    private @Nullable MismatchClassifier doubt;

    /** Of the current piece, where a service answers. */
    private @Nullable ServiceAnswer answer;

    private @Nullable Diagnosis wrong;

    StreamVerifier(Plan plan, Ledger ledger, SentHistory.Entry own, Deliveries deliveries) {
        super(plan, ledger, deliveries);
        this.own = own;
    }

    @Override
    public int stretch(int length, boolean single) {
        long possible = doubt == null ? possible() : 0;
        return possible == 0 ? length : (int) Math.min(length, single ? 1 : possible);
    }

    @Override
    public @Nullable Diagnosis verify(Buffer bytes) {
        int from = doubt == null ? match(bytes) : 0;
        long start = received;
        received += bytes.length();
        own.at(planned(received));
        if (wrong != null) {
            return wrong;
        }
        if (from == bytes.length()) {
            return null;
        }
        if (doubt == null) {
            doubt = new MismatchClassifier(this, own, start + from, possible() == 0 ? null : plan.stepOf(completed));
        }
        return doubt.add(bytes, from);
    }

    /** Compares until something is wrong; returns the index of the first wrong byte, or the length. */
    private int match(Buffer bytes) {
        int from = 0;
        while (from < bytes.length()) {
            int length = (int) Math.min(possible(), bytes.length() - from);
            if (length <= 0) {
                return from;
            }
            Piece piece = plan.pieces().get(completed);
            if (piece.service() != null) {
                from = answer(piece.service(), bytes, from);
                if (wrong != null) {
                    return from;
                }
                continue;
            }
            int other = mismatch(piece.payload(), matched, bytes, from, length);
            int right = other < 0 ? length : other;
            from += right;
            advance(piece, right);
            if (other >= 0) {
                return from;
            }
        }
        return from;
    }

    /** Hands over bytes to what reads the answer of a service; returns the index of the first that it does not take. */
    private int answer(ServiceExpectation service, Buffer bytes, int from) {
        ServiceAnswer reader = answer == null ? ServiceAnswer.of(service) : answer;
        answer = reader;
        int at = from;
        while (at < bytes.length() && (!reader.isComplete() || reader.goesOnWith(bytes.getByte(at)))) {
            String sentence = reader.take(bytes.getByte(at));
            if (sentence != null) {
                wrong = wrongAnswer(service, sentence, completed);
                return at;
            }
            at++;
        }
        answered.merge(completed, (long) at - from, Long::sum);
        facts.putAll(reader.facts());
        if (at < bytes.length() || (service.ends() && reader.isComplete())) {
            completed++;
            answer = null;
        }
        return at;
    }

    /** How many pieces have come: the answer of a service that may go on is one. */
    private int completed() {
        return answer != null && answer.isComplete() ? completed + 1 : completed;
    }

    private void advance(Piece piece, int length) {
        long before = matched;
        matched += length;
        if (piece.echo()) {
            long whole = (before + length) / piece.block();
            for (long block = before / piece.block(); block < whole; block++) {
                deliveries.back(piece.send(), block);
            }
        }
        if (matched == piece.length()) {
            completed++;
            matched = 0;
        }
    }

    /** Whether all that came ends with an exact answer. */
    boolean answered() {
        return matched == 0 && plan.followsAnswer(completed);
    }

    /** How many bytes of the current piece may come now. */
    private long possible() {
        return completed == plan.pieces().size() ? 0 : possible(completed, matched);
    }

    private long possible(int index, long already) {
        Piece piece = plan.pieces().get(index);
        if (piece.service() != null) {
            return answer == null ? 1 : answer.atLeast();
        }
        long rest = piece.length() - already;
        return piece.echo() ? Math.max(0, Math.min(rest, ledger.bytes() - piece.sentAt() - already)) : rest;
    }

    /** How many bytes that are right could come now: nothing of a piece comes before all of those before it. */
    long remaining() {
        long sum = 0;
        for (int i = completed; i < plan.pieces().size(); i++) {
            if (plan.pieces().get(i).service() != null) {
                break;
            }
            long already = i == completed ? matched : 0;
            long possible = possible(i, already);
            sum += possible;
            if (possible < plan.pieces().get(i).length() - already) {
                break;
            }
        }
        return sum;
    }

    /**
     * Tells what should come next.
     *
     * @param ahead how many bytes to leave out
     * @return how many bytes were copied; less than {@code length} where no more could come now
     */
    int peek(long ahead, byte[] into, int length) {
        long skip = ahead;
        long left = Math.min(length, Math.max(0, remaining() - ahead));
        int copied = 0;
        for (int i = completed; copied < left; i++) {
            Piece piece = plan.pieces().get(i);
            long already = i == completed ? matched : 0;
            long rest = piece.length() - already;
            if (skip >= rest) {
                skip -= rest;
                continue;
            }
            int some = (int) Math.min(left - copied, rest - skip);
            byte[] part = new byte[some];
            piece.payload().copy(already + skip, part, some);
            System.arraycopy(part, 0, into, copied, some);
            copied += some;
            skip = 0;
        }
        return copied;
    }

    /** Copies the first bytes that had to come; false if the first piece does not have so many. */
    boolean first(byte[] into, int length) {
        if (length == 0) {
            return true;
        }
        Piece piece = plan.pieces().get(0);
        if (length > piece.length()) {
            return false;
        }
        piece.payload().copy(0, into, length);
        return true;
    }

    /** Where bytes that came are from in all that was expected so far, is, or will be; -1 if that cannot be told. */
    long find(byte[] bytes, int length) {
        return SentHistory.find(plan, bytes, length);
    }

    /** Where a byte that came would be among those alone that the plan knows. */
    long planned(long offset) {
        return offset - answered(plan.pieces().size());
    }

    /** Where a byte that the plan knows came, or would: the opposite of {@link #planned}, but for what is behind the next answer. */
    long actual(long position) {
        long before = 0;
        for (int i = 0; i < plan.pieces().size(); i++) {
            before += plan.pieces().get(i).length();
            if (before > position) {
                return position + answered(i);
            }
        }
        return position + answered(plan.pieces().size());
    }

    @Override
    public String soFar() {
        return answer == null ? "" : answer.soFar();
    }

    @Override
    public boolean complete(int step) {
        return completed() >= plan.piecesUpTo(step);
    }

    @Override
    public boolean beyond(int step) {
        return received > bytesUpTo(step);
    }

    @Override
    public boolean nothingOf(int step) {
        return received <= bytesUpTo(step - 1);
    }

    @Override
    public boolean nothingUnderWay() {
        return doubt == null && remaining() == 0 && !isAnswerDue();
    }

    private boolean isAnswerDue() {
        int next = completed();
        return next < plan.pieces().size() && plan.pieces().get(next).service() != null;
    }

    @Override
    public boolean inDoubt() {
        return doubt != null;
    }

    @Override
    public Diagnosis decide() {
        return doubt == null ? super.decide() : doubt.decide();
    }
}
