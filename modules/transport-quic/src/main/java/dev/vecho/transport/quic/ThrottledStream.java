package dev.vecho.transport.quic;

import dev.vecho.net.echo.ConnectionRate;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import java.util.concurrent.TimeUnit;

/**
 * Holds a stream to the rate of its connection: after a read that was too much, nothing is read for a while. What is not read opens no
 * flow control window, so the peer has to stop; nothing is kept here.
 *
 * <p>First in the stream's pipeline. On the event loop of the connection only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A pause does not fail.
final class ThrottledStream extends ChannelDuplexHandler {

    /** Netty's allocator wants some bytes. */
    private static final int LEAST_BYTES = 64;

    private static final int FIRST_BYTES = 2048;
    private static final int MOST_BYTES = 64 * 1024;

    private final ConnectionRate rate;
    private boolean paused;

    /** Whether somebody has asked to read meanwhile. */
    private boolean wanted;

    ThrottledStream(ConnectionRate rate) {
        this.rate = rate;
    }

    /** What its connection is held to. */
    ConnectionRate rate() {
        return rate;
    }

    /** Whether bytes may wait in QUIC until a pause is over. */
    boolean isPaused() {
        return paused;
    }

    @Override
    @SuppressWarnings("deprecation") // The interface has no other place for it.
    public void handlerAdded(ChannelHandlerContext ctx) {
        int most = Math.max(Math.min(rate.readAtOnce(), MOST_BYTES), LEAST_BYTES);
        // One read, then it asks again: see read().
        ctx.channel()
                .config()
                .setRecvByteBufAllocator(
                        new AdaptiveRecvByteBufAllocator(LEAST_BYTES, Math.min(FIRST_BYTES, most), most)
                                .maxMessagesPerRead(1));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        long wait = rate.read(((ByteBuf) message).readableBytes());
        if (wait > 0 && !paused) {
            paused = true;
            ctx.executor().schedule(() -> goOn(ctx), wait, TimeUnit.MILLISECONDS);
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void read(ChannelHandlerContext ctx) {
        if (paused) {
            wanted = true;
        } else {
            ctx.read();
        }
    }

    private void goOn(ChannelHandlerContext ctx) {
        boolean read = wanted;
        paused = false;
        wanted = false;
        // Who has stopped reading since asks again when it goes on.
        if (read && ctx.channel().config().isAutoRead()) {
            // Which may be the begin of the next pause.
            ctx.read();
        }
    }
}
