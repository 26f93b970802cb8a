package dev.vecho.transport.http;

import dev.vecho.core.FailureReason;
import dev.vecho.core.OpenConnection;
import dev.vecho.core.ServiceStream.Held;
import dev.vecho.core.Traffic;
import dev.vecho.net.ConnectionEnd;
import dev.vecho.net.ConnectionEnd.State;
import dev.vecho.net.SocketEnd;
import dev.vecho.net.SocketFacts;
import dev.vecho.net.echo.IdleWatch;
import dev.vecho.net.echo.StoppableReads;
import dev.vecho.net.echo.ThrottledReads;
import dev.vecho.net.echo.WriteQueue;
import dev.vecho.net.listen.ConnectionLimits;
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
import io.netty.util.concurrent.Future;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
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
 * <p>How it ends is a {@link ConnectionEnd}. Two things are no states of it: whether its listener drains, for requests are
 * finished then, however long they take; and whether somebody has closed it, which sets a time limit to whatever state it is in.
 *
 * <p>One instance a connection, used on the event loop of that connection only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write of Netty's comes to exceptionCaught.
final class HttpSocket extends ChannelDuplexHandler implements HttpCarrier, WebSocketCarrier, OpenConnection {

    /** Tells the handlers above to end once what was begun is done. */
    static final Object DRAIN = new Object();

    /** Tells the handlers above that its listener is about to drain. */
    static final Object LEAVING = new Object();

    private static final Logger LOG = LoggerFactory.getLogger(HttpSocket.class);

    /** How long a peer may take to notice that it was refused, and to close. */
    private static final int LINGER_MILLIS = 2000;

    private final Traffic traffic;
    private final ConnectionLimits limits;
    private final @Nullable ThrottledReads throttled;
    private final @Nullable String alternative;
    private final BooleanSupplier leaving;
    private final ConnectionEnd end = new ConnectionEnd();

    private int slot;
    private long received;
    private long sent;

    private ChannelHandlerContext ctx;
    private StoppableReads reads;
    private @Nullable IdleWatch watch;
    private @Nullable Future<?> aging;

    /** What was agreed upon in TLS, where somebody wants to know it at the end. */
    private @Nullable Map<String, String> agreed;

    /** Whether to read, where somebody else decides that; else null. */
    private @Nullable Boolean readsOtherwise;

    private boolean draining;

    /** Who holds back some of what is to be written; most connections have nobody. */
    private Set<Held> holding = Set.of();

    /** Whether it ends once nothing is held back any more. */
    private boolean endWaits;

    /** Whether somebody else has closed this connection, and the handlers above have written what they had to say to that. */
    private boolean closing;

    /** Why what is under way breaks, unless something else is known. */
    private FailureReason unfinished = FailureReason.UNFINISHED;

    /**
     * Makes the handler of one connection, which {@link Traffic#open} has let in.
     *
     * @param throttled what precedes all other handlers and holds the connection to a rate; null for none
     * @param alternative where else the same is to be had, or null
     * @param leaving whether its listener is about to drain
     */
    @SuppressWarnings("NullAway.Init") // handlerAdded sets ctx and reads before anything else is called.
    HttpSocket(
            Traffic traffic,
            ConnectionLimits limits,
            @Nullable ThrottledReads throttled,
            @Nullable String alternative,
            BooleanSupplier leaving) {
        this.traffic = traffic;
        this.limits = limits;
        this.throttled = throttled;
        this.alternative = alternative;
        this.leaving = leaving;
    }

    /** Whether an event says that the peer has closed its output. */
    static boolean isEndOfInput(Object event) {
        return event instanceof ChannelInputShutdownEvent || event == SslCloseCompletionEvent.SUCCESS;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        slot = traffic.connections().add(this);
        if (traffic.tellsEnds()) {
            SocketFacts.keepAddresses(ctx.channel());
            traffic.began(this);
        }
        ChannelConfig config = ctx.channel().config();
        // Without it Netty closes the channel, with all that is queued, as soon as it reads the end of the input.
        config.setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        reads = StoppableReads.install(ctx.channel(), limits.writeQueueBytes());
        watch = IdleWatch.start(ctx.channel(), limits.idle(), this::closeIdle);
        if (throttled != null) {
            throttled.begin(reads, this::pauseIsOver);
        }
        if (!limits.lifetime().isZero()) {
            aging = ctx.executor().schedule(this::endOfLife, limits.lifetime().toNanos(), TimeUnit.NANOSECONDS);
        }
        // Not channelInactive, which comes later: a listener is drained, and its counters are read, when all channels
        // are closed.
        ctx.channel().closeFuture().addListener(closed -> countEnd());
        if (ctx.pipeline().get(TlsOutput.class) == null) {
            SocketEnd.reset(ctx.channel());
        }
    }

    /** Counts bytes of a body or a message. */
    @Override
    public void received(int bytes) {
        traffic.received(bytes);
        received += bytes;
    }

    /** The same of those that are written. */
    @Override
    public void sent(int bytes) {
        traffic.sent(bytes);
        sent += bytes;
    }

    @Override
    public boolean draining() {
        return draining;
    }

    @Override
    public boolean leaving() {
        return draining || leaving.getAsBoolean();
    }

    /** Notes that this connection does not end as it should. */
    @Override
    public void broken() {
        end.broken(unfinished);
    }

    /** The same, for another reason than that it closes. */
    @Override
    public void broken(FailureReason reason) {
        end.broken(reason);
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
        readsOtherwise = on;
        if (!isDiscarding()) {
            ctx.channel().config().setAutoRead(isToRead());
        }
    }

    /** The rate allows to read again. Returns whether to do so. */
    private boolean pauseIsOver() {
        if (watch != null) {
            watch.active();
        }
        return isToRead();
    }

    private boolean isToRead() {
        return isDiscarding() || (readsOtherwise == null ? !isFull() : readsOtherwise);
    }

    @Override
    public void heldBack(boolean yes) {
        // TCP's flow control makes the client wait.
    }

    @Override
    public void abort() {
        end.broken(FailureReason.UNREAD);
        cutOff(ctx.newPromise());
    }

    @Override
    public void fault(String name) {
        traffic.fault(name);
    }

    @Override
    public void cutOnPurpose(ChannelHandlerContext above, boolean reset) {
        end.broken(FailureReason.FAULT);
        if (reset) {
            cutOff(ctx.newPromise());
        } else {
            closeAndDiscardInput();
        }
    }

    @Override
    public void holds(Held held) {
        holding = new LinkedHashSet<>(holding);
        holding.add(held);
    }

    @Override
    public void holdsNoMore(Held held) {
        holding.remove(held);
        holdsLess();
    }

    @Override
    public void holdsLess() {
        if (endWaits && !isHolding()) {
            endWaits = false;
            afterLastByte();
        }
    }

    /** Whether something is held back above. */
    boolean isHolding() {
        return !holding.isEmpty() && holding.stream().anyMatch(Held::isAny);
    }

    /** Any thread. */
    void drain() {
        ctx.executor().execute(this::drainNow);
    }

    /** The listener is about to drain. Any thread. */
    void leave() {
        ctx.executor().execute(() -> ctx.fireUserEventTriggered(LEAVING));
    }

    private void drainNow() {
        draining = true;
        ctx.fireUserEventTriggered(DRAIN);
    }

    /** It is as old as it may be. */
    private void endOfLife() {
        drainNow();
        aging = ctx.executor()
                .schedule(() -> close(FailureReason.LIFETIME), limits.grace().toNanos(), TimeUnit.NANOSECONDS);
    }

    private void closeIdle() {
        boolean waits = throttled != null && throttled.isPaused();
        if (watch != null && (waits || holding.stream().anyMatch(Held::isMoving))) {
            // What the client has sent may wait until its rate allows to read it, and what it gets may have its time.
            watch.goOn();
        } else {
            close(FailureReason.IDLE);
        }
    }

    private boolean isDiscarding() {
        return end.is(State.DISCARDING) || end.is(State.LINGERING) || end.isOver();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        reads.begin();
        if (isDiscarding()) {
            ReferenceCountUtil.release(message);
            return;
        }
        ctx.fireChannelRead(message);
        Channel channel = ctx.channel();
        // What is encrypted before the next record is read stays deliverable if that one is close_notify.
        if (tlsHandler() != null || !channel.isWritable()) {
            ctx.flush();
            if (!channel.isWritable() && !isDiscarding() && readsOtherwise == null) {
                channel.config().setAutoRead(false);
            }
        }
    }

    private @Nullable SslHandler tlsHandler() {
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
        if (ctx.channel().isWritable() && (readsOtherwise == null || isDiscarding())) {
            ctx.channel().config().setAutoRead(true);
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (isDiscarding() && isEndOfInput(event)) {
            // Not for the end of TLS, which OpenSSL's engine reports for any record after its own close_notify.
            if (event instanceof ChannelInputShutdownEvent && end.is(State.LINGERING)) {
                end();
            }
            return;
        }
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            if (handshake.isSuccess()) {
                SocketEnd.reset(ctx.channel());
                if (traffic.tellsEnds()) {
                    agreed = SocketFacts.tls(ctx.channel());
                }
            } else if (end.is(State.OPEN)) {
                // After a timeout this is the only notice; then TLS closes the channel.
                end.broken(ConnectionEnd.reason(handshake.cause()));
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    /** Closes once the operating system took all that is queued. */
    @Override
    public void closeAfterLastByte() {
        if (end.to(State.ENDING)) {
            afterLastByte();
        }
    }

    /**
     * Closes the output once all that is queued is written, and the rest when the peer has closed too, or takes too long:
     * a socket that is closed with bytes that nobody has read resets, and the peer may lose what was sent to it last.
     */
    @Override
    public void closeAndDiscardInput() {
        boolean ending = end.is(State.ENDING);
        if (end.to(State.DISCARDING)) {
            ctx.channel().config().setAutoRead(true);
            if (!ending) {
                afterLastByte();
            }
        }
    }

    private void afterLastByte() {
        if (isHolding()) {
            endWaits = true;
            return;
        }
        flush().addListener(flushed -> {
            if (flushed.isSuccess()) {
                written();
            }
        });
    }

    /** The operating system took everything. */
    private void written() {
        DuplexChannel channel = (DuplexChannel) ctx.channel();
        if (end.is(State.ENDING) || (end.is(State.DISCARDING) && channel.isInputShutdown())) {
            SocketEnd.orderly(channel);
            end();
        } else if (end.to(State.LINGERING)) {
            SocketEnd.orderly(channel);
            ctx.executor().schedule(this::end, LINGER_MILLIS, TimeUnit.MILLISECONDS);
            SslHandler tls = tlsHandler();
            if (tls == null) {
                channel.shutdownOutput();
            } else {
                tls.closeOutbound().addListener(closed -> channel.shutdownOutput());
            }
        }
    }

    private void end() {
        if (end.to(State.COMPLETE)) {
            ctx.close();
        }
    }

    /** Completes when the operating system took all that is queued now. */
    ChannelFuture flush() {
        ctx.flush();
        // From the first context, so that it queues behind what TLS has encrypted: TLS itself may be closed already.
        return ctx.pipeline().firstContext().writeAndFlush(Unpooled.EMPTY_BUFFER);
    }

    /**
     * Closes at once, at the end of a grace period or because nothing moves. Each handler above may still write
     * something, but the one of Vert.x is bypassed: it would wait until everything is written, however long the peer
     * takes to read it. Any thread.
     *
     * @param reason that of a failure; counts only where something is under way
     */
    void close(FailureReason reason) {
        ctx.executor().execute(() -> {
            unfinished = reason;
            ctx.pipeline().lastContext().close();
        });
    }

    /** The connection is being closed through the handlers above: unless another reason is known, at the end of a grace period. */
    @Override
    public void noteClose() {
        if (unfinished == FailureReason.UNFINISHED) {
            unfinished = FailureReason.DRAIN;
        }
    }

    /** Whether the operating system took everything, but for what the handlers above write when they are closed. */
    @Override
    public boolean isDrained() {
        ctx.flush();
        return closing || (WriteQueue.pendingBytes(ctx.channel()) == 0 && !isHolding());
    }

    /** Closes after what the handlers above have written for the end, within a time limit. */
    @Override
    public void closeAfterLastWords(ChannelPromise promise) {
        ctx.channel().closeFuture().addListener(closed -> promise.trySuccess());
        if (closing) {
            return;
        }
        closing = true;
        closeAfterLastByte();
        ctx.executor().schedule(() -> cutOff(ctx.newPromise()), LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void cutOff(ChannelPromise promise) {
        if (!end.is(State.COMPLETE)) {
            end.cut(unfinished);
        }
        SocketEnd.reset(ctx.channel());
        // Past TLS, which would wait for its close_notify to be written behind all that is queued.
        ctx.pipeline().firstContext().close(promise);
    }

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        if (end.is(State.FAILING)) {
            ctx.channel().closeFuture().addListener(closed -> promise.trySuccess());
            closeAndDiscardInput();
            ctx.executor().schedule(() -> cutOff(ctx.newPromise()), LINGER_MILLIS, TimeUnit.MILLISECONDS);
        } else if (closing) {
            closeAfterLastWords(promise);
        } else if (isDrained() && !end.isBroken()) {
            end.to(State.COMPLETE);
            SocketEnd.orderly(ctx.channel());
            ctx.close(promise);
        } else {
            cutOff(promise);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!StoppableReads.isStop(cause)) {
            fail(cause, SocketEnd.isPeersFault(cause), ConnectionEnd.reason(cause));
        }
    }

    /** Ends this connection because of what the client sent. What came before was echoed, so it can tell what is missing. */
    void fail(Throwable cause) {
        fail(cause, true, FailureReason.INPUT);
    }

    private void fail(Throwable cause, boolean isPeersFault, @Nullable FailureReason reason) {
        LOG.debug("{}: {}", ctx.channel(), cause.toString());
        boolean isWritten = end.is(State.LINGERING) || end.is(State.COMPLETE);
        boolean isNothingWaiting = WriteQueue.pendingBytes(ctx.channel()) == 0;
        if (isWritten || (isPeersFault && isNothingWaiting)) {
            SocketEnd.orderly(ctx.channel());
        } else {
            SocketEnd.reset(ctx.channel());
        }
        if (isWritten && isNothingWaiting) {
            // The client has everything, and may leave as it likes.
            end.to(State.COMPLETE);
        } else {
            end.cut(reason);
        }
        ctx.pipeline().firstContext().close();
    }

    /** The same, but whoever is above tells the client before it closes, and the client has time to read that. */
    void failAfterLastWords(Throwable cause) {
        LOG.debug("{}: {}", ctx.channel(), cause.toString());
        end.to(State.FAILING);
        end.broken(FailureReason.INPUT);
    }

    private void countEnd() {
        FailureReason failure = SocketEnd.count(ctx.channel(), end, traffic);
        traffic.connections().remove(slot);
        traffic.ended(this, failure);
        if (watch != null) {
            watch.stop();
        }
        if (aging != null) {
            aging.cancel(false);
        }
    }

    // For those who watch the service.

    @Override
    public Facts facts() {
        return SocketFacts.of(ctx.channel(), end, watch == null ? null : watch.quiet(), received, sent, waiting());
    }

    @Override
    public Map<String, String> tls() {
        return agreed == null ? SocketFacts.tls(ctx.channel()) : agreed;
    }

    @Override
    public Map<String, Long> path() {
        return SocketFacts.path(ctx.channel());
    }

    @Override
    public void close() {
        close(FailureReason.OPERATOR);
    }
}
