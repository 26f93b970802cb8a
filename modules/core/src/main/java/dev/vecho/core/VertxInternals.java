package dev.vecho.core;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.Closeable;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.datagram.DatagramSocketOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageCodec;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.eventbus.impl.MessageConsumerImpl;
import io.vertx.core.eventbus.impl.MessageImpl;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.buffer.BufferInternal;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.core.net.impl.ShutdownEvent;
import io.vertx.core.spi.metrics.DatagramSocketMetrics;
import io.vertx.core.spi.metrics.VertxMetrics;
import io.vertx.core.spi.transport.Transport;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * What Vecho needs of Vert.x beyond its public API: all that may change with any of its versions, in one place. What cannot
 * stand here, because it extends a class of Vert.x, is on the list of the architecture test. UPGRADING.md tells what to look at.
 */
public final class VertxInternals {

    private static final boolean NET_IMPL = isOpen("io.vertx.core.net.impl");

    private static final boolean EVENTBUS_IMPL = isOpen("io.vertx.core.eventbus.impl");

    private VertxInternals() {}

    /** A new context, on an event loop that Vert.x chooses, whatever context calls. */
    public static Context newEventLoopContext(Vertx vertx) {
        return ((VertxInternal) vertx).createEventLoopContext();
    }

    /** A new context on an event loop of an instance. */
    public static Context contextOn(Vertx vertx, EventLoop loop) {
        return ((VertxInternal) vertx).contextBuilder().withEventLoop(loop).build();
    }

    /** How many event loops an instance has. */
    public static int eventLoops(Vertx vertx) {
        return (int)
                StreamSupport.stream(((VertxInternal) vertx).eventLoopGroup().spliterator(), false)
                        .count();
    }

    /** The event loops of an instance. */
    public static List<EventExecutor> eventLoopsOf(Vertx vertx) {
        return StreamSupport.stream(((VertxInternal) vertx).eventLoopGroup().spliterator(), false)
                .toList();
    }

    /** What makes the channels of an instance. */
    public static Transport transport(Vertx vertx) {
        return ((VertxInternal) vertx).transport();
    }

    /** The identity of this member in its cluster; empty where there is none. */
    public static Optional<String> nodeId(Vertx vertx) {
        VertxInternal internal = (VertxInternal) vertx;
        return vertx.isClustered() ? Optional.of(internal.clusterManager().getNodeId()) : Optional.empty();
    }

    /** The identities of all members of the cluster, as this one knows them; empty where it is in none. May block. */
    public static List<String> clusterNodes(Vertx vertx) {
        VertxInternal internal = (VertxInternal) vertx;
        if (!vertx.isClustered() || !internal.clusterManager().isActive()) {
            return List.of();
        }
        try {
            return List.copyOf(internal.clusterManager().getNodes());
        } catch (RuntimeException gone) {
            // A manager does not notice that what it manages, such as Hazelcast, has ended by itself.
            return List.of();
        }
    }

    /** The event loop of a context that has one. */
    public static EventLoop eventLoop(Context context) {
        return ((ContextInternal) context).nettyEventLoop();
    }

    /** A promise whose future tells on the context. */
    public static <T> Promise<T> promise(Context context) {
        return ((ContextInternal) context).promise();
    }

    /** A future that has failed, and tells on the context. */
    public static <T> Future<T> failed(Context context, Throwable cause) {
        return ((ContextInternal) context).failedFuture(cause);
    }

    /** Runs something on a context's event loop after some time; more exact than a timer of Vert.x. */
    public static java.util.concurrent.Future<?> schedule(Context context, Runnable action, long nanos) {
        return eventLoop(context).schedule(() -> dispatch(context, action), nanos, TimeUnit.NANOSECONDS);
    }

    /** Runs an action as the context's own, on its event loop, where the caller is. */
    public static void dispatch(Context context, Runnable action) {
        ((ContextInternal) context).dispatch(action);
    }

    /** Closes something when the context's verticle is undeployed, or the instance closed, unless it is {@link #keep}t. */
    public static void closeWith(Context context, Closeable closeable) {
        ((ContextInternal) context).closeFuture().add(closeable);
    }

    /** Takes {@link #closeWith} back. */
    public static void keep(Context context, Closeable closeable) {
        ((ContextInternal) context).closeFuture().remove(closeable);
    }

    /** The bytes of a buffer; still those of the buffer, and not copied, where it is one of Vert.x's own. */
    public static ByteBuf bytes(Buffer buffer) {
        return buffer instanceof BufferInternal internal
                ? internal.getByteBuf()
                : Unpooled.wrappedBuffer(buffer.getBytes());
    }

    /** A buffer of bytes that are not copied. */
    public static Buffer buffer(ByteBuf bytes) {
        return BufferInternal.buffer(bytes);
    }

    /** The last handler of a connection's pipeline, which is Vert.x's own. */
    public static ChannelHandlerContext lastHandler(NetSocket socket) {
        return ((NetSocketInternal) socket).channelHandlerContext();
    }

    /**
     * Whether a package of Vert.x that is an {@code impl} may be used: always on the class path, and where both are named modules with
     * {@code --add-exports} only.
     */
    private static boolean isOpen(String vertxPackage) {
        return Vertx.class.getModule().isExported(vertxPackage, VertxInternals.class.getModule());
    }

    /** Whether an event in a pipeline says that the server which has the connection shuts down. */
    public static boolean isShutdown(Object event) {
        return NET_IMPL
                ? event instanceof ShutdownEvent
                : event.getClass().getName().equals("io.vertx.core.net.impl.ShutdownEvent");
    }

    /**
     * Hands over the messages that still wait when a consumer is unregistered; Vert.x drops them with a warning each. So it does where
     * its class is closed.
     */
    public static <T> void onDiscard(MessageConsumer<T> consumer, Handler<Message<T>> handler) {
        if (EVENTBUS_IMPL && consumer instanceof MessageConsumerImpl<T> known) {
            known.discardHandler(handler);
        }
    }

    /** Whether {@link #countRead} and {@link #countWritten} count: always on the class path. */
    public static boolean countsBytes() {
        return NET_IMPL;
    }

    /**
     * Counts bytes that a connection has received past Vert.x in its metrics, where these are enabled. On the event loop of the
     * connection.
     *
     * @param connection a socket of Vert.x
     */
    public static void countRead(Object connection, long bytes) {
        if (NET_IMPL && connection instanceof ConnectionBase known) {
            known.reportBytesRead(bytes);
        }
    }

    /** The same of what it has sent. */
    public static void countWritten(Object connection, long bytes) {
        if (NET_IMPL && connection instanceof ConnectionBase known) {
            known.reportBytesWritten(bytes);
        }
    }

    /** Has the metrics know of what was counted last; Vert.x tells them of whole pages, and of the rest when a connection ends. */
    public static void tellCounts(Object connection) {
        if (NET_IMPL && connection instanceof ConnectionBase known) {
            known.flushBytesRead();
            known.flushBytesWritten();
        }
    }

    /** The metrics of a datagram socket that is not one of Vert.x's; null where nobody collects any. */
    public static @Nullable DatagramSocketMetrics datagramMetrics(Vertx vertx) {
        VertxMetrics metrics = ((VertxInternal) vertx).metrics();
        return metrics == null ? null : metrics.createDatagramSocketMetrics(new DatagramSocketOptions());
    }

    /** The codec that a message was sent with; null where that is not known. */
    public static @Nullable MessageCodec<?, ?> codec(Message<?> message) {
        return EVENTBUS_IMPL && message instanceof MessageImpl<?, ?> known ? known.codec() : null;
    }
}
