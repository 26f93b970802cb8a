package dev.vecho.monitor;

import dev.vecho.client.report.Report;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the rounds of a case come to since it was begun, at one moment.
 *
 * @param failures how many failed, by word and reason
 * @param missed how many were due while the one before was still being played, or could not be judged
 * @param unjudged how many of those were played, but could not be judged, since this process or its machine lacked what it takes
 * @param roundTrips how many were not longer than each of {@link #BOUNDS}, but longer than the one before; the last are those that were
 *     longer than all
 * @param fineRoundTrips how many were in each bucket of a native histogram of Prometheus of {@link #SCHEMA}, by its index
 * @param roundTripSeconds their sum
 */
public record Counts(
        long rounds,
        Map<Kind, Long> failures,
        long missed,
        long unjudged,
        List<Long> roundTrips,
        SortedMap<Integer, Long> fineRoundTrips,
        double roundTripSeconds,
        long messagesSent,
        long messagesLost,
        long messagesDuplicated,
        long messagesReordered) {

    /** Eight buckets from a time to the double of it: each is 9 % wider than the one before. */
    public static final int SCHEMA = 3;

    private static final double BUCKETS_PER_DOUBLING = 1 << SCHEMA;

    /** In seconds. */
    public static final List<Double> BOUNDS = List.of(
            0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0);

    /**
     * A kind of failure.
     *
     * @param reason empty where the word says all
     */
    public record Kind(String word, String reason) implements Comparable<Kind> {

        @Override
        public int compareTo(Kind other) {
            int byWord = word.compareTo(other.word);
            return byWord == 0 ? reason.compareTo(other.reason) : byWord;
        }
    }

    public Counts {
        failures = Map.copyOf(failures);
        roundTrips = List.copyOf(roundTrips);
        fineRoundTrips = Collections.unmodifiableSortedMap(new TreeMap<>(fineRoundTrips));
    }

    public long failed() {
        return failures.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Counts; for one thread. */
    static final class Counter {
        private final Map<Kind, Long> failures = new TreeMap<>();
        private final long[] roundTrips = new long[BOUNDS.size() + 1];
        private final SortedMap<Integer, Long> fine = new TreeMap<>();
        private double roundTripSeconds;
        private long rounds;
        private long missed;
        private long unjudged;
        private long sent;
        private long lost;
        private long duplicated;
        private long reordered;

        void add(Report round) {
            rounds++;
            if (round.diagnosis() != null) {
                String reason = round.diagnosis().reason();
                failures.merge(
                        new Kind(round.diagnosis().word().toString(), reason == null ? "" : reason), 1L, Long::sum);
            }
            if (round.roundTrips().each().isEmpty()) {
                // Many, of which there is a histogram.
                round.roundTrips()
                        .histogram()
                        .recordedValues()
                        .forEach(value -> add(value.getValueIteratedTo(), value.getCountAtValueIteratedTo()));
            } else {
                round.roundTrips().each().forEach(trip -> add(trip.toNanos(), 1));
            }
            roundTripSeconds +=
                    seconds(round.roundTrips().mean()) * round.roundTrips().count();
            if (round.messages() != null) {
                sent += round.messages().sent();
                lost += round.messages().lost();
                duplicated += round.messages().duplicated();
                reordered += round.messages().reordered();
            }
        }

        private void add(long nanos, long count) {
            int bucket = 0;
            while (bucket < BOUNDS.size() && nanos / 1e9 > BOUNDS.get(bucket)) {
                bucket++;
            }
            roundTrips[bucket] += count;
            fine.merge(index(nanos), count, Long::sum);
        }

        /** Of the bucket that ends at the power of two or beyond; there are 320 at most up to 1000 s. */
        private static int index(long nanos) {
            return (int) Math.ceil(Math.log(Math.max(1, nanos) / 1e9) / Math.log(2) * BUCKETS_PER_DOUBLING);
        }

        void missed(int count) {
            missed += count;
        }

        void unjudged() {
            missed++;
            unjudged++;
        }

        private static double seconds(Duration time) {
            return time.toNanos() / 1e9;
        }

        Counts get() {
            List<Long> counted = new ArrayList<>();
            for (long count : roundTrips) {
                counted.add(count);
            }
            return new Counts(
                    rounds,
                    failures,
                    missed,
                    unjudged,
                    counted,
                    fine,
                    roundTripSeconds,
                    sent,
                    lost,
                    duplicated,
                    reordered);
        }
    }
}
