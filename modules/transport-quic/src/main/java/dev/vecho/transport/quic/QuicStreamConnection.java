package dev.vecho.transport.quic;

import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.Addresses;
import dev.vecho.net.tls.TlsClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** A client's stream and the connection that carries nothing else, as the last handler before that of Vert.x. */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write or close of Netty's is told by its promise, or is moot.
final class QuicStreamConnection extends ChannelInboundHandlerAdapter implements Connection {

    private final Receiver receiver;
    private final QuicChannel quic;
    private final TlsClient tls;
    private final String local;
    private final String remote;
    private final Map<String, String> details;
    private @Nullable QuicStreamChannel stream;
    private @Nullable QuicConnectionCloseEvent closedByPeer;
    private boolean over;

    /** Of packets, when the stream began: those of the handshake carried none of its bytes. */
    private long lossesBefore;

    /** How many writes wait for room; more than none only where there is none. */
    private int waiting;

    /**
     * Makes the handler of a stream.
     *
     * @param from the address of this machine that packets go out from, or null
     * @param details what a report should say of it, before what it says of TLS
     */
    QuicStreamConnection(
            Receiver receiver,
            QuicChannel quic,
            @Nullable InetAddress from,
            TlsClient tls,
            Map<String, String> details) {
        this.tls = tls;
        this.receiver = receiver;
        this.quic = quic;
        this.remote = Addresses.format(quic.remoteSocketAddress());
        // The socket is bound to no address of its own.
        this.local = from != null && quic.localSocketAddress() instanceof InetSocketAddress socket
                ? Addresses.format(new InetSocketAddress(from, socket.getPort()))
                : Addresses.format(quic.localSocketAddress());
        SSLEngine engine = quic.sslEngine();
        this.details = new LinkedHashMap<>(details);
        if (engine != null) {
            this.details.putAll(TlsClient.details(engine.getSession(), engine.getApplicationProtocol()));
        }
    }

    /** The handler, for the pipeline of the connection, that tells how that one ended. */
    ChannelHandler watch() {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                if (event instanceof QuicConnectionCloseEvent close) {
                    closedByPeer = close;
                    // After what came together with it. QUIC itself closes only when late packets can no longer
                    // come, and Vert.x, asked to close, waits for a stream that will not end.
                    ctx.executor().execute(() -> {
                        fail(new TransportException(Fault.RESET, remote + " closed the connection", null));
                        close();
                    });
                }
                ctx.fireUserEventTriggered(event);
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                fail(cause);
                quic.close();
            }
        };
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        stream = (QuicStreamChannel) ctx.channel();
        lossesBefore = DeliveryWatch.losses(stream);
        stream.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
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
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (!(event instanceof ChannelInputShutdownEvent)) {
            ctx.fireUserEventTriggered(event);
        } else if (!over) {
            over = true;
            receiver.ended();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (quic.isTimedOut()) {
            fail(new TransportException(Fault.TIMEOUT, "nothing was heard from " + remote + " for too long", null));
        } else {
            fail(new TransportException(Fault.RESET, remote + " closed the connection", null));
        }
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(cause);
        ctx.close();
    }

    private void fail(Throwable cause) {
        if (!over) {
            over = true;
            receiver.failed(failure(cause));
        }
    }

    /** Says what broke; what the peer said of it, if it said something. */
    TransportException failure(Throwable cause) {
        return closedByPeer != null ? QuicFailure.closed(remote, closedByPeer, tls) : QuicFailure.stream(remote, cause);
    }

    @Override
    public Future<Void> send(Buffer bytes) {
        waiting++;
        return adapt(open().write(VertxInternals.bytes(bytes)).addListener(written -> waiting--));
    }

    @Override
    public Future<Void> closeOutput() {
        // Netty puts a FIN before what still waits to be written; quiche loses one while bytes have to be sent again.
        return adapt(open().write(Unpooled.EMPTY_BUFFER)).compose(written -> {
            Promise<Void> arrived = Promise.promise();
            DeliveryWatch.await(open(), false, lossesBefore, arrived::complete);
            return arrived.future().compose(all -> adapt(open().shutdownOutput()));
        });
    }

    @Override
    public Future<Void> close() {
        return close(QuicErrorCode.NONE);
    }

    /** Closes the connection with an error: that of a stream alone would leave one behind that carries nothing. */
    @Override
    public Future<Void> reset() {
        return close(QuicErrorCode.CONNECTION_RESET);
    }

    private Future<Void> close(int error) {
        over = true;
        Promise<Void> closed = Promise.promise();
        if (stream != null && waiting > 0) {
            stream.shutdown(error);
            ClosingNotice.await(quic, () -> close(error, closed));
        } else {
            close(error, closed);
        }
        return closed.future();
    }

    private void close(int error, Promise<Void> closed) {
        quic.close(false, error, Unpooled.EMPTY_BUFFER)
                // Later: whoever closes the socket while Netty reads from it makes Netty warn.
                .addListener(done -> quic.eventLoop().execute(closed::complete));
    }

    private QuicStreamChannel open() {
        if (stream == null) {
            throw new IllegalStateException("not open yet");
        }
        return stream;
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
        return local;
    }

    @Override
    public String remoteAddress() {
        return remote;
    }

    @Override
    public Map<String, String> details() {
        return details;
    }
}
