package dev.vecho.net.echo;

import dev.vecho.net.NettyInternals;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;

/** What waits in a channel to be written. */
public final class WriteQueue {

    private WriteQueue() {}

    /** Whether nothing waits, flushed or not. On the channel's event loop. */
    public static boolean isEmpty(Channel channel) {
        ChannelOutboundBuffer queue = NettyInternals.outboundBuffer(channel);
        return queue == null || queue.totalPendingWriteBytes() == 0;
    }

    /** What waits, flushed or not, and somewhat more: Netty adds what it needs to keep each buffer. On the channel's event loop. */
    public static long pendingAtMost(Channel channel) {
        ChannelOutboundBuffer queue = NettyInternals.outboundBuffer(channel);
        return queue == null ? 0 : queue.totalPendingWriteBytes();
    }

    /** The bytes that were flushed and that the operating system has not taken yet. On the channel's event loop. */
    public static long pendingBytes(Channel channel) {
        ChannelOutboundBuffer queue = NettyInternals.outboundBuffer(channel);
        if (queue == null) {
            return 0;
        }
        long[] bytes = {0};
        try {
            queue.forEachFlushedMessage(message -> {
                bytes[0] += message instanceof ByteBuf waiting ? waiting.readableBytes() : 0;
                return true;
            });
        } catch (Exception e) {
            throw new IllegalStateException("the processor throws nothing", e);
        }
        return bytes[0];
    }
}
