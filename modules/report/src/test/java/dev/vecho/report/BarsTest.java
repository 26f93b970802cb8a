package dev.vecho.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BarsTest {

    @Test
    void drawsABarForEachSpan() {
        Histogram histogram = new Histogram(3);
        for (int i = 0; i < 30; i++) {
            histogram.recordValue(1_000_000);
        }
        for (int i = 0; i < 15; i++) {
            histogram.recordValue(4_000_000);
        }
        String[] lines = Bars.of(histogram, Style.PLAIN).split("\n", -1);
        assertThat(lines[0]).matches(" +1\\.000 ms \\|#{40}\\| 30");
        assertThat(lines).anySatisfy(line -> assertThat(line).matches(" +[\\d.]+ ms \\|#{20} {20}\\| 15"));
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1000, 1001", "1, 3600000000000", "70000, 900000"})
    void countsEachOnceInAFewRows(long low, long high) {
        Histogram histogram = new Histogram(3);
        for (long value = low; value <= high && value > 0; value *= 3) {
            histogram.recordValue(value);
        }
        histogram.recordValue(high);
        String[] lines = Bars.of(histogram, Style.PLAIN).strip().split("\n", -1);
        assertThat(lines).hasSizeBetween(1, 11);
        long counted = 0;
        for (String line : lines) {
            counted += Long.parseLong(line.substring(line.lastIndexOf(' ') + 1));
        }
        assertThat(counted).isEqualTo(histogram.getTotalCount());
    }
}
