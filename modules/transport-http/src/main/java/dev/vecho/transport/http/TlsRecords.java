package dev.vecho.transport.http;

import dev.vecho.core.Addresses;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/** Knows a server that wants TLS by its first byte: a record of TLS, where one of HTTP begins with a letter. */
final class TlsRecords extends ChannelInboundHandlerAdapter {

    /** The first and the last kind of record; RFC 8446, section 5.1. */
    private static final int CHANGE_CIPHER_SPEC = 20;

    private static final int APPLICATION_DATA = 23;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf bytes && bytes.isReadable()) {
            int first = bytes.getUnsignedByte(bytes.readerIndex());
            if (first >= CHANGE_CIPHER_SPEC && first <= APPLICATION_DATA) {
                ReferenceCountUtil.release(message);
                ctx.fireExceptionCaught(new TransportException(
                        Fault.TLS,
                        "required",
                        Addresses.format(ctx.channel().remoteAddress())
                                + " wants TLS: it answered plain text with a record of TLS",
                        null));
                return;
            }
            ctx.pipeline().remove(this);
        }
        ctx.fireChannelRead(message);
    }
}
