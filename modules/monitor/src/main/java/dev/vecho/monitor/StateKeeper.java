package dev.vecho.monitor;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Has a monitor's {@link StateFile} read at its start, and written now and then and at its end, off the event loop that it belongs to. */
final class StateKeeper {

    static final Duration USUAL = Duration.ofMinutes(1);

    /** How long stopping waits for it. */
    private static final Duration STOP = Duration.ofSeconds(30);

    /** To write takes at most one of so many parts of the time. */
    private static final int SHARE = 20;

    private final Vertx vertx;
    private final Monitor monitor;
    private final Duration every;
    private @Nullable StateFile file;
    private Future<?> writing = Future.succeededFuture();
    private long timer = -1;
    private boolean closed;

    /** @param every how often it is written */
    StateKeeper(Vertx vertx, Monitor monitor, Duration every) {
        this.vertx = vertx;
        this.monitor = monitor;
        this.every = every;
    }

    /** Gives the monitor what is in the file; never fails. */
    Future<Void> start(@Nullable Path path) {
        if (path == null) {
            return Future.succeededFuture();
        }
        StateFile first = new StateFile(path);
        file = first;
        return vertx.executeBlocking(first::load, false)
                .onSuccess(monitor::restore)
                .onSuccess(loaded -> await(every.toMillis()))
                .mapEmpty();
    }

    /** Writes another file from now on, or none. */
    void adopt(@Nullable Path path) {
        StateFile now = file;
        if (path == null ? now == null : now != null && now.file().equals(path)) {
            return;
        }
        file = path == null ? null : new StateFile(path);
        vertx.cancelTimer(timer);
        if (path != null) {
            await(every.toMillis());
        }
    }

    private void await(long millis) {
        if (!closed) {
            vertx.cancelTimer(timer);
            timer = vertx.setTimer(millis, fired -> {
                long began = System.nanoTime();
                writing = write(monitor.checks()).onComplete(written -> {
                    long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
                    await(Math.max(every.toMillis(), SHARE * took));
                });
            });
        }
    }

    private Future<?> write(Collection<MonitoredCheck> checks) {
        StateFile now = file;
        return now == null
                ? Future.succeededFuture()
                : vertx.executeBlocking(
                        () -> {
                            now.save(checks, monitor::saved);
                            return null;
                        },
                        false);
    }

    /** Writes what was found in the end, which a disk that hangs ends after a while; never fails. */
    Future<Void> close(Collection<MonitoredCheck> last) {
        closed = true;
        vertx.cancelTimer(timer);
        return writing.transform(before -> write(last))
                .timeout(STOP.toSeconds(), TimeUnit.SECONDS)
                .transform(written -> Future.succeededFuture());
    }
}
