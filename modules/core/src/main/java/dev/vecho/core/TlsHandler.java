package dev.vecho.core;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslHandler;
import javax.net.ssl.SSLEngine;

/**
 * Netty's, but for one thing that it does not tell, and for a server's handshake: there is nothing to answer to a client's
 * last words, and a client with Nagle's algorithm sends no more before it knows that they have arrived.
 */
final class TlsHandler extends SslHandler {

    private boolean isHandshaking;

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

    /** Whether it holds nothing of a record whose end has not come yet. */
    boolean isBetweenRecords() {
        return actualReadableBytes() == 0;
    }
}
