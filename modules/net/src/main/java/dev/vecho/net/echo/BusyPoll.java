package dev.vecho.net.echo;

import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Polls for the next event for a while before the event loop sleeps: to sleep and be woken can take longer than the
 * peer needs to answer. Between two polls it yields to any thread that is ready to run.
 *
 * <p>It takes processor time only where that is likely to help. After polling without a result it skips one sleep,
 * then three, seven, up to 63; once polling finds an event, it polls before every sleep again.
 *
 * <p>Used on its event loop only.
 */
final class BusyPoll {

    /** Their exponent, to the base of two. */
    private static final int MAX_SLEEPS_WITHOUT = 6;

    private final IoHandler io;
    private long limitNanos;
    private int vain;
    private int sleepsWithout;
    private @Nullable Look look;

    /** Polls nothing until it gets a {@linkplain #limit limit}. */
    BusyPoll(IoHandler io) {
        this.io = io;
    }

    /** How long it polls at most, from now on; zero for not at all. */
    void limit(Duration limit) {
        limitNanos = limit.toNanos();
    }

    /** Does what {@link IoHandler#run} does. */
    int run(IoHandlerContext context) {
        if (limitNanos == 0 || !context.canBlock()) {
            return io.run(context);
        }
        if (sleepsWithout > 0) {
            sleepsWithout--;
            return io.run(context);
        }
        IoHandlerContext look = withoutBlocking(context);
        long start = System.nanoTime();
        do {
            int handled = io.run(look);
            if (handled > 0 || !context.canBlock()) {
                vain = 0;
                return handled;
            }
            letOthersRun();
        } while (System.nanoTime() - start < limitNanos);
        vain = Math.min(vain + 1, MAX_SLEEPS_WITHOUT);
        sleepsWithout = (1 << vain) - 1;
        return io.run(context);
    }

    /** Always the same of an event loop, to make it once. */
    private IoHandlerContext withoutBlocking(IoHandlerContext context) {
        if (look == null || look.context != context) {
            look = new Look(context);
        }
        return look;
    }

    @SuppressWarnings("ThreadPriorityCheck") // Nothing depends on who runs then.
    private static void letOthersRun() {
        Thread.yield();
    }

    /** The event loop's own context, but for blocking. */
    private record Look(IoHandlerContext context) implements IoHandlerContext {

        @Override
        public boolean canBlock() {
            return false;
        }

        @Override
        public long delayNanos(long currentTimeNanos) {
            return context.delayNanos(currentTimeNanos);
        }

        @Override
        public long deadlineNanos() {
            return context.deadlineNanos();
        }

        @Override
        public boolean shouldReportActiveIoTime() {
            return context.shouldReportActiveIoTime();
        }

        @Override
        public void reportActiveIoTime(long activeNanos) {
            context.reportActiveIoTime(activeNanos);
        }
    }
}
