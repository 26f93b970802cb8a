package dev.vecho.net.echo;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Holds a connection to a rate: after a read that was too much, nothing is read for a while, as long as its {@link ConnectionRate} says.
 * Nothing is kept here. Netty's own handlers for this would read on after the pause whether or not others want it, and so fill the
 * memory for a peer that does not read.
 *
 * <p>First in its pipeline; a connection with one has no {@link DirectEcho}. Used on the event loop of the connection only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A pause does not fail.
public final class ThrottledReads extends ChannelDuplexHandler {

    private final ConnectionRate rate;
    private BooleanSupplier pauseIsOver = () -> true;
    private @Nullable StoppableReads reads;
    private boolean paused;

    ThrottledReads(ConnectionRate rate) {
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
        this.reads = reads;
        reads.atMost(rate.readAtOnce());
    }

    /** What the connection is held to. */
    public ConnectionRate rate() {
        return rate;
    }

    /** Whether bytes may wait in the operating system until a pause is over. */
    public boolean isPaused() {
        return paused;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        rate.begin(ctx.channel());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (reads != null) {
            // Others hear of it only where TLS has a whole record.
            reads.begin();
        }
        long wait = rate.read(((ByteBuf) message).readableBytes());
        if (wait > 0 && !paused) {
            paused = true;
            ctx.channel().config().setAutoRead(false);
            ctx.executor().schedule(() -> goOn(ctx), wait, TimeUnit.MILLISECONDS);
        }
        ctx.fireChannelRead(message);
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
