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
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Unit;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
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
        GaugeSnapshot.Builder failing = gauge(
                "vecho_check_failing",
                "Whether as many rounds failed as the alert of the check says; since the first round");
        GaugeSnapshot.Builder since =
                gauge("vecho_check_state_since_timestamp_seconds", "When the state of the case began");
        for (One one : all) {
            if (one.state() != State.UNKNOWN) {
                failing.dataPoint(point(one.labels(), one.state() == State.FAILING ? 1 : 0));
                since.dataPoint(point(one.labels(), one.since().toEpochMilli() / 1000.0));
            }
        }
        metrics.metricSnapshot(failing.build());
        metrics.metricSnapshot(since.build());
        last(all, metrics);
        return metrics.build();
    }

    /** What the last round of each case found. */
    private static void last(List<One> all, MetricSnapshots.Builder metrics) {
        GaugeSnapshot.Builder success = gauge("probe_success", "Whether the last round passed");
        GaugeSnapshot.Builder duration =
                gauge("probe_duration_seconds", "How long the last round took, also where it failed");
        GaugeSnapshot.Builder protocol =
                gauge("probe_ip_protocol", "Whether the last round went over IPv4 (4) or IPv6 (6)");
        GaugeSnapshot.Builder expiry = gauge(
                "probe_ssl_earliest_cert_expiry", "When the peer's certificate of the last round expires, in seconds");
        GaugeSnapshot.Builder tls = gauge("probe_tls_version_info", "The version of TLS of the last round");
        GaugeSnapshot.Builder phases =
                gauge("vecho_check_phase_seconds", "How long a phase of the last round took; of those that it reached");
        GaugeSnapshot.Builder jitter = gauge("vecho_check_jitter_seconds", "The jitter of the last round");
        for (One one : all) {
            Report last = one.last();
            if (last == null) {
                continue;
            }
            Labels labels = one.labels();
            success.dataPoint(point(labels, last.passed() ? 1 : 0));
            duration.dataPoint(point(labels, seconds(last.duration())));
            phases(last.phases()).forEach((phase, took) -> {
                if (took != null) {
                    phases.dataPoint(point(labels.add("phase", phase), seconds(took)));
                }
            });
            int version = version(last.remoteAddress());
            if (version != 0) {
                protocol.dataPoint(point(labels, version));
            }
            String expires = last.details().get("peerExpires");
            if (expires != null) {
                expiry.dataPoint(point(labels, (double) Instant.parse(expires).getEpochSecond()));
            }
            String agreed = last.details().get("protocol");
            if (agreed != null && agreed.startsWith("TLS")) {
                tls.dataPoint(point(labels.add("version", agreed), 1));
            }
            if (last.messages() != null && last.messages().jitter() != null) {
                jitter.dataPoint(point(labels, seconds(last.messages().jitter())));
            }
        }
        for (GaugeSnapshot.Builder each : List.of(success, duration, protocol, expiry, tls, phases, jitter)) {
            metrics.metricSnapshot(each.build());
        }
    }

    private static Map<String, @Nullable Duration> phases(Report.Phases phases) {
        Map<String, @Nullable Duration> named = new LinkedHashMap<>();
        named.put("resolve", phases.resolve());
        named.put("connect", phases.connect());
        named.put("tls", phases.tls());
        named.put("first-byte", phases.firstByte());
        named.put("last-byte", phases.lastByte());
        return named;
    }

    /** 0 where it is no address of IP. */
    static int version(@Nullable String address) {
        if (address == null) {
            return 0;
        }
        if (address.startsWith("[")) {
            return 6;
        }
        return address.matches("[0-9]+(\\.[0-9]+){3}(:[0-9]+)?") ? 4 : 0;
    }

    private static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }

    private static GaugeSnapshot.Builder gauge(String name, String help) {
        return GaugeSnapshot.builder().name(name).help(help);
    }

    private static GaugeDataPointSnapshot point(Labels labels, double value) {
        return GaugeDataPointSnapshot.builder().labels(labels).value(value).build();
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
