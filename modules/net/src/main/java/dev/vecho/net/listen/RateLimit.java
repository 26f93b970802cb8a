package dev.vecho.net.listen;

import java.io.Serial;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A token bucket for each source, such as an address: so many tokens a second, of which a second's worth may be taken at once. It
 * knows a bounded number of sources; when that is reached, the one that was silent for longest is forgotten, and comes
 * back with a full bucket. One that was silent for a second has a full bucket anyway, and is forgotten when others come. Safe for any
 * thread.
 *
 * @param <K> the sources
 */
public final class RateLimit<K> {

    /** How many sources a listener knows. */
    public static final int SOURCES = 65_536;

    /** The sources are distributed over several tables, so that event loops seldom wait for each other. */
    private static final int TABLES = 16;

    private static final long SECOND = 1_000_000_000;

    private static final int FORGOTTEN_AT_ONCE = 2;

    private final long interval;
    private final LongSupplier nanoTime;
    private final List<Table<K>> tables = new ArrayList<>();

    /**
     * Makes a limit.
     *
     * @param perSecond 0 for none
     * @param sources how many are known, about
     */
    public RateLimit(int perSecond, int sources, LongSupplier nanoTime) {
        this.interval = perSecond == 0 ? 0 : SECOND / perSecond;
        this.nanoTime = nanoTime;
        int tableCount = Math.min(TABLES, sources);
        for (int i = 0; i < tableCount; i++) {
            tables.add(new Table<>(sources / tableCount));
        }
    }

    /** Takes a token of a source; false if it has none. */
    public boolean allow(K source) {
        if (interval == 0) {
            return true;
        }
        long now = nanoTime.getAsLong();
        int hash = source.hashCode();
        Table<K> table = tables.get(Math.floorMod(hash ^ (hash >>> 16), tables.size()));
        synchronized (table) {
            Bucket bucket = table.get(source);
            if (bucket == null) {
                table.forgetFull(now);
                bucket = new Bucket(now);
                table.put(source, bucket);
            }
            long full = Math.max(bucket.full - now, 0);
            if (full > SECOND - interval) {
                return false;
            }
            bucket.full = now + full + interval;
            return true;
        }
    }

    /** How many sources are known now. */
    int sources() {
        return tables.stream()
                .mapToInt(table -> {
                    synchronized (table) {
                        return table.size();
                    }
                })
                .sum();
    }

    /** The state is one number: when the bucket will be full again. Each token taken makes that later. */
    private static final class Bucket {

        private long full;

        Bucket(long full) {
            this.full = full;
        }
    }

    /** Ordered by the last use, the oldest first. */
    private static final class Table<K> extends LinkedHashMap<K, Bucket> {

        @Serial
        private static final long serialVersionUID = 1L;

        private final int most;

        Table(int most) {
            super(16, 0.75f, true);
            this.most = most;
        }

        /** More than one comes at a time, so that they become fewer. */
        void forgetFull(long now) {
            Iterator<Bucket> eldest = values().iterator();
            for (int i = 0; i < FORGOTTEN_AT_ONCE && eldest.hasNext() && eldest.next().full - now <= 0; i++) {
                eldest.remove();
            }
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, Bucket> eldest) {
            return size() > most;
        }
    }
}
