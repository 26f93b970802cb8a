package dev.vecho.launcher;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * Looks for failures that the process cannot live on after in what is logged: Netty and Vert.x catch all that is thrown on an
 * event loop, log it, and go on, or end that event loop. {@link Logging} installs it.
 */
public final class FatalErrors extends TurboFilter {

    /** Netty's, which logs what an event loop has died of. */
    private static final String EVENT_LOOP = "io.netty.util.concurrent.SingleThreadEventExecutor";

    private static final long TELL_NANOS = TimeUnit.MINUTES.toNanos(1);

    private static final AtomicLong TOLD = new AtomicLong(System.nanoTime() - TELL_NANOS);

    private static volatile boolean servesOn;

    /**
     * From now on, a lack of memory for buffers does not end the process, as is right for a service: a connection
     * that gets no buffer is closed, and others go on. It is logged, once a minute.
     */
    static void serveOnWithoutBuffers() {
        servesOn = true;
    }

    @Override
    public FilterReply decide(
            @Nullable Marker marker,
            Logger logger,
            Level level,
            @Nullable String format,
            Object @Nullable [] parameters,
            @Nullable Throwable thrown) {
        Throwable found = thrown;
        if (found == null && parameters != null && parameters.length > 0) {
            found = parameters[parameters.length - 1] instanceof Throwable last ? last : null;
        }
        if (found == null) {
            return FilterReply.NEUTRAL;
        }
        OutOfMemoryError lack = OwnFailure.outOfMemory(found);
        if (lack != null && servesOn && OwnFailure.isOfBuffers(lack)) {
            tell(lack);
            return FilterReply.DENY;
        }
        if (lack != null || (found instanceof Error && logger.getName().equals(EVENT_LOOP))) {
            OwnFailure.end(found);
        }
        return FilterReply.NEUTRAL;
    }

    private static void tell(OutOfMemoryError lack) {
        long now = System.nanoTime();
        long last = TOLD.get();
        if (now - last >= TELL_NANOS && TOLD.compareAndSet(last, now)) {
            LoggerFactory.getLogger(FatalErrors.class)
                    .warn(
                            "connections are closed for lack of memory for their buffers (-XX:MaxDirectMemorySize): {}",
                            lack.getMessage());
        }
    }
}
