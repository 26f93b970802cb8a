package dev.vecho.server;

import dev.vecho.core.Listener;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.io.Io;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One event loop's share of a listener. */
final class ListenerVerticle extends VerticleBase {

    private final RunningListener running;
    private final Duration busyPoll;
    private final Supplier<Duration> drain;
    private final Supplier<Future<Void>> beforeDrain;
    private @Nullable Listener listener;

    /**
     * Makes it.
     *
     * @param drain how long connections may take to finish, asked for when it stops
     * @param beforeDrain called when it stops with the whole service, which it then waits for
     */
    ListenerVerticle(
            RunningListener running, Duration busyPoll, Supplier<Duration> drain, Supplier<Future<Void>> beforeDrain) {
        this.running = running;
        this.busyPoll = busyPoll;
        this.drain = drain;
        this.beforeDrain = beforeDrain;
    }

    @Override
    public Future<?> start() {
        Io.busyPoll(busyPoll);
        return running.server()
                .listen(running.traffic().share(VertxInternals.eventLoop(context)))
                .onSuccess(open -> {
                    listener = open;
                    running.add(open, context);
                });
    }

    @Override
    public Future<?> stop() {
        Listener open = listener;
        if (open == null) {
            return Future.succeededFuture();
        }
        if (!running.isInService()) {
            return open.drain(drain.get());
        }
        // The wait is one for all event loops, and ends on another one.
        open.leaves();
        Promise<Void> waited = Promise.promise();
        beforeDrain.get().onComplete(over -> context.runOnContext(here -> waited.complete()));
        return waited.future().compose(over -> open.drain(drain.get()));
    }
}
