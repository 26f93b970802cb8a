package dev.vecho.client.report;

import dev.vecho.core.Directions;
import dev.vecho.core.Directions.Delay;
import dev.vecho.core.Directions.Direction;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Adds up what became of messages on each way, of several connections or rounds. For one thread. */
public final class DirectionTotals {

    private final Way forward = new Way();
    private final Way backward = new Way();
    private long lostUnknown;
    private boolean any;

    /** Adds some; null is nothing. */
    public void add(@Nullable Directions more) {
        if (more != null) {
            any = true;
            forward.add(more.forward());
            backward.add(more.backward());
            lostUnknown += more.lostUnknown();
        }
    }

    /** What was added so far, with the mean of the jitter; null if nothing was. */
    public @Nullable Directions get() {
        return any ? new Directions(forward.get(), backward.get(), lostUnknown) : null;
    }

    private static final class Way {

        private @Nullable Long lost;
        private @Nullable Long duplicated;
        private @Nullable Long reordered;
        private Duration jitter = Duration.ZERO;
        private long jitters;
        private @Nullable Delay delay;

        void add(Direction more) {
            lost = sum(lost, more.lost());
            duplicated = sum(duplicated, more.duplicated());
            reordered = sum(reordered, more.reordered());
            Duration one = more.jitter();
            if (one != null) {
                jitter = jitter.plus(one);
                jitters++;
            }
            delay = sum(delay, more.delay());
        }

        Direction get() {
            return new Direction(lost, duplicated, reordered, jitters == 0 ? null : jitter.dividedBy(jitters), delay);
        }

        private static @Nullable Long sum(@Nullable Long one, @Nullable Long other) {
            return one == null ? other : other == null ? one : Long.valueOf(one + other);
        }

        private static @Nullable Delay sum(@Nullable Delay one, @Nullable Delay other) {
            if (one == null || other == null) {
                return one == null ? other : one;
            }
            long count = one.count() + other.count();
            double mean = ((double) one.mean().toNanos() * one.count()
                            + (double) other.mean().toNanos() * other.count())
                    / count;
            return new Delay(
                    count,
                    one.min().compareTo(other.min()) < 0 ? one.min() : other.min(),
                    Duration.ofNanos(Math.round(mean)),
                    one.max().compareTo(other.max()) > 0 ? one.max() : other.max(),
                    one.error().compareTo(other.error()) > 0 ? one.error() : other.error());
        }
    }
}
