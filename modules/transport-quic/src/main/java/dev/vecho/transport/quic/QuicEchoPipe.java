package dev.vecho.transport.quic;

import dev.vecho.core.FailureReason;
import dev.vecho.core.ServiceStream.Held;
import dev.vecho.core.Traffic;
import dev.vecho.net.ConnectionEnd;
import dev.vecho.net.ConnectionEnd.State;
import dev.vecho.net.echo.ConnectionRate;
import dev.vecho.net.echo.EchoPipe;
import dev.vecho.net.echo.IdleWatch;
import dev.vecho.net.service.HandledStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.handler.codec.quic.QuicException;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamResetException;
import io.netty.util.concurrent.Future;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream whose input goes back, below whatever reads and writes it: it keeps the promises of {@link EchoPipe}. It is
 * not an EchoPipe, because a stream of Netty's QUIC is not a socket: its queue cannot be inspected, a write that
 * failed is reported to the write's own promise only, a FIN overtakes what waits, and every end that is not a reset
 * sends FIN.
 *
 * <p>Nor can a FIN be left to QUIC. quiche forgets a stream as soon as all its bytes have been acknowledged, even if its FIN
 * was not (cloudflare/quiche issue 2525): one that gets lost behind them is never sent again, and the peer, which has every
 * byte, waits for the end for ever. Neither does quiche send a FIN that comes, or gets lost, while other bytes of the stream
 * than the last ones have to be sent again. So the last bytes wait for a flush, and carry the FIN if it comes before; a FIN on
 * its own waits until what is under way has arrived.
 *
 * <p>How it ends is a {@link ConnectionEnd}: LINGERING while what was written is under way, COMPLETE when FIN was said. Not in it is
 * whether the stream, which has two ends, is closed then, too, or when the peer has said FIN. A stream that is CUT counts as closed
 * at once, although Netty's is closed only when the reset has arrived.
 *
 * <p>One instance a stream, first in its pipeline or after a {@link ThrottledStream}, used on the event loop of its connection only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // What closes or resets a stream may find it closed.
public final class QuicEchoPipe extends ChannelDuplexHandler {

    private static final Logger LOG = LoggerFactory.getLogger(QuicEchoPipe.class);

    /** A reset that gets lost is sent again so often meanwhile that it arrives, unless the connection is lost. */
    private static final int RESET_SECONDS = 10;

    private final int writeQueueBytes;
    private final long idleNanos;
    private final ApplicationErrorCodes errors;
    private final @Nullable ThrottledStream throttled;
    private final Owner owner;
    private final ConnectionEnd end = new ConnectionEnd();

    private QuicStreamChannel channel;
    private ChannelHandlerContext context;

    /** What was written last, and was not flushed since. */
    private @Nullable ByteBuf held;

    private ChannelPromise heldPromise;
    private long waiting;
    private boolean full;
    private boolean keeping;
    private @Nullable Held holding;
    private boolean carried;
    private boolean fresh;

    /** Of packets, when the stream began. */
    private long lossesBefore;

    /** What could be written after the last write of this round of the event loop; negative if there was none. */
    private long room = -1;

    private boolean resuming;
    private boolean owing;

    /** Has a say in when it is read and ends; null for the echo, and for a protocol that does without. */
    private @Nullable HandledStream service;

    /** Writes the end of a stream that is idle; null where that is a FIN and nothing else. */
    private @Nullable Runnable lastWords;

    /** Told when FIN was said while the peer may go on; null for as long as nobody has asked for that. */
    private @Nullable Runnable finTold;

    private boolean finSaid;

    /** Whether it is closed when FIN was said, and not when the peer has said FIN, too. */
    private boolean leaving;

    /** Whether the peer may still send when FIN was said. */
    private boolean lingering;

    private long lastActive;
    private @Nullable Future<?> idleWatch;

    /** The connection of a stream. */
    interface Owner {

        /** A byte has moved, at a time of {@link System#nanoTime}. */
        void moved(long nanoTime);

        /** The stream is over; called once. */
        void ended(QuicEchoPipe stream);
    }

    /**
     * @param writeQueueBytes how much may wait to be written before reading stops
     * @param idle ends the stream when no byte moved either way for so long
     * @param throttled what is before it in the pipeline and holds it to a rate; null for none
     */
    @SuppressWarnings(
            "NullAway.Init") // handlerAdded sets the channel before anything else is called; write, the promise.
    QuicEchoPipe(
            int writeQueueBytes,
            Duration idle,
            ApplicationErrorCodes errors,
            @Nullable ThrottledStream throttled,
            Owner owner) {
        this.writeQueueBytes = writeQueueBytes;
        this.idleNanos = idle.toNanos();
        this.errors = errors;
        this.throttled = throttled;
        this.owner = owner;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        channel = (QuicStreamChannel) ctx.channel();
        ChannelConfig config = channel.config();
        // Without it Netty closes the stream, with all that waits, as soon as it reads the end of the input.
        config.setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        config.setAllocator(PooledByteBufAllocator.DEFAULT);
        lossesBefore = DeliveryWatch.losses(channel);
        lastActive = System.nanoTime();
        watch(idleNanos);
        if (!channel.isActive()) {
            // Closed before this handler came: nobody else tells.
            channel.eventLoop().execute(this::closed);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        lastActive = System.nanoTime();
        owner.moved(lastActive);
        ctx.fireChannelRead(message);
    }

    /** Writes bytes past the handlers between, in the order of the calls; they go out with the next flush. */
    public void write(ByteBuf bytes, ChannelPromise promise) {
        write(context, bytes, promise);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        passOn(false);
        held = (ByteBuf) message;
        heldPromise = promise;
        waiting += held.readableBytes();
        if (waiting >= writeQueueBytes) {
            full = true;
            if (service == null) {
                channel.config().setAutoRead(false);
            }
        }
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        passOn(false);
        ctx.flush();
    }

    private void passOn(boolean fin) {
        ByteBuf bytes = held;
        if (bytes != null) {
            held = null;
            int count = bytes.readableBytes();
            ChannelPromise promise = heldPromise.unvoid();
            context.write(fin ? new DefaultQuicStreamFrame(bytes, true) : bytes).addListener(write -> {
                // First: who waits for the promise may end the stream.
                written(count, fin, write);
                if (write.isSuccess()) {
                    promise.trySuccess();
                } else {
                    promise.tryFailure(write.cause());
                }
            });
        }
    }

    private void written(int count, boolean fin, Future<?> write) {
        waiting -= count;
        if (!write.isSuccess()) {
            breakOff(write.cause());
            return;
        }
        lastActive = System.nanoTime();
        owner.moved(lastActive);
        if (room < 0) {
            // Netty sends at the end of the event loop's round.
            channel.eventLoop().execute(this::sent);
        }
        carried = true;
        fresh = true;
        room = channel.bytesBeforeUnwritable();
        if (finTold != null) {
            finOfOutput(fin);
        } else if (fin) {
            end.to(State.COMPLETE);
            saidFin();
        } else if (waiting == 0 && end.is(State.ENDING)) {
            sayFinAfterBytes();
        } else if (full && waiting <= writeQueueBytes / 2 && !resuming) {
            // Later: this may run in the middle of Netty's own writing.
            resuming = true;
            channel.eventLoop().execute(() -> {
                resuming = false;
                full = false;
                if (service == null) {
                    channel.config().setAutoRead(true);
                }
                context.fireChannelWritabilityChanged();
            });
        }
    }

    private void sent() {
        // If it changed, a packet came when the bytes had been written, but not yet sent.
        fresh = channel.bytesBeforeUnwritable() != room;
        room = -1;
    }

    /** Flushes, and sends FIN after all that was written, which QUIC has taken and will deliver; reads no more. */
    public void finish() {
        end.to(State.ENDING);
        if (finTold != null) {
            endIfFinWasSaid();
        } else if (held != null) {
            passOn(true);
        } else if (waiting == 0 && end.is(State.ENDING)) {
            sayFinAfterBytes();
        }
    }

    private void sayFinAfterBytes() {
        if (!carried) {
            sayFin();
        } else if (end.to(State.LINGERING)) {
            DeliveryWatch.await(channel, fresh, lossesBefore, this::sayFin);
        }
    }

    /** Leaves it to a service when to read, and asks it before the stream is ended. */
    void serve(HandledStream stream) {
        service = stream;
    }

    /** Does as {@link #finish}, and closes the stream then, whatever the peer still sends. */
    void leave() {
        leaving = true;
        finish();
    }

    /**
     * Flushes, and sends FIN after all that was written, while the peer may go on to send; {@link #leave} ends what is left.
     *
     * @param told called when FIN was said
     */
    void closeOutput(Runnable told) {
        finTold = told;
        if (held != null) {
            passOn(true);
        } else if (waiting == 0) {
            closeOutputAfterBytes();
        }
    }

    private void finOfOutput(boolean carriedFin) {
        if (carriedFin) {
            saidFinOfOutput();
        } else if (waiting == 0 && !finSaid) {
            closeOutputAfterBytes();
        }
    }

    private void closeOutputAfterBytes() {
        if (carried) {
            DeliveryWatch.await(channel, fresh, lossesBefore, this::closeOutputNow);
        } else {
            closeOutputNow();
        }
    }

    private void closeOutputNow() {
        if (!end.isOver()) {
            channel.shutdownOutput().addListener(fin -> {
                if (fin.isSuccess()) {
                    saidFinOfOutput();
                } else {
                    breakOff(fin.cause());
                }
            });
        }
    }

    private void saidFinOfOutput() {
        finSaid = true;
        if (finTold != null) {
            finTold.run();
        }
        endIfFinWasSaid();
    }

    private void endIfFinWasSaid() {
        if (finSaid && end.is(State.ENDING) && end.to(State.COMPLETE)) {
            saidFin();
        }
    }

    /** Whether all of it is still to come: neither side has ended or broken it. */
    boolean isOpen() {
        return end.is(State.OPEN);
    }

    /** Whether it counts as broken, whatever comes. */
    boolean isBroken() {
        return end.isBroken();
    }

    /** Notes that it counts as broken, however it ends. */
    void fails(FailureReason reason) {
        end.broken(reason);
    }

    private boolean isHolding() {
        return (service != null && service.isHolding()) || (holding != null && holding.isAny());
    }

    /** Whether bytes of the peer may wait to be read. */
    private boolean isReadPaused() {
        return throttled != null && throttled.isPaused();
    }

    private boolean isMoving() {
        return isReadPaused()
                || (service != null && (service.isMoving() || service.isWritePaused()))
                || (holding != null && holding.isMoving());
    }

    /** What it is held to, where there is any limit. */
    @Nullable ConnectionRate rate() {
        return throttled == null ? null : throttled.rate();
    }

    /** Whether an end now would have to be a reset. */
    boolean isUnfinished() {
        return waiting > 0 || isReadPaused() || isHolding();
    }

    /** As {@link #reset}, once what was written has arrived, which a reset would overtake. */
    void resetAfterBytes(FailureReason reason) {
        afterBytes(() -> reset(reason));
    }

    private void afterBytes(Runnable reset) {
        flush(context);
        if (carried) {
            DeliveryWatch.await(channel, fresh, lossesBefore, reset);
        } else {
            reset.run();
        }
    }

    /**
     * Whether so much waits for the peer that nothing more is read. When that is over, the handlers behind this one are told
     * that the writability changed.
     */
    public boolean isFull() {
        return full;
    }

    /** How many bytes wait for the peer. */
    public long waiting() {
        return waiting;
    }

    /** Notes whether the peer could not tell an early FIN from a normal end, so that the stream must be reset instead. */
    public void owes(boolean more) {
        owing = more;
    }

    /** Notes whether somebody keeps what is still to be written, so that an early end must be a reset. */
    public void keeps(boolean more) {
        keeping = more;
    }

    /** Has somebody asked for what is held back of what is to be written, before the stream ends or is taken for idle. */
    public void holds(Held held) {
        holding = held;
    }

    /**
     * Has somebody say something before the stream ends because it was idle.
     *
     * @param words writes it, and calls {@link #finish}
     */
    public void lastWords(Runnable words) {
        lastWords = words;
    }

    private void sayFin() {
        if (!end.to(State.COMPLETE)) {
            return;
        }
        if (finSaid) {
            saidFin();
            return;
        }
        channel.shutdownOutput().addListener(fin -> {
            if (fin.isSuccess()) {
                saidFin();
            } else {
                LOG.debug("{} of {}: {}", channel, channel.parent(), String.valueOf(fin.cause()));
                reset(reason(fin.cause()));
            }
        });
    }

    /** Lets the peer go on to send when FIN was said, until it says FIN, too, or somebody closes the stream. */
    public void lingers() {
        lingering = true;
    }

    private void saidFin() {
        if (!lingering || leaving) {
            // Tells a peer that has not ended to stop.
            channel.shutdownInput(errors.none());
        }
        if (leaving) {
            // It need not answer that.
            context.close();
        }
    }

    private void breakOff(Throwable cause) {
        if (!end.isOver()) {
            LOG.debug("{} of {}: {}", channel, channel.parent(), String.valueOf(cause));
            reset(reason(cause));
        }
    }

    /** As {@link ConnectionEnd#reason(Throwable)}. */
    static @Nullable FailureReason reason(Throwable cause) {
        if (cause instanceof QuicStreamResetException) {
            return FailureReason.RESET;
        }
        return cause instanceof QuicException ? FailureReason.INPUT : ConnectionEnd.reason(cause);
    }

    private void reset(@Nullable FailureReason reason) {
        reset(errors.streamCut(), reason);
    }

    /**
     * Breaks it off in both directions.
     *
     * @param error of its protocol
     * @param reason null if it is that of its connection
     */
    public void reset(int error, @Nullable FailureReason reason) {
        if (end.cut(reason)) {
            channel.shutdown(error);
            closeAfterReset(channel, context::close);
            // For the other handlers it is closed.
            channel.eventLoop().execute(this::inactive);
        }
    }

    /**
     * Closes a stream that was reset, once the reset must have arrived. Netty sends FIN when it closes a stream, even
     * then: if the packet with the reset got lost, a peer that has all bytes before it could not tell an aborted
     * stream from a normal end.
     */
    static void closeAfterReset(QuicStreamChannel stream, Runnable close) {
        stream.eventLoop().schedule(close, RESET_SECONDS, TimeUnit.SECONDS);
    }

    /** The same, once what was written has arrived: QUIC throws away what a reset overtakes. */
    public void resetAfterBytes(int error, FailureReason reason) {
        afterBytes(() -> reset(error, reason));
    }

    /**
     * Ends it now: with a FIN if nothing is under way, else with a reset, so that the peer can tell it from an end.
     *
     * @param reason of the reset
     */
    void end(FailureReason reason) {
        if (end.isOver()) {
            return;
        }
        if (isUnfinished() || owing || keeping) {
            reset(reason);
            return;
        }
        sayFin();
        context.close();
    }

    /** Ends it, with a FIN, as soon as no byte moves for a while and nothing is under way; until then it goes on. */
    void drain() {
        if (service != null) {
            service.shutdown();
        }
        endWhenQuiet();
    }

    private void endWhenQuiet() {
        if (!end.is(State.OPEN)) {
            return;
        }
        long left = IdleWatch.QUIET.toNanos() - (System.nanoTime() - lastActive);
        if (left <= 0 && waiting == 0 && !owing && !isMoving()) {
            if (isHolding()) {
                reset(FailureReason.IDLE);
            } else {
                leave();
            }
        } else {
            long next = left > 0 ? left : IdleWatch.QUIET.toNanos();
            channel.eventLoop().schedule(this::endWhenQuiet, next, TimeUnit.NANOSECONDS);
        }
    }

    /** Counts its end. */
    void count(Traffic traffic, FailureReason otherwise) {
        end.count(traffic, otherwise);
    }

    /**
     * Why not all that was read was echoed; null if it was.
     *
     * @param otherwise the reason if it is that of the connection
     */
    @Nullable FailureReason failure(FailureReason otherwise) {
        return end.failure(otherwise);
    }

    /** Somebody else closes this stream. */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        end(FailureReason.UNFINISHED);
        if (end.is(State.CUT) || end.is(State.CLOSED)) {
            channel.closeFuture().addListener(closed -> promise.trySuccess());
        } else {
            ctx.close(promise);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        breakOff(cause);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        inactive();
    }

    /** Once for a reset, and once more when the stream is closed after it: the others hear of the first. */
    private void inactive() {
        if (closed()) {
            context.fireChannelInactive();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        closed();
    }

    /** Returns whether it was open until now. */
    private boolean closed() {
        if (held != null) {
            held.release();
            held = null;
            heldPromise.tryFailure(new ClosedChannelException());
        }
        if (!end.to(State.CLOSED)) {
            return false;
        }
        if (idleWatch != null) {
            idleWatch.cancel(false);
        }
        owner.ended(this);
        return true;
    }

    private void watch(long nanos) {
        idleWatch = channel.eventLoop().schedule(this::endIfIdle, nanos, TimeUnit.NANOSECONDS);
    }

    private void endIfIdle() {
        long left = idleNanos - (System.nanoTime() - lastActive);
        if (left > 0) {
            watch(left);
        } else if (isMoving()) {
            watch(idleNanos);
        } else {
            LOG.debug("{} of {}: idle, ended", channel, channel.parent());
            if (lastWords != null && end.is(State.OPEN) && !isUnfinished() && !owing && !keeping) {
                leaving = true;
                lastWords.run();
                // Who takes nothing of them does not get another chance.
                lastWords = null;
                watch(idleNanos);
            } else {
                end(FailureReason.IDLE);
            }
        }
    }
}
