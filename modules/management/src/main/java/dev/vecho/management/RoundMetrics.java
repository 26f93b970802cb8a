package dev.vecho.management;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.RoundTrips;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a single round found, as metrics. Names are those of the blackbox exporter where the meaning is the same. */
final class RoundMetrics {

    private RoundMetrics() {}

    /** The last round of something, which the labels name. */
    record Last(Labels labels, Report round) {}

    /** What is told of each last round. */
    static void add(List<Last> all, MetricSnapshots.Builder metrics) {
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
        GaugeSnapshot.Builder failure = gauge(
                "vecho_check_last_failure",
                "Why the last round failed, by the word of the diagnosis and its reason; not there where it passed");
        for (Last one : all) {
            Labels labels = one.labels();
            Report last = one.round();
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
            Diagnosis why = last.diagnosis();
            if (why != null) {
                failure.dataPoint(point(
                        labels.add("word", why.word().toString())
                                .add("reason", Objects.requireNonNullElse(why.reason(), "")),
                        1));
            }
        }
        for (GaugeSnapshot.Builder each : List.of(success, duration, protocol, expiry, tls, phases, jitter, failure)) {
            metrics.metricSnapshot(each.build());
        }
    }

    /** What is told beside it of a round that stands alone, for which nobody counts from one to the next. */
    static void addOfOne(Report round, MetricSnapshots.Builder metrics) {
        if (round.phases().resolve() != null) {
            metrics.metricSnapshot(gauge("probe_dns_lookup_time_seconds", "How long it took to resolve the name")
                    .dataPoint(point(Labels.EMPTY, seconds(round.phases().resolve())))
                    .build());
        }
        RoundTrips trips = round.roundTrips();
        if (!trips.isEmpty()) {
            metrics.metricSnapshot(gauge("vecho_probe_round_trip_seconds", "Round trips, by quantile")
                    .dataPoint(point(Labels.of("quantile", "0"), seconds(trips.min())))
                    .dataPoint(point(Labels.of("quantile", "0.5"), seconds(trips.percentile(50))))
                    .dataPoint(point(Labels.of("quantile", "0.99"), seconds(trips.percentile(99))))
                    .dataPoint(point(Labels.of("quantile", "1"), seconds(trips.max())))
                    .build());
        }
        Report.Messages messages = round.messages();
        if (messages != null) {
            metrics.metricSnapshot(gauge("vecho_probe_messages", "What became of messages")
                    .dataPoint(point(Labels.of("outcome", "sent"), (double) messages.sent()))
                    .dataPoint(point(Labels.of("outcome", "lost"), (double) messages.lost()))
                    .dataPoint(point(Labels.of("outcome", "duplicated"), (double) messages.duplicated()))
                    .dataPoint(point(Labels.of("outcome", "reordered"), (double) messages.reordered()))
                    .build());
        }
    }

    /** Those that there are, in their order; null for one that the round did not reach. */
    static Map<String, @Nullable Duration> phases(Report.Phases phases) {
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

    static GaugeSnapshot.Builder gauge(String name, String help) {
        return GaugeSnapshot.builder().name(name).help(help);
    }

    static GaugeDataPointSnapshot point(Labels labels, double value) {
        return GaugeDataPointSnapshot.builder().labels(labels).value(value).build();
    }
}
