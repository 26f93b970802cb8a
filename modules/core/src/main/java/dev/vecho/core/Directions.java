package dev.vecho.core;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What became of messages on the way to the peer and on the way back, where the peer numbers and times what it sends back.
 *
 * @param forward on the way to the peer
 * @param backward on the way back
 * @param lostUnknown those that were lost, and nobody can say where
 */
public record Directions(Direction forward, Direction backward, long lostUnknown) {

    /**
     * The same with no more messages that were lost than somebody has waited for in vain: where nobody waited, the others may be under way
     * still.
     */
    public Directions lostAtMost(long lost) {
        Long ahead = forward.lost();
        Long back = backward.lost();
        long known = (ahead == null ? 0 : ahead) + (back == null ? 0 : back);
        return known <= lost
                ? new Directions(forward, backward, Math.min(lostUnknown, lost - known))
                : new Directions(forward.withoutLost(), backward.withoutLost(), lost);
    }

    /**
     * One direction.
     *
     * @param lost those lost for certain on this way; null where the peer does not count, as for {@code duplicated} and
     *     {@code reordered}
     * @param jitter as RFC 3550, section 6.4.1, has it: the clocks of both sides need not agree; null where less than two messages came
     *     back
     * @param delay null where not both sides say that their clocks agree with UTC
     */
    public record Direction(
            @Nullable Long lost,
            @Nullable Long duplicated,
            @Nullable Long reordered,
            @Nullable Duration jitter,
            @Nullable Delay delay) {

        private Direction withoutLost() {
            return new Direction(null, duplicated, reordered, jitter, delay);
        }
    }

    /**
     * How long messages were on one way. Clocks that differ may make it negative.
     *
     * @param error how far the clocks of both sides may be off, together, as they say themselves
     */
    public record Delay(long count, Duration min, Duration mean, Duration max, Duration error) {}
}
