package dev.vecho.client.report;

import dev.vecho.client.report.Summary.PhaseTime;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Adds rounds up, in memory that does not grow with their number. For one thread. */
public final class Totals {

    /** How many of the rounds that are missed at once count as round trips, at most. */
    private static final long MAX_MISSED = 1_000_000;

    private final RoundTrips.Recorder roundTrips = new RoundTrips.Recorder();
    private final RoundTrips.Recorder corrected = new RoundTrips.Recorder();
    private final Map<FailureKind, Long> words = new EnumMap<>(FailureKind.class);
    private final Map<String, Long> warnings = new TreeMap<>();
    private final Time resolve = new Time();
    private final Time connect = new Time();
    private final Time tls = new Time();
    private final Time firstByte = new Time();
    private final Time lastByte = new Time();
    private final Time jitter = new Time();
    private final DirectionTotals directions = new DirectionTotals();
    private Report.@Nullable Messages messages;
    private boolean differs;
    private long rounds;
    private long passed;
    private long missed;
    private long bytesSent;
    private long bytesReceived;

    /** Adds a round. */
    public void add(Report round) {
        rounds++;
        passed += round.passed() ? 1 : 0;
        bytesSent += round.bytesSent();
        bytesReceived += round.bytesReceived();
        roundTrips.add(round.roundTrips());
        corrected.add(round.corrected().isEmpty() ? round.roundTrips() : round.corrected());
        differs |= !round.corrected().isEmpty();
        resolve.add(round.phases().resolve());
        connect.add(round.phases().connect());
        tls.add(round.phases().tls());
        firstByte.add(round.phases().firstByte());
        lastByte.add(round.phases().lastByte());
        Report.Messages more = round.messages();
        if (more != null) {
            messages = messages == null ? more : sum(messages, more);
            jitter.add(more.jitter());
            directions.add(more.directions());
        }
        if (round.diagnosis() != null) {
            words.merge(round.diagnosis().word(), 1L, Long::sum);
        }
        round.warnings().forEach(warning -> warnings.merge(warning.word(), 1L, Long::sum));
    }

    /**
     * Adds rounds that were due while another was still being played, and were left out.
     *
     * @param count how many
     * @param waited from when the first of them was due until that other was over
     * @param interval from one to the next
     */
    public void addMissed(long count, Duration waited, Duration interval) {
        missed += count;
        differs |= count > 0;
        for (long i = 0; i < Math.min(count, MAX_MISSED); i++) {
            corrected.record(waited.toNanos() - i * interval.toNanos());
        }
    }

    private static Report.Messages sum(Report.Messages one, Report.Messages other) {
        return new Report.Messages(
                one.sent() + other.sent(),
                one.received() + other.received(),
                one.lost() + other.lost(),
                one.duplicated() + other.duplicated(),
                one.reordered() + other.reordered(),
                null);
    }

    /** What was added so far. */
    public Summary summary() {
        Report.Messages all = messages;
        if (all != null) {
            PhaseTime mean = jitter.get();
            all = new Report.Messages(
                    all.sent(),
                    all.received(),
                    all.lost(),
                    all.duplicated(),
                    all.reordered(),
                    mean == null ? null : mean.mean(),
                    directions.get());
        }
        return new Summary(
                rounds,
                passed,
                missed,
                bytesSent,
                bytesReceived,
                roundTrips.get(),
                differs ? corrected.get() : RoundTrips.NONE,
                all,
                new Summary.Phases(resolve.get(), connect.get(), tls.get(), firstByte.get(), lastByte.get()),
                words,
                warnings);
    }

    /** Times of one kind, added up. */
    private static final class Time {
        private long count;
        private Duration total = Duration.ZERO;
        private Duration max = Duration.ZERO;

        void add(@Nullable Duration time) {
            if (time != null) {
                count++;
                total = total.plus(time);
                max = time.compareTo(max) > 0 ? time : max;
            }
        }

        @Nullable PhaseTime get() {
            return count == 0 ? null : new PhaseTime(count, total.dividedBy(count), max);
        }
    }
}
