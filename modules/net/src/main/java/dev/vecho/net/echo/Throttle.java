package dev.vecho.net.echo;

import dev.vecho.net.listen.ByteRates;
import dev.vecho.net.listen.TokenBucket;
import io.netty.channel.EventLoop;
import io.netty.handler.traffic.TrafficCounter;
import org.jspecify.annotations.Nullable;

/**
 * Holds the connections of one listener to its {@link ByteRates}. What all of them read is counted while there is any that it holds
 * to a rate. Any thread.
 */
public final class Throttle {

    /** How often Netty's counters begin anew. */
    static final long CHECK_MILLIS = 1000;

    private volatile ByteRates rates;
    private final TokenBucket datagrams = new TokenBucket(System.nanoTime());
    private int connections;

    /** Of all connections; once made, it stays. */
    private volatile @Nullable TrafficCounter all;

    /** Makes one. */
    public Throttle(ByteRates rates) {
        this.rates = rates;
    }

    /** From now on other rates hold: that of the listener for all that were held to one, that of a connection for new ones. */
    public void change(ByteRates next) {
        rates = next;
    }

    /** What holds a new socket to the rates, first in its pipeline; null where it may send as fast as it can. */
    public @Nullable ThrottledReads newConnection() {
        ConnectionRate rate = newRate();
        return rate == null ? null : new ThrottledReads(rate);
    }

    /** The rates of a new connection; null where it may send as fast as it can. */
    public @Nullable ConnectionRate newRate() {
        ByteRates now = rates;
        return now.isLimited() ? new ConnectionRate(this, now.perConnection()) : null;
    }

    /** The rate of all connections together, 0 for none. */
    long perListener() {
        return rates.perListener();
    }

    /** The counter of all connections. */
    @Nullable TrafficCounter all() {
        return all;
    }

    /** Takes a datagram into the rate of all connections together; false if there is no room for it. */
    synchronized boolean takesDatagram(int bytes) {
        long perSecond = rates.perListener();
        return perSecond == 0 || datagrams.take(bytes, perSecond, System.nanoTime());
    }

    synchronized void opened(EventLoop loop) {
        TrafficCounter counter = all;
        if (counter == null) {
            counter = new TrafficCounter(loop, "listener", CHECK_MILLIS);
            all = counter;
        }
        if (connections++ == 0) {
            counter.start();
        }
    }

    synchronized void closed() {
        TrafficCounter counter = all;
        if (--connections == 0 && counter != null) {
            counter.stop();
        }
    }
}
