package dev.vecho.transport.http;

import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.net.Addresses;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import io.netty.util.ReferenceCountUtil;

/**
 * Looks at what a server says first. One that wants TLS answers plain text with a record of TLS, whose first byte no answer
 * of HTTP begins with; the first bytes of one that speaks something else are what a person knows it by.
 */
final class FirstBytes extends ChannelInboundHandlerAdapter {

    /** The first and the last kind of record; RFC 8446, section 5.1. */
    private static final int CHANGE_CIPHER_SPEC = 20;

    private static final int APPLICATION_DATA = 23;

    private static final int SHOWN = 32;
    private static final AttributeKey<byte[]> BYTES = AttributeKey.valueOf(FirstBytes.class, "bytes");

    private final boolean secured;

    /**
     * @param secured whether the connection has TLS
     */
    FirstBytes(boolean secured) {
        this.secured = secured;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf bytes && bytes.isReadable()) {
            int first = bytes.getUnsignedByte(bytes.readerIndex());
            if (!secured && first >= CHANGE_CIPHER_SPEC && first <= APPLICATION_DATA) {
                ReferenceCountUtil.release(message);
                ctx.fireExceptionCaught(new TransportException(
                        Fault.TLS,
                        "required",
                        Addresses.format(ctx.channel().remoteAddress())
                                + " wants TLS: it answered plain text with a record of TLS",
                        null));
                return;
            }
            int count = Math.min(SHOWN, bytes.readableBytes());
            ctx.channel().attr(BYTES).set(ByteBufUtil.getBytes(bytes, bytes.readerIndex(), count));
            ctx.pipeline().remove(this);
        }
        ctx.fireChannelRead(message);
    }

    /** The failure of a connection whose server speaks something else than HTTP. */
    static TransportException notHttp(Channel channel, Throwable cause) {
        return notHttp(channel, "HTTP", cause);
    }

    /** The same for one that does not speak a version of it. */
    static TransportException notHttp(Channel channel, String version, Throwable cause) {
        StringBuilder shown = new StringBuilder();
        byte[] bytes = channel.attr(BYTES).get();
        for (byte each : bytes == null ? new byte[0] : bytes) {
            switch (each) {
                case '\r' -> shown.append("\\r");
                case '\n' -> shown.append("\\n");
                case '\\', '"' -> shown.append('\\').append((char) each);
                default ->
                    shown.append(
                            each >= ' ' && each < 127 ? String.valueOf((char) each) : String.format("\\x%02x", each));
            }
        }
        String more = bytes != null && bytes.length == SHOWN ? "…" : "";
        return new TransportException(
                Fault.OTHER,
                Addresses.format(channel.remoteAddress()) + " does not speak " + version + ": it began with \"" + shown
                        + more + "\"",
                cause);
    }
}
