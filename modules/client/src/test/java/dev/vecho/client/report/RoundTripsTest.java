package dev.vecho.client.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;

final class RoundTripsTest {

    @Test
    void keepsAFewExactly() {
        RoundTrips trips = RoundTrips.of(Duration.ofNanos(30), Duration.ofNanos(10), Duration.ofNanos(20));

        assertThat(trips.count()).isEqualTo(3);
        assertThat(trips.each()).containsExactly(Duration.ofNanos(30), Duration.ofNanos(10), Duration.ofNanos(20));
        assertThat(trips.min()).isEqualTo(Duration.ofNanos(10));
        assertThat(trips.mean()).isEqualTo(Duration.ofNanos(20));
        assertThat(trips.percentile(50)).isEqualTo(Duration.ofNanos(20));
        assertThat(trips.percentile(67)).isEqualTo(Duration.ofNanos(30));
        assertThat(trips.max()).isEqualTo(Duration.ofNanos(30));
        assertThat(trips.histogram().getTotalCount()).isEqualTo(3);
    }

    @Test
    void keepsManyAsAHistogram() {
        RoundTrips.Recorder recorder = new RoundTrips.Recorder();
        for (int i = 1; i <= 100_000; i++) {
            recorder.record(i * 1000L);
        }
        RoundTrips trips = recorder.get();

        assertThat(trips.count()).isEqualTo(100_000);
        assertThat(trips.each()).isEmpty();
        assertThat(trips.min()).isEqualTo(Duration.of(1, ChronoUnit.MICROS));
        assertThat(trips.max()).isEqualTo(Duration.ofMillis(100));
        assertThat(trips.mean()).isEqualTo(Duration.ofNanos(50_000_500));
        assertThat((double) trips.percentile(99).toNanos()).isCloseTo(99e6, within(99e3));
        assertThat(trips.percentile(100)).isEqualTo(trips.max());
        assertThat(trips.histogram().getTotalCount()).isEqualTo(100_000);
    }

    @Test
    void addsFewAndMany() {
        RoundTrips few = RoundTrips.of(Duration.ofNanos(5), Duration.ofSeconds(9));
        RoundTrips.Recorder many = new RoundTrips.Recorder();
        for (int i = 0; i < 1001; i++) {
            many.record(1000);
        }
        for (boolean first : new boolean[] {true, false}) {
            RoundTrips.Recorder sum = new RoundTrips.Recorder();
            sum.add(first ? few : many.get());
            sum.add(first ? many.get() : few);
            sum.add(RoundTrips.NONE);

            assertThat(sum.get().count()).isEqualTo(1003);
            assertThat(sum.get().min()).isEqualTo(Duration.ofNanos(5));
            assertThat(sum.get().max()).isEqualTo(Duration.ofSeconds(9));
            assertThat(sum.get().histogram().getTotalCount()).isEqualTo(1003);
        }
    }

    @Test
    void noneIsZero() {
        assertThat(RoundTrips.NONE.isEmpty()).isTrue();
        assertThat(RoundTrips.NONE.mean()).isZero();
        assertThat(RoundTrips.NONE.percentile(99)).isZero();
        assertThat(RoundTrips.NONE.each()).isEmpty();
    }
}
