package dev.vecho.client.verify;

import dev.vecho.client.verify.Plan.Piece;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was sent on the last connections of a run, those that are open among them: bytes that were never sent here may have
 * been sent there. Keeps plans, not bytes. Safe for any thread.
 */
public final class SentHistory {

    private static final int MAX = 64;

    /** Of scripts with many steps, only so many pieces of each connection are looked through. */
    private static final int MAX_PIECES = 1000;

    /** So many matching bytes in a row are no coincidence. */
    private static final int ENOUGH = 8;

    private final Deque<Entry> all = new ArrayDeque<>();

    /**
     * Notes that a connection is played.
     *
     * @param name for people, such as {@code tcp://localhost:7007, round 3}
     */
    public synchronized Entry add(String name, Plan plan) {
        Entry entry = new Entry(this, name, plan);
        all.addFirst(entry);
        if (all.size() > MAX) {
            all.removeLast();
        }
        return entry;
    }

    private synchronized List<Entry> others(Entry own) {
        List<Entry> others = new ArrayList<>(all);
        others.remove(own);
        return others;
    }

    /** Where bytes are from in all that a plan expects; -1 if that cannot be told at once. */
    static long find(Plan plan, byte[] bytes, int length) {
        long before = 0;
        for (Piece piece : some(plan)) {
            long position = piece.echo() ? piece.payload().find(bytes, length) : -1;
            if (position >= 0 && position + length <= piece.length()) {
                return before + position;
            }
            before += piece.length();
        }
        return -1;
    }

    private static List<Piece> some(Plan plan) {
        return plan.pieces().subList(0, Math.min(MAX_PIECES, plan.pieces().size()));
    }

    /** Copies expected bytes from an offset on; returns how many. */
    private static int copy(Plan plan, long offset, byte[] into, int length) {
        long before = 0;
        int copied = 0;
        for (Piece piece : some(plan)) {
            long skip = Math.max(0, offset + copied - before);
            if (skip < piece.length() && copied < length) {
                int count = (int) Math.min(length - copied, piece.length() - skip);
                byte[] part = new byte[count];
                piece.payload().copy(skip, part, count);
                System.arraycopy(part, 0, into, copied, count);
                copied += count;
            }
            before += piece.length();
        }
        return copied;
    }

    /** What is sent on one connection. */
    static final class Entry {

        private final SentHistory history;
        private final String name;
        private final Plan plan;
        private volatile long offset;

        private Entry(SentHistory history, String name, Plan plan) {
            this.history = history;
            this.name = name;
            this.plan = plan;
        }

        /** For people. */
        String name() {
            return name;
        }

        /** So much has come. */
        void at(long received) {
            offset = received;
        }

        /** The name of another connection on which these bytes were sent, or null. */
        @Nullable String foreign(long at, byte[] found, int length) {
            for (Entry other : history.others(this)) {
                if (other.sent(plan, at, found, length)) {
                    return other.name;
                }
            }
            return null;
        }

        /** The name of another connection on which this message was sent, or null. */
        @Nullable String foreignMessage(byte[] message) {
            if (message.length < ENOUGH) {
                return null;
            }
            for (Entry other : history.others(this)) {
                for (Piece piece : some(other.plan)) {
                    if (piece.echo() && isMessage(piece, message)) {
                        return other.name;
                    }
                }
            }
            return null;
        }

        private static boolean isMessage(Piece piece, byte[] message) {
            if (piece.block() != message.length) {
                return false;
            }
            if (piece.payload().find(message, message.length) >= 0) {
                return true;
            }
            byte[] first = new byte[message.length];
            piece.payload().copy(0, first, first.length);
            return Arrays.equals(first, message);
        }

        private boolean sent(Plan asker, long at, byte[] found, int length) {
            return (length >= ENOUGH && (find(plan, found, length) >= 0 || isAt(offset, found, length)))
                    || isAround(asker, at, found, length);
        }

        private boolean isAt(long place, byte[] found, int length) {
            byte[] there = new byte[length];
            return copy(plan, place, there, length) == length && Arrays.equals(found, 0, length, there, 0, length);
        }

        /** Whether these are the bytes at the same offset. Bytes right before it may have been right by accident. */
        private boolean isAround(Plan asker, long at, byte[] found, int length) {
            if (length < ENOUGH / 2 || !isAt(at, found, length)) {
                return false;
            }
            int before = (int) Math.min(at, Math.max(0, ENOUGH - length));
            byte[] mine = new byte[before];
            return length + before >= ENOUGH
                    && copy(asker, at - before, mine, before) == before
                    && isAt(at - before, mine, before);
        }
    }
}
