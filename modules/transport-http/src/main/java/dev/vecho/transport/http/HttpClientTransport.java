package dev.vecho.transport.http;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.net.tls.TlsConnection;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import org.jspecify.annotations.Nullable;

/**
 * Sends one request on a connection of its own, whose body is what is sent and whose response's body is what comes back. It speaks HTTP/2 where TLS agrees on {@code h2}, which the option {@code tls.alpn} must offer, and else
 * HTTP/1.1.
 */
final class HttpClientTransport implements ClientTransport {

    private static final int WINDOW = 1024 * 1024;

    private final HttpConnector connector;
    private final HttpClientOptions options;

    HttpClientTransport(HttpConnector connector, HttpClientOptions options) {
        this.connector = connector;
        this.options = options;
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        return connector.connect(
                receiver,
                (channel, tls) -> tls != null && "h2".equals(tls.handler().applicationProtocol())
                        ? open2(channel, tls, receiver)
                        : open1(channel, tls, receiver));
    }

    private Future<Connection> open1(Channel channel, @Nullable TlsConnection tls, Receiver receiver) {
        HttpConnection connection = new HttpConnection(connector, options, receiver, tls, "HTTP/1.1");
        channel.pipeline().addLast(new HttpClientCodec(), connection);
        connection.begin();
        return Future.succeededFuture(connection);
    }

    private Future<Connection> open2(Channel channel, TlsConnection tls, Receiver receiver) {
        channel.pipeline()
                .addLast(Http2FrameCodecBuilder.forClient()
                        .initialSettings(Http2Settings.defaultSettings().initialWindowSize(WINDOW))
                        .gracefulShutdownTimeoutMillis(0)
                        .build());
        // A server opens no streams: it pushes nothing, for nobody allowed it to.
        ChannelHandler none = new ChannelInboundHandlerAdapter();
        channel.pipeline().addLast(new Http2MultiplexHandler(none));
        HttpConnection connection = new HttpConnection(connector, options, receiver, tls, "HTTP/2");
        channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                connection.exceptionCaught(ctx, cause);
            }
        });
        Promise<Connection> opened = Promise.promise();
        new Http2StreamChannelBootstrap(channel)
                .handler(new io.netty.channel.ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel stream) {
                        stream.pipeline().addLast(new Http2StreamFrameToHttpObjectCodec(false), connection);
                    }
                })
                .open()
                .addListener((io.netty.util.concurrent.Future<Http2StreamChannel> stream) -> {
                    if (stream.isSuccess()) {
                        connection.begin();
                        opened.complete(connection);
                    } else {
                        opened.fail(HttpConnector.failure(stream.cause(), tls));
                    }
                });
        return opened.future();
    }

    @Override
    public Future<Boolean> answersTls() {
        return connector.answersTls();
    }

    @Override
    public Future<Void> close() {
        return connector.close();
    }
}
