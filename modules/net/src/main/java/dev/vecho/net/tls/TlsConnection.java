package dev.vecho.net.tls;

import dev.vecho.core.Receiver;
import dev.vecho.core.Receiver.Phase;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.net.Addresses;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** TLS on one connection of a client. Called on its event loop. */
@SuppressWarnings("FutureReturnValueIgnored") // A failed close of Netty's is moot.
public final class TlsConnection {

    private static final int MAX_SEEN = 64;
    private static final int HANDSHAKE = 22;
    private static final int CLIENT_HELLO = 1;

    private final TlsClient tls;
    private final SslProvider engine;
    private final Channel channel;
    private final TlsHandler handler;
    private final First first = new First();
    private final Quiet quiet = new Quiet();
    private final BooleanSupplier closing;
    private @Nullable Throwable broken;

    private TlsConnection(TlsClient tls, SslProvider engine, Channel channel, int port, BooleanSupplier closing) {
        this.tls = tls;
        this.engine = engine;
        this.channel = channel;
        this.handler = tls.newHandler(engine, channel.alloc(), port);
        this.closing = closing;
    }

    /**
     * Shakes hands.
     *
     * @param engine one that is ready
     * @param before the handler that TLS goes before, or null where there are none
     * @param receiver told when it is done
     * @param closing whether the channel is about to be closed from this side
     * @return completes before anything encrypted is read; fails with a {@link TransportException}, and then the channel is
     *     closed
     */
    public static Future<TlsConnection> begin(
            TlsClient tls,
            SslProvider engine,
            Channel channel,
            @Nullable ChannelHandler before,
            int port,
            Receiver receiver,
            BooleanSupplier closing) {
        long start = System.nanoTime();
        receiver.began(Phase.TLS);
        TlsConnection connection = new TlsConnection(tls, engine, channel, port, closing);
        Promise<TlsConnection> promise = Promise.promise();
        connection.handler.handshakeFuture().addListener(done -> {
            if (done.isSuccess()) {
                receiver.completed(Phase.TLS, Duration.ofNanos(System.nanoTime() - start));
                channel.pipeline().remove(connection.first);
                channel.pipeline().remove(connection.quiet);
                promise.complete(connection);
            } else {
                promise.fail(connection.handshakeFailure(done.cause()));
                channel.close();
            }
        });
        ChannelPipeline pipeline = channel.pipeline();
        if (before == null) {
            pipeline.addLast(connection.first, connection.quiet);
        } else {
            String name = pipeline.context(before).name();
            pipeline.addBefore(name, null, connection.first).addBefore(name, null, connection.quiet);
        }
        // Between them, and last, for it begins when it is added.
        pipeline.addAfter(pipeline.context(connection.first).name(), null, connection.handler);
        return promise.future();
    }

    public Channel channel() {
        return channel;
    }

    /** The handler in the pipeline. */
    public SslHandler handler() {
        return handler;
    }

    /** Sends close_notify, behind all that was encrypted, and reads on. */
    public ChannelFuture closeOutput() {
        return handler.closeOutput();
    }

    /** Whether an event of the pipeline says that the peer's close_notify has come. */
    public boolean isEndOfInput(Object event) {
        return event == SslCloseCompletionEvent.SUCCESS && handler.isInputClosed();
    }

    /** What was agreed upon, for a report. */
    public Map<String, String> details() {
        return tls.details(engine, handler.engine().getSession(), handler.applicationProtocol());
    }

    /** Why TLS failed after the handshake, or null if it is not TLS that failed. */
    public @Nullable TransportException failure(Throwable cause) {
        for (Throwable c = cause; c != null; c = c.getCause()) {
            if (c instanceof SSLException) {
                return tls.failure(cause);
            }
        }
        return null;
    }

    private TransportException handshakeFailure(Throwable cause) {
        String where = Addresses.format(channel.remoteAddress());
        if (tls.refused(cause)) {
            return tls.failure(cause);
        }
        String plain = first.plainText();
        if (plain != null) {
            return TlsFailure.plainText(plain).exception(cause);
        }
        for (Throwable c = broken == null ? cause : broken; c != null; c = c.getCause()) {
            if (c instanceof IOException
                    && !(c instanceof SSLException)
                    && Addresses.reason(c).equals("connection reset")) {
                return new TransportException(Fault.RESET, where + " reset the connection during the TLS handshake", c);
            }
        }
        if (cause instanceof ClosedChannelException || cause.getCause() instanceof ClosedChannelException) {
            return closedDuringHandshake(where).exception(cause);
        }
        return tls.failure(cause);
    }

    private TlsFailure closedDuringHandshake(String where) {
        if (closing.getAsBoolean()) {
            return new TlsFailure("timeout", where + " did not end the TLS handshake in time");
        }
        return tls.wantsCertificate()
                ? TlsFailure.clientCertificateRequired()
                : new TlsFailure("closed", where + " closed the connection during the TLS handshake");
    }

    /** Sees the first bytes before TLS does. */
    private static final class First extends ChannelInboundHandlerAdapter {

        private final ByteArrayOutputStream seen = new ByteArrayOutputStream();

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (message instanceof ByteBuf bytes && seen.size() < MAX_SEEN) {
                byte[] some = new byte[Math.min(MAX_SEEN - seen.size(), bytes.readableBytes())];
                bytes.getBytes(bytes.readerIndex(), some);
                seen.writeBytes(some);
            }
            ctx.fireChannelRead(message);
        }

        /** What a peer says that does not speak TLS; null if it does, or says nothing. */
        private @Nullable String plainText() {
            byte[] bytes = seen.toByteArray();
            if (bytes.length == 0) {
                return null;
            }
            int type = bytes[0] & 0xff;
            if (type < 20 || type > 24) {
                return "\"" + TlsFailure.printable(new String(bytes, StandardCharsets.ISO_8859_1)) + "\"";
            }
            // A server never sends one.
            boolean echo = type == HANDSHAKE && bytes.length > 5 && bytes[5] == CLIENT_HELLO;
            return echo ? "what it heard: it echoes in plain text" : null;
        }
    }

    /** Keeps what happens during the handshake, which its future tells, from those who come after. */
    private final class Quiet extends ChannelInboundHandlerAdapter {

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            if (broken == null) {
                broken = cause;
            }
            ctx.close();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                ctx.close();
            } else {
                ctx.fireUserEventTriggered(event);
            }
        }
    }
}
