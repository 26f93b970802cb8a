package dev.vecho.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.RoundTrips;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HistoryTest {

    private static final Instant START = Instant.ofEpochSecond(1_000_000);
    private static final Bounds ROOMY = new Bounds(8L << 30);

    static Report round(long millis, @Nullable FailureKind word) {
        return new Report(
                "tcp://localhost:7",
                1,
                START,
                Duration.ofMillis(millis),
                word == null ? null : Diagnosis.of(word, "why"),
                null,
                null,
                Map.of(),
                new Report.Phases(null, null, null, null, null),
                8,
                8,
                word == null ? RoundTrips.of(Duration.ofMillis(millis)) : RoundTrips.NONE,
                RoundTrips.NONE,
                null,
                List.of(),
                Duration.ZERO,
                1);
    }

    @Test
    void keepsPercentilesOfEachInterval() {
        History history = new History(Resolution.SECONDS, ROOMY);
        for (int i = 1; i <= 100; i++) {
            history.add(START, round(i, null));
        }
        history.add(START, round(5, FailureKind.LOST));
        history.missed(START.plusSeconds(3), 2);
        List<Interval> found = history.intervals(START.plusSeconds(3));
        assertThat(found)
                .containsExactly(
                        new Interval(
                                1_000_000,
                                101,
                                1,
                                0,
                                0,
                                0,
                                1_000,
                                10_000,
                                50_000,
                                90_000,
                                99_000,
                                100_000,
                                FailureKind.LOST),
                        new Interval(1_000_003, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, null));
    }

    @Test
    void keepsManyRoundTripsAsAHistogram() {
        History history = new History(Resolution.HOURS, ROOMY);
        for (int i = 1; i <= 5_000; i++) {
            history.add(START, round(i, null));
        }
        Interval hour = history.intervals(START).get(0);
        assertThat(hour.p50()).isBetween(2_497_000, 2_503_000);
        assertThat(hour.max()).isEqualTo(5_000_000);
    }

    @Test
    void goesBackSoFarAndNoFurther() {
        for (Resolution resolution : Resolution.values()) {
            History history = new History(resolution, ROOMY);
            for (int i = 0; i < 3 * resolution.most(); i++) {
                history.add(START.plus(resolution.interval().multipliedBy(i)), round(1, null));
            }
            Instant end = START.plus(resolution.interval().multipliedBy(3L * resolution.most() - 1));
            assertThat(history.intervals(end)).as(resolution.toString()).hasSize(resolution.most());
            assertThat(history.intervals(end.plus(resolution.interval().multipliedBy(resolution.most() - 1))))
                    .hasSize(1);
            assertThat(history.intervals(end.plus(resolution.interval().multipliedBy(resolution.most()))))
                    .isEmpty();
        }
    }

    @Test
    void keepsLessWhereThereAreManyCases() {
        Bounds tight = new Bounds(64 << 20);
        tight.opened(2_000);
        assertThat(tight.intervals(Resolution.MINUTES)).isBetween(20, 40);
        assertThat(tight.failures()).isEqualTo(5);
        History history = new History(Resolution.MINUTES, tight);
        for (int i = 0; i < 2000; i++) {
            history.add(START.plusSeconds(60L * i), round(1, null));
        }
        assertThat(history.intervals(START.plusSeconds(60L * 1999))).hasSize(tight.intervals(Resolution.MINUTES));
        tight.closed(1_999);
        assertThat(tight.intervals(Resolution.MINUTES)).isEqualTo(1440);
        assertThat(tight.failures()).isEqualTo(100);
    }

    /** A clock that is set back neither opens an interval twice nor loses a round. */
    @Test
    void survivesAClockThatIsSetBack() {
        History history = new History(Resolution.SECONDS, ROOMY);
        history.add(START.plusSeconds(60), round(1, null));
        history.add(START, round(1, null));
        assertThat(history.intervals(START))
                .singleElement()
                .satisfies(one -> assertThat(one.rounds()).isEqualTo(2));
    }
}
