package dev.vecho.server;

import dev.vecho.server.EchoService.Outcome;
import dev.vecho.server.EchoService.Reload;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the reloads of a service one at a time, and remembers how they ended. What is asked for while one is under way is done by one
 * more. Asked on the service's context only; what it remembers may be read on any thread.
 */
final class Reloads {

    private static final Logger LOG = LoggerFactory.getLogger(Reloads.class);

    private final Supplier<Future<Reload>> attempt;
    private final Consumer<Reload> ended;
    private final Map<Outcome, Long> counts = new EnumMap<>(Outcome.class);
    private @Nullable Future<Reload> current;
    private @Nullable Promise<Reload> next;
    private volatile @Nullable Reload last;
    private volatile Instant lastSuccess = Instant.now();

    /**
     * Makes it.
     *
     * @param attempt never fails
     * @param ended hears of each one
     */
    Reloads(Supplier<Future<Reload>> attempt, Consumer<Reload> ended) {
        this.attempt = attempt;
        this.ended = ended;
    }

    /** Asks for one. What is changed from now on may be part of it; what was changed before is. Never fails. */
    Future<Reload> ask() {
        if (current == null) {
            return run();
        }
        if (next == null) {
            next = Promise.promise();
        }
        return next.future();
    }

    private Future<Reload> run() {
        Promise<Reload> promise = Promise.promise();
        current = promise.future();
        attempt.get().onComplete(result -> {
            current = null;
            Reload reload = result.result();
            note(reload);
            Promise<Reload> waiting = next;
            next = null;
            promise.complete(reload);
            if (waiting != null) {
                run().onComplete(waiting);
            }
            ended.accept(reload);
        });
        return promise.future();
    }

    /** The one that is under way, and the one that waits for it; never fails. */
    Future<?> underWay() {
        Promise<Reload> waiting = next;
        Future<Reload> now = current;
        return waiting != null ? waiting.future() : now != null ? now : Future.succeededFuture();
    }

    private void note(Reload reload) {
        synchronized (counts) {
            counts.merge(reload.outcome(), 1L, Long::sum);
        }
        last = reload;
        if (reload.outcome() == Outcome.REJECTED) {
            LOG.warn("configuration rejected, the one before stays in effect:");
            reload.problems().forEach(LOG::warn);
            return;
        }
        lastSuccess = reload.at();
        LOG.info(
                "configuration reloaded: {}",
                reload.outcome() == Outcome.UNCHANGED
                        ? "nothing has changed"
                        : reload.changes().size() + " changes");
        reload.changes().forEach(LOG::info);
    }

    Optional<Reload> last() {
        return Optional.ofNullable(last);
    }

    Map<Outcome, Long> counts() {
        synchronized (counts) {
            return Map.copyOf(counts);
        }
    }

    Instant lastSuccess() {
        return lastSuccess;
    }
}
