package dev.vecho.transport.quic;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.FailureReason;
import dev.vecho.core.Peer;
import dev.vecho.core.Traffic;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.echo.ConnectionRate;
import dev.vecho.net.service.HandledStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service on one stream, in place of {@link QuicEchoHandler}. What that one's {@link QuicEchoPipe} promises holds here, too: FIN comes
 * after all that the service has written, and a stream that ends before, with bytes under way, is reset.
 *
 * <p>An end of the service is FIN, and STOP_SENDING where the peer has not ended; a reset is RESET_STREAM and STOP_SENDING. Either of
 * the peer's breaks the stream. The connection goes on.
 */
@SuppressWarnings("FutureReturnValueIgnored") // The pipe below hears of every write.
final class QuicServiceHandler extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(QuicServiceHandler.class);

    private final ConfiguredService service;
    private final Context vertxContext;
    private final Traffic traffic;
    private final QuicEchoPipe pipe;
    private ChannelHandlerContext context;
    private Stream stream;

    /**
     * Makes it.
     *
     * @param vertxContext of the connection, which calls the service
     * @param pipe first in the pipeline of the stream
     */
    @SuppressWarnings("NullAway.Init") // handlerAdded is called before anything else.
    QuicServiceHandler(ConfiguredService service, Context vertxContext, Traffic traffic, QuicEchoPipe pipe) {
        this.service = service;
        this.vertxContext = vertxContext;
        this.traffic = traffic;
        this.pipe = pipe;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        stream = new Stream(ctx);
        pipe.serve(stream);
        // Until the service has asked for it.
        ctx.channel().config().setAutoRead(false);
        ctx.executor().execute(() -> {
            if (pipe.isOpen()) {
                stream.call(() -> service.serve(stream));
                stream.deliver();
            }
        });
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        traffic.received(bytes.readableBytes());
        try {
            stream.came(Buffer.buffer(ByteBufUtil.getBytes(bytes)));
        } finally {
            bytes.release();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            stream.inputEnded();
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        // Not as a task, which runs before anything else is read: a service that writes on and on would never let go.
        ctx.executor().schedule(stream::drained, 1, TimeUnit.NANOSECONDS);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        stream.over();
        ctx.fireChannelInactive();
    }

    /** What the service sees. */
    private final class Stream extends HandledStream {

        private final Promise<Void> closing = VertxInternals.promise(vertxContext);
        private @Nullable Promise<Void> outputClosing;
        private boolean flushing;

        Stream(ChannelHandlerContext ctx) {
            super(ctx.executor());
        }

        @Override
        protected boolean isOpen() {
            return pipe.isOpen();
        }

        @Override
        protected void call(Runnable action) {
            VertxInternals.dispatch(vertxContext, () -> {
                try {
                    action.run();
                } catch (RuntimeException e) {
                    LOG.debug("{}: the service has failed", context.channel(), e);
                    pipe.reset(QuicErrorCode.STREAM_CUT, FailureReason.INTERNAL);
                }
            });
        }

        @Override
        protected void callLast(Runnable action) {
            VertxInternals.dispatch(vertxContext, action);
        }

        @Override
        protected void readOrNot() {
            context.channel().config().setAutoRead(wantsToRead());
        }

        /** The stream is closed, or counts as such. */
        void over() {
            closed(pipe.isBroken());
            if (outputClosing != null) {
                outputClosing.tryFail(new ClosedChannelException());
            }
            if (pipe.isBroken()) {
                closing.tryFail(new ClosedChannelException());
            } else {
                closing.tryComplete();
            }
        }

        @Override
        public Peer peer() {
            QuicStreamChannel channel = (QuicStreamChannel) context.channel();
            return () -> QuicFacts.of(channel.parent());
        }

        @Override
        public boolean writeQueueFull() {
            return isWritePaused() || pipe.isFull();
        }

        private boolean isWritable() {
            return isOpen() && outputClosing == null;
        }

        @Override
        public Future<Void> write(Buffer bytes) {
            if (!isWritable()) {
                return Future.failedFuture(new ClosedChannelException());
            }
            Promise<Void> promise = VertxInternals.promise(vertxContext);
            int size = bytes.length();
            context.write(VertxInternals.bytes(bytes)).addListener(written -> {
                if (written.isSuccess()) {
                    traffic.sent(size);
                    promise.complete();
                } else {
                    promise.fail(written.cause());
                }
            });
            ConnectionRate rate = pipe.rate();
            if (rate != null) {
                pauseWrites(rate.wrote(size), context.executor(), () -> {});
            }
            flushSoon();
            return promise.future();
        }

        /** Once for all that is written in one go, so that FIN goes with the last of it. */
        private void flushSoon() {
            if (!flushing) {
                flushing = true;
                context.executor().execute(() -> {
                    flushing = false;
                    context.flush();
                });
            }
        }

        @Override
        public Future<Void> closeOutput() {
            if (!isWritable()) {
                return Future.failedFuture(new ClosedChannelException());
            }
            if (isEndTold()) {
                return end();
            }
            Promise<Void> promise = VertxInternals.promise(vertxContext);
            outputClosing = promise;
            pipe.closeOutput(promise::tryComplete);
            flushSoon();
            return promise.future();
        }

        @Override
        public Future<Void> end() {
            if (!isOpen()) {
                return Future.failedFuture(new ClosedChannelException());
            }
            discard();
            pipe.leave();
            readOrNot();
            flushSoon();
            return closing.future();
        }

        @Override
        public void fail(FailureReason reason, String why) {
            if (isOpen()) {
                LOG.debug("{}: {}", context.channel(), why);
                pipe.fails(reason);
                forgetFailures();
                end();
            }
        }

        @Override
        public Future<Void> reset(FailureReason reason) {
            if (reason == FailureReason.FAULT) {
                pipe.resetAfterBytes(reason);
            } else {
                pipe.reset(QuicErrorCode.STREAM_CUT, reason);
            }
            return closing.future().otherwiseEmpty();
        }

        @Override
        public void fault(String name) {
            traffic.fault(name);
        }
    }
}
