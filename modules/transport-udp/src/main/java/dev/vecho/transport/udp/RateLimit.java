package dev.vecho.transport.udp;

import java.io.Serial;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A token bucket for each source address: so many datagrams a second, of which a second's worth may come at once. It
 * knows a bounded number of sources; when that is reached, the one that was silent for longest is forgotten, and comes
 * back with a full bucket. Safe for any thread.
 */
final class RateLimit {

    /** How many sources a listener knows. */
    static final int SOURCES = 65_536;

    /** The sources are distributed over several tables, so that event loops seldom wait for each other. */
    private static final int TABLES = 16;

    private static final long SECOND = 1_000_000_000;

    private final long interval;
    private final LongSupplier nanoTime;
    private final Table[] tables;

    /**
     * Makes a limit.
     *
     * @param perSecond 0 for none
     * @param sources how many are known, about
     */
    RateLimit(int perSecond, int sources, LongSupplier nanoTime) {
        this.interval = perSecond == 0 ? 0 : SECOND / perSecond;
        this.nanoTime = nanoTime;
        int tableCount = Math.min(TABLES, sources);
        this.tables = new Table[tableCount];
        for (int i = 0; i < tableCount; i++) {
            tables[i] = new Table(sources / tableCount);
        }
    }

    /** Takes a token of a source; false if it has none. */
    boolean allow(InetAddress source) {
        if (interval == 0) {
            return true;
        }
        long now = nanoTime.getAsLong();
        int hash = source.hashCode();
        Table table = tables[Math.floorMod(hash ^ (hash >>> 16), tables.length)];
        synchronized (table) {
            Bucket bucket = table.computeIfAbsent(source, unknown -> new Bucket(now));
            long full = Math.max(bucket.full - now, 0);
            if (full > SECOND - interval) {
                return false;
            }
            bucket.full = now + full + interval;
            return true;
        }
    }

    /** The state is one number: when the bucket will be full again. Each token taken makes that later. */
    private static final class Bucket {

        private long full;

        Bucket(long full) {
            this.full = full;
        }
    }

    /** Ordered by the last use, the oldest first. */
    private static final class Table extends LinkedHashMap<InetAddress, Bucket> {

        @Serial
        private static final long serialVersionUID = 1L;

        private final int most;

        Table(int most) {
            super(16, 0.75f, true);
            this.most = most;
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<InetAddress, Bucket> eldest) {
            return size() > most;
        }
    }
}
