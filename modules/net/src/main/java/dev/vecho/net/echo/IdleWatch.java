package dev.vecho.net.echo;

import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes a connection when no byte moved either way for some time. Used on the event loop of its channel only. */
public final class IdleWatch {

    /** While a listener drains, it closes a connection on which no byte moved for so long, if nothing is under way there. */
    public static final Duration QUIET = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(IdleWatch.class);

    /** Gives the event loop time to read what has arrived before a connection counts as quiet. */
    private static final long CONFIRM_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final Duration NEVER = Duration.ofDays(365);

    private final Channel channel;
    private final long nanos;
    private final Runnable close;
    private long lastActive;
    private long lastPending;
    private @Nullable BooleanSupplier isDone;
    private boolean confirming;
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

    /**
     * Lets a connection end, now that its listener drains: it is closed when no byte moved for {@link #QUIET}.
     *
     * @param watch the one that it has, which goes on; null for none
     * @param isDone tells whether nothing is under way; while something is, the connection is not closed for being quiet
     * @param close called once, unless the watch was stopped before; the one of the watch, if there is one
     */
    public static IdleWatch drain(@Nullable IdleWatch watch, Channel channel, BooleanSupplier isDone, Runnable close) {
        IdleWatch draining = watch == null ? new IdleWatch(channel, NEVER.toNanos(), close) : watch;
        if (draining.isDone == null) {
            draining.isDone = isDone;
            draining.stop();
            draining.check();
        }
        return draining;
    }

    /** Something was read. Writes need not be reported. */
    public void active() {
        lastActive = System.nanoTime();
    }

    /** Goes on after it has closed what turned out not to be idle. */
    public void goOn() {
        active();
        check();
    }

    /** How long no byte came. */
    public Duration quiet() {
        return Duration.ofNanos(System.nanoTime() - lastActive);
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
        long quiet = now - lastActive;
        if (quiet >= nanos || (isDone != null && isOver(isDone, quiet))) {
            LOG.debug("{}: idle, closed", channel);
            close.run();
        } else {
            long next = isDone == null ? Long.MAX_VALUE : confirming ? CONFIRM_NANOS : untilQuiet(quiet);
            check = checkIn(Math.min(nanos - quiet, next));
        }
    }

    /** Whether a connection of a listener that drains is found to be quiet, and done, for the second time in turn. */
    private boolean isOver(BooleanSupplier isDone, long quiet) {
        boolean before = confirming;
        confirming = quiet >= QUIET.toNanos() && isDone.getAsBoolean();
        return before && confirming;
    }

    private static long untilQuiet(long quiet) {
        long left = QUIET.toNanos() - quiet;
        // What is under way is looked at again after as long.
        return left > 0 ? left : QUIET.toNanos();
    }
}
