package dev.vecho.transport.quic;

import dev.vecho.testkit.EchoClient;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.PromiseNotifier;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.Arrays;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Netty's QUIC, without Vert.x: a connection with a socket of its own, and blocking streams. It reads from the network only
 * what was asked for, and uses an allocator of its own, so that it is not taken for the listener's.
 */
@SuppressWarnings("FutureReturnValueIgnored") // What is closed may be closed already.
final class QuicEchoClient implements AutoCloseable {

    private static final int PATIENCE_SECONDS = 60;
    private static final int WINDOW = 1 << 20;
    private static final int BLOCK = 65_536;

    private static final EventLoopGroup LOOPS =
            new MultiThreadIoEventLoopGroup(2, new DefaultThreadFactory("client", true), NioIoHandler.newFactory());
    private static final PooledByteBufAllocator ALLOCATOR = new PooledByteBufAllocator(true);

    private final Channel socket;
    private final QuicChannel connection;
    private final BlockingQueue<byte[]> datagrams = new LinkedBlockingQueue<>();
    private final Queue<Channel> streams = new ConcurrentLinkedQueue<>();
    private final BlockingQueue<QuicConnectionCloseEvent> closes = new LinkedBlockingQueue<>();

    private QuicEchoClient(QuicSslContext tls, InetSocketAddress address, int window, @Nullable ChannelHandler network)
            throws IOException {
        QuicClientCodecBuilder codec = new QuicClientCodecBuilder()
                .sslEngineProvider(quic -> tls.newEngine(quic.alloc(), "localhost", address.getPort()))
                .maxIdleTimeout(5, TimeUnit.MINUTES)
                // What a stalled stream holds must not stall the others.
                .initialMaxData(1L << 40)
                .initialMaxStreamDataBidirectionalLocal(window)
                .datagram(1000, 1000);
        socket = done(new Bootstrap()
                .group(LOOPS)
                .channel(NioDatagramChannel.class)
                .option(ChannelOption.ALLOCATOR, ALLOCATOR)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel datagrams) {
                        if (network != null) {
                            datagrams.pipeline().addLast(network);
                        }
                        datagrams.pipeline().addLast(codec.build());
                    }
                })
                .bind(0));
        try {
            connection = get(QuicChannel.newBootstrap(socket)
                    .option(ChannelOption.ALLOCATOR, ALLOCATOR)
                    .streamOption(ChannelOption.ALLOCATOR, ALLOCATOR)
                    .handler(new Ear())
                    .remoteAddress(address)
                    .connect());
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        QuicSockets.tend(connection);
        connection.closeFuture().addListener(closed -> socket.close());
    }

    /**
     * Connects.
     *
     * @param window how much the listener may send on a stream before it was read; 0 for a usual one
     */
    static QuicEchoClient connect(QuicSslContext tls, InetSocketAddress address, int window) throws IOException {
        return new QuicEchoClient(tls, address, window == 0 ? WINDOW : window, null);
    }

    /**
     * Connects over a network that loses packets of the listener.
     *
     * @param network hears of each one
     */
    static QuicEchoClient connect(QuicSslContext tls, InetSocketAddress address, ChannelHandler network)
            throws IOException {
        return new QuicEchoClient(tls, address, WINDOW, network);
    }

    /** A connection's one stream, as an echo client; closing it closes the connection. */
    EchoClient soleStream() throws IOException {
        return new Stream(true);
    }

    /** One stream of several. */
    Stream stream() throws IOException {
        return new Stream(false);
    }

    /** Opens a stream that goes one way; fails where the listener allows none. */
    void unidirectional() throws IOException {
        get(connection.createStream(QuicStreamType.UNIDIRECTIONAL, new ChannelInboundHandlerAdapter()));
    }

    void sendDatagram(byte[] bytes) throws IOException {
        done(connection.writeAndFlush(
                bytes.length > 0 ? Unpooled.wrappedBuffer(bytes) : EmptyDatagram.insteadOf(Unpooled.EMPTY_BUFFER)));
    }

    /** The next datagram that came. */
    byte[] datagram() throws IOException {
        return take(datagrams, "datagram");
    }

    /** The next datagram that comes within some seconds; null if none does. */
    byte @Nullable [] datagram(int seconds) throws IOException {
        return poll(datagrams, seconds);
    }

    /** How the listener closed the connection. */
    QuicConnectionCloseEvent closeEvent() throws IOException {
        return take(closes, "end of the connection");
    }

    @Override
    public void close() throws IOException {
        connection.close(false, 0, Unpooled.EMPTY_BUFFER);
    }

    private static <T> T take(BlockingQueue<T> queue, String what) throws IOException {
        T next = poll(queue, PATIENCE_SECONDS);
        if (next == null) {
            throw new IOException("no " + what + " came");
        }
        return next;
    }

    private static <T> @Nullable T poll(BlockingQueue<T> queue, int seconds) throws IOException {
        try {
            return queue.poll(seconds, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static Channel done(io.netty.channel.ChannelFuture future) throws IOException {
        get(future);
        return future.channel();
    }

    private static <T> T get(Future<T> future) throws IOException {
        try {
            if (!future.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("nothing happened for a minute");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        if (!future.isSuccess()) {
            SocketException failure = new SocketException(String.valueOf(future.cause()));
            failure.initCause(future.cause());
            throw failure;
        }
        return future.getNow();
    }

    /**
     * Loses some of the packets that come, not of those that go: it is the listener's end of a stream that must arrive.
     */
    static final class PacketLoss extends ChannelInboundHandlerAdapter {

        private final Random random;
        private final int percent;

        PacketLoss(long seed, int percent) {
            this.random = new Random(seed);
            this.percent = percent;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object packet) {
            if (random.nextInt(100) < percent) {
                ReferenceCountUtil.release(packet);
            } else {
                ctx.fireChannelRead(packet);
            }
        }
    }

    /** Hears what belongs to no stream. */
    private final class Ear extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
            if (message instanceof ByteBuf bytes) {
                byte[] copy = new byte[bytes.readableBytes()];
                bytes.readBytes(copy);
                bytes.release();
                datagrams.add(copy);
            } else {
                super.channelRead(ctx, message);
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
            if (event instanceof QuicConnectionCloseEvent close) {
                closes.add(close);
                // After what came with it; else QUIC waits for late packets.
                ctx.executor().execute(() -> {
                    streams.forEach(stream -> stream.config().setAutoRead(true));
                    ctx.channel().close();
                });
            }
            super.userEventTriggered(ctx, event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    /** What came from a stream: bytes, its end, or a failure. */
    private record Came(Buffer bytes, boolean end, String failure) {}

    /** A stream with blocking ends. */
    final class Stream implements EchoClient {

        private final BlockingQueue<Came> came = new LinkedBlockingQueue<>();
        private final QuicStreamChannel channel;
        private final boolean sole;

        Stream(boolean sole) throws IOException {
            this.sole = sole;
            channel = get(connection.createStream(QuicStreamType.BIDIRECTIONAL, new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel stream) {
                    stream.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
                    stream.config().setAutoRead(false);
                    stream.config().setAllocator(ALLOCATOR);
                    stream.pipeline().addLast(new StreamEar(came));
                }
            }));
            streams.add(channel);
            channel.closeFuture().addListener(closed -> streams.remove(channel));
        }

        @Override
        public OutputStream out() {
            return new OutputStream() {
                @Override
                public void write(int value) throws IOException {
                    write(new byte[] {(byte) value}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int offset, int length) throws IOException {
                    for (int at = offset; at < offset + length; at += BLOCK) {
                        int end = Math.min(at + BLOCK, offset + length);
                        done(channel.writeAndFlush(Unpooled.wrappedBuffer(Arrays.copyOfRange(bytes, at, end))));
                    }
                }
            };
        }

        @Override
        public InputStream in() {
            return new InputStream() {
                private byte[] block = {};
                private int at;

                @Override
                public int read() throws IOException {
                    byte[] one = new byte[1];
                    return read(one, 0, 1) == 1 ? one[0] & 0xff : -1;
                }

                @Override
                public int read(byte[] bytes, int offset, int length) throws IOException {
                    if (length == 0) {
                        return 0;
                    }
                    if (at == block.length && !next()) {
                        return -1;
                    }
                    int count = Math.min(length, block.length - at);
                    System.arraycopy(block, at, bytes, offset, count);
                    at += count;
                    return count;
                }

                private boolean next() throws IOException {
                    if (came.isEmpty()) {
                        channel.read();
                    }
                    Came next = take(came, "byte");
                    if (next.end() || !next.failure().isEmpty()) {
                        // For whoever asks again.
                        came.add(next);
                    }
                    if (!next.failure().isEmpty()) {
                        throw new SocketException(next.failure());
                    }
                    block = next.bytes().getBytes();
                    at = 0;
                    return !next.end();
                }
            };
        }

        @Override
        public void closeOutput() throws IOException {
            get(channel.shutdownOutput());
        }

        /** Writes bytes that carry the end: quiche may lose an end of its own, where packets get lost. */
        void writeLast(byte[] bytes) throws IOException {
            done(channel.writeAndFlush(new DefaultQuicStreamFrame(Unpooled.wrappedBuffer(bytes), true)));
        }

        /** Closes the output in a packet of its own, which quiche does not lose when all that was written has arrived. */
        void closeOutputWhenArrived() throws IOException {
            Promise<Void> closed = channel.eventLoop().newPromise();
            channel.eventLoop()
                    .execute(() -> DeliveryWatch.await(
                            channel,
                            false,
                            0,
                            () -> channel.shutdownOutput().addListener(new PromiseNotifier<>(closed))));
            get(closed);
        }

        @Override
        public void reset() {
            // The connection stays, so that what got lost is sent again: nobody repeats the end of a connection.
            channel.shutdown(42);
            channel.close();
        }

        @Override
        public void close() throws IOException {
            channel.close();
            if (sole) {
                QuicEchoClient.this.close();
            }
        }
    }

    /** Hears what comes from a stream. */
    private static final class StreamEar extends ChannelInboundHandlerAdapter {

        private static final Buffer NOTHING = Buffer.buffer();

        private final BlockingQueue<Came> came;

        StreamEar(BlockingQueue<Came> came) {
            this.came = came;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            byte[] copy = new byte[bytes.readableBytes()];
            bytes.readBytes(copy);
            bytes.release();
            came.add(new Came(Buffer.buffer(copy), false, ""));
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                came.add(new Came(NOTHING, true, ""));
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            came.add(new Came(NOTHING, false, String.valueOf(cause)));
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            came.add(new Came(NOTHING, false, "the connection is closed"));
        }
    }
}
