package dev.vecho.monitor;

import dev.vecho.client.report.Diagnosis;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the log, once a minute at most, that rounds could not be judged. Used on the monitor's event loop. */
final class UnjudgedRounds {

    private static final Logger LOG = LoggerFactory.getLogger(UnjudgedRounds.class);

    private static final long PAUSE = TimeUnit.MINUTES.toNanos(1);

    private final LongSupplier nanoTime;
    private long count;
    private long next;

    UnjudgedRounds(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.next = nanoTime.getAsLong();
    }

    void add(String check, String caseName, Diagnosis why) {
        count++;
        long now = nanoTime.getAsLong();
        if (now - next < 0) {
            return;
        }
        next = now + PAUSE;
        LOG.warn(
                "checks: rounds that could not be judged: {}; the last: {}, {}: {}",
                count,
                check,
                caseName,
                why.sentence());
        count = 0;
    }
}
