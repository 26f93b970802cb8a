package dev.vecho.management;

import dev.vecho.client.report.Report;
import dev.vecho.monitor.Counts;
import dev.vecho.monitor.Monitor;
import dev.vecho.monitor.MonitoredCase;
import dev.vecho.monitor.MonitoredCheck;
import dev.vecho.monitor.State;
import dev.vecho.server.EchoService;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Unit;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What the checks on a schedule found, read when it is asked for: a check that is gone has taken its series with it. Names are those of
 * the blackbox exporter where the meaning is the same. Safe for any thread.
 */
final class CheckMetrics implements MultiCollector {

    private final EchoService service;

    CheckMetrics(EchoService service) {
        this.service = service;
    }

    /** A case at one moment. */
    private record One(
            Labels labels,
            State state,
            Instant since,
            Counts counts,
            @Nullable Report last) {

        static One of(MonitoredCheck check, MonitoredCase played) {
            Labels labels = Labels.of("check", check.name(), "case", played.name(), "target", played.target());
            for (Map.Entry<String, String> own : check.labels().entrySet()) {
                labels = labels.add(own.getKey(), own.getValue());
            }
            return new One(labels, played.state(), played.since(), played.counts(), played.last());
        }
    }

    @Override
    public MetricSnapshots collect() {
        List<One> all = new ArrayList<>();
        service.section(Monitor.class)
                .map(Monitor::checks)
                .orElse(List.of())
                .forEach(check -> check.cases().forEach(played -> all.add(One.of(check, played))));
        MetricSnapshots.Builder metrics = MetricSnapshots.builder();
        if (all.isEmpty()) {
            return metrics.build();
        }
        metrics.metricSnapshot(counter(all, "vecho_check_rounds", "Rounds that are over", Counts::rounds));
        metrics.metricSnapshot(counter(
                all,
                "vecho_check_rounds_missed",
                "Rounds that were due while the one before was still being played, or that could not be judged",
                Counts::missed));
        metrics.metricSnapshot(counter(
                all,
                "vecho_check_rounds_unjudged",
                "Rounds that were played and could not be judged: this process lacked time, files, ports or memory",
                Counts::unjudged));
        metrics.metricSnapshot(failures(all));
        metrics.metricSnapshot(roundTrips(all));
        metrics.metricSnapshot(messages(all, "sent", "Messages sent by checks", Counts::messagesSent));
        metrics.metricSnapshot(messages(all, "lost", "Messages that did not come back", Counts::messagesLost));
        metrics.metricSnapshot(
                messages(all, "duplicated", "Messages that came back more than once", Counts::messagesDuplicated));
        metrics.metricSnapshot(messages(
                all, "reordered", "Messages that came back after one that was sent later", Counts::messagesReordered));
        GaugeSnapshot.Builder failing = RoundMetrics.gauge(
                "vecho_check_failing",
                "Whether as many rounds failed as the alert of the check says; since the first round");
        GaugeSnapshot.Builder since =
                RoundMetrics.gauge("vecho_check_state_since_timestamp_seconds", "When the state of the case began");
        for (One one : all) {
            if (one.state() != State.UNKNOWN) {
                failing.dataPoint(RoundMetrics.point(one.labels(), one.state() == State.FAILING ? 1 : 0));
                since.dataPoint(RoundMetrics.point(one.labels(), one.since().toEpochMilli() / 1000.0));
            }
        }
        metrics.metricSnapshot(failing.build());
        metrics.metricSnapshot(since.build());
        List<RoundMetrics.Last> last = new ArrayList<>();
        for (One one : all) {
            if (one.last() != null) {
                last.add(new RoundMetrics.Last(one.labels(), one.last()));
            }
        }
        RoundMetrics.add(last, metrics);
        return metrics.build();
    }

    private static CounterSnapshot counter(List<One> all, String name, String help, ToLongFunction<Counts> count) {
        CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
        all.forEach(one -> counter.dataPoint(CounterDataPointSnapshot.builder()
                .labels(one.labels())
                .value((double) count.applyAsLong(one.counts()))
                .build()));
        return counter.build();
    }

    /** Only of the cases that have messages. */
    private static CounterSnapshot messages(List<One> all, String what, String help, ToLongFunction<Counts> count) {
        return counter(
                all.stream().filter(one -> one.counts().messagesSent() > 0).toList(),
                "vecho_check_messages_" + what,
                help,
                count);
    }

    private static CounterSnapshot failures(List<One> all) {
        CounterSnapshot.Builder counter = CounterSnapshot.builder()
                .name("vecho_check_failures")
                .help("Rounds that failed, by the word of the diagnosis and its reason");
        all.forEach(one -> one.counts()
                .failures()
                .forEach((kind, count) -> counter.dataPoint(CounterDataPointSnapshot.builder()
                        .labels(one.labels().add("word", kind.word()).add("reason", kind.reason()))
                        .value(count)
                        .build())));
        return counter.build();
    }

    private static HistogramSnapshot roundTrips(List<One> all) {
        HistogramSnapshot.Builder histogram = HistogramSnapshot.builder()
                .name("vecho_check_round_trip_seconds")
                .unit(Unit.SECONDS)
                .help("Round trips, of a byte or message sent until all of it had come back");
        List<Double> bounds = new ArrayList<>(Counts.BOUNDS);
        bounds.add(Double.POSITIVE_INFINITY);
        all.forEach(one -> histogram.dataPoint(HistogramDataPointSnapshot.builder()
                .labels(one.labels())
                .classicHistogramBuckets(
                        ClassicHistogramBuckets.of(bounds, one.counts().roundTrips()))
                .sum(one.counts().roundTripSeconds())
                .build()));
        return histogram.build();
    }
}
