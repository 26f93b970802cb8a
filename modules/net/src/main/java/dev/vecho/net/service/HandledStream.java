package dev.vecho.net.service;

import dev.vecho.core.ReadQueue;
import dev.vecho.core.ServiceStream;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the streams of services have in common, whatever carries them: what waits to be read, and whom the service has asked to be
 * told. On the event loop of the connection only.
 */
public abstract class HandledStream implements ServiceStream {

    private final ReadQueue<Buffer> input;
    private @Nullable Handler<Void> drainHandler;
    private @Nullable Handler<Void> shutdownHandler;
    private @Nullable Handler<Throwable> exceptionHandler;
    private @Nullable Handler<Void> closeHandler;
    private @Nullable Held held;
    private boolean shutdown;
    private boolean writesPaused;

    /** Made before anything comes. */
    protected HandledStream(Executor eventLoop) {
        input = new ReadQueue<>(eventLoop, this::callIfOpen, this::readOrNot);
    }

    /** Whether the service has neither ended nor lost it. */
    protected abstract boolean isOpen();

    /** Calls the service, in the context of the connection; what it throws costs the connection. */
    protected abstract void call(Runnable action);

    /** Calls a service that has no connection any more; what it throws is of no interest. */
    protected abstract void callLast(Runnable action);

    /** Reads from the peer, or not, as {@link #wantsToRead} says. */
    protected abstract void readOrNot();

    /** Whether what comes now is taken at once. What comes after the end is discarded. */
    public final boolean wantsToRead() {
        return !isOpen() || input.isWanted();
    }

    /** Whether the service knows that the peer has ended its output. */
    protected final boolean isEndTold() {
        return input.isEndTold();
    }

    /** Whether the service keeps something, so that the connection is not whole if it is closed now. */
    public final boolean isHolding() {
        return held != null && isOpen() && held.isAny();
    }

    /** Whether some of that moves by itself before long. */
    public final boolean isMoving() {
        return held != null && isOpen() && held.isMoving();
    }

    /** Whether it has written what is too much at once for the rate of its connection, and has to wait. */
    public final boolean isWritePaused() {
        return writesPaused;
    }

    /**
     * Has the service wait after what was too much at once: its queue counts as full meanwhile.
     *
     * @param millis 0 for no need
     * @param over called when it may write again, before the service hears of it
     */
    @SuppressWarnings("FutureReturnValueIgnored") // A pause does not fail.
    protected final void pauseWrites(long millis, ScheduledExecutorService loop, Runnable over) {
        if (millis > 0 && !writesPaused) {
            writesPaused = true;
            loop.schedule(
                    () -> {
                        writesPaused = false;
                        over.run();
                        drained();
                    },
                    millis,
                    TimeUnit.MILLISECONDS);
        }
    }

    /** Takes bytes of the peer. */
    public final void came(Buffer bytes) {
        if (isOpen()) {
            input.add(bytes);
        }
    }

    /** Takes the end of the peer's output. */
    public final void inputEnded() {
        if (isOpen()) {
            input.end();
        }
    }

    /** Hands over what waits, as far as it is wanted, and reads on if more is. */
    public final void deliver() {
        input.deliver();
    }

    private void callIfOpen(Runnable action) {
        if (isOpen()) {
            call(action);
        }
    }

    private void tell(@Nullable Handler<Void> whom) {
        if (whom != null) {
            call(() -> whom.handle(null));
        }
    }

    /** There may be room to write. */
    public final void drained() {
        if (isOpen() && !writeQueueFull()) {
            tell(drainHandler);
        }
    }

    /** The connection has to end soon. */
    public final void shutdown() {
        shutdown = true;
        if (isOpen()) {
            tell(shutdownHandler);
        }
    }

    /** The service has ended it, and reads no more. */
    protected final void discard() {
        input.close();
    }

    /** No failure is told any more. */
    protected final void forgetFailures() {
        exceptionHandler = null;
    }

    /**
     * The connection is closed.
     *
     * @param broken whether it broke, so that its service has to hear of it
     */
    public final void closed(boolean broken) {
        Handler<Throwable> whom = exceptionHandler;
        Handler<Void> last = closeHandler;
        input.close();
        drainHandler = null;
        exceptionHandler = null;
        closeHandler = null;
        held = null;
        if (whom != null && broken) {
            callLast(() -> whom.handle(new ClosedChannelException()));
        }
        if (last != null) {
            callLast(() -> last.handle(null));
        }
    }

    @Override
    public final ServiceStream handler(@Nullable Handler<Buffer> to) {
        input.handler(to);
        return this;
    }

    @Override
    public final ServiceStream endHandler(@Nullable Handler<Void> to) {
        input.endHandler(to);
        return this;
    }

    @Override
    public final ServiceStream drainHandler(@Nullable Handler<Void> to) {
        drainHandler = to;
        return this;
    }

    @Override
    public final ServiceStream exceptionHandler(@Nullable Handler<Throwable> to) {
        exceptionHandler = to;
        return this;
    }

    @Override
    public final ServiceStream shutdownHandler(@Nullable Handler<Void> to) {
        shutdownHandler = to;
        if (shutdown) {
            tell(to);
        }
        return this;
    }

    @Override
    public final ServiceStream closeHandler(@Nullable Handler<Void> to) {
        closeHandler = to;
        return this;
    }

    @Override
    public final ServiceStream holding(Held what) {
        held = what;
        return this;
    }

    @Override
    public final ServiceStream pause() {
        input.pause();
        return this;
    }

    @Override
    public final ServiceStream resume() {
        return fetch(Long.MAX_VALUE);
    }

    @Override
    public final ServiceStream fetch(long amount) {
        input.fetch(amount);
        return this;
    }
}
