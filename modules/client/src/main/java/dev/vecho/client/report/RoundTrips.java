package dev.vecho.client.report;

import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Measured times, immutable, in bounded memory: up to 1000 are kept one by one, more of them as a histogram. The number,
 * minimum, maximum and mean are exact, percentiles of a histogram have three significant digits.
 */
public final class RoundTrips {

    /** None. */
    public static final RoundTrips NONE = new Recorder().get();

    private static final int MAX_KEPT = 1000;
    private static final int SIGNIFICANT_DIGITS = 3;

    private final long count;
    private final long min;
    private final long max;
    private final double total;
    private final long[] each;

    /** Encoded, which takes a few kilobytes instead of hundreds: a report may be kept. */
    private final byte @Nullable [] histogram;

    private RoundTrips(Recorder recorder) {
        count = recorder.count;
        min = recorder.min;
        max = recorder.max;
        total = recorder.total;
        each = recorder.histogram == null ? Arrays.copyOf(recorder.each, (int) count) : new long[0];
        histogram = recorder.histogram == null ? null : encode(recorder.histogram);
    }

    /** The given ones, in this order. */
    public static RoundTrips of(Duration... trips) {
        Recorder recorder = new Recorder();
        for (Duration trip : trips) {
            recorder.record(trip.toNanos());
        }
        return recorder.get();
    }

    public long count() {
        return count;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    /** Zero if there is none, like all other values. */
    public Duration min() {
        return Duration.ofNanos(min);
    }

    public Duration max() {
        return Duration.ofNanos(max);
    }

    public Duration mean() {
        return Duration.ofNanos(count == 0 ? 0 : Math.round(total / count));
    }

    /**
     * The time that so many did not exceed.
     *
     * @param percent such as 99.9
     */
    public Duration percentile(double percent) {
        if (count == 0) {
            return Duration.ZERO;
        }
        if (histogram != null) {
            // A histogram's values are rounded up, but none was longer than the longest.
            return Duration.ofNanos(
                    Math.max(min, Math.min(max, decode(histogram).getValueAtPercentile(percent))));
        }
        long[] sorted = each.clone();
        Arrays.sort(sorted);
        int rank = (int) Math.ceil(percent / 100 * count);
        return Duration.ofNanos(sorted[Math.max(0, Math.min((int) count, rank) - 1)]);
    }

    /** Each of them in the order in which they were measured; empty if there are more than 1000. */
    public List<Duration> each() {
        List<Duration> trips = new ArrayList<>();
        for (long nanos : each) {
            trips.add(Duration.ofNanos(nanos));
        }
        return trips;
    }

    /** As a histogram of nanoseconds with three significant digits; the caller's own. */
    public Histogram histogram() {
        return histogram == null ? histogramOf(each) : decode(histogram);
    }

    /**
     * As JSON: {@code count}, and in milliseconds {@code min}, {@code mean}, {@code p50}, {@code p90}, {@code p99},
     * {@code p999}, {@code max}.
     */
    public JsonObject toJson() {
        return new JsonObject()
                .put("count", count)
                .put("min", Report.millis(min()))
                .put("mean", Report.millis(mean()))
                .put("p50", Report.millis(percentile(50)))
                .put("p90", Report.millis(percentile(90)))
                .put("p99", Report.millis(percentile(99)))
                .put("p999", Report.millis(percentile(99.9)))
                .put("max", Report.millis(max()));
    }

    private static byte[] encode(Histogram histogram) {
        ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        return Arrays.copyOf(buffer.array(), histogram.encodeIntoByteBuffer(buffer));
    }

    private static Histogram decode(byte[] encoded) {
        Histogram histogram = Histogram.decodeFromByteBuffer(ByteBuffer.wrap(encoded), 0);
        histogram.setAutoResize(true);
        return histogram;
    }

    private static Histogram histogramOf(long[] nanos) {
        Histogram made = new Histogram(SIGNIFICANT_DIGITS);
        made.setAutoResize(true);
        for (long value : nanos) {
            made.recordValue(value);
        }
        return made;
    }

    /** Takes times one by one. For one thread. */
    public static final class Recorder {

        private long count;
        private long min;
        private long max;
        private double total;
        private long[] each = new long[1];
        private @Nullable Histogram histogram;

        /** Takes one; less than zero counts as zero. */
        public void record(long nanos) {
            long value = Math.max(0, nanos);
            note(value, value, (double) value, 1);
            if (histogram == null && count > MAX_KEPT) {
                histogram = histogramOf(each);
            }
            if (histogram != null) {
                histogram.recordValue(value);
                return;
            }
            if (count > each.length) {
                each = Arrays.copyOf(each, Math.min(MAX_KEPT, 2 * each.length));
            }
            each[(int) count - 1] = value;
        }

        /** Takes one that was measured so often. */
        public void record(long nanos, long times) {
            long value = Math.max(0, nanos);
            if (histogram == null && count + times <= MAX_KEPT) {
                for (long i = 0; i < times; i++) {
                    record(value);
                }
                return;
            }
            if (histogram == null) {
                histogram = histogramOf(Arrays.copyOf(each, (int) count));
            }
            histogram.recordValueWithCount(value, times);
            note(value, value, (double) value * times, times);
        }

        /** Takes all of them. */
        public void add(RoundTrips trips) {
            if (trips.histogram == null) {
                for (long nanos : trips.each) {
                    record(nanos);
                }
                return;
            }
            if (histogram == null) {
                histogram = histogramOf(Arrays.copyOf(each, (int) count));
            }
            histogram.add(decode(trips.histogram));
            note(trips.min, trips.max, trips.total, trips.count);
        }

        private void note(long least, long most, double sum, long number) {
            min = count == 0 ? least : Math.min(min, least);
            max = Math.max(max, most);
            total += sum;
            count += number;
        }

        /** What was taken so far. */
        public RoundTrips get() {
            return new RoundTrips(this);
        }
    }
}
