package dev.vecho.net.tls;

import dev.vecho.net.LinuxTcp;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * Netty's handler with four additions. It reports the end of the input also after the end of the output. It answers
 * plain text that comes to a server, and understands a {@link PlainAlert}. And during a server's handshake it acknowledges at once: the server has nothing
 * to send after the client's last message, and a client with Nagle's algorithm sends no data before that is
 * acknowledged.
 */
public final class TlsHandler extends SslHandler {

    /** To the first bytes, if they are plain text; null where they are not looked at, or no more. */
    private PlainText.@Nullable Answer answer;

    private boolean isHandshaking;
    private boolean isOutputClosed;

    /** Makes that of a client. */
    TlsHandler(SSLEngine engine) {
        super(engine);
    }

    /**
     * Makes that of a server.
     *
     * @param answer to plain text; null where it is known that there is none
     */
    TlsHandler(SSLEngine engine, PlainText.@Nullable Answer answer) {
        super(engine);
        this.isHandshaking = true;
        this.answer = answer;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
        super.channelReadComplete(ctx);
        if (isHandshaking) {
            isHandshaking = !handshakeFuture().isDone();
            LinuxTcp.acknowledgeNow(ctx.channel());
        }
    }

    /**
     * Sends close_notify and reads on. An {@link SslCloseCompletionEvent} says that the peer's has come only if
     * {@link #isInputClosed} then.
     */
    public ChannelFuture closeOutput() {
        isOutputClosed = true;
        return closeOutbound();
    }

    /**
     * Answers plain text, and notices the end of the input after that of the output: after our close_notify Netty's engine for OpenSSL gives the status CLOSED to every record that it decrypts
     * (ReferenceCountedOpenSslEngine.newResult asks only for the output), which SslHandler takes for the peer's
     * close_notify. The true one, which comes later, SslHandler does not tell any more.
     */
    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws SSLException {
        PlainText.Answer how = answer;
        if (how != null && in.readableBytes() >= PlainText.RECORD_HEADER_BYTES) {
            answer = null;
            if (PlainText.isSpoken(in)) {
                PlainText.answer(ctx, in, how);
                return;
            }
        }
        SSLHandshakeException alert = isHandshaking ? PlainAlert.find(in) : null;
        if (alert != null) {
            in.skipBytes(in.readableBytes());
            ctx.fireExceptionCaught(alert);
            return;
        }
        super.decode(ctx, in, out);
        if (isOutputClosed && isInputClosed()) {
            isOutputClosed = false;
            ctx.fireUserEventTriggered(SslCloseCompletionEvent.SUCCESS);
        }
    }

    /** Whether the peer's close_notify has come. */
    boolean isInputClosed() {
        return engine().isInboundDone();
    }

    /** Whether it holds nothing of a record whose end has not come yet. */
    public boolean isBetweenRecords() {
        return actualReadableBytes() == 0;
    }
}
