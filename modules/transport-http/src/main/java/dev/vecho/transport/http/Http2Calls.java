package dev.vecho.transport.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.function.Consumer;

/** The client's side of HTTP/2: a connection, and streams on it. */
final class Http2Calls {

    /** What a server may send on a stream before it was read. */
    private static final int WINDOW = 1024 * 1024;

    private Http2Calls() {}

    /**
     * Speaks HTTP/2 on a connection from now on.
     *
     * @param broken told what breaks the connection
     */
    static void begin(Channel channel, Consumer<Throwable> broken) {
        channel.pipeline()
                .addLast(Http2FrameCodecBuilder.forClient()
                        .initialSettings(Http2Settings.defaultSettings().initialWindowSize(WINDOW))
                        .gracefulShutdownTimeoutMillis(0)
                        // Streams that the server does not allow yet wait until it does.
                        .encoderEnforceMaxConcurrentStreams(true)
                        .build());
        // A server opens no streams: it pushes nothing, for nobody allowed it to.
        ChannelHandler none = new ChannelInboundHandlerAdapter();
        channel.pipeline().addLast(new Http2MultiplexHandler(none));
        channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                broken.accept(cause);
            }
        });
    }

    /** Opens a stream with some handlers. */
    static Future<Http2StreamChannel> open(Channel channel, ChannelHandler... handlers) {
        Promise<Http2StreamChannel> opened = Promise.promise();
        new Http2StreamChannelBootstrap(channel)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel stream) {
                        stream.pipeline().addLast(handlers);
                    }
                })
                .open()
                .addListener((io.netty.util.concurrent.Future<Http2StreamChannel> stream) -> {
                    if (stream.isSuccess()) {
                        opened.complete(stream.getNow());
                    } else {
                        opened.fail(stream.cause());
                    }
                });
        return opened.future();
    }
}
