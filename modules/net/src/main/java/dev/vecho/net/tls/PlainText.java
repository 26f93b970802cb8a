package dev.vecho.net.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * Answers a client that speaks plain text to a listener of TLS, so that it learns why nothing comes of it: with an alert, or
 * where it speaks HTTP to a listener of HTTPS with a status. It sits before the handler of TLS then, and reads past what
 * else comes for a moment: a socket that is closed with bytes that nobody has read resets, and the answer may be lost.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write or close of Netty's is moot.
final class PlainText extends ChannelInboundHandlerAdapter {

    /** What a listener answers. */
    enum Answer {
        /** A fatal alert, {@code unexpected_message}: RFC 8446, section 5. */
        ALERT,
        /** To HTTP a status of its own, to all else an alert. */
        HTTP
    }

    /** So many are needed to know. */
    static final int RECORD_HEADER_BYTES = 5;

    private static final int LINGER_MILLIS = 1000;

    private static final byte[] UNEXPECTED_MESSAGE = {21, 3, 3, 0, 2, 2, 10};

    private static final String TEXT = "This port speaks HTTPS, and plain HTTP was sent to it.\n";

    private static final byte[] BAD_REQUEST = ("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
                    + "Content-Length: " + TEXT.length() + "\r\nConnection: close\r\n\r\n" + TEXT)
            .getBytes(StandardCharsets.US_ASCII);

    private final byte[] answer;
    private boolean isOver;

    private PlainText(byte[] answer) {
        this.answer = answer;
    }

    /** Whether enough has come to know, and it is no record of TLS. */
    static boolean isSpoken(ByteBuf first) {
        return first.readableBytes() >= RECORD_HEADER_BYTES && !SslHandler.isEncrypted(first, false);
    }

    /**
     * Answers, takes all that was read and is read from now on, and fails the connection in the end.
     *
     * @param tls the handler before which it is put
     */
    static void answer(ChannelHandlerContext tls, ByteBuf first, Answer how) {
        boolean isHttp = how == Answer.HTTP && isMethod(first);
        first.skipBytes(first.readableBytes());
        tls.pipeline().addBefore(tls.name(), null, new PlainText(isHttp ? BAD_REQUEST : UNEXPECTED_MESSAGE));
    }

    /** All methods begin with capital letters. */
    private static boolean isMethod(ByteBuf first) {
        for (int i = 0; i < 3; i++) {
            byte letter = first.getByte(first.readerIndex() + i);
            if (letter < 'A' || letter > 'Z') {
                return false;
            }
        }
        return true;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(Unpooled.wrappedBuffer(answer)).addListener(written -> {
            if (written.isSuccess()) {
                ((DuplexChannel) ctx.channel()).shutdownOutput();
            }
        });
        ctx.executor().schedule(() -> fail(ctx), LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            fail(ctx);
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    private void fail(ChannelHandlerContext ctx) {
        if (!isOver && ctx.channel().isOpen()) {
            isOver = true;
            ctx.fireExceptionCaught(new NotSslRecordException("plain text, not TLS"));
        }
    }
}
