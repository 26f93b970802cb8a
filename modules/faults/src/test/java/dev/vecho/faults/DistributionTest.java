package dev.vecho.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is drawn is distributed as it is written, over 100,000 draws from a fixed seed. */
class DistributionTest {

    private static final int DRAWS = 100_000;

    /** Sorted, in milliseconds. */
    private static double[] draw(String text) {
        Distribution distribution = Distribution.parse(text);
        SplittableRandom random = new SplittableRandom(42);
        return LongStream.generate(() -> distribution.nanos(random))
                .limit(DRAWS)
                .mapToDouble(nanos -> nanos / 1e6)
                .sorted()
                .toArray();
    }

    private static double mean(double[] drawn) {
        double sum = 0;
        for (double each : drawn) {
            sum += each;
        }
        return sum / drawn.length;
    }

    private static double quantile(double[] drawn, double share) {
        return drawn[(int) (share * drawn.length)];
    }

    @Test
    void drawsAlwaysTheSame() {
        assertThat(draw("50ms")).containsOnly(50.0);
        assertThat(draw("0.5s")).containsOnly(500.0);
        assertThat(draw("0ms")).containsOnly(0.0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"50ms±10ms", "50ms+-10ms", "50ms ± 10ms", "40ms..60ms", "uniform(40ms, 60ms)"})
    void drawsEvenlyFromARange(String text) {
        double[] drawn = draw(text);
        assertThat(drawn[0]).isBetween(40.0, 40.01);
        assertThat(drawn[DRAWS - 1]).isBetween(59.99, 60.0);
        for (double share : new double[] {0.1, 0.25, 0.5, 0.75, 0.9}) {
            assertThat(quantile(drawn, share)).as("quantile %s", share).isCloseTo(40 + 20 * share, within(0.15));
        }
    }

    @Test
    void drawsFromANormalDistribution() {
        double[] drawn = draw("normal(50ms, 10ms)");
        assertThat(mean(drawn)).isCloseTo(50, within(0.15));
        assertThat(quantile(drawn, 0.1587)).isCloseTo(40, within(0.3));
        assertThat(quantile(drawn, 0.8413)).isCloseTo(60, within(0.3));
        assertThat(draw("normal(1ms, 10ms)")[0]).as("never below").isZero();
    }

    @Test
    void drawsFromAParetoDistribution() {
        double[] drawn = draw("pareto(20ms, 1.5)");
        assertThat(drawn[0]).isBetween(20.0, 20.01);
        assertThat(quantile(drawn, 0.5)).isCloseTo(20 * Math.pow(2, 1 / 1.5), within(0.4));
        assertThat(quantile(drawn, 0.99)).isCloseTo(20 * Math.pow(100, 1 / 1.5), within(30.0));
        assertThat(draw("pareto(1s, 0.1)")[DRAWS - 1]).as("never longer").isEqualTo(3_600_000);
    }

    @Test
    void drawsByShares() {
        double[] drawn = draw("0.5s:50,1s:40");
        assertThat(quantile(drawn, 0.09)).isZero();
        assertThat(quantile(drawn, 0.11)).isEqualTo(500);
        assertThat(quantile(drawn, 0.59)).isEqualTo(500);
        assertThat(quantile(drawn, 0.61)).isEqualTo(1000);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "50",
                "ms",
                "-5ms",
                "50ms±60ms",
                "60ms..40ms",
                "2h",
                "normal(50ms)",
                "pareto(1ms,0)",
                "pareto(1ms,-1)",
                "1s:60,2s:60",
                "1s:-1",
                "1s:x",
                "1s:1,",
                "cauchy(1ms,1ms)",
                "50ms±",
                "NaNms",
                "1e9s"
            })
    void refusesWhatIsNoDistribution(String text) {
        assertThatThrownBy(() -> Distribution.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
