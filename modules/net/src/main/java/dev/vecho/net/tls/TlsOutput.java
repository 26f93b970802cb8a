package dev.vecho.net.tls;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.flush.FlushConsolidationHandler;

/**
 * Stands before the handler of TLS in a server's pipeline. It consolidates the flushes of the records of one read. And when
 * Netty's handler closes the channel because TLS is broken, it lets the handlers behind TLS hear of the failure first: they
 * decide whether the connection ends with FIN, after the alert, or with a reset.
 */
@SuppressWarnings("FutureReturnValueIgnored") // The promise tells.
public final class TlsOutput extends FlushConsolidationHandler {

    /** After so many TLS records what they held is flushed, even while more is being read. */
    private static final int RECORDS_PER_FLUSH = 4;

    /** Makes one, for one connection. */
    public TlsOutput() {
        super(RECORDS_PER_FLUSH);
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        ctx.flush();
        ctx.executor().execute(() -> ctx.close(promise));
    }
}
