package dev.vecho.transport.tcp;

import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.Addresses;
import dev.vecho.net.connect.SocketConnector;
import dev.vecho.net.tls.TlsConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A client's connection over TCP or a Unix domain socket, as the last handler of its Netty pipeline: buffers are not copied. */
@SuppressWarnings(
        "FutureReturnValueIgnored") // A failed write or close of Netty's comes to exceptionCaught, or is moot.
final class StreamConnection extends ChannelInboundHandlerAdapter implements Connection {

    private final Receiver receiver;
    private final StartTls startTls;
    private @Nullable TlsConnection tls;
    private ChannelHandlerContext ctx;
    private boolean over;

    @SuppressWarnings("NullAway.Init") // handlerAdded sets ctx before anything else is called.
    private StreamConnection(Receiver receiver, @Nullable TlsConnection tls, StartTls startTls) {
        this.receiver = receiver;
        this.tls = tls;
        this.startTls = startTls;
    }

    /** Puts a connection into the pipeline of a socket that is ready. */
    static Future<Connection> open(Channel channel, @Nullable TlsConnection tls, StartTls startTls, Receiver receiver) {
        StreamConnection connection = new StreamConnection(receiver, tls, startTls);
        channel.pipeline().addLast(connection);
        return Future.succeededFuture(connection);
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
                receiver.received(VertxInternals.buffer(bytes));
            }
        } finally {
            bytes.release();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent || (tls != null && tls.isEndOfInput(event))) {
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
            receiver.ended();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!over) {
            over = true;
            receiver.failed(failure(cause));
        }
        context.close();
    }

    /** Says what broke a connection. */
    private TransportException failure(Throwable cause) {
        TransportException secured = tls == null ? null : tls.failure(cause);
        if (secured != null) {
            return secured;
        }
        String reason = Addresses.reason(cause);
        // Netty's words for a connection that the peer has reset before it was closed here.
        boolean gone = cause instanceof NotYetConnectedException || cause instanceof ClosedChannelException;
        boolean reset = gone || reason.equals("connection reset") || reason.equals("broken pipe");
        return new TransportException(reset ? Fault.RESET : Fault.OTHER, gone ? "connection reset" : reason, cause);
    }

    @Override
    public Future<Void> send(Buffer bytes) {
        return adapt(ctx.writeAndFlush(VertxInternals.bytes(bytes)));
    }

    @Override
    public void pause() {
        ctx.channel().config().setAutoRead(false);
    }

    @Override
    public void resume() {
        ctx.channel().config().setAutoRead(true);
    }

    @Override
    public Future<Void> closeOutput() {
        // What is queued is written first; shutdownOutput would drop it.
        return adapt(ctx.writeAndFlush(Unpooled.EMPTY_BUFFER)).compose(written -> {
            if (tls != null) {
                return adapt(tls.closeOutput());
            }
            // Where the peer is gone there is no output left to close; the end of the input tells why.
            return adapt(((DuplexChannel) ctx.channel()).shutdownOutput())
                    .recover(failure -> failure instanceof TransportException known && known.fault() == Fault.RESET
                            ? Future.succeededFuture()
                            : Future.failedFuture(failure));
        });
    }

    @Override
    public Future<Void> close() {
        over = true;
        return adapt(ctx.close()).otherwiseEmpty();
    }

    @Override
    public Future<Void> reset() {
        over = true;
        return SocketConnector.reset(ctx.channel());
    }

    @Override
    public Future<Void> startTls() {
        if (tls != null) {
            return Future.failedFuture(
                    new TransportException(Fault.OTHER, remoteAddress() + ": TLS has begun already", null));
        }
        return startTls.begin(ctx.channel(), this, receiver)
                .onSuccess(secured -> tls = secured)
                .mapEmpty();
    }

    private Future<Void> adapt(ChannelFuture future) {
        Promise<Void> promise = Promise.promise();
        future.addListener(done -> {
            if (done.isSuccess()) {
                promise.complete();
            } else {
                promise.fail(failure(done.cause()));
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
        return tls == null ? Map.of() : tls.details();
    }
}
