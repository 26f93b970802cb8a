package dev.vecho.faults;

import dev.vecho.core.FailureReason;
import dev.vecho.core.Peer;
import dev.vecho.core.ReadQueue;
import dev.vecho.core.ServiceStream;
import dev.vecho.core.VertxInternals;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.nio.channels.ClosedChannelException;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A connection between its transport and its service, on which faults are done. Where there are none it passes everything on: bytes, both
 * ends and the will to read and write.
 */
final class FaultyStream implements ServiceStream {

    /** How long a reset waits until the system has taken what came before it. */
    private static final long CUT_PATIENCE_NANOS = 1_000_000_000;

    private final ServiceStream real;
    private final Context context;
    private final SharedFaults shared;
    private final Lane toPeer;
    private final Lane fromPeer;

    private final ReadQueue<Buffer> input;
    private @Nullable Handler<Void> drainHandler;
    private @Nullable Handler<Throwable> exceptionHandler;
    private @Nullable Handler<Void> closeHandler;
    private @Nullable Runnable ending;
    private @Nullable Runnable closingOutput;
    private boolean outputEnded;
    private @Nullable Held service;
    private boolean toldFull;
    private boolean paused;
    private boolean over;

    /**
     * Puts itself around a connection.
     *
     * @param drawn decides whether anything is done, as {@link SharedFaults#acting} does
     * @param some chooses among what is done in a direction
     * @param random the connection's own
     */
    FaultyStream(
            ServiceStream real,
            Context context,
            SharedFaults shared,
            double drawn,
            UnaryOperator<DirectionFaults> some,
            SplittableRandom random) {
        this.real = real;
        this.context = context;
        this.shared = shared;
        this.toPeer = new Lane(
                context,
                () -> some.apply(shared.acting(drawn).toPeer()),
                shared::untilChange,
                random.split(),
                new ToPeer());
        this.fromPeer = new Lane(
                context,
                () -> some.apply(shared.acting(drawn).fromPeer()),
                shared::untilChange,
                random.split(),
                new FromPeer());
        this.input =
                new ReadQueue<>(deliver -> context.runOnContext(now -> deliver.run()), Runnable::run, fromPeer::pump);
        real.exceptionHandler(this::broke);
        real.closeHandler(this::closed);
        real.endHandler(ended -> fromPeer.end());
        real.drainHandler(room -> {
            toPeer.pump();
            tellRoom();
        });
        real.holding(new Held() {
            @Override
            public boolean isAny() {
                return toPeer.isHolding() || fromPeer.isHolding() || (service != null && service.isAny());
            }

            @Override
            public boolean isMoving() {
                return toPeer.isMoving() || fromPeer.isMoving() || (service != null && service.isMoving());
            }
        });
    }

    /** The service has set its handlers. */
    void begin() {
        shared.add(this);
        real.handler(bytes -> {
            fromPeer.add(bytes);
            readOrNot();
        });
        pump();
    }

    /** Other faults are in force. Any thread. */
    void changed() {
        context.runOnContext(now -> pump());
    }

    private void pump() {
        toPeer.pump();
        fromPeer.pump();
        tellRoom();
        readOrNot();
    }

    private void readOrNot() {
        boolean wait = !over && fromPeer.isFull();
        if (wait != paused) {
            paused = wait;
            if (wait) {
                real.pause();
            } else {
                real.resume();
            }
        }
    }

    private void tellRoom() {
        if (toldFull && !over && !writeQueueFull()) {
            toldFull = false;
            tell(drainHandler);
        }
    }

    private static void tell(@Nullable Handler<Void> whom) {
        if (whom != null) {
            whom.handle(null);
        }
    }

    private void broke(Throwable cause) {
        close();
        Handler<Throwable> whom = exceptionHandler;
        exceptionHandler = null;
        if (whom != null) {
            whom.handle(cause);
        }
    }

    private void closed(Void nothing) {
        close();
        shared.remove(this);
        tell(closeHandler);
    }

    private void close() {
        over = true;
        toPeer.close();
        fromPeer.close();
        input.close();
    }

    private void cut(boolean reset, Future<?> passed) {
        close();
        if (!reset) {
            real.fail(FailureReason.FAULT, "is ended by a fault");
            broke(new ClosedChannelException());
            return;
        }
        // Not before the system has what came before, which it would throw away; and not for ever, where nobody reads
        // that.
        Promise<Void> once = Promise.promise();
        passed.onComplete(gone -> once.tryComplete());
        java.util.concurrent.Future<?> patience =
                VertxInternals.schedule(context, once::tryComplete, CUT_PATIENCE_NANOS);
        once.future().onComplete(now -> {
            patience.cancel(false);
            real.reset(FailureReason.FAULT);
        });
    }

    /** What both directions have in common. */
    private abstract class Side implements Lane.Sink {

        private final String prefix;

        Side(String prefix) {
            this.prefix = prefix;
        }

        @Override
        public void cut(boolean reset, Future<?> passed) {
            FaultyStream.this.cut(reset, passed);
        }

        @Override
        public void count(String fault) {
            real.fault(prefix + fault);
        }
    }

    private final class ToPeer extends Side {

        ToPeer() {
            super("toPeer.");
        }

        @Override
        public boolean isReady() {
            return !real.writeQueueFull();
        }

        @Override
        public Future<Void> pass(Buffer bytes) {
            return real.write(bytes);
        }

        @Override
        public void end() {
            outputEnded = true;
            Runnable half = closingOutput;
            if (half != null) {
                half.run();
            }
            endIfDone();
        }

        @Override
        public void moved() {
            tellRoom();
        }
    }

    private final class FromPeer extends Side {

        FromPeer() {
            super("fromPeer.");
        }

        @Override
        public boolean isReady() {
            return input.isWanted();
        }

        @Override
        public Future<Void> pass(Buffer bytes) {
            input.add(bytes);
            return Future.succeededFuture();
        }

        @Override
        public void end() {
            input.end();
        }

        @Override
        public void moved() {
            readOrNot();
        }
    }

    // What the service sees.

    @Override
    public Peer peer() {
        return real.peer();
    }

    @Override
    public ServiceStream handler(@Nullable Handler<Buffer> to) {
        input.handler(to);
        return this;
    }

    @Override
    public ServiceStream pause() {
        input.pause();
        return this;
    }

    @Override
    public ServiceStream resume() {
        return fetch(Long.MAX_VALUE);
    }

    @Override
    public ServiceStream fetch(long amount) {
        input.fetch(amount);
        return this;
    }

    @Override
    public ServiceStream endHandler(@Nullable Handler<Void> to) {
        input.endHandler(to);
        return this;
    }

    @Override
    public ServiceStream drainHandler(@Nullable Handler<Void> to) {
        drainHandler = to;
        return this;
    }

    @Override
    public ServiceStream exceptionHandler(@Nullable Handler<Throwable> to) {
        exceptionHandler = to;
        return this;
    }

    @Override
    public ServiceStream shutdownHandler(@Nullable Handler<Void> to) {
        real.shutdownHandler(to);
        return this;
    }

    @Override
    public ServiceStream closeHandler(@Nullable Handler<Void> to) {
        closeHandler = to;
        return this;
    }

    @Override
    public ServiceStream holding(Held held) {
        service = held;
        return this;
    }

    @Override
    public void fault(String name) {
        real.fault(name);
    }

    @Override
    public boolean writeQueueFull() {
        boolean full = !over && (toPeer.isFull() || real.writeQueueFull());
        toldFull |= full;
        return full;
    }

    @Override
    public Future<Void> write(Buffer bytes) {
        return toPeer.add(bytes);
    }

    @Override
    public Future<Void> end() {
        Promise<Void> promise = VertxInternals.promise(context);
        if (over || ending != null) {
            promise.fail(new ClosedChannelException());
            return promise.future();
        }
        endWith(() -> real.end().onComplete(promise));
        return promise.future();
    }

    @Override
    public void fail(FailureReason reason, String why) {
        if (!over && ending == null) {
            endWith(() -> real.fail(reason, why));
        }
    }

    private void endIfDone() {
        Runnable last = ending;
        if (last != null && outputEnded) {
            over = true;
            fromPeer.close();
            last.run();
        }
    }

    @Override
    public Future<Void> closeOutput() {
        Promise<Void> promise = VertxInternals.promise(context);
        if (over || ending != null || closingOutput != null) {
            promise.fail(new ClosedChannelException());
            return promise.future();
        }
        closingOutput = () -> real.closeOutput().onComplete(promise);
        toPeer.end();
        return promise.future();
    }

    private void endWith(Runnable last) {
        ending = last;
        input.endHandler(null);
        input.handler(bytes -> {});
        input.fetch(Long.MAX_VALUE);
        if (closingOutput == null) {
            toPeer.end();
        } else {
            endIfDone();
        }
    }

    @Override
    public Future<Void> reset(FailureReason reason) {
        close();
        return real.reset(reason);
    }
}
