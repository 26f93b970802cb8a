package dev.vecho.net.echo;

import dev.vecho.core.FailureReason;
import dev.vecho.core.OpenConnection;
import dev.vecho.core.Traffic;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.ConnectionEnd;
import dev.vecho.net.ConnectionEnd.State;
import dev.vecho.net.SocketEnd;
import dev.vecho.net.SocketFacts;
import dev.vecho.net.listen.ConnectionLimits;
import dev.vecho.net.tls.TlsHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The echo: writes back every buffer that it reads, as it came. It sits last in a connection's Netty pipeline, before
 * the handler of Vert.x, because the public API of Vert.x copies each buffer and loses what is still queued when the
 * peer closes its output.
 *
 * <ul>
 *   <li>Lossless: when the input ends, by FIN or by close_notify, it waits until the operating system took everything,
 *       and only then closes.
 *   <li>Bounded: while more than {@code writeQueueBytes} wait for a slow peer, it does not read from that peer. What came
 *       with the last read, 256 KiB at most, may wait beyond that.
 *   <li>Honest: a connection that ends before everything was echoed is reset, whoever closes it; see {@link SocketEnd}.
 *   <li>Drained without loss: when its listener drains, it goes on while bytes move, and is closed once none do.
 * </ul>
 *
 * <p>One instance a connection, used on the event loop of that connection only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write of Netty's comes to exceptionCaught.
public final class EchoPipe extends ChannelDuplexHandler implements OpenConnection {

    private static final Logger LOG = LoggerFactory.getLogger(EchoPipe.class);

    private static final int CLOSE_NOTIFY_SECONDS = 1;

    private final Traffic traffic;
    private final int writeQueueBytes;
    private final Duration idle;
    private final Duration lifetime;
    private final Duration grace;
    private final boolean encrypted;
    private final @Nullable ThrottledReads throttled;
    private final ConnectionEnd end = new ConnectionEnd();

    private ChannelHandlerContext context;
    private StoppableReads reads;
    private @Nullable IdleWatch watch;
    private @Nullable TlsHandler tls;
    private @Nullable Future<?> aging;
    private @Nullable DirectEcho direct;

    /** What was agreed upon in TLS, where somebody wants to know it at the end. */
    private @Nullable Map<String, String> agreed;

    private int slot;

    // Of what came through the pipeline; what did not, the DirectEcho knows.
    private long received;
    private long sent;

    /** Of what waits, or has waited, here: what is not counted as sent yet. */
    private long unsent;

    /**
     * Makes the pipe of one connection, which {@link Traffic#open} has let in.
     *
     * @param throttled what precedes all other handlers and holds the connection to a rate; null for none
     * @param encrypted whether an {@link io.netty.handler.ssl.SslHandler} precedes this handler
     */
    public EchoPipe(Traffic traffic, ConnectionLimits limits, @Nullable ThrottledReads throttled, boolean encrypted) {
        this(traffic, limits.writeQueueBytes(), limits.idle(), limits.lifetime(), limits.grace(), throttled, encrypted);
    }

    /**
     * The same without a limit of its age or of a rate.
     *
     * @param writeQueueBytes how much may wait to be written before reading stops
     * @param idle closes the connection when no byte moved either way for so long; zero for never
     * @param encrypted whether an {@link io.netty.handler.ssl.SslHandler} precedes this handler
     */
    public EchoPipe(Traffic traffic, int writeQueueBytes, Duration idle, boolean encrypted) {
        this(traffic, writeQueueBytes, idle, Duration.ZERO, Duration.ZERO, null, encrypted);
    }

    @SuppressWarnings("NullAway.Init") // handlerAdded is called before anything else.
    private EchoPipe(
            Traffic traffic,
            int writeQueueBytes,
            Duration idle,
            Duration lifetime,
            Duration grace,
            @Nullable ThrottledReads throttled,
            boolean encrypted) {
        this.traffic = traffic;
        this.writeQueueBytes = writeQueueBytes;
        this.idle = idle;
        this.lifetime = lifetime;
        this.grace = grace;
        this.throttled = throttled;
        this.encrypted = encrypted;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ChannelConfig config = ctx.channel().config();
        // Without it Netty closes the channel, with all that is queued, as soon as it reads the end of the input.
        config.setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        context = ctx;
        slot = traffic.connections().add(this);
        if (traffic.tellsEnds()) {
            SocketFacts.keepAddresses(ctx.channel());
            traffic.began(this);
        }
        reads = StoppableReads.install(ctx.channel(), writeQueueBytes);
        watch = IdleWatch.start(ctx.channel(), idle, this::closeIdle);
        if (throttled != null) {
            throttled.begin(reads, this::pauseIsOver);
        }
        if (!lifetime.isZero()) {
            aging = ctx.executor().schedule(this::endOfLife, lifetime.toNanos(), TimeUnit.NANOSECONDS);
        }
        // Not channelInactive, which comes later: a listener is drained, and its counters are read, when all channels
        // are closed.
        ctx.channel().closeFuture().addListener(closed -> countEnd());
        if (!encrypted) {
            SocketEnd.reset(ctx.channel());
            startDirectEcho(null);
        }
    }

    private void startDirectEcho(@Nullable SSLEngine engine) {
        Channel channel = context.channel();
        DirectEcho before = throttled == null ? EpollLoop.before(channel) : null;
        direct = before;
        if (before != null) {
            before.start(this, traffic, watch, channel instanceof EpollSocketChannel, engine);
        }
    }

    /** Whether what is read may be sent past this handler: nothing waits here, before it, or to be written. */
    boolean isNothingWaiting() {
        Channel channel = context.channel();
        countSent();
        return end.is(State.OPEN)
                && (tls == null ? context.pipeline().firstContext() == context : tls.isBetweenRecords())
                && channel.config().isAutoRead()
                && WriteQueue.isEmpty(channel);
    }

    /**
     * Keeps a copy of what the operating system did not take, until it does; with TLS it is encrypted already.
     *
     * @param plain how many bytes it is without encryption
     */
    void keep(ByteBuf rest, int plain) {
        unsent += plain;
        // As in channelRead reading stops after the flush, not before: see StoppableReads on the events that Netty
        // asks epoll for.
        reads.begin();
        try {
            ChannelHandlerContext first = context.pipeline().firstContext();
            first.writeAndFlush(exact(context, rest.retain()), first.voidPromise());
            stopReadingIfFull(context.channel());
        } finally {
            reads.end();
        }
    }

    /** Its listener drains. */
    private void drain() {
        Channel channel = context.channel();
        IdleWatch draining = IdleWatch.drain(watch, channel, this::isNothingUnderWay, this::closeIdle);
        watch = draining;
        DirectEcho direct = EpollLoop.before(channel);
        if (direct != null) {
            direct.watch(draining);
        }
    }

    /** It is as old as it may be. */
    private void endOfLife() {
        drain();
        aging = context.executor()
                .schedule(
                        () -> close(FailureReason.LIFETIME, context.newPromise()),
                        grace.toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    /** The rate allows to read again. Returns whether there is room for it. */
    private boolean pauseIsOver() {
        if (watch != null) {
            watch.active();
        }
        return context.channel().isWritable();
    }

    /** Whether what the client has sent may wait until its rate allows to read it. */
    private boolean isHeldBack() {
        return throttled != null && throttled.isPaused();
    }

    /** Whether all that came was echoed, but for what the operating system still holds. */
    private boolean isNothingUnderWay() {
        DirectEcho direct = EpollLoop.before(context.channel());
        return !isHeldBack()
                && WriteQueue.isEmpty(context.channel())
                && (tls == null || tls.isBetweenRecords())
                && (direct == null || direct.isBetweenRecords());
    }

    /** What was sent past this handler has failed. */
    void failed(Throwable cause) {
        context.pipeline().fireExceptionCaught(cause);
    }

    /** Passes what was read on to the handler of TLS, and lets that answer what came before. */
    void answer(ByteBuf records) {
        if (records.isReadable()) {
            context.pipeline().fireChannelRead(records);
            context.pipeline().fireChannelReadComplete();
        } else {
            records.release();
        }
        context.pipeline().flush();
    }

    /** The peer's close_notify has come. */
    void closed() {
        endAfterLastByte(context);
    }

    /** What has come is not TLS as agreed upon. */
    void broken(SSLException cause) {
        // The engine's alert.
        context.pipeline().flush();
        context.pipeline().fireExceptionCaught(cause);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        reads.begin();
        ByteBuf bytes = (ByteBuf) message;
        int size = bytes.readableBytes();
        traffic.received(size);
        received += size;
        unsent += size;
        Channel channel = ctx.channel();
        // The queue counts bytes, not the buffers that hold them.
        boolean wasteful = !encrypted && bytes.readableBytes() < bytes.capacity() / 8;
        ctx.write(wasteful ? exact(ctx, bytes) : bytes, channel.voidPromise());
        // What is encrypted before the next record is read stays deliverable if that one is close_notify, after
        // which an engine may encrypt no more. The network sees no more flushes for it: they are consolidated
        // below.
        if (encrypted || !channel.isWritable()) {
            ctx.flush();
        }
        stopReadingIfFull(channel);
    }

    /**
     * Stops reading after a flush that bypasses TLS, which delays its own flushes during a read. If nothing was
     * flushed, and the peer has closed its output, Netty would ask epoll for no event at all; see
     * {@link StoppableReads}.
     */
    private static void stopReadingIfFull(Channel channel) {
        if (!channel.isWritable()) {
            channel.pipeline().firstContext().flush();
            if (!channel.isWritable()) {
                channel.config().setAutoRead(false);
            }
        }
    }

    /** Moves bytes into a buffer of their size, leaving the indices of the old one. */
    private static ByteBuf exact(ChannelHandlerContext ctx, ByteBuf bytes) {
        try {
            return ctx.alloc()
                    .directBuffer(bytes.readableBytes())
                    .writeBytes(bytes, bytes.readerIndex(), bytes.readableBytes());
        } finally {
            bytes.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        reads.end();
        if (watch != null) {
            watch.active();
        }
        ctx.flush();
        countSent();
    }

    /** Counts what the operating system has taken since. It does not tell; what still waits is known, and for TLS about so. */
    private void countSent() {
        if (unsent > 0) {
            long rest = Math.min(unsent, WriteQueue.pendingAtMost(context.channel()));
            traffic.sent(unsent - rest);
            sent += unsent - rest;
            unsent = rest;
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        countSent();
        // While something is read, channelRead decides, after a flush. Else it is TLS that writes by itself: its
        // answers to a peer that asks for new keys and does not read them.
        if (ctx.channel().isWritable()) {
            ctx.channel().config().setAutoRead(true);
        } else if (!reads.isReading()) {
            stopReadingIfFull(ctx.channel());
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent || event == SslCloseCompletionEvent.SUCCESS) {
            endAfterLastByte(ctx);
        } else if (encrypted && event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
            SocketEnd.reset(ctx.channel());
            tls = ctx.pipeline().get(TlsHandler.class);
            if (traffic.tellsEnds()) {
                agreed = SocketFacts.tls(ctx.channel());
            }
            if (tls != null) {
                traffic.handshake(tls.engine().getSession().getProtocol());
                startDirectEcho(tls.engine());
            }
        } else if (event instanceof SslHandshakeCompletionEvent handshake && end.is(State.OPEN)) {
            // After a timeout this is the only notice; then TLS closes the channel.
            end.broken(ConnectionEnd.reason(handshake.cause()));
        } else if (VertxInternals.isShutdown(event)) {
            drain();
        }
        ctx.fireUserEventTriggered(event);
    }

    /** Closes once the operating system took all that is queued. */
    private void endAfterLastByte(ChannelHandlerContext ctx) {
        if (!end.to(State.ENDING)) {
            return;
        }
        ctx.flush();
        // From the first context, so that it queues behind what TLS has encrypted: TLS itself may be closed already.
        ctx.pipeline().firstContext().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            if (written.isSuccess() && end.to(State.COMPLETE)) {
                SocketEnd.orderly(ctx.channel());
                ctx.close();
            }
        });
    }

    private void closeIdle() {
        if (isHeldBack() && watch != null) {
            watch.goOn();
        } else {
            close(FailureReason.IDLE, context.newPromise());
        }
    }

    /** Vert.x closes this connection at the end of a grace period. */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        close(FailureReason.DRAIN, promise);
    }

    /** Closes now. The reason is that of a failure, and counts only where something waits. */
    private void close(FailureReason reason, ChannelPromise promise) {
        if (WriteQueue.pendingBytes(context.channel()) > 0) {
            end.cut(reason);
            cut(context, promise);
            return;
        }
        if (end.to(State.COMPLETE)) {
            SocketEnd.orderly(context.channel());
        }
        context.close(promise);
        // TLS waits until its close_notify is written, which a peer that does not read can put off for ever.
        context.executor().schedule(() -> cut(context, context.newPromise()), CLOSE_NOTIFY_SECONDS, TimeUnit.SECONDS);
    }

    /** Closes past TLS; with a reset where bytes wait to be written. */
    private static void cut(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (!ctx.channel().isOpen()) {
            promise.trySuccess();
            return;
        }
        if (WriteQueue.pendingBytes(ctx.channel()) > 0) {
            SocketEnd.reset(ctx.channel());
        }
        ctx.pipeline().firstContext().close(promise);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (StoppableReads.isStop(cause)) {
            return;
        }
        LOG.debug("{}: {}", ctx.channel(), cause.toString());
        end.cut(ConnectionEnd.reason(cause));
        if (SocketEnd.isPeersFault(cause) && WriteQueue.pendingBytes(ctx.channel()) == 0) {
            SocketEnd.orderly(ctx.channel());
        } else {
            SocketEnd.reset(ctx.channel());
        }
        cut(ctx, ctx.newPromise());
    }

    private void countEnd() {
        if (end.is(State.COMPLETE)) {
            traffic.sent(unsent);
            sent += unsent;
            unsent = 0;
        }
        FailureReason failure = SocketEnd.count(context.channel(), end, traffic);
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
        Channel channel = context.channel();
        return SocketFacts.of(
                channel,
                end,
                watch == null ? null : watch.quiet(),
                received(),
                sent(),
                WriteQueue.pendingBytes(channel));
    }

    @Override
    public long received() {
        return received + (direct == null ? 0 : direct.received());
    }

    @Override
    public long sent() {
        if (context.channel().isOpen()) {
            countSent();
        }
        return sent + (direct == null ? 0 : direct.sent());
    }

    @Override
    public Map<String, String> tls() {
        return agreed == null ? SocketFacts.tls(context.channel()) : agreed;
    }

    @Override
    public Map<String, Long> path() {
        return SocketFacts.path(context.channel());
    }

    @Override
    public void close() {
        close(FailureReason.OPERATOR, context.newPromise());
    }
}
