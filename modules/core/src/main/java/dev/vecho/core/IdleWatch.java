package dev.vecho.core;

import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes a connection when no byte moved either way for some time. Used on the event loop of its channel only. */
public final class IdleWatch {

    private static final Logger LOG = LoggerFactory.getLogger(IdleWatch.class);

    private final Channel channel;
    private final long nanos;
    private final Runnable close;
    private long lastActive;
    private long lastPending;
    private Future<?> check;

    private IdleWatch(Channel channel, long nanos, Runnable close) {
        this.channel = channel;
        this.nanos = nanos;
        this.close = close;
        this.lastActive = System.nanoTime();
        this.check = checkIn(nanos);
    }

    /**
     * Begins to watch.
     *
     * @param idle zero for never
     * @param close called once, unless it was stopped before
     * @return null where there is nothing to watch for
     */
    public static @Nullable IdleWatch start(Channel channel, Duration idle, Runnable close) {
        return idle.isZero() ? null : new IdleWatch(channel, idle.toNanos(), close);
    }

    /** Something was read. What is written need not be told. */
    public void active() {
        lastActive = System.nanoTime();
    }

    /** The connection has ended. */
    public void stop() {
        check.cancel(false);
    }

    private Future<?> checkIn(long left) {
        return channel.eventLoop().schedule(this::check, left, TimeUnit.NANOSECONDS);
    }

    private void check() {
        if (!channel.isOpen()) {
            return;
        }
        long now = System.nanoTime();
        long pending = WriteQueue.pendingBytes(channel);
        if (pending != lastPending) {
            lastPending = pending;
            lastActive = now;
        }
        long left = nanos - (now - lastActive);
        if (left <= 0) {
            LOG.debug("{}: idle, closed", channel);
            close.run();
        } else {
            check = checkIn(left);
        }
    }
}
