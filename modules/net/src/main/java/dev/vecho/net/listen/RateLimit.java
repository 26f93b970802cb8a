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

    private static final int FORGOTTEN_AT_ONCE = 2;

    private final long perSecond;
    private final LongSupplier nanoTime;
    private final List<Table<K>> tables = new ArrayList<>();

    /**
     * Makes a limit.
     *
     * @param perSecond 0 for none
     * @param sources how many are known, about
     */
    public RateLimit(long perSecond, int sources, LongSupplier nanoTime) {
        this.perSecond = perSecond;
        this.nanoTime = nanoTime;
        int tableCount = Math.min(TABLES, sources);
        for (int i = 0; i < tableCount; i++) {
            tables.add(new Table<>(sources / tableCount));
        }
    }

    /** Takes a token of a source; false if it has none. */
    public boolean allow(K source) {
        return allow(source, 1);
    }

    /** Takes some tokens of a source; false if it has too few. See {@link TokenBucket#take}. */
    public boolean allow(K source, int tokens) {
        if (perSecond == 0) {
            return true;
        }
        long now = nanoTime.getAsLong();
        int hash = source.hashCode();
        Table<K> table = tables.get(Math.floorMod(hash ^ (hash >>> 16), tables.size()));
        synchronized (table) {
            TokenBucket bucket = table.get(source);
            if (bucket == null) {
                table.forgetFull(now);
                bucket = new TokenBucket(now);
                table.put(source, bucket);
            }
            return bucket.take(tokens, perSecond, now);
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

    /** Ordered by the last use, the oldest first. */
    private static final class Table<K> extends LinkedHashMap<K, TokenBucket> {

        @Serial
        private static final long serialVersionUID = 1L;

        private final int most;

        Table(int most) {
            super(16, 0.75f, true);
            this.most = most;
        }

        /** More than one comes at a time, so that they become fewer. */
        void forgetFull(long now) {
            Iterator<TokenBucket> eldest = values().iterator();
            for (int i = 0;
                    i < FORGOTTEN_AT_ONCE && eldest.hasNext() && eldest.next().isFull(now);
                    i++) {
                eldest.remove();
            }
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, TokenBucket> eldest) {
            return size() > most;
        }
    }
}
