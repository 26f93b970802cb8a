package dev.vecho.net.listen;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The event loops that serve one listener: the first one binds it, the others share what it has bound.
 *
 * @param <T> what was bound, as much as the others need to know of it
 */
public final class EventLoops<T> {

    private final Vertx vertx;

    /** Guarded by this. */
    private @Nullable Future<T> first;

    /** Makes it; no event loop has joined yet. */
    public EventLoops(Vertx vertx) {
        this.vertx = vertx;
    }

    /**
     * Called once on each event loop.
     *
     * @param bind called on the first one
     * @param share called on each other one, with the result of the first
     * @return completes on the caller's event loop
     */
    public Future<T> join(Supplier<Future<T>> bind, Function<T, Future<T>> share) {
        Future<T> bound;
        synchronized (this) {
            if (first == null) {
                first = bind.get();
                return first;
            }
            bound = first;
        }
        // It completes on the event loop of the first; what follows must run on the caller's.
        Context context = vertx.getOrCreateContext();
        Promise<T> promise = Promise.promise();
        bound.onComplete(result -> context.runOnContext(ignored -> promise.handle(result)));
        return promise.future().compose(share);
    }
}
