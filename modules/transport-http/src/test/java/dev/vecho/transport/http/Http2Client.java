package dev.vecho.transport.http;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A POST over HTTP/2 on a connection of its own: END_STREAM ends its output, RST_STREAM breaks it off. It reads from the
 * socket whatever comes, and lets the listener send on the stream what its window allows.
 */
@SuppressWarnings("FutureReturnValueIgnored") // What is closed may be closed already.
final class Http2Client extends FrameClient {

    private final Channel connection;
    private final Http2StreamChannel stream;
    private final CompletableFuture<Http2Headers> head = new CompletableFuture<>();

    /**
     * Connects and sends the head of the request.
     *
     * @param tls null for prior knowledge without TLS
     * @param window what may come on the stream before it was read, and the socket's buffer; 0 for usual ones
     */
    Http2Client(@Nullable SslContext tls, InetSocketAddress address, int window) throws IOException {
        this(tls, address, window, headers("POST", tls == null ? "http" : "https"));
    }

    /** Connects and sends the head of a request. */
    Http2Client(@Nullable SslContext tls, InetSocketAddress address, int window, Http2Headers request)
            throws IOException {
        int streamWindow = window == 0 ? WINDOW : window;
        Http2FrameCodec codec = Http2FrameCodecBuilder.forClient()
                .initialSettings(Http2Settings.defaultSettings().initialWindowSize(streamWindow))
                .gracefulShutdownTimeoutMillis(0)
                .build();
        Bootstrap bootstrap = new Bootstrap()
                .group(LOOPS)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.ALLOCATOR, ALLOCATOR)
                .option(ChannelOption.TCP_NODELAY, true);
        if (window > 0) {
            bootstrap.option(ChannelOption.SO_RCVBUF, window);
        }
        ChannelFuture connecting = bootstrap
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (tls != null) {
                            channel.pipeline().addLast(tls.newHandler(ALLOCATOR, "localhost", address.getPort()));
                        }
                        channel.pipeline()
                                .addLast(
                                        codec,
                                        new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()),
                                        new ConnectionEnd());
                    }
                })
                .connect(address);
        get(connecting);
        connection = connecting.channel();
        try {
            SslHandler ssl = connection.pipeline().get(SslHandler.class);
            if (ssl != null) {
                get(ssl.handshakeFuture());
            }
            get(connection.eventLoop().submit(() -> widen(codec)));
            stream = get(new Http2StreamChannelBootstrap(connection)
                    .option(ChannelOption.AUTO_READ, false)
                    .option(ChannelOption.ALLOCATOR, ALLOCATOR)
                    .handler(this)
                    .open());
            // Else Netty keeps what came and nobody has asked for.
            connection.closeFuture().addListener(closed -> stream.config().setAutoRead(true));
            get(stream.writeAndFlush(new DefaultHttp2HeadersFrame(request)));
        } catch (IOException e) {
            connection.close();
            throw e;
        }
    }

    static Http2Headers headers(String method, String scheme) {
        return new DefaultHttp2Headers()
                .method(method)
                .path("/echo")
                .scheme(scheme)
                .authority("localhost");
    }

    /** The head of the response. */
    CompletableFuture<Http2Headers> head() {
        stream.read();
        return head;
    }

    /** The window of the connection must not be what stops its one stream. */
    private static @Nullable Void widen(Http2FrameCodec codec) throws Http2Exception {
        codec.connection()
                .local()
                .flowController()
                .incrementWindowSize(codec.connection().connectionStream(), WINDOW);
        return null;
    }

    /** Hears how the connection ends. */
    private static final class ConnectionEnd extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ReferenceCountUtil.release(message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    @Override
    Channel stream() {
        return stream;
    }

    @Override
    ChannelFuture send(ByteBuf bytes) {
        return stream.writeAndFlush(new DefaultHttp2DataFrame(bytes));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof Http2DataFrame data) {
            received(data.content());
            if (data.isEndStream()) {
                ended();
            }
        } else if (message instanceof Http2HeadersFrame frame) {
            Http2Headers headers = frame.headers();
            head.complete(headers);
            if (headers.status() != null && !"200".contentEquals(headers.status())) {
                failed("unexpected answer: " + headers.status());
            } else if (frame.isEndStream()) {
                ended();
            }
        } else {
            ReferenceCountUtil.release(message);
        }
        // A head alone is nothing that a reader waits for.
        if (message instanceof Http2HeadersFrame) {
            ctx.read();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof Http2ResetFrame reset) {
            // What came before it, and nobody has asked for yet, first.
            ctx.channel().config().setAutoRead(true);
            failed("the stream was reset with error " + reset.errorCode());
        }
    }

    @Override
    public void closeOutput() throws IOException {
        get(stream.writeAndFlush(new DefaultHttp2DataFrame(true)));
    }

    @Override
    public void reset() {
        // The listener closes the connection, once it has heard of the reset: who closes with bytes that were not read
        // resets the connection too, and nobody hears of the stream.
        stream.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL)).addListener(sent -> {
            SslHandler ssl = connection.pipeline().get(SslHandler.class);
            if (ssl != null) {
                ssl.closeOutbound();
            } else {
                ((SocketChannel) connection).shutdownOutput();
            }
        });
    }

    @Override
    public void close() {
        connection.close();
    }
}
