package dev.vecho.transport.quic;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.quic.FlushStrategy;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.net.QuicConnectionInternal;
import io.vertx.core.internal.net.QuicEndpointInternal;
import io.vertx.core.internal.net.QuicStreamInternal;
import io.vertx.core.net.QuicConnection;
import io.vertx.core.net.QuicEndpoint;
import io.vertx.core.net.QuicServerConfig;
import io.vertx.core.net.QuicStream;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.spi.metrics.TransportMetrics;
import io.vertx.core.spi.metrics.VertxMetrics;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What this transport needs of Vert.x's QUIC beyond its public API; see {@link dev.vecho.core.VertxInternals}. */
public final class QuicInternals {

    private QuicInternals() {}

    /** Sets when an endpoint flushes what its connections have to send; before it opens its socket. */
    static void flushStrategy(QuicEndpoint endpoint, FlushStrategy strategy) {
        ((QuicEndpointInternal) endpoint).flushStrategy(strategy);
    }

    /** The last handler of a connection's pipeline, which is Vert.x's own. */
    static ChannelHandlerContext lastHandler(QuicConnection connection) {
        return ((QuicConnectionInternal) connection).channelHandlerContext();
    }

    /** The last handler of a stream's pipeline, which is Vert.x's own. */
    static ChannelHandlerContext lastHandler(QuicStream stream) {
        return ((QuicStreamInternal) stream).channelHandlerContext();
    }

    /** The metrics of a server that is not one of Vert.x's; null where nobody collects any. */
    @SuppressWarnings("unchecked") // Whose they are knows what they give out.
    static @Nullable TransportMetrics<Object> metrics(Vertx vertx, InetSocketAddress address) {
        VertxMetrics metrics = ((VertxInternal) vertx).metrics();
        return metrics == null
                ? null
                : (TransportMetrics<Object>) metrics.createQuicEndpointMetrics(
                        new QuicServerConfig(), null, SocketAddress.inetSocketAddress(address));
    }

    /** An address as Vert.x has it. */
    static @Nullable SocketAddress address(Vertx vertx, java.net.@Nullable SocketAddress address) {
        return address == null ? null : ((VertxInternal) vertx).transport().convert(address);
    }

    /** Opens a stream for both ways. */
    static Future<QuicStream> openStream(QuicConnection connection, Context context) {
        return ((QuicConnectionInternal) connection).openStream((ContextInternal) context);
    }

    /**
     * Opens a stream for both ways.
     *
     * @param initializer makes what is first in the stream's pipeline, and passes the stream on to what it is given
     */
    public static Future<QuicStream> openStream(
            QuicConnection connection,
            Context context,
            Function<Consumer<QuicStreamChannel>, ChannelInitializer<QuicStreamChannel>> initializer) {
        return ((QuicConnectionInternal) connection).openStream((ContextInternal) context, true, initializer);
    }
}
