package dev.vecho.transport.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.handler.codec.http3.Http3ErrorCode;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.CharsetUtil;

/**
 * Watches that a stream does not end within a frame, which is an error of its connection: RFC 9114, section 7.1. Netty's codec,
 * after it, takes that for a good end.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A connection that is gone needs no error.
final class Http3Frames extends ChannelInboundHandlerAdapter {

    /** What is read of a frame: its type, its length, its payload. */
    private enum Part {
        TYPE,
        LENGTH,
        PAYLOAD
    }

    private Part part = Part.TYPE;

    /** Of the number that is read now: how many bytes it still has; 0 before its first one. */
    private int numberBytes;

    private long number;
    private long payload;
    private boolean reset;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        int at = bytes.readerIndex();
        while (at < bytes.writerIndex()) {
            if (part == Part.PAYLOAD) {
                int count = (int) Math.min(payload, bytes.writerIndex() - at);
                at += count;
                payload -= count;
            } else if (readNumber(bytes.getByte(at++))) {
                payload = number;
                part = part == Part.TYPE ? Part.LENGTH : Part.PAYLOAD;
            }
            if (part == Part.PAYLOAD && payload == 0) {
                part = Part.TYPE;
            }
        }
        ctx.fireChannelRead(bytes);
    }

    /** Reads a byte of a number whose first two bits tell its length, and returns whether it is the last one. */
    private boolean readNumber(byte next) {
        if (numberBytes == 0) {
            numberBytes = 1 << ((next >> 6) & 3);
            number = next & 0x3f;
        } else {
            number = (number << 8) | (next & 0xff);
        }
        return --numberBytes == 0;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        boolean end = event instanceof ChannelInputShutdownEvent || event instanceof ChannelInputShutdownReadComplete;
        if (!end || reset || (part == Part.TYPE && numberBytes == 0)) {
            ctx.fireUserEventTriggered(event);
        } else {
            ((QuicStreamChannel) ctx.channel())
                    .parent()
                    .close(
                            true,
                            Http3ErrorCode.H3_FRAME_ERROR.code(),
                            Unpooled.copiedBuffer("the stream ends within a frame", CharsetUtil.US_ASCII));
        }
    }

    /** A stream may be reset anywhere. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        reset = true;
        ctx.fireExceptionCaught(cause);
    }
}
