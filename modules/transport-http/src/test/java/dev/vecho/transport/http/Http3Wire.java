package dev.vecho.transport.http;

import dev.vecho.transport.quic.QuicSockets;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamResetException;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A connection of HTTP/3 whose frames are made by hand. */
@SuppressWarnings("FutureReturnValueIgnored") // What is closed may be closed already.
final class Http3Wire implements AutoCloseable {

    private static final int WINDOW = 1 << 20;
    private static final int REQUEST_CANCELLED = 0x10c;

    private final QuicChannel connection;
    private final CompletableFuture<String> closed = new CompletableFuture<>();
    private final AtomicInteger toLose = new AtomicInteger();

    Http3Wire(QuicSslContext tls, InetSocketAddress address) throws IOException {
        ChannelFuture binding = new Bootstrap()
                .group(FrameClient.LOOPS)
                .channel(NioDatagramChannel.class)
                .option(ChannelOption.ALLOCATOR, FrameClient.ALLOCATOR)
                .handler(chain(new QuicClientCodecBuilder()
                        .sslEngineProvider(quic -> tls.newEngine(quic.alloc(), "localhost", address.getPort()))
                        .maxIdleTimeout(1, TimeUnit.MINUTES)
                        .initialMaxData(1L << 40)
                        .initialMaxStreamDataBidirectionalLocal(WINDOW)
                        .initialMaxStreamDataUnidirectional(WINDOW)
                        .initialMaxStreamsUnidirectional(8)
                        .build()))
                .bind(0);
        FrameClient.get(binding);
        Channel socket = binding.channel();
        connection = FrameClient.get(QuicChannel.newBootstrap(socket)
                .option(ChannelOption.ALLOCATOR, FrameClient.ALLOCATOR)
                .streamOption(ChannelOption.ALLOCATOR, FrameClient.ALLOCATOR)
                .handler(new ConnectionEnd())
                .streamHandler(new Drain())
                .remoteAddress(address)
                .connect());
        QuicSockets.tend(connection);
        connection.closeFuture().addListener(done -> socket.close());
    }

    /** A handler that loses packets when it should, before another one. */
    private ChannelHandler chain(ChannelHandler codec) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel socket) {
                socket.pipeline().addLast(new Loss(), codec);
            }
        };
    }

    /** Loses the next packets that come. */
    void lose(int packets) {
        toLose.set(packets);
    }

    /** How the listener closed the connection: {@code connection} and the error. */
    CompletableFuture<String> closed() {
        return closed;
    }

    /** Opens a stream that goes one way, and sends bytes there. */
    QuicStreamChannel unidirectional(int... bytes) throws IOException {
        QuicStreamChannel stream = FrameClient.get(connection.createStream(QuicStreamType.UNIDIRECTIONAL, new Drain()));
        FrameClient.get(stream.writeAndFlush(bytes(bytes)));
        return stream;
    }

    /** Sends bytes on a stream of a request, and resets it. */
    void reset(byte[] bytes) throws IOException {
        QuicStreamChannel stream = FrameClient.get(connection.createStream(QuicStreamType.BIDIRECTIONAL, new Drain()));
        FrameClient.get(stream.writeAndFlush(Unpooled.wrappedBuffer(bytes)));
        FrameClient.get(stream.shutdownOutput(REQUEST_CANCELLED));
    }

    /**
     * Sends bytes on a stream of a request.
     *
     * @param end whether they end it
     * @return {@code end} or {@code reset} and the error, or {@code connection} and its error, or how the stream ended
     */
    CompletableFuture<String> request(byte[] bytes, boolean end) throws IOException {
        CompletableFuture<String> ended = new CompletableFuture<>();
        QuicStreamChannel stream =
                FrameClient.get(connection.createStream(QuicStreamType.BIDIRECTIONAL, new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
                        channel.pipeline().addLast(new StreamEnd(ended));
                    }
                }));
        closed.thenAccept(ended::complete);
        FrameClient.get(stream.writeAndFlush(Unpooled.wrappedBuffer(bytes)));
        if (end) {
            stream.shutdownOutput();
        }
        return ended;
    }

    private static ByteBuf bytes(int... values) {
        ByteBuf bytes = Unpooled.buffer(values.length);
        for (int value : values) {
            bytes.writeByte(value);
        }
        return bytes;
    }

    /** A frame of a type below 64 and less than 16 KiB. */
    static byte[] frame(int type, byte... payload) {
        return join(new byte[] {(byte) type, (byte) (0x40 | (payload.length >> 8)), (byte) payload.length}, payload);
    }

    /** A HEADERS frame whose fields are all literal: names and values by turns. */
    static byte[] headers(String... fields) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        // No dynamic table: RFC 9204, section 4.5.1.
        block.writeBytes(new byte[2]);
        for (int i = 0; i < fields.length; i += 2) {
            byte[] name = fields[i].getBytes(StandardCharsets.ISO_8859_1);
            byte[] value = fields[i + 1].getBytes(StandardCharsets.ISO_8859_1);
            // Section 4.5.6: a literal name, with a length of three bits or more, and a literal value.
            if (name.length < 7) {
                block.write(0x20 | name.length);
            } else {
                block.write(0x27);
                block.write(name.length - 7);
            }
            block.writeBytes(name);
            block.write(value.length);
            block.writeBytes(value);
        }
        return frame(1, block.toByteArray());
    }

    static byte[] data(String text) {
        return frame(0, text.getBytes(StandardCharsets.US_ASCII));
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    @Override
    public void close() {
        connection.close(true, 0x100, Unpooled.EMPTY_BUFFER);
    }

    private final class Loss extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object packet) {
            if (toLose.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                ReferenceCountUtil.release(packet);
            } else {
                ctx.fireChannelRead(packet);
            }
        }
    }

    /** Reads what nobody looks at. */
    private static final class Drain extends ChannelInboundHandlerAdapter {

        @Override
        public boolean isSharable() {
            return true;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ReferenceCountUtil.release(message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    private final class ConnectionEnd extends ChannelInboundHandlerAdapter {

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof QuicConnectionCloseEvent close) {
                closed.complete("connection " + Integer.toHexString(close.error()));
                ctx.executor().execute(() -> ctx.channel().close());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    private static final class StreamEnd extends ChannelInboundHandlerAdapter {

        private final CompletableFuture<String> ended;

        StreamEnd(CompletableFuture<String> ended) {
            this.ended = ended;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ReferenceCountUtil.release(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                // A reset is an exception that comes first.
                ended.complete("end");
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            if (cause instanceof QuicStreamResetException reset) {
                ended.complete("reset " + Long.toHexString(reset.applicationProtocolCode()));
            }
        }
    }
}
