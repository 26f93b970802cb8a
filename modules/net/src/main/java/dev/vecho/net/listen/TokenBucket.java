package dev.vecho.net.listen;

/**
 * So many tokens a second, of which a second's worth may be taken at once. Its state is one number: when it will be full again. Each
 * token taken makes that later. Not safe for several threads.
 */
public final class TokenBucket {

    private static final long SECOND = 1_000_000_000;

    private long full;

    /**
     * Makes a full one.
     *
     * @param now as {@link System#nanoTime}
     */
    public TokenBucket(long now) {
        this.full = now;
    }

    /**
     * Takes all of some tokens, or none and returns false. More than a second's worth can be had from a full bucket only, and are
     * owed until then.
     *
     * @param perSecond how many come a second, 1 or more
     */
    public boolean take(int tokens, long perSecond, long now) {
        long left = Math.max(full - now, 0);
        long cost = tokens * SECOND / perSecond;
        if (left > Math.max(SECOND - cost, 0)) {
            return false;
        }
        full = now + left + cost;
        return true;
    }

    boolean isFull(long now) {
        return full - now <= 0;
    }
}
