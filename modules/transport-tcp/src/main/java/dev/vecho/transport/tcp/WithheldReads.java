package dev.vecho.transport.tcp;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;

/**
 * Keeps TLS from reading while more waits to be written than may: its handler reads on by itself until it has something to
 * pass on, which records without data, such as requests for new keys, never give it.
 */
final class WithheldReads extends ChannelOutboundHandlerAdapter {

    @Override
    public void read(ChannelHandlerContext ctx) throws Exception {
        // Reading is switched on again, and so started again, when there is room.
        if (ctx.channel().isWritable() || ctx.channel().config().isAutoRead()) {
            super.read(ctx);
        }
    }
}
