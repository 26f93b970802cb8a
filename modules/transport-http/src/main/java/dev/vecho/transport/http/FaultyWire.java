package dev.vecho.transport.http;

import dev.vecho.core.FailureReason;
import dev.vecho.core.ServiceStream;
import dev.vecho.core.VertxInternals;
import io.netty.channel.ChannelFuture;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * What a client sends and gets, as faults see it that stand between it and its echo. Bytes come from the pipeline with {@link #came} and
 * leave for it with {@link #pass}. Used on the event loop of the channel, and calls its handlers on the context.
 */
abstract class FaultyWire implements ServiceStream {

    private final Context context;
    private final HttpCarrier carrier;

    private @Nullable Handler<Buffer> handler;
    private @Nullable Handler<Void> endHandler;
    private @Nullable Handler<Void> drainHandler;
    private @Nullable Handler<Void> closeHandler;
    private @Nullable Held held;
    private boolean paused;
    private boolean over;

    FaultyWire(Context context, HttpCarrier carrier) {
        this.context = context;
        this.carrier = carrier;
    }

    /** Sends bytes to the client. */
    abstract ChannelFuture pass(Buffer bytes);

    /** Sends the end to the client. */
    abstract ChannelFuture passEnd();

    /** Ends all of it on purpose. */
    abstract void cut(boolean reset);

    /** Reads, or does not, when that may have changed. */
    abstract void readOrNot();

    /** Whether nothing passes any more. */
    final boolean isOver() {
        return over;
    }

    /** Whether so much is held of what comes that nothing more is to be read. */
    final boolean isPaused() {
        return paused && !over;
    }

    final boolean isMoving() {
        return held != null && !over && held.isMoving();
    }

    final void call(Runnable action) {
        VertxInternals.dispatch(context, action);
    }

    final void came(Buffer bytes) {
        Handler<Buffer> to = handler;
        if (to != null && !over) {
            call(() -> to.handle(bytes));
        }
    }

    final void ended() {
        tell(endHandler);
    }

    final void writable() {
        tell(drainHandler);
    }

    private void tell(@Nullable Handler<Void> whom) {
        if (whom != null && !over) {
            call(() -> whom.handle(null));
        }
    }

    /** It is over: nothing that is held passes any more. */
    final void closed() {
        over = true;
        Handler<Void> last = closeHandler;
        closeHandler = null;
        if (last != null) {
            call(() -> last.handle(null));
        }
    }

    private Future<Void> future(ChannelFuture written) {
        Promise<Void> promise = VertxInternals.promise(context);
        written.addListener(done -> {
            if (done.isSuccess()) {
                promise.complete();
            } else {
                promise.fail(done.cause());
            }
        });
        return promise.future();
    }

    @Override
    public final Future<Void> write(Buffer bytes) {
        return future(pass(bytes));
    }

    @Override
    public final Future<Void> closeOutput() {
        return future(passEnd());
    }

    @Override
    public final Future<Void> end() {
        return closeOutput();
    }

    @Override
    public final boolean writeQueueFull() {
        return carrier.isFull();
    }

    @Override
    public final void fail(FailureReason reason, String why) {
        breakOff(false);
    }

    @Override
    public final Future<Void> reset(FailureReason reason) {
        breakOff(true);
        return Future.succeededFuture();
    }

    private void breakOff(boolean reset) {
        if (!over) {
            closed();
            cut(reset);
        }
    }

    @Override
    public final void fault(String name) {
        carrier.fault(name);
    }

    @Override
    public final ServiceStream pause() {
        paused = true;
        readOrNot();
        return this;
    }

    @Override
    public final ServiceStream resume() {
        paused = false;
        readOrNot();
        return this;
    }

    @Override
    public final ServiceStream fetch(long amount) {
        return resume();
    }

    @Override
    public final ServiceStream handler(@Nullable Handler<Buffer> to) {
        handler = to;
        return this;
    }

    @Override
    public final ServiceStream endHandler(@Nullable Handler<Void> to) {
        endHandler = to;
        return this;
    }

    @Override
    public final ServiceStream drainHandler(@Nullable Handler<Void> to) {
        drainHandler = to;
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

    /** What goes wrong closes the channel, which {@link #closed} tells. */
    @Override
    public final ServiceStream exceptionHandler(@Nullable Handler<Throwable> to) {
        return this;
    }

    /** Draining is the pipeline's own. */
    @Override
    public final ServiceStream shutdownHandler(@Nullable Handler<Void> to) {
        return this;
    }
}
