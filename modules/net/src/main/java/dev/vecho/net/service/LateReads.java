package dev.vecho.net.service;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Reads nothing from a new connection for some time, and then leaves it alone. */
public final class LateReads extends ChannelOutboundHandlerAdapter {

    private final Duration delay;
    private @Nullable Future<?> timer;

    public LateReads(Duration delay) {
        this.delay = delay;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        timer = ctx.executor().schedule(() -> begin(ctx), delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void begin(ChannelHandlerContext ctx) {
        if (!ctx.isRemoved()) {
            ctx.pipeline().remove(this);
            ctx.channel().read();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    @Override
    public void read(ChannelHandlerContext ctx) {
        // It is asked for again in the end.
    }
}
