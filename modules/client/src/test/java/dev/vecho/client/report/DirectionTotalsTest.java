package dev.vecho.client.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Directions;
import dev.vecho.core.Directions.Delay;
import dev.vecho.core.Directions.Direction;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DirectionTotalsTest {

    @Test
    void addsUpWhatIsKnown() {
        DirectionTotals totals = new DirectionTotals();
        assertThat(totals.get()).isNull();
        totals.add(null);
        totals.add(new Directions(way(1L, 4), way(null, null), 2));
        totals.add(new Directions(way(2L, 8), way(3L, null), 1));
        assertThat(totals.get()).isEqualTo(new Directions(way(3L, 6), way(3L, null), 3));
    }

    @Test
    void weighsDelays() {
        DirectionTotals totals = new DirectionTotals();
        totals.add(delayed(1, 10, 10, 10, 1));
        totals.add(delayed(3, 2, 6, 12, 3));
        assertThat(totals.get()).isEqualTo(delayed(4, 2, 7, 12, 3));
    }

    @Test
    void hasNoMoreLostThanSomebodyWaitedFor() {
        Directions found = new Directions(way(2L, null), way(1L, null), 4);
        assertThat(found.lostAtMost(7)).isEqualTo(found);
        assertThat(found.lostAtMost(5)).isEqualTo(new Directions(way(2L, null), way(1L, null), 2));
        assertThat(found.lostAtMost(3)).isEqualTo(new Directions(way(2L, null), way(1L, null), 0));
        assertThat(found.lostAtMost(2)).isEqualTo(new Directions(way(null, null), way(null, null), 2));
    }

    private static Direction way(@Nullable Long lost, @Nullable Integer jitter) {
        return new Direction(lost, null, null, jitter == null ? null : Duration.ofMillis(jitter), null);
    }

    private static Directions delayed(long count, long min, long mean, long max, long error) {
        Delay delay = new Delay(
                count,
                Duration.ofMillis(min),
                Duration.ofMillis(mean),
                Duration.ofMillis(max),
                Duration.ofMillis(error));
        Direction way = new Direction(null, null, null, null, delay);
        return new Directions(way, way, 0);
    }
}
