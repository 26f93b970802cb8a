package dev.vecho.core;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/**
 * Netty's, but for one thing that it does not tell, for the end of the input after that of the output, and for a server's
 * handshake: there is nothing to answer to a client's last words, and a client with Nagle's algorithm sends no more before
 * it knows that they have arrived.
 */
final class TlsHandler extends SslHandler {

    private boolean isHandshaking;
    private boolean isOutputClosed;

    TlsHandler(SSLEngine engine) {
        super(engine);
        isHandshaking = !engine.getUseClientMode();
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
    ChannelFuture closeOutput() {
        isOutputClosed = true;
        return closeOutbound();
    }

    /**
     * After our close_notify Netty's engine for OpenSSL gives the status CLOSED to every record that it decrypts
     * (ReferenceCountedOpenSslEngine.newResult asks only for the output), which SslHandler takes for the peer's
     * close_notify. The true one, which comes later, SslHandler does not tell any more.
     */
    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws SSLException {
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
    boolean isBetweenRecords() {
        return actualReadableBytes() == 0;
    }
}
