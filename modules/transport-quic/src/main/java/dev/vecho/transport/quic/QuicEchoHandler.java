package dev.vecho.transport.quic;

import dev.vecho.core.Traffic;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;

/** The echo of one stream: writes back every buffer that it reads, as it came. */
@SuppressWarnings("FutureReturnValueIgnored") // The stream below hears of every write.
final class QuicEchoHandler extends ChannelInboundHandlerAdapter {

    private final Traffic traffic;
    private final QuicEchoPipe stream;

    QuicEchoHandler(Traffic traffic, QuicEchoPipe stream) {
        this.traffic = traffic;
        this.stream = stream;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        int size = ((ByteBuf) message).readableBytes();
        traffic.received(size);
        traffic.sent(size);
        ctx.write(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        // Else the event follows, and the end goes with the last bytes.
        if (!((QuicStreamChannel) ctx.channel()).isInputShutdown()) {
            ctx.flush();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            stream.finish();
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }
}
