package dev.vecho.transport.quic;

import dev.vecho.core.VertxInternals;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicDatagramExtensionEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.ssl.SniCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Context;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last handler of a connection of a {@link SocketServer}, before which others go. It tells of the connection when the handshake is
 * done, and of each stream of the peer's before anything is read from it, as tasks of the listener's context. What comes so far is
 * for nobody.
 */
@SuppressWarnings("FutureReturnValueIgnored") // What cannot be closed is closed.
final class AcceptedConnection extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(AcceptedConnection.class);

    /** Whoever wants connections. */
    interface Acceptor {

        /** Takes a connection that has begun. */
        void accept(AcceptedConnection connection);

        /** Hears of one that has not. */
        void handshakeFailed(Throwable cause);
    }

    private final Context vertxContext;
    private final Acceptor acceptor;
    private final @Nullable EndpointMetrics endpoint;
    private EndpointMetrics.@Nullable OfConnection metrics;
    private @Nullable ChannelHandlerContext context;
    private @Nullable Consumer<ChannelHandlerContext> streams;
    private @Nullable String serverName;
    private int maxDatagramLength;
    private boolean begun;

    /**
     * Makes it.
     *
     * @param endpoint hears of connections and streams; null where nobody collects metrics
     */
    AcceptedConnection(Context vertxContext, Acceptor acceptor, @Nullable EndpointMetrics endpoint) {
        this.vertxContext = vertxContext;
        this.acceptor = acceptor;
        this.endpoint = endpoint;
    }

    /** Its place in the pipeline. */
    ChannelHandlerContext last() {
        if (context == null) {
            throw new IllegalStateException("in no pipeline yet");
        }
        return context;
    }

    /** What carries it. */
    QuicChannel channel() {
        return (QuicChannel) last().channel();
    }

    /** The name that the client has asked for; null if it has not. */
    @Nullable String serverName() {
        return serverName;
    }

    /** The longest datagram that the peer takes; 0 if it takes none. */
    int maxDatagramLength() {
        return maxDatagramLength;
    }

    /** What hears of its bytes; null where nobody collects metrics. */
    EndpointMetrics.@Nullable OfConnection metrics() {
        return metrics;
    }

    /**
     * Says what takes the streams that the peer opens.
     *
     * @param handler is given the last place in a stream's pipeline
     */
    void onStream(Consumer<ChannelHandlerContext> handler) {
        streams = handler;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        begun = true;
        if (endpoint != null) {
            metrics = endpoint.connected(channel().remoteSocketAddress());
        }
        VertxInternals.dispatch(vertxContext, () -> acceptor.accept(this));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof QuicStreamChannel stream) {
            stream.pipeline().addLast(new LastOfStream());
            // Netty takes it from the end of the pipeline.
            ctx.fireChannelRead(stream);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SniCompletionEvent asked) {
            serverName = asked.hostname();
        } else if (event instanceof QuicDatagramExtensionEvent datagrams) {
            maxDatagramLength = datagrams.maxLength();
        } else if (event instanceof SslHandshakeCompletionEvent handshake && !handshake.isSuccess() && !begun) {
            VertxInternals.dispatch(vertxContext, () -> acceptor.handshakeFailed(handshake.cause()));
        }
        ReferenceCountUtil.release(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("{}: {}", ctx.channel(), cause.toString());
        if (begun) {
            ctx.channel().close();
        }
        // Else quiche has something to say to the peer: why the handshake has failed.
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (metrics != null) {
            metrics.disconnected();
        }
    }

    /** The same of a stream. */
    private final class LastOfStream extends ChannelInboundHandlerAdapter {

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            if (metrics != null) {
                metrics.streamOpened();
            }
            Consumer<ChannelHandlerContext> handler = streams;
            if (handler != null) {
                VertxInternals.dispatch(vertxContext, () -> handler.accept(ctx));
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ReferenceCountUtil.release(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            ReferenceCountUtil.release(event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            LOG.debug("{}: {}", ctx.channel(), cause.toString());
            ctx.channel().close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (metrics != null) {
                metrics.streamClosed();
            }
        }
    }
}
