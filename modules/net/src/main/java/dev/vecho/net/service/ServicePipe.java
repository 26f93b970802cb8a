package dev.vecho.net.service;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.FailureReason;
import dev.vecho.core.OpenConnection;
import dev.vecho.core.Peer;
import dev.vecho.core.Traffic;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.ConnectionEnd;
import dev.vecho.net.ConnectionEnd.State;
import dev.vecho.net.SocketEnd;
import dev.vecho.net.SocketFacts;
import dev.vecho.net.echo.IdleWatch;
import dev.vecho.net.echo.StoppableReads;
import dev.vecho.net.echo.ThrottledReads;
import dev.vecho.net.echo.WriteQueue;
import dev.vecho.net.listen.ConnectionLimits;
import dev.vecho.net.tls.TlsHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.nio.channels.ClosedChannelException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection of a listener that serves something else than the echo, last in its Netty pipeline, as the echo's own
 * {@link dev.vecho.net.echo.EchoPipe} is. What that one promises holds here, too:
 *
 * <ul>
 *   <li>Lossless: the connection ends with FIN once the operating system took all that the service has written, and what the client
 *       still sends is discarded for {@value #LINGER_SECONDS} s, so that no reset overtakes the last bytes.
 *   <li>Bounded: nothing is read that the service does not ask for; what came with the last read waits for it.
 *   <li>Honest: a connection that ends before the service has ended it, with bytes under way, is reset.
 * </ul>
 *
 * <p>One instance a connection, used on the event loop of that connection only.
 */
@SuppressWarnings(
        "FutureReturnValueIgnored") // A failed write or close of Netty's comes to exceptionCaught, or is moot.
public final class ServicePipe extends ChannelDuplexHandler implements OpenConnection {

    /** Tells, as an event in the pipeline, that the PROXY header has come. */
    public static final Object PROXY_READ = new Object();

    private static final Logger LOG = LoggerFactory.getLogger(ServicePipe.class);

    private static final int LINGER_SECONDS = 1;

    /** What has to come before the service begins. */
    public enum Before {
        NOTHING,
        PROXY_HEADER,
        TLS
    }

    private final ConfiguredService service;
    private final Context vertxContext;
    private final String transport;
    private final Traffic traffic;
    private final ConnectionLimits limits;
    private final Before before;
    private final @Nullable ThrottledReads throttled;
    private final ConnectionEnd end = new ConnectionEnd();
    private final Stream stream = new Stream();

    private ChannelHandlerContext context;
    private StoppableReads reads;
    private @Nullable IdleWatch watch;
    private @Nullable ScheduledFuture<?> aging;
    private int slot;

    private boolean begun;
    private boolean inputEnded;
    private boolean lingering;
    private @Nullable Future<Void> outputClosed;
    private boolean flushing;

    private long received;
    private long sent;
    private long unsent;

    /**
     * Makes the pipe of one connection, which {@link Traffic#open} has let in.
     *
     * @param vertxContext of the connection, which calls the service
     * @param transport its name, for services that tell it
     * @param throttled what precedes all other handlers and holds the connection to a rate; null for none
     */
    @SuppressWarnings("NullAway.Init") // handlerAdded is called before anything else.
    public ServicePipe(
            ConfiguredService service,
            Context vertxContext,
            String transport,
            Traffic traffic,
            ConnectionLimits limits,
            Before before,
            @Nullable ThrottledReads throttled) {
        this.service = service;
        this.vertxContext = vertxContext;
        this.transport = transport;
        this.traffic = traffic;
        this.limits = limits;
        this.before = before;
        this.throttled = throttled;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        Channel channel = ctx.channel();
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        context = ctx;
        slot = traffic.connections().add(this);
        SocketFacts.keepAddresses(channel);
        traffic.began(this);
        reads = StoppableReads.install(channel, limits.writeQueueBytes());
        watch = IdleWatch.start(channel, limits.idle(), this::closeIdle);
        if (throttled != null) {
            throttled.begin(reads, this::pauseIsOver);
        }
        if (!limits.lifetime().isZero()) {
            aging = ctx.executor().schedule(this::endOfLife, limits.lifetime().toNanos(), TimeUnit.NANOSECONDS);
        }
        channel.closeFuture().addListener(closed -> countEnd());
        if (before == Before.NOTHING) {
            // Not before the channel is registered, which is under way.
            ctx.executor().execute(this::begin);
        }
    }

    private void begin() {
        if (begun || !context.channel().isOpen()) {
            return;
        }
        begun = true;
        SocketEnd.reset(context.channel());
        call(() -> service.serve(stream));
        stream.deliver();
    }

    /** Runs what belongs to the service. */
    private void call(Runnable action) {
        VertxInternals.dispatch(vertxContext, () -> {
            try {
                action.run();
            } catch (RuntimeException e) {
                LOG.debug("{}: the service has failed", context.channel(), e);
                end.cut(FailureReason.INTERNAL);
                SocketEnd.reset(context.channel());
                cut(context, context.newPromise());
            }
        });
    }

    // What comes.

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        reads.begin();
        ByteBuf bytes = (ByteBuf) message;
        int size = bytes.readableBytes();
        traffic.received(size);
        received += size;
        try {
            if (end.is(State.OPEN)) {
                stream.came(Buffer.buffer(ByteBufUtil.getBytes(bytes)));
            }
        } finally {
            bytes.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        reads.end();
        active();
        countSent();
    }

    private void active() {
        if (watch != null) {
            watch.active();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        countSent();
        if (ctx.channel().isWritable()) {
            active();
            // Not as a task, which runs before anything else is read: a service that writes on and on would never let
            // go.
            ctx.executor().schedule(stream::drained, 1, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent || event == SslCloseCompletionEvent.SUCCESS) {
            inputEnded = true;
            stream.inputEnded();
        } else if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
            TlsHandler tls = ctx.pipeline().get(TlsHandler.class);
            if (tls != null) {
                traffic.handshake(tls.engine().getSession().getProtocol());
            }
            begin();
        } else if (event instanceof SslHandshakeCompletionEvent handshake && end.is(State.OPEN)) {
            end.broken(ConnectionEnd.reason(handshake.cause()));
        } else if (event == PROXY_READ && before == Before.PROXY_HEADER) {
            begin();
        } else if (VertxInternals.isShutdown(event)) {
            drain();
        }
        ctx.fireUserEventTriggered(event);
    }

    // How it ends.

    private void drain() {
        watch = IdleWatch.drain(watch, context.channel(), this::isNothingUnderWay, this::closeIdle);
        stream.shutdown();
    }

    private void endOfLife() {
        drain();
        aging = context.executor()
                .schedule(
                        () -> close(FailureReason.LIFETIME, context.newPromise()),
                        limits.grace().toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    private boolean pauseIsOver() {
        active();
        return !begun || stream.wantsToRead();
    }

    private boolean isHeldBack() {
        return stream.isWritePaused() || (throttled != null && throttled.isPaused());
    }

    private boolean isNothingUnderWay() {
        TlsHandler tls = context.pipeline().get(TlsHandler.class);
        return !isHeldBack()
                && !stream.isMoving()
                && WriteQueue.isEmpty(context.channel())
                && (tls == null || tls.isBetweenRecords());
    }

    private void closeIdle() {
        if ((isHeldBack() || stream.isMoving()) && watch != null) {
            watch.goOn();
        } else {
            close(FailureReason.IDLE, context.newPromise());
        }
    }

    /** The service has ended: closes once the operating system took all that is queued. */
    private void endAfterLastByte() {
        Future<Void> ending = outputClosed;
        if (ending != null) {
            ending.onSuccess(done -> finish());
            return;
        }
        context.flush();
        // From the first context, so that it queues behind what TLS has encrypted: TLS itself may be closed already.
        context.pipeline().firstContext().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            if (written.isSuccess()) {
                finish();
            }
        });
    }

    /** Everything was written. */
    private void finish() {
        if (inputEnded || !(context.channel() instanceof DuplexChannel)) {
            closeInOrder(context.newPromise());
        } else if (end.to(State.LINGERING)) {
            linger();
        }
    }

    /** Closes the output alone: the client may still send. */
    private Future<Void> endOutput() {
        Promise<Void> promise = VertxInternals.promise(vertxContext);
        Channel channel = context.channel();
        context.flush();
        // From the first context, as above.
        context.pipeline().firstContext().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            countSent();
            if (!written.isSuccess()) {
                promise.fail(written.cause());
                return;
            }
            TlsHandler tls = context.pipeline().get(TlsHandler.class);
            ChannelFuture closed = tls == null ? ((DuplexChannel) channel).shutdownOutput() : tls.closeOutput();
            closed.addListener(done -> {
                if (done.isSuccess()) {
                    promise.complete();
                } else {
                    promise.fail(done.cause());
                }
            });
        });
        return promise.future();
    }

    /** Closes the output, and waits for the client to close, too: closing at once resets it where it has sent more. */
    private void linger() {
        TlsHandler tls = context.pipeline().get(TlsHandler.class);
        if (tls == null) {
            shutdownOutput();
        } else {
            tls.closeOutbound().addListener(told -> shutdownOutput());
        }
        context.executor().schedule(this::lingered, LINGER_SECONDS, TimeUnit.SECONDS);
    }

    private void shutdownOutput() {
        Channel channel = context.channel();
        if (!channel.isOpen() || lingering) {
            return;
        }
        lingering = true;
        countSent();
        SocketEnd.orderly(channel);
        channel.pipeline().addFirst(new Discarding());
        channel.config().setAutoRead(true);
        ((DuplexChannel) channel).shutdownOutput();
        if (inputEnded || ((DuplexChannel) channel).isInputShutdown()) {
            lingered();
        }
    }

    private void lingered() {
        if (end.to(State.COMPLETE)) {
            SocketEnd.orderly(context.channel());
        }
        context.pipeline().firstContext().close();
    }

    /** What comes after the service has ended, before TLS sees it. */
    private final class Discarding extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ReferenceCountUtil.release(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                lingered();
            }
            ctx.fireUserEventTriggered(event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            // The client has reset what is over.
            lingered();
        }
    }

    private void closeInOrder(ChannelPromise promise) {
        if (end.to(State.COMPLETE)) {
            SocketEnd.orderly(context.channel());
        }
        context.close(promise);
        // TLS waits until its close_notify is written, which a peer that does not read can put off for ever.
        context.executor().schedule(() -> cut(context, context.newPromise()), LINGER_SECONDS, TimeUnit.SECONDS);
    }

    /** Vert.x closes this connection at the end of a grace period. */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        close(FailureReason.DRAIN, promise);
    }

    /** Closes now. The reason is that of a failure, and counts only where something waits. */
    private void close(FailureReason reason, ChannelPromise promise) {
        if (stream.isHolding()) {
            end.cut(reason);
            SocketEnd.reset(context.channel());
            cut(context, promise);
        } else if (WriteQueue.isEmpty(context.channel())) {
            closeInOrder(promise);
        } else {
            end.cut(reason);
            cut(context, promise);
        }
    }

    /** Closes past TLS; with a reset where bytes wait to be written. */
    private static void cut(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (!ctx.channel().isOpen()) {
            promise.trySuccess();
            return;
        }
        if (!WriteQueue.isEmpty(ctx.channel())) {
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
        if (SocketEnd.isPeersFault(cause) && WriteQueue.isEmpty(ctx.channel())) {
            SocketEnd.orderly(ctx.channel());
        } else {
            SocketEnd.reset(ctx.channel());
        }
        cut(ctx, ctx.newPromise());
    }

    /** Counts what the operating system has taken since; for TLS about so. */
    private void countSent() {
        if (unsent > 0) {
            long rest = Math.min(unsent, WriteQueue.pendingAtMost(context.channel()));
            traffic.sent(unsent - rest);
            sent += unsent - rest;
            unsent = rest;
        }
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
        stream.closed(end.isBroken());
    }

    // For those who watch the service.

    @Override
    public Facts facts() {
        Channel channel = context.channel();
        return SocketFacts.of(
                channel, end, watch == null ? null : watch.quiet(), received, sent(), WriteQueue.pendingBytes(channel));
    }

    @Override
    public long received() {
        return received;
    }

    @Override
    public long sent() {
        if (context.channel().isOpen()) {
            countSent();
        }
        return sent;
    }

    @Override
    public Map<String, String> tls() {
        return SocketFacts.tls(context.channel());
    }

    @Override
    public Map<String, Long> path() {
        return SocketFacts.path(context.channel());
    }

    @Override
    public void close() {
        close(FailureReason.OPERATOR, context.newPromise());
    }

    /** What the service sees. */
    private final class Stream extends HandledStream {

        /** The event loop is known when the pipe is in its pipeline. */
        Stream() {
            super(deliver -> context.executor().execute(deliver));
        }

        @Override
        protected boolean isOpen() {
            return end.is(State.OPEN);
        }

        @Override
        protected void call(Runnable action) {
            ServicePipe.this.call(action);
        }

        @Override
        protected void callLast(Runnable action) {
            VertxInternals.dispatch(vertxContext, action);
        }

        @Override
        protected void readOrNot() {
            boolean read = !begun || wantsToRead();
            if (!end.isOver() && context.channel().config().isAutoRead() != read) {
                context.channel().config().setAutoRead(read);
            }
        }

        @Override
        public Peer peer() {
            return () -> SocketPeer.facts(context.channel(), transport);
        }

        @Override
        public boolean writeQueueFull() {
            return isWritePaused() || !context.channel().isWritable();
        }

        @Override
        public Future<Void> write(Buffer bytes) {
            if (!isWritable()) {
                return Future.failedFuture(new ClosedChannelException());
            }
            unsent += bytes.length();
            Promise<Void> promise = VertxInternals.promise(vertxContext);
            context.write(VertxInternals.bytes(bytes)).addListener(written -> {
                if (written.isSuccess()) {
                    promise.complete();
                } else {
                    promise.fail(written.cause());
                    if (!end.isOver()) {
                        exceptionCaught(context, written.cause());
                    }
                }
            });
            if (throttled != null) {
                pauseWrites(throttled.rate().wrote(bytes.length()), context.executor(), ServicePipe.this::active);
            }
            flushSoon();
            return promise.future();
        }

        private boolean isWritable() {
            return end.is(State.OPEN) && context.channel().isOpen() && outputClosed == null;
        }

        @Override
        public Future<Void> closeOutput() {
            if (!isWritable()) {
                return Future.failedFuture(new ClosedChannelException());
            }
            if (isEndTold()) {
                return end();
            }
            Future<Void> ending = endOutput();
            outputClosed = ending;
            return ending;
        }

        /** Once for all that is written in one go; until then it counts, so that a service that writes on hears that it is enough. */
        private void flushSoon() {
            if (!flushing) {
                flushing = true;
                context.executor().execute(() -> {
                    flushing = false;
                    context.flush();
                    active();
                    countSent();
                });
            }
        }

        @Override
        public Future<Void> end() {
            if (!end.to(State.ENDING)) {
                return Future.failedFuture(new ClosedChannelException());
            }
            discard();
            Promise<Void> promise = VertxInternals.promise(vertxContext);
            context.channel().closeFuture().addListener(closed -> {
                if (end.isBroken()) {
                    promise.fail(new ClosedChannelException());
                } else {
                    promise.complete();
                }
            });
            context.channel().config().setAutoRead(true);
            endAfterLastByte();
            return promise.future();
        }

        @Override
        public void fail(FailureReason reason, String why) {
            if (end.is(State.OPEN)) {
                LOG.debug("{}: {}", context.channel(), why);
                end.broken(reason);
                forgetFailures();
                end();
            }
        }

        @Override
        public void fault(String name) {
            traffic.fault(name);
        }

        @Override
        public Future<Void> reset(FailureReason reason) {
            Promise<Void> promise = VertxInternals.promise(vertxContext);
            end.cut(reason);
            SocketEnd.reset(context.channel());
            context.channel().closeFuture().addListener(closed -> promise.complete());
            cut(context, context.newPromise());
            return promise.future();
        }
    }
}
