package dev.vecho.net.echo;

import dev.vecho.net.listen.ByteRates;
import dev.vecho.net.listen.TokenBucket;
import io.netty.channel.Channel;
import io.netty.handler.traffic.TrafficCounter;
import org.jspecify.annotations.Nullable;

/**
 * What one connection may send a second, by itself and together with the others of its listener, as Netty's traffic counters see it.
 * Whoever reads or writes counts here, and pauses for as long as that says. On the event loop of the connection only.
 */
public final class ConnectionRate {

    /** A shorter pause is left out, as Netty's handlers do. */
    private static final long LEAST_MILLIS = 10;

    /** So that there are some reads a second. */
    private static final int READS_PER_SECOND = 4;

    private final Throttle throttle;
    private final long perSecond;
    private final TokenBucket datagrams = new TokenBucket(System.nanoTime());
    private @Nullable TrafficCounter own;

    /**
     * Makes it.
     *
     * @param perSecond of the connection by itself; 0 for no limit
     */
    ConnectionRate(Throttle throttle, long perSecond) {
        this.throttle = throttle;
        this.perSecond = perSecond;
    }

    /** Counts until the connection is closed. */
    public void begin(Channel connection) {
        TrafficCounter counter = new TrafficCounter(connection.eventLoop(), "connection", Throttle.CHECK_MILLIS);
        own = counter;
        counter.start();
        throttle.opened(connection.eventLoop());
        connection.closeFuture().addListener(closed -> {
            counter.stop();
            throttle.closed();
        });
    }

    /** How much to read at once, at most, so that pauses stay short. */
    public int readAtOnce() {
        long listener = throttle.perListener();
        long least = perSecond == 0 ? listener : listener == 0 ? perSecond : Math.min(perSecond, listener);
        return (int) Math.min(Math.max(least / READS_PER_SECOND, 1), Integer.MAX_VALUE);
    }

    /** Counts what was read, and returns for how many milliseconds to read no more; 0 for go on. */
    public long read(int bytes) {
        long now = TrafficCounter.milliSecondFromNano();
        return pause(
                readWait(own, bytes, perSecond, now), readWait(throttle.all(), bytes, throttle.perListener(), now));
    }

    /**
     * Counts what a service writes by itself, which is held to the same rates as what is read, and returns for how many milliseconds
     * to write no more; 0 for go on.
     */
    public long wrote(int bytes) {
        long now = TrafficCounter.milliSecondFromNano();
        return pause(
                writeWait(own, bytes, perSecond, now), writeWait(throttle.all(), bytes, throttle.perListener(), now));
    }

    /**
     * Counts a datagram, for which nothing can make its sender wait: a second's worth may come at once, and what is beyond is to be
     * dropped. What else is read waits for those that were not.
     *
     * @return why to drop it, as {@link dev.vecho.core.Traffic#drop} counts it; null for do not
     */
    public @Nullable String refuseDatagram(int bytes) {
        if (perSecond > 0 && !datagrams.take(bytes, perSecond, System.nanoTime())) {
            return ByteRates.OVER_OWN;
        }
        if (!throttle.takesDatagram(bytes)) {
            return ByteRates.OVER_LISTENERS;
        }
        read(bytes);
        return null;
    }

    private static long pause(long own, long listeners) {
        long wait = Math.max(own, listeners);
        return wait >= LEAST_MILLIS ? wait : 0;
    }

    private static long readWait(@Nullable TrafficCounter counter, int bytes, long rate, long now) {
        return counter == null ? 0 : counter.readTimeToWait(bytes, rate, Long.MAX_VALUE, now);
    }

    private static long writeWait(@Nullable TrafficCounter counter, int bytes, long rate, long now) {
        return counter == null ? 0 : counter.writeTimeToWait(bytes, rate, Long.MAX_VALUE, now);
    }
}
