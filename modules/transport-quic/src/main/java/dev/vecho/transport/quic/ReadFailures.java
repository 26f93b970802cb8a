package dev.vecho.transport.quic;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a listener's socket does when the system fails to read from it, for a lack of memory for example: it goes on. To QUIC,
 * what could not be read is a packet that got lost. Netty by itself would write a stack trace each time.
 */
final class ReadFailures extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(ReadFailures.class);

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("{}: {}", ctx.channel(), cause.toString());
        } else {
            ctx.fireExceptionCaught(cause);
        }
    }
}
