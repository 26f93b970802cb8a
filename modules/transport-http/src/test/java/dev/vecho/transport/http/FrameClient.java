package dev.vecho.transport.http;

import dev.vecho.testkit.EchoClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketException;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * One request on Netty's codec of a version that has frames, without Vert.x: the ends of its stream as blocking ones. It
 * takes from the network only what was asked for, and uses an allocator of its own, so that it is not taken for the
 * listener's.
 */
@SuppressWarnings("FutureReturnValueIgnored") // What is closed may be closed already.
abstract class FrameClient extends ChannelInboundHandlerAdapter implements EchoClient {

    static final int PATIENCE_SECONDS = 60;
    static final int WINDOW = 1 << 20;
    static final EventLoopGroup LOOPS =
            new MultiThreadIoEventLoopGroup(2, new DefaultThreadFactory("client", true), NioIoHandler.newFactory());
    static final PooledByteBufAllocator ALLOCATOR = new PooledByteBufAllocator(true);

    private static final int BLOCK = 65_536;
    private static final byte[] NOTHING = {};

    private final BlockingQueue<Came> came = new LinkedBlockingQueue<>();
    private byte[] block = NOTHING;
    private int at;

    /** What came: bytes, the end, or a failure. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Came(byte[] bytes, boolean end, String failure) {}

    /** The stream of the request, which reads only when it is asked to. */
    abstract Channel stream();

    /** Writes a part of the body. */
    abstract ChannelFuture send(ByteBuf bytes);

    /** Takes a part of the response's body, and releases it. */
    final void received(ByteBuf bytes) {
        byte[] copy = new byte[bytes.readableBytes()];
        bytes.readBytes(copy);
        bytes.release();
        came.add(new Came(copy, false, ""));
    }

    final void ended() {
        came.add(new Came(NOTHING, true, ""));
    }

    final void failed(String why) {
        came.add(new Came(NOTHING, false, why));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failed(String.valueOf(cause));
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        failed("the connection is closed");
    }

    @Override
    public final OutputStream out() {
        return new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                for (int from = offset; from < offset + length; from += BLOCK) {
                    int to = Math.min(from + BLOCK, offset + length);
                    get(send(Unpooled.wrappedBuffer(Arrays.copyOfRange(bytes, from, to))));
                }
            }
        };
    }

    @Override
    public final InputStream in() {
        return new InputStream() {
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
                while (at == block.length) {
                    if (!next()) {
                        return -1;
                    }
                }
                int count = Math.min(length, block.length - at);
                System.arraycopy(block, at, bytes, offset, count);
                at += count;
                return count;
            }
        };
    }

    private boolean next() throws IOException {
        Came next = came.poll();
        try {
            while (next == null) {
                stream().read();
                next = came.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                if (next == null) {
                    throw new IOException("no byte came");
                }
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        if (next.end() || !next.failure().isEmpty()) {
            // For whoever asks again.
            came.add(next);
        }
        if (!next.failure().isEmpty()) {
            throw new SocketException(next.failure());
        }
        block = next.bytes();
        at = 0;
        return !next.end();
    }

    /** Waits for what Netty does, a minute at most. */
    static <T> T get(Future<T> future) throws IOException {
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
}
