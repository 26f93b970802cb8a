package dev.vecho.transport.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import java.util.List;

/**
 * Tells HTTP/2 from HTTP/1.1 by a connection's first bytes, with TLS and without, and puts the codec of that version in
 * its own place. A client of HTTP/2 begins with bytes that no older version can begin with: RFC 9113, section 3.4.
 */
final class VersionDetector extends ByteToMessageDecoder {

    private final HttpListenerOptions options;
    private final HttpSocket socket;
    private final ByteBuf preface = Http2CodecUtil.connectionPrefaceBuf();

    VersionDetector(HttpListenerOptions options, HttpSocket socket) {
        this.options = options;
        this.socket = socket;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        int known = Math.min(in.readableBytes(), preface.readableBytes());
        for (int i = 0; options.http2() && i < known; i++) {
            if (in.getByte(in.readerIndex() + i) != preface.getByte(i)) {
                become1(ctx);
                return;
            }
        }
        if (!options.http2()) {
            become1(ctx);
        } else if (known == preface.readableBytes()) {
            Http2Streams.install(ctx, options, socket);
            ctx.pipeline().remove(this);
        }
    }

    private void become1(ChannelHandlerContext ctx) {
        HttpDecoderConfig config = new HttpDecoderConfig()
                .setMaxInitialLineLength(options.maxHeaderBytes())
                .setMaxHeaderSize(options.maxHeaderBytes())
                .setMaxChunkSize(64 * 1024)
                .setUseRfc9112TransferEncoding(true)
                .setStrictLineParsing(true);
        HttpRequestDecoder decoder = new HttpRequestDecoder(config);
        HttpResponseEncoder encoder = new HttpResponseEncoder();
        FaultyExchange faulty =
                options.faults() == null ? null : options.faults().onConnection(ctx.channel(), socket);
        add(ctx, new HttpEcho(options, faulty == null ? socket : faulty, new HttpEcho.Http1(socket, decoder, encoder)));
        if (faulty != null) {
            add(ctx, faulty);
        }
        add(ctx, encoder);
        add(ctx, decoder);
        ctx.pipeline().remove(this);
    }

    private static void add(ChannelHandlerContext ctx, ChannelHandler handler) {
        ChannelPipeline pipeline = ctx.pipeline();
        pipeline.addAfter(ctx.name(), null, handler);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
        super.userEventTriggered(ctx, event);
        // Nobody has asked for anything yet.
        if (HttpSocket.isEndOfInput(event) || event == HttpSocket.DRAIN) {
            socket.closeAfterLastByte();
        }
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) {
        preface.release();
    }
}
