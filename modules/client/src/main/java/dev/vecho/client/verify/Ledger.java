package dev.vecho.client.verify;

import dev.vecho.client.verify.Plan.Sending;
import java.util.ArrayList;
import java.util.List;

/**
 * What was handed over to a connection to be sent, and when. Of a send with many blocks, only the times of the last 65,536
 * are kept.
 */
public final class Ledger {

    private static final int MAX_TIMES = 65_536;

    private static final long NEVER = -1;

    private static final class Entry {
        final Sending sending;
        final long begun;
        final long[] times;
        long blocks;

        Entry(Sending sending, long begun) {
            this.sending = sending;
            this.begun = begun;
            this.times = new long[Math.min(sending.count(), MAX_TIMES)];
        }
    }

    private final List<Entry> entries = new ArrayList<>();
    private long bytes;
    private long blocks;

    /** A send was asked for, the next in order. */
    public void begin(Sending sending, long now) {
        entries.add(new Entry(sending, now));
    }

    /** The first bytes of the next block of a send are handed over now. */
    public void block(int send, long now) {
        Entry entry = entries.get(send);
        entry.times[(int) (entry.blocks++ % entry.times.length)] = now;
        blocks++;
    }

    /** So many bytes are handed over. */
    public void bytes(int length) {
        bytes += length;
    }

    /** How many bytes were handed over: their echo can come from now on. */
    public long bytes() {
        return bytes;
    }

    /** How many blocks, or messages, were handed over, the last of a stream perhaps in part. */
    public long blocks() {
        return blocks;
    }

    /** How many blocks of a send were handed over. */
    public long blocks(int send) {
        return send < entries.size() ? entries.get(send).blocks : 0;
    }

    /** When a block was handed over; -1 if it was not, or too long ago. */
    public long sentAt(int send, long block) {
        if (block >= blocks(send) || block < blocks(send) - MAX_TIMES) {
            return NEVER;
        }
        Entry entry = entries.get(send);
        return entry.times[(int) (block % entry.times.length)];
    }

    /** When a block is, or was, meant to be sent; -1 if the send has no rate. */
    public long intendedAt(int send, long block) {
        Entry entry = entries.get(send);
        int rate = entry.sending.ratePerSecond();
        return rate == 0 ? NEVER : entry.begun + block * 1_000_000_000L / rate;
    }
}
