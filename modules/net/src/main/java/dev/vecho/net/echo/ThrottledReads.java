package dev.vecho.net.echo;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.traffic.TrafficCounter;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Holds a connection to a rate: after a read that was too much, nothing is read for a while, as long as Netty's traffic counters say.
 * Nothing is kept here. Netty's own handlers for this would read on after the pause whether or not others want it, and so fill the
 * memory for a peer that does not read.
 *
 * <p>First in its pipeline; a connection with one has no {@link DirectEcho}. Used on the event loop of the connection only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A pause does not fail.
public final class ThrottledReads extends ChannelDuplexHandler {

    /** A shorter pause is left out, as Netty's handlers do. */
    private static final long LEAST_MILLIS = 10;

    /** So that there are some reads a second. */
    private static final int READS_PER_SECOND = 4;

    private final Throttle throttle;
    private final long rate;
    private BooleanSupplier pauseIsOver = () -> true;
    private @Nullable TrafficCounter own;
    private boolean paused;

    ThrottledReads(Throttle throttle, long rate) {
        this.throttle = throttle;
        this.rate = rate;
    }

    /**
     * Begins.
     *
     * @param reads are kept small
     * @param pauseIsOver called after each pause, in which the client could not be heard; tells whether to read now
     */
    public void begin(StoppableReads reads, BooleanSupplier pauseIsOver) {
        this.pauseIsOver = pauseIsOver;
        long listener = throttle.perListener();
        long least = rate == 0 ? listener : listener == 0 ? rate : Math.min(rate, listener);
        reads.atMost((int) Math.min(Math.max(least / READS_PER_SECOND, 1), Integer.MAX_VALUE));
    }

    /** Whether bytes may wait in the operating system until a pause is over. */
    public boolean isPaused() {
        return paused;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        TrafficCounter counter = new TrafficCounter(ctx.channel().eventLoop(), "connection", Throttle.CHECK_MILLIS);
        own = counter;
        counter.start();
        throttle.opened(ctx.channel().eventLoop());
        ctx.channel().closeFuture().addListener(closed -> {
            counter.stop();
            throttle.closed();
        });
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        int bytes = ((ByteBuf) message).readableBytes();
        long now = TrafficCounter.milliSecondFromNano();
        long wait = Math.max(wait(own, bytes, rate, now), wait(throttle.all(), bytes, throttle.perListener(), now));
        if (wait >= LEAST_MILLIS && !paused) {
            paused = true;
            ctx.channel().config().setAutoRead(false);
            ctx.executor().schedule(() -> goOn(ctx), wait, TimeUnit.MILLISECONDS);
        }
        ctx.fireChannelRead(message);
    }

    /**
     * Counts what a service writes by itself, which is held to the same rates as what is read.
     *
     * @return how many milliseconds to write nothing more; 0 for go on
     */
    public long wrote(int bytes) {
        long now = TrafficCounter.milliSecondFromNano();
        long wait = Math.max(
                waitToWrite(own, bytes, rate, now), waitToWrite(throttle.all(), bytes, throttle.perListener(), now));
        return wait >= LEAST_MILLIS ? wait : 0;
    }

    private static long waitToWrite(@Nullable TrafficCounter counter, int bytes, long rate, long now) {
        return counter == null ? 0 : counter.writeTimeToWait(bytes, rate, Long.MAX_VALUE, now);
    }

    private static long wait(@Nullable TrafficCounter counter, int bytes, long rate, long now) {
        return counter == null ? 0 : counter.readTimeToWait(bytes, rate, Long.MAX_VALUE, now);
    }

    private void goOn(ChannelHandlerContext ctx) {
        paused = false;
        if (ctx.channel().isOpen() && pauseIsOver.getAsBoolean()) {
            ctx.channel().config().setAutoRead(true);
        }
    }

    /** Whoever switches reading on meanwhile gets it when the pause is over. */
    @Override
    public void read(ChannelHandlerContext ctx) {
        if (paused) {
            ctx.channel().config().setAutoRead(false);
        } else {
            ctx.read();
        }
    }
}
