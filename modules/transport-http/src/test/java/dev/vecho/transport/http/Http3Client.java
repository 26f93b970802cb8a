package dev.vecho.transport.http;

import dev.vecho.transport.quic.QuicSockets;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.codec.http3.DefaultHttp3DataFrame;
import io.netty.handler.codec.http3.DefaultHttp3Headers;
import io.netty.handler.codec.http3.DefaultHttp3HeadersFrame;
import io.netty.handler.codec.http3.Http3;
import io.netty.handler.codec.http3.Http3ClientConnectionHandler;
import io.netty.handler.codec.http3.Http3DataFrame;
import io.netty.handler.codec.http3.Http3ErrorCode;
import io.netty.handler.codec.http3.Http3GoAwayFrame;
import io.netty.handler.codec.http3.Http3Headers;
import io.netty.handler.codec.http3.Http3HeadersFrame;
import io.netty.handler.codec.http3.Http3RequestStreamInitializer;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A request over HTTP/3 on a connection of its own: FIN ends its output, a reset breaks it off. */
@SuppressWarnings("FutureReturnValueIgnored") // What is closed may be closed already.
final class Http3Client extends FrameClient {

    private final QuicChannel connection;
    private final QuicStreamChannel stream;
    private volatile boolean breaking;
    private final CompletableFuture<Http3Headers> head = new CompletableFuture<>();
    private final CompletableFuture<Http3Headers> trailers = new CompletableFuture<>();
    private final CompletableFuture<Long> goneAway = new CompletableFuture<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();

    /**
     * Connects and sends the head of a POST.
     *
     * @param window what may come on the stream before it was read; 0 for a usual one
     */
    Http3Client(QuicSslContext tls, InetSocketAddress address, int window) throws IOException {
        this(tls, address, window, headers("POST"));
    }

    /** Connects and sends the head of a request. */
    Http3Client(QuicSslContext tls, InetSocketAddress address, int window, Http3Headers request) throws IOException {
        Channel socket;
        ChannelFuture binding = new Bootstrap()
                .group(LOOPS)
                .channel(NioDatagramChannel.class)
                .option(ChannelOption.ALLOCATOR, ALLOCATOR)
                .handler(Http3.newQuicClientCodecBuilder()
                        .sslEngineProvider(quic -> tls.newEngine(quic.alloc(), "localhost", address.getPort()))
                        // Others may be opened meanwhile, by the thousand.
                        .maxIdleTimeout(5, TimeUnit.MINUTES)
                        .initialMaxData(1L << 40)
                        .initialMaxStreamDataBidirectionalLocal(window == 0 ? WINDOW : window)
                        .build())
                .bind(0);
        get(binding);
        socket = binding.channel();
        try {
            connection = get(QuicChannel.newBootstrap(socket)
                    .option(ChannelOption.ALLOCATOR, ALLOCATOR)
                    .streamOption(ChannelOption.ALLOCATOR, ALLOCATOR)
                    .handler(new ChannelInitializer<QuicChannel>() {
                        @Override
                        protected void initChannel(QuicChannel channel) {
                            channel.pipeline()
                                    .addLast(
                                            new Http3ClientConnectionHandler(controlFrames(), null, null, null, true),
                                            new ConnectionEnd());
                            QuicSockets.tend(channel);
                        }
                    })
                    .remoteAddress(address)
                    .connect());
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        connection.closeFuture().addListener(done -> socket.close());
        stream = get(connection.createStream(QuicStreamType.BIDIRECTIONAL, new Http3RequestStreamInitializer() {
            @Override
            protected void initRequestStream(QuicStreamChannel channel) {
                channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
                channel.config().setAutoRead(false);
                channel.config().setAllocator(ALLOCATOR);
                channel.pipeline().addLast(Http3Client.this);
            }
        }));
        get(stream.writeAndFlush(new DefaultHttp3HeadersFrame(request)));
    }

    static Http3Headers headers(String method) {
        return new DefaultHttp3Headers()
                // Netty knows HEAD only so.
                .method(AsciiString.of(method))
                .path("/echo")
                .scheme("https")
                .authority("localhost");
    }

    private ChannelInboundHandlerAdapter controlFrames() {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                if (message instanceof Http3GoAwayFrame frame) {
                    goneAway.complete(frame.id());
                }
                ReferenceCountUtil.release(message);
            }
        };
    }

    /** Hears how the connection ends. */
    private final class ConnectionEnd extends ChannelInboundHandlerAdapter {

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof QuicConnectionCloseEvent close) {
                closed.complete(close.error());
                // After what came with it; else QUIC waits for late packets.
                ctx.executor().execute(() -> {
                    if (stream != null) {
                        stream.config().setAutoRead(true);
                    }
                    ctx.channel().close();
                });
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    /** The head of the response, once the body was read for. */
    CompletableFuture<Http3Headers> head() {
        stream.read();
        return head;
    }

    /** The trailers of the response, once its body was read. */
    CompletableFuture<Http3Headers> trailers() {
        return trailers;
    }

    /** The id of the first stream that the listener does not take, once it says so. */
    CompletableFuture<Long> goneAway() {
        return goneAway;
    }

    /** The error with which the listener closes the connection. */
    CompletableFuture<Integer> closed() {
        return closed;
    }

    @Override
    Channel stream() {
        return stream;
    }

    @Override
    ChannelFuture send(ByteBuf bytes) {
        return stream.writeAndFlush(new DefaultHttp3DataFrame(bytes));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof Http3DataFrame data) {
            received(data.content());
        } else if (message instanceof Http3HeadersFrame frame) {
            CharSequence status = frame.headers().status();
            if (status != null && !status.toString().startsWith("1")) {
                head.complete(frame.headers());
            } else if (status == null) {
                trailers.complete(frame.headers());
            }
            // A head alone is nothing that a reader waits for.
            ctx.read();
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownReadComplete) {
            ended();
            closeIfBreaking();
        }
    }

    @Override
    public void closeOutput() throws IOException {
        get(stream.shutdownOutput());
    }

    @Override
    public void reset() {
        // The connection stays until the listener has answered: nobody repeats the end of a connection.
        breaking = true;
        stream.config().setAutoRead(true);
        stream.shutdownOutput(Http3ErrorCode.H3_REQUEST_CANCELLED.code());
    }

    private void closeIfBreaking() {
        if (breaking) {
            // Later: this may run in the middle of Netty's own reading.
            connection.eventLoop().execute(() -> connection.close(false, 1, Unpooled.EMPTY_BUFFER));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        super.exceptionCaught(ctx, cause);
        closeIfBreaking();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        super.channelInactive(ctx);
        closeIfBreaking();
    }

    @Override
    public void close() {
        connection.close(false, 0, Unpooled.EMPTY_BUFFER);
    }
}
