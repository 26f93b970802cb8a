package dev.vecho.transport.http;

import dev.vecho.core.Traffic;
import dev.vecho.net.SocketEnd;
import dev.vecho.net.echo.IdleWatch;
import dev.vecho.net.echo.StoppableReads;
import dev.vecho.net.echo.WriteQueue;
import dev.vecho.net.tls.TlsOutput;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The socket below every version of HTTP, between TLS and the codec. It does for them what the
 * {@link dev.vecho.net.echo.EchoPipe} does for plain streams:
 *
 * <ul>
 *   <li>A peer that closes its output still gets everything that is queued for it.
 *   <li>While more than {@code writeQueueBytes} wait for a slow peer, it does not read from that peer.
 *   <li>A connection that ends before everything was echoed is reset, whoever closes it; see {@link SocketEnd}.
 * </ul>
 *
 * <p>One instance a connection, used on the event loop of that connection only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write of Netty's comes to exceptionCaught.
final class HttpSocket extends ChannelDuplexHandler implements HttpCarrier {

    /** Tells the handlers above to end once what was begun is done. */
    static final Object DRAIN = new Object();

    private static final Logger LOG = LoggerFactory.getLogger(HttpSocket.class);

    /** How long a peer may take to notice that it was refused, and to close. */
    private static final int LINGER_MILLIS = 2000;

    private final Traffic traffic;
    private final int writeQueueBytes;
    private final Duration idle;
    private final @Nullable String alternative;

    private ChannelHandlerContext ctx;
    private StoppableReads reads;
    private @Nullable IdleWatch watch;

    /** Whether somebody else decides what is read. */
    private boolean readsOtherwise;

    private boolean draining;
    private boolean discarding;
    private boolean ending;
    private boolean written;
    private boolean inputEnded;
    private boolean lastWords;
    private boolean whole;
    private boolean broken;
    private boolean failing;
    private String failure = "with a request under way";

    /**
     * Makes the handler of one connection, which {@link Traffic#open} has let in.
     *
     * @param writeQueueBytes how much may wait to be written before reading stops
     * @param idle closes the connection when no byte moved either way for so long; zero for never
     * @param alternative where else the same is to be had, or null
     */
    @SuppressWarnings("NullAway.Init") // handlerAdded sets ctx and reads before anything else is called.
    HttpSocket(Traffic traffic, int writeQueueBytes, Duration idle, @Nullable String alternative) {
        this.traffic = traffic;
        this.writeQueueBytes = writeQueueBytes;
        this.idle = idle;
        this.alternative = alternative;
    }

    /** Whether an event says that the peer has closed its output. */
    static boolean isEndOfInput(Object event) {
        return event instanceof ChannelInputShutdownEvent || event == SslCloseCompletionEvent.SUCCESS;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        ChannelConfig config = ctx.channel().config();
        // Without it Netty closes the channel, with all that is queued, as soon as it reads the end of the input.
        config.setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        reads = StoppableReads.install(ctx.channel(), writeQueueBytes);
        watch = IdleWatch.start(ctx.channel(), idle, this::close);
        // Not channelInactive, which comes later: a listener is drained, and tells its counters, when all are closed.
        ctx.channel().closeFuture().addListener(closed -> countEnd());
        if (ctx.pipeline().get(TlsOutput.class) == null) {
            SocketEnd.reset(ctx.channel());
        }
    }

    /** Counts bytes of a body or a message. */
    @Override
    public void received(int bytes) {
        traffic.received(bytes);
    }

    @Override
    public boolean draining() {
        return draining;
    }

    /** Notes that this connection does not end as it should. */
    @Override
    public void broken() {
        broken = true;
    }

    @Override
    public @Nullable String alternative() {
        return alternative;
    }

    @Override
    public boolean isFull() {
        return !ctx.channel().isWritable();
    }

    @Override
    public long waiting() {
        return WriteQueue.pendingBytes(ctx.channel());
    }

    @Override
    public void read(@Nullable Boolean on) {
        readsOtherwise = on != null;
        if (!discarding) {
            ctx.channel().config().setAutoRead(on == null ? !isFull() : on);
        }
    }

    @Override
    public void heldBack(boolean yes) {
        // The client notices.
    }

    @Override
    public void abort() {
        failure = "for a response that was not read";
        cutOff(ctx.newPromise());
    }

    /** Any thread. */
    void drain() {
        ctx.executor().execute(() -> {
            draining = true;
            ctx.fireUserEventTriggered(DRAIN);
        });
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        reads.begin();
        if (discarding) {
            ReferenceCountUtil.release(message);
            return;
        }
        ctx.fireChannelRead(message);
        Channel channel = ctx.channel();
        // What is encrypted before the next record is read stays deliverable if that one is close_notify.
        if (tls() != null || !channel.isWritable()) {
            ctx.flush();
            if (!channel.isWritable() && !discarding && !readsOtherwise) {
                channel.config().setAutoRead(false);
            }
        }
    }

    private @Nullable SslHandler tls() {
        return ctx.pipeline().get(SslHandler.class);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        reads.end();
        if (watch != null) {
            watch.active();
        }
        ctx.fireChannelReadComplete();
        ctx.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (ctx.channel().isWritable() && (!readsOtherwise || discarding)) {
            ctx.channel().config().setAutoRead(true);
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (discarding && isEndOfInput(event)) {
            // Not for the end of TLS, which OpenSSL's engine reports for any record after its own close_notify.
            if (event instanceof ChannelInputShutdownEvent) {
                inputEnded = true;
                if (written) {
                    end();
                }
            }
            return;
        }
        if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
            SocketEnd.reset(ctx.channel());
        }
        ctx.fireUserEventTriggered(event);
    }

    /** Closes once the operating system took all that is queued. */
    void closeAfterLastByte() {
        afterLastByte(this::end);
    }

    /**
     * Closes the output once all that is queued is written, and the rest when the peer has closed too, or takes too long:
     * a socket that is closed with bytes that nobody has read resets, and the peer may lose what was sent to it last.
     */
    void closeAndDiscardInput() {
        discarding = true;
        ctx.channel().config().setAutoRead(true);
        afterLastByte(() -> {
            if (inputEnded) {
                end();
                return;
            }
            ctx.executor().schedule(this::end, LINGER_MILLIS, TimeUnit.MILLISECONDS);
            SslHandler tls = tls();
            if (tls == null) {
                shutdownOutput();
            } else {
                tls.closeOutbound().addListener(closed -> shutdownOutput());
            }
        });
    }

    private void shutdownOutput() {
        ((DuplexChannel) ctx.channel()).shutdownOutput();
    }

    private void end() {
        whole = true;
        ctx.close();
    }

    /** Completes when the operating system took all that is queued now. */
    ChannelFuture flush() {
        ctx.flush();
        // From the first context, so that it queues behind what TLS has encrypted: TLS itself may be closed already.
        return ctx.pipeline().firstContext().writeAndFlush(Unpooled.EMPTY_BUFFER);
    }

    private void afterLastByte(Runnable then) {
        if (ending) {
            return;
        }
        ending = true;
        flush().addListener(flushed -> {
            if (flushed.isSuccess()) {
                written = true;
                SocketEnd.orderly(ctx.channel());
                then.run();
            }
        });
    }

    /**
     * Closes at once, at the end of a grace period or because nothing moves. Each handler above has its word, but not that
     * of Vert.x, which would wait until everything is written, however long the peer takes to read it. Any thread.
     */
    void close() {
        ctx.executor().execute(() -> ctx.pipeline().lastContext().close());
    }

    /** Whether the operating system took everything, last words aside. */
    boolean isDrained() {
        ctx.flush();
        return lastWords || WriteQueue.pendingBytes(ctx.channel()) == 0;
    }

    /** Closes after the last words of the handlers above, which must not take long. */
    void closeAfterLastWords(ChannelPromise promise) {
        ctx.channel().closeFuture().addListener(closed -> promise.trySuccess());
        if (lastWords) {
            return;
        }
        lastWords = true;
        closeAfterLastByte();
        ctx.executor().schedule(() -> cutOff(ctx.newPromise()), LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void cutOff(ChannelPromise promise) {
        SocketEnd.reset(ctx.channel());
        // Past TLS, which would wait for its close_notify to be written behind all that is queued.
        ctx.pipeline().firstContext().close(promise);
    }

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        if (failing && !discarding) {
            ctx.channel().closeFuture().addListener(closed -> promise.trySuccess());
            closeAndDiscardInput();
            ctx.executor().schedule(() -> cutOff(ctx.newPromise()), LINGER_MILLIS, TimeUnit.MILLISECONDS);
        } else if (lastWords) {
            closeAfterLastWords(promise);
        } else if (isDrained() && !broken) {
            whole = true;
            SocketEnd.orderly(ctx.channel());
            ctx.close(promise);
        } else {
            cutOff(promise);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!StoppableReads.isStop(cause)) {
            fail(cause, SocketEnd.isPeersFault(cause));
        }
    }

    /** Ends this connection because of what the peer did. What came before was echoed, and the peer knows what it lacks. */
    void fail(Throwable cause) {
        fail(cause, true);
    }

    private void fail(Throwable cause, boolean isPeersFault) {
        LOG.debug("{}: {}", ctx.channel(), cause.toString());
        if (written || (isPeersFault && WriteQueue.pendingBytes(ctx.channel()) == 0)) {
            SocketEnd.orderly(ctx.channel());
        } else {
            SocketEnd.reset(ctx.channel());
        }
        if (discarding && WriteQueue.pendingBytes(ctx.channel()) == 0) {
            // It has had its last words, and may leave as it likes.
            whole = true;
        } else {
            broken = true;
            failure = reason(cause);
        }
        ctx.pipeline().firstContext().close();
    }

    private static String reason(Throwable cause) {
        if (cause instanceof SSLException || cause.getCause() instanceof SSLException) {
            return "in TLS";
        }
        return cause instanceof IOException ? "reset by the client" : "for what the client sent";
    }

    /** The same, but whoever is above says why before it closes, and the peer may take its time to hear it. */
    void failAfterLastWords(Throwable cause) {
        LOG.debug("{}: {}", ctx.channel(), cause.toString());
        broken = true;
        failing = true;
        failure = reason(cause);
    }

    private void countEnd() {
        if (whole && !broken) {
            traffic.closed(true);
        } else {
            traffic.broke(failure);
        }
        if (watch != null) {
            watch.stop();
        }
    }
}
