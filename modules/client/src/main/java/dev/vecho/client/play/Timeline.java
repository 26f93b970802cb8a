package dev.vecho.client.play;

import dev.vecho.client.report.Trace;
import dev.vecho.core.Connection;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** How long a round has been going on, and what happened when, for a trace if there is one. */
final class Timeline {

    private static final int FIRST_BYTES = 64;

    private final @Nullable Trace trace;
    private final LongSupplier nanoTime;
    private Instant startedAt = Instant.EPOCH;
    private long started;

    Timeline(@Nullable Trace trace, LongSupplier nanoTime) {
        this.trace = trace;
        this.nanoTime = nanoTime;
    }

    void start() {
        startedAt = Instant.now();
        started = nanoTime.getAsLong();
    }

    /** When the round was started. */
    Instant startedAt() {
        return startedAt;
    }

    /** How long ago that was. */
    Duration since() {
        return Duration.ofNanos(nanoTime.getAsLong() - started);
    }

    void opened(Connection connection) {
        if (trace != null) {
            trace.opened(since(), connection.localAddress(), connection.remoteAddress());
        }
    }

    void begun(int step) {
        if (trace != null) {
            trace.begun(since(), step);
        }
    }

    void finished(int step) {
        if (trace != null) {
            trace.finished(since(), step);
        }
    }

    void sent(Buffer bytes) {
        if (trace != null) {
            trace.sent(since(), first(bytes), bytes.length());
        }
    }

    void received(Buffer bytes) {
        if (trace != null) {
            trace.received(since(), first(bytes), bytes.length());
        }
    }

    /** The peer has closed its output. */
    void ended() {
        if (trace != null) {
            trace.ended(since());
        }
    }

    /** This side uses the connection no more. */
    void closed() {
        if (trace != null) {
            trace.closed(since());
        }
    }

    private static byte[] first(Buffer bytes) {
        return bytes.getBytes(0, Math.min(bytes.length(), FIRST_BYTES));
    }
}
