package dev.vecho.net;

import dev.vecho.core.OpenConnection;
import dev.vecho.core.VertxInternals;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocal;
import io.vertx.core.net.NetSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the metrics of Vert.x, where somebody has enabled them, of the bytes of accepted connections, which do not pass Vert.x's own
 * handler. The connections, and the addresses that they come from, Vert.x tells by itself as long as that handler stays in their
 * pipelines.
 */
public final class Metering {

    private static final Logger LOG = LoggerFactory.getLogger(Metering.class);

    private static final AtomicBoolean WARNED = new AtomicBoolean();

    private static final FastThreadLocal<Loop> LOOPS = new FastThreadLocal<>() {
        @Override
        protected Loop initialValue() {
            return new Loop();
        }
    };

    private Metering() {}

    /** Whether it can be done: not where Vert.x is a named module, and keeps its class for it to itself. Warns once. */
    public static boolean isPossible() {
        if (!VertxInternals.countsBytes() && !WARNED.getAndSet(true)) {
            LOG.warn(
                    "the metrics of Vert.x, which is a named module here, have no bytes of connections; start Java with"
                            + " --add-exports io.vertx.core/io.vertx.core.net.impl={}",
                    VertxInternals.class.getModule().getName());
        }
        return VertxInternals.countsBytes();
    }

    /**
     * Tells of what a connection has counted, each second and at its end. So nothing is done for it on the way of a byte.
     *
     * <p>Called on the connection's event loop.
     *
     * @param socket of Vert.x
     * @param connection the same as its listener knows it, which has heard of the end of the channel before this does
     */
    @SuppressWarnings("FutureReturnValueIgnored") // It does not fail.
    public static void watch(Channel channel, Object socket, OpenConnection connection) {
        Counts counts = new Counts(socket, connection);
        Loop loop = LOOPS.get();
        loop.add(channel.eventLoop(), counts);
        channel.closeFuture().addListener(closed -> {
            loop.watched.remove(counts);
            counts.tell();
        });
    }

    /** What hears of the bytes of one connection, on its event loop. */
    public interface Bytes {

        /** So many more were received. */
        void read(long bytes);

        /** So many more were sent. */
        void written(long bytes);

        /** The connection ends: what was counted last is told now. */
        void tell();
    }

    /** Those of a socket of Vert.x. */
    public static Bytes of(NetSocket socket) {
        return new Bytes() {
            @Override
            public void read(long bytes) {
                VertxInternals.countRead(socket, bytes);
            }

            @Override
            public void written(long bytes) {
                VertxInternals.countWritten(socket, bytes);
            }

            @Override
            public void tell() {
                VertxInternals.tellCounts(socket);
            }
        };
    }

    /** Makes what tells of each buffer that passes its place in a pipeline. */
    public static ChannelHandler handler(Bytes connection) {
        return new ChannelDuplexHandler() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                connection.read(size(message));
                ctx.fireChannelRead(message);
            }

            @Override
            @SuppressWarnings("FutureReturnValueIgnored") // The caller has the promise.
            public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
                connection.written(size(message));
                ctx.write(message, promise);
            }

            @Override
            public void channelInactive(ChannelHandlerContext ctx) {
                // Vert.x may have heard of the end already, by an event that comes before what was sent together with
                // it.
                connection.tell();
                ctx.fireChannelInactive();
            }
        };
    }

    private static int size(Object message) {
        if (message instanceof ByteBuf bytes) {
            return bytes.readableBytes();
        }
        return message instanceof ByteBufHolder holder ? holder.content().readableBytes() : 0;
    }

    /** The connections of an event loop, which have one timer together. */
    private static final class Loop {

        private final Set<Counts> watched = new HashSet<>();
        private boolean ticking;

        void add(EventExecutor executor, Counts counts) {
            watched.add(counts);
            if (!ticking) {
                ticking = true;
                next(executor);
            }
        }

        @SuppressWarnings("FutureReturnValueIgnored") // Netty logs what the metrics throw.
        private void next(EventExecutor executor) {
            executor.schedule(() -> tick(executor), 1, TimeUnit.SECONDS);
        }

        private void tick(EventExecutor executor) {
            if (watched.isEmpty()) {
                ticking = false;
            } else {
                next(executor);
                watched.forEach(Counts::tell);
            }
        }
    }

    /** What was told of a connection. */
    private static final class Counts {

        private final Object socket;
        private final OpenConnection connection;
        private long received;
        private long sent;

        Counts(Object socket, OpenConnection connection) {
            this.socket = socket;
            this.connection = connection;
        }

        void tell() {
            long receivedNow = connection.received();
            long sentNow = connection.sent();
            VertxInternals.countRead(socket, receivedNow - received);
            VertxInternals.countWritten(socket, sentNow - sent);
            received = receivedNow;
            sent = sentNow;
        }
    }
}
