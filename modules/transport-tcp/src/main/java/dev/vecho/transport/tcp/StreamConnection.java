package dev.vecho.transport.tcp;

import dev.vecho.core.Addresses;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Receiver.Phase;
import dev.vecho.core.TlsClient;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetSocket;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.time.Duration;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** A client's connection over TCP or a Unix domain socket, as the last handler of its Netty pipeline before that of Vert.x: buffers are not copied. */
@SuppressWarnings(
        "FutureReturnValueIgnored") // A failed write or close of Netty's comes to exceptionCaught, or is moot.
final class StreamConnection extends ChannelInboundHandlerAdapter implements Connection {

    private final Receiver receiver;
    private final @Nullable SslHandler ssl;
    private final Promise<Connection> opening;
    private ChannelHandlerContext ctx;
    private boolean over;

    /**
     * Makes the handler.
     *
     * @param ssl the handler before this one, or null for plain TCP
     * @param opening failed with what goes wrong before it is completed with this connection
     */
    @SuppressWarnings("NullAway.Init") // handlerAdded sets ctx before anything else is called.
    private StreamConnection(Receiver receiver, @Nullable SslHandler ssl, Promise<Connection> opening) {
        this.receiver = receiver;
        this.ssl = ssl;
        this.opening = opening;
    }

    /**
     * Puts a connection, and TLS where wanted, into the pipeline of a socket that has just been connected. Runs on its
     * event loop, before anything is read from it.
     */
    static Future<Connection> open(NetSocket socket, @Nullable TlsClient tls, int port, Receiver receiver) {
        long start = System.nanoTime();
        ChannelHandlerContext last = ((NetSocketInternal) socket).channelHandlerContext();
        SslHandler ssl = tls == null ? null : tls.newHandler(last.alloc(), port);
        Promise<Connection> opening = Promise.promise();
        StreamConnection connection = new StreamConnection(receiver, ssl, opening);
        if (ssl == null) {
            last.pipeline().addBefore(last.name(), null, connection);
            opening.complete(connection);
            return opening.future();
        }
        last.pipeline().addBefore(last.name(), null, ssl);
        last.pipeline().addBefore(last.name(), null, connection);
        ssl.handshakeFuture().addListener(handshake -> {
            if (handshake.isSuccess()) {
                receiver.completed(Phase.TLS, Duration.ofNanos(System.nanoTime() - start));
                opening.tryComplete(connection);
            } else {
                opening.tryFail(failure(handshake.cause(), true));
            }
        });
        return opening.future();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            if (!over) {
                receiver.received(BufferInternal.buffer(bytes));
            }
        } finally {
            bytes.release();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent || event == SslCloseCompletionEvent.SUCCESS) {
            end();
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        end();
        context.fireChannelInactive();
    }

    private void end() {
        if (!over) {
            over = true;
            if (!opening.tryFail(
                    new TransportException(Fault.RESET, remoteAddress() + " closed the connection", null))) {
                receiver.ended();
            }
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!over) {
            over = true;
            TransportException failure = failure(cause, false);
            if (!opening.tryFail(failure)) {
                receiver.failed(failure);
            }
        }
        context.close();
    }

    /** Says what broke a connection, or its TLS handshake. */
    private static TransportException failure(Throwable cause, boolean handshake) {
        for (Throwable c = cause; c != null; c = c.getCause()) {
            if (c instanceof SSLException || handshake) {
                return new TransportException(Fault.TLS, TlsClient.reason(cause), cause);
            }
        }
        String reason = Addresses.reason(cause);
        // Netty's words for a connection that the peer has reset before it was closed here.
        boolean gone = cause instanceof NotYetConnectedException || cause instanceof ClosedChannelException;
        boolean reset = gone || reason.equals("connection reset") || reason.equals("broken pipe");
        return new TransportException(reset ? Fault.RESET : Fault.OTHER, gone ? "connection reset" : reason, cause);
    }

    @Override
    public Future<Void> send(Buffer bytes) {
        return adapt(ctx.writeAndFlush(((BufferInternal) bytes).getByteBuf()));
    }

    @Override
    public Future<Void> closeOutput() {
        // What is queued is written first; shutdownOutput would drop it.
        return adapt(ctx.writeAndFlush(Unpooled.EMPTY_BUFFER)).compose(written -> {
            if (ssl != null) {
                return adapt(ssl.closeOutbound());
            }
            return adapt(((DuplexChannel) ctx.channel()).shutdownOutput());
        });
    }

    @Override
    public Future<Void> close() {
        over = true;
        return adapt(ctx.close()).otherwiseEmpty();
    }

    private static Future<Void> adapt(ChannelFuture future) {
        Promise<Void> promise = Promise.promise();
        future.addListener(done -> {
            if (done.isSuccess()) {
                promise.complete();
            } else {
                promise.fail(failure(done.cause(), false));
            }
        });
        return promise.future();
    }

    @Override
    public String localAddress() {
        return Addresses.format(ctx.channel().localAddress());
    }

    @Override
    public String remoteAddress() {
        return Addresses.format(ctx.channel().remoteAddress());
    }

    @Override
    public Map<String, String> details() {
        return ssl == null ? Map.of() : TlsClient.details(ssl);
    }
}
