package dev.vecho.load;

import io.vertx.core.json.JsonObject;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * How long messages took, in milliseconds: each figure is correct to three digits. Percentiles as HdrHistogram defines
 * them. All are 0 where no message was measured.
 *
 * @param count of the messages
 */
public record Latency(
        long count, double min, double mean, double p50, double p90, double p99, double p999, double max) {

    static Latency of(Histogram nanos) {
        return new Latency(
                nanos.getTotalCount(),
                nanos.getTotalCount() == 0 ? 0 : millis(nanos.getMinValue()),
                millis(Math.round(nanos.getMean())),
                millis(nanos.getValueAtPercentile(50)),
                millis(nanos.getValueAtPercentile(90)),
                millis(nanos.getValueAtPercentile(99)),
                millis(nanos.getValueAtPercentile(99.9)),
                millis(nanos.getMaxValue()));
    }

    private static double millis(long nanos) {
        return Math.round(nanos / 1e3) / 1e3;
    }

    JsonObject toJson() {
        return new JsonObject()
                .put("count", count)
                .put("min", min)
                .put("mean", mean)
                .put("p50", p50)
                .put("p90", p90)
                .put("p99", p99)
                .put("p999", p999)
                .put("max", max);
    }

    String toText() {
        return String.format(
                Locale.ROOT,
                "min %.3f  mean %.3f  p50 %.3f  p90 %.3f  p99 %.3f  p99.9 %.3f  max %.3f ms",
                min,
                mean,
                p50,
                p90,
                p99,
                p999,
                max);
    }
}
