package dev.vecho.management;

import io.vertx.core.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Something that is found out once at a time, and then holds for a second: however often it is asked for, it costs no more. Used on one
 * event loop only.
 */
final class Cached<T> {

    private static final long VALID_NANOS = 1_000_000_000;

    private final Supplier<Future<T>> finding;
    private @Nullable Future<T> found;
    private long foundAt;

    Cached(Supplier<Future<T>> finding) {
        this.finding = finding;
    }

    /** What is known, or being found out. */
    Future<T> get() {
        Future<T> known = found;
        if (known == null || (known.isComplete() && System.nanoTime() - foundAt > VALID_NANOS)) {
            Future<T> finds = finding.get();
            found = finds;
            foundAt = System.nanoTime();
            finds.onComplete(result -> foundAt = System.nanoTime());
            return finds;
        }
        return known;
    }
}
