package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class GcOverheadTest {

    private final GcOverhead overhead = new GcOverhead();
    private long now = 1_000_000;
    private long collecting = 50;

    @BeforeEach
    void begin() {
        assertThat(isTooMuch(0, 0, 0.95)).isFalse();
    }

    /** A second passes, or more. */
    private boolean isTooMuch(long millis, long ofThatCollecting, double used) {
        now += millis;
        collecting += ofThatCollecting;
        return overhead.isTooMuch(now, collecting, used);
    }

    @Test
    void needsFiveTimesInTurn() {
        for (int i = 0; i < 4; i++) {
            assertThat(isTooMuch(1000, 950, 0.95)).isFalse();
        }
        assertThat(isTooMuch(1000, 950, 0.95)).isTrue();
    }

    @Test
    void forgetsWhenThereWasTimeForWork() {
        for (int i = 0; i < 4; i++) {
            assertThat(isTooMuch(1000, 950, 0.95)).isFalse();
        }
        assertThat(isTooMuch(1000, 850, 0.95)).isFalse();
        assertThat(isTooMuch(1000, 950, 0.95)).isFalse();
    }

    @Test
    void letsAHeapWithRoomBeCollected() {
        for (int i = 0; i < 10; i++) {
            assertThat(isTooMuch(1000, 1000, 0.5)).isFalse();
        }
    }

    @Test
    void takesALongStopForOne() {
        assertThat(isTooMuch(60_000, 60_000, 0.95)).isFalse();
        assertThat(isTooMuch(1000, 10, 0.95)).isFalse();
    }
}
