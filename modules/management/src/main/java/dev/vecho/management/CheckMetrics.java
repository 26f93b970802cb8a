package dev.vecho.management;

import dev.vecho.client.report.Report;
import dev.vecho.monitor.Counts;
import dev.vecho.monitor.Monitor;
import dev.vecho.monitor.MonitoredCase;
import dev.vecho.monitor.MonitoredCheck;
import dev.vecho.monitor.State;
import dev.vecho.server.EchoService;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.NativeHistogramBuckets;
import io.prometheus.metrics.model.snapshots.Unit;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * What the checks on a schedule found, read when it is asked for: a check that is gone has taken its series with it. There may be many
 * of them, so that each metric is told in parts, of which only one is in memory. Safe for any thread.
 */
final class CheckMetrics {

    /** So many cases are in a part. */
    private static final int CASES = 200;

    private final EchoService service;

    CheckMetrics(EchoService service) {
        this.service = service;
    }

    /** How much is told. */
    enum Detail {
        FULL,
        /** State, and what the last round found, but for its phases; no histogram. */
        BRIEF,
        NONE
    }

    /** A case, which each metric asks for what it tells. */
    private record One(MonitoredCheck check, MonitoredCase played) {

        Labels labels() {
            Labels labels = Labels.of("check", check.name(), "case", played.name(), "target", played.target());
            for (Map.Entry<String, String> own : check.labels().entrySet()) {
                labels = labels.add(own.getKey(), own.getValue());
            }
            return labels;
        }

        Counts counts() {
            return played.counts();
        }
    }

    /**
     * A part of a metric.
     *
     * @param metric all parts of one have the same number
     */
    record Part(int metric, Supplier<MetricSnapshot> snapshot) {}

    /** The parts of all metrics, those of one after another. */
    Iterator<Part> parts(Detail detail) {
        List<One> cases = new ArrayList<>();
        if (detail != Detail.NONE) {
            service.section(Monitor.class)
                    .map(Monitor::checks)
                    .orElse(List.of())
                    .forEach(check -> check.cases().forEach(played -> cases.add(new One(check, played))));
        }
        List<Function<List<One>, MetricSnapshot>> metrics = detail == Detail.BRIEF ? BRIEF : FULL;
        int slices = (cases.size() + CASES - 1) / CASES;
        return IntStream.range(0, metrics.size() * slices)
                .mapToObj(i -> {
                    int from = i % slices * CASES;
                    List<One> slice = cases.subList(from, Math.min(cases.size(), from + CASES));
                    Function<List<One>, MetricSnapshot> metric = metrics.get(i / slices);
                    return new Part(i / slices, () -> metric.apply(slice));
                })
                .iterator();
    }

    private static final List<Function<List<One>, MetricSnapshot>> BRIEF = brief();
    private static final List<Function<List<One>, MetricSnapshot>> FULL = full();

    private static List<Function<List<One>, MetricSnapshot>> brief() {
        List<Function<List<One>, MetricSnapshot>> metrics = new ArrayList<>();
        metrics.add(all -> counter(all, "vecho_check_rounds", "Rounds that are over", Counts::rounds));
        metrics.add(all -> counter(
                all,
                "vecho_check_rounds_missed",
                "Rounds that were due while the one before was still being played, or that could not be judged",
                Counts::missed));
        metrics.add(all -> counter(
                all,
                "vecho_check_rounds_unjudged",
                "Rounds that were played and could not be judged: this process lacked time, files, ports or memory",
                Counts::unjudged));
        metrics.add(CheckMetrics::failures);
        metrics.add(all -> known(
                all,
                "vecho_check_failing",
                "Whether as many rounds failed as the alert of the check says; since the first round",
                one -> one.played().state() == State.FAILING ? 1 : 0));
        metrics.add(all -> known(
                all,
                "vecho_check_state_since_timestamp_seconds",
                "When the state of the case began",
                one -> one.played().since().toEpochMilli() / 1000.0));
        RoundMetrics.ALL.stream()
                .filter(family -> !family.name().equals("vecho_check_phase_seconds"))
                .forEach(family -> metrics.add(all -> family.of(last(all))));
        return List.copyOf(metrics);
    }

    private static List<Function<List<One>, MetricSnapshot>> full() {
        List<Function<List<One>, MetricSnapshot>> metrics = new ArrayList<>(BRIEF);
        RoundMetrics.ALL.stream()
                .filter(family -> family.name().equals("vecho_check_phase_seconds"))
                .forEach(family -> metrics.add(all -> family.of(last(all))));
        metrics.add(CheckMetrics::roundTrips);
        metrics.add(all -> messages(all, "sent", "Messages sent by checks", Counts::messagesSent));
        metrics.add(all -> messages(all, "lost", "Messages that did not come back", Counts::messagesLost));
        metrics.add(all ->
                messages(all, "duplicated", "Messages that came back more than once", Counts::messagesDuplicated));
        metrics.add(all -> messages(
                all, "reordered", "Messages that came back after one that was sent later", Counts::messagesReordered));
        return List.copyOf(metrics);
    }

    /** What the last round of each case found, of those that have one. */
    private static List<RoundMetrics.Last> last(List<One> all) {
        List<RoundMetrics.Last> last = new ArrayList<>();
        for (One one : all) {
            Report round = one.played().last();
            if (round != null) {
                last.add(new RoundMetrics.Last(one.labels(), round));
            }
        }
        return last;
    }

    private static GaugeSnapshot known(List<One> all, String name, String help, ToDoubleFunction<One> value) {
        GaugeSnapshot.Builder gauge = RoundMetrics.gauge(name, help);
        all.stream()
                .filter(one -> one.played().state() != State.UNKNOWN)
                .forEach(one -> gauge.dataPoint(RoundMetrics.point(one.labels(), value.applyAsDouble(one))));
        return gauge.build();
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
        for (One one : all) {
            Counts counts = one.counts();
            histogram.dataPoint(HistogramDataPointSnapshot.builder()
                    .labels(one.labels())
                    .classicHistogramBuckets(ClassicHistogramBuckets.of(bounds, counts.roundTrips()))
                    .nativeSchema(Counts.SCHEMA)
                    .nativeBucketsForPositiveValues(NativeHistogramBuckets.of(
                            List.copyOf(counts.fineRoundTrips().keySet()),
                            List.copyOf(counts.fineRoundTrips().values())))
                    .sum(counts.roundTripSeconds())
                    .build());
        }
        return histogram.build();
    }
}
