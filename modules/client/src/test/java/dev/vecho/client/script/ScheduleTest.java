package dev.vecho.client.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ScheduleTest {

    private static final Schedule EVERY_100 = new Schedule(0, Duration.ofNanos(100), Duration.ZERO);

    @ParameterizedTest
    @CsvSource({
        // intended, over, next, missed
        "0, 0, 100, 0",
        "0, 40, 100, 0",
        "0, 99, 100, 0",
        "0, 100, 100, 0",
        "0, 101, 200, 1",
        "0, 250, 300, 2",
        "500, 800, 800, 2",
    })
    void missesStartsThatPassBeforeARoundIsOver(long intended, long over, long next, long missed) {
        assertThat(EVERY_100.next(intended, over)).isEqualTo(next);
        assertThat(EVERY_100.missed(intended, over)).isEqualTo(missed);
    }

    @Test
    void beginsAtOnceWithoutAnInterval() {
        Schedule schedule = new Schedule(0, Duration.ZERO, Duration.ZERO);
        assertThat(schedule.next(5, 12)).isEqualTo(12);
        assertThat(schedule.missed(5, 12)).isZero();
    }

    @Test
    void endsAfterTheLastRoundOrTheDurationWhicheverIsFirst() {
        Schedule both = new Schedule(3, Duration.ZERO, Duration.ofNanos(1000));
        assertThat(both.hasNext(2, 999)).isTrue();
        assertThat(both.hasNext(3, 999)).isFalse();
        assertThat(both.hasNext(2, 1000)).isFalse();
        assertThat(both.hasNext(0, 5000)).as("each case is played once").isTrue();
        assertThat(EVERY_100.hasNext(Long.MAX_VALUE, Long.MAX_VALUE)).isTrue();
    }

    @Test
    void rejectsWhatIsLessThanZero() {
        assertThatThrownBy(() -> new Schedule(-1, Duration.ZERO, Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
