package dev.vecho.client.script;

import java.time.Duration;

/**
 * When the rounds of a case are played. A round begins an interval after the one before began, or was meant to, but never
 * before that one is over: starts that pass meanwhile are missed, and not made up for.
 *
 * @param repeat how many rounds there are; 0 for no end
 * @param interval from one start to the next; zero for at once
 * @param duration no round begins so long after the start of the run, except for the first; zero for no limit
 */
public record Schedule(long repeat, Duration interval, Duration duration) {

    public Schedule {
        if (repeat < 0 || interval.isNegative() || duration.isNegative()) {
            throw new IllegalArgumentException("must be 0 or more, was " + repeat + ", " + interval + ", " + duration);
        }
    }

    /** Whether there is another round, after so many, that would begin so long after the start of the run. */
    public boolean hasNext(long played, long nanos) {
        return played == 0 || (hasMore(played) && (duration.isZero() || nanos < duration.toNanos()));
    }

    /** Whether so many rounds are not all of them, as far as their number goes. */
    public boolean hasMore(long played) {
        return repeat == 0 || played < repeat;
    }

    /** How many starts were missed, if a round that was meant to begin at one time was over at another. */
    public long missed(long intended, long over) {
        if (interval.isZero() || over <= intended) {
            return 0;
        }
        return (over - intended - 1) / interval.toNanos();
    }

    /** When the next round is meant to begin; not before {@code over}. */
    public long next(long intended, long over) {
        return interval.isZero() ? over : intended + (missed(intended, over) + 1) * interval.toNanos();
    }
}
