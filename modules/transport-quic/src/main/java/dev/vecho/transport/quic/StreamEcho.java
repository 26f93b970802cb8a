package dev.vecho.transport.quic;

import dev.vecho.core.EchoPipe;
import dev.vecho.core.Traffic;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The echo of one stream: writes back every buffer that it reads, as it came, and keeps the promises of {@link EchoPipe}. It
 * is not an EchoPipe, because a stream of Netty's QUIC is not a socket: it has no queue to look into, tells of a write that
 * failed only the write's own promise, puts a FIN before what waits, and says FIN for every end that is not a reset.
 *
 * <p>One instance a stream, used on the event loop of its connection only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // What closes or resets a stream may find it closed.
final class StreamEcho extends ChannelDuplexHandler {

    private static final Logger LOG = LoggerFactory.getLogger(StreamEcho.class);

    private final Traffic traffic;
    private final int writeQueueBytes;
    private final long idleNanos;
    private final Consumer<StreamEcho> ended;

    private QuicStreamChannel channel;
    private long waiting;
    private boolean resuming;
    private boolean ending;
    private boolean over;
    private boolean whole;
    private boolean counted;
    private long lastActive;
    private @Nullable Future<?> idleWatch;

    /**
     * Makes the echo of one stream, which {@link Traffic#open} has let in.
     *
     * @param writeQueueBytes how much may wait to be written before reading stops
     * @param idle ends the stream when no byte moved either way for so long
     * @param ended called once, when the stream is over
     */
    @SuppressWarnings("NullAway.Init") // handlerAdded sets channel before anything else is called.
    StreamEcho(Traffic traffic, int writeQueueBytes, Duration idle, Consumer<StreamEcho> ended) {
        this.traffic = traffic;
        this.writeQueueBytes = writeQueueBytes;
        this.idleNanos = idle.toNanos();
        this.ended = ended;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        channel = (QuicStreamChannel) ctx.channel();
        ChannelConfig config = channel.config();
        // Without it Netty closes the stream, with all that waits, as soon as it reads the end of the input.
        config.setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        config.setAllocator(PooledByteBufAllocator.DEFAULT);
        lastActive = System.nanoTime();
        watch(idleNanos);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        int count = ((ByteBuf) message).readableBytes();
        traffic.received(count);
        lastActive = System.nanoTime();
        waiting += count;
        ctx.write(message).addListener(write -> written(count, write));
        if (waiting >= writeQueueBytes) {
            channel.config().setAutoRead(false);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.flush();
    }

    private void written(int count, Future<?> write) {
        waiting -= count;
        if (!write.isSuccess()) {
            breakOff(write.cause());
            return;
        }
        lastActive = System.nanoTime();
        if (waiting == 0 && ending) {
            finish();
        } else if (!channel.config().isAutoRead() && waiting <= writeQueueBytes / 2 && !resuming) {
            // Later: this may run in the middle of Netty's own writing.
            resuming = true;
            channel.eventLoop().execute(() -> {
                resuming = false;
                channel.config().setAutoRead(true);
            });
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            ending = true;
            if (waiting == 0) {
                finish();
            }
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    /** Says FIN behind all that was echoed, which QUIC has taken and will deliver. */
    private void finish() {
        if (over) {
            return;
        }
        over = true;
        channel.shutdownOutput().addListener(fin -> {
            whole = fin.isSuccess();
            if (!whole) {
                LOG.debug("{} of {}: {}", channel, channel.parent(), String.valueOf(fin.cause()));
                reset();
            }
        });
        // Tells a peer that has not ended to stop. And makes Netty send the FIN now, where it would first read all
        // packets
        // that are there: quiche forgets a stream, and its FIN, when it learns that all bytes up to there have arrived.
        channel.shutdownInput(QuicError.NONE);
    }

    private void breakOff(Throwable cause) {
        if (!over) {
            LOG.debug("{} of {}: {}", channel, channel.parent(), String.valueOf(cause));
            reset();
        }
    }

    private void reset() {
        over = true;
        channel.shutdown(QuicError.STREAM_CUT);
        channel.pipeline().firstContext().close();
    }

    /** Ends it now: with a FIN if nothing is under way, else with a reset, so that the peer does not take it for the end. */
    void end() {
        if (over) {
            return;
        }
        if (waiting > 0) {
            reset();
            return;
        }
        finish();
        channel.pipeline().firstContext().close();
    }

    /** Whether all that was read was echoed. */
    boolean whole() {
        return whole;
    }

    /** Somebody else closes this stream. */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        end();
        ctx.close(promise);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        breakOff(cause);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        countEnd();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        countEnd();
    }

    private void countEnd() {
        over = true;
        if (!counted) {
            counted = true;
            if (idleWatch != null) {
                idleWatch.cancel(false);
            }
            traffic.closed(whole);
            ended.accept(this);
        }
    }

    private void watch(long nanos) {
        idleWatch = channel.eventLoop().schedule(this::endIfIdle, nanos, TimeUnit.NANOSECONDS);
    }

    private void endIfIdle() {
        long left = idleNanos - (System.nanoTime() - lastActive);
        if (left > 0) {
            watch(left);
        } else {
            LOG.debug("{} of {}: idle, ended", channel, channel.parent());
            end();
        }
    }
}
