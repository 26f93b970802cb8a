package dev.vecho.management;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.RoundTrips;
import dev.vecho.core.Directions;
import dev.vecho.core.Directions.Direction;
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
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What a single round found, as metrics. Names are those of the blackbox exporter where the meaning is the same. */
final class RoundMetrics {

    private RoundMetrics() {}

    /** The last round of something, which the labels name. */
    record Last(Labels labels, Report round) {}

    /** Takes the points of a metric. */
    private interface Points {
        void add(Labels labels, double value);
    }

    /** What a round has to say to a metric. */
    private interface Reading {
        void read(Report round, Labels labels, Points points);
    }

    /** A metric of last rounds. */
    record Family(String name, String help, Reading reading) {

        GaugeSnapshot of(List<Last> all) {
            GaugeSnapshot.Builder gauge = gauge(name, help);
            for (Last one : all) {
                reading.read(one.round(), one.labels(), (labels, value) -> gauge.dataPoint(point(labels, value)));
            }
            return gauge.build();
        }
    }

    /** Of each last round. */
    static final List<Family> ALL = List.of(
            new Family(
                    "probe_success",
                    "Whether the last round passed",
                    (round, labels, points) -> points.add(labels, round.passed() ? 1 : 0)),
            new Family(
                    "probe_duration_seconds",
                    "How long the last round took, also where it failed",
                    (round, labels, points) -> points.add(labels, seconds(round.duration()))),
            new Family(
                    "vecho_check_last_failure",
                    "Why the last round failed, by the word of the diagnosis and its reason; not there where it passed",
                    RoundMetrics::failure),
            new Family(
                    "probe_ip_protocol",
                    "Whether the last round went over IPv4 (4) or IPv6 (6)",
                    (round, labels, points) -> {
                        int version = version(round.remoteAddress());
                        if (version != 0) {
                            points.add(labels, version);
                        }
                    }),
            new Family(
                    "probe_ssl_earliest_cert_expiry",
                    "When the peer's certificate of the last round expires, in seconds",
                    (round, labels, points) -> {
                        String expires = round.details().get("peerExpires");
                        if (expires != null) {
                            points.add(labels, (double) Instant.parse(expires).getEpochSecond());
                        }
                    }),
            new Family("probe_tls_version_info", "The version of TLS of the last round", (round, labels, points) -> {
                String agreed = round.details().get("protocol");
                if (agreed != null && agreed.startsWith("TLS")) {
                    points.add(labels.add("version", agreed), 1);
                }
            }),
            new Family(
                    "vecho_check_phase_seconds",
                    "How long a phase of the last round took; of those that it reached",
                    (round, labels, points) -> phases(round.phases()).forEach((phase, took) -> {
                        if (took != null) {
                            points.add(labels.add("phase", phase), seconds(took));
                        }
                    })),
            new Family("vecho_check_jitter_seconds", "The jitter of the last round", (round, labels, points) -> {
                if (round.messages() != null && round.messages().jitter() != null) {
                    points.add(labels, seconds(round.messages().jitter()));
                }
            }),
            new Family(
                    "vecho_check_direction_lost",
                    "Messages of the last round that were lost, by the way on which they were: forward, backward or unknown",
                    RoundMetrics::lostByDirection),
            ofDirections(
                    "vecho_check_direction_jitter_seconds",
                    "The jitter of the last round, by direction",
                    way -> way.jitter()),
            ofDirections(
                    "vecho_check_direction_delay_seconds",
                    "The mean delay of the last round, by direction, by clocks that both sides say are right",
                    way -> way.delay() == null ? null : way.delay().mean()));

    private static Family ofDirections(String name, String help, Function<Direction, @Nullable Duration> time) {
        return new Family(name, help, (round, labels, points) -> {
            Directions directions = directions(round);
            if (directions != null) {
                Duration forward = time.apply(directions.forward());
                Duration backward = time.apply(directions.backward());
                if (forward != null && backward != null) {
                    points.add(labels.add("direction", "forward"), seconds(forward));
                    points.add(labels.add("direction", "backward"), seconds(backward));
                }
            }
        });
    }

    private static void lostByDirection(Report round, Labels labels, Points points) {
        Directions directions = directions(round);
        if (directions == null) {
            return;
        }
        Long forward = directions.forward().lost();
        Long backward = directions.backward().lost();
        if (forward != null && backward != null) {
            points.add(labels.add("direction", "forward"), forward.doubleValue());
            points.add(labels.add("direction", "backward"), backward.doubleValue());
        }
        points.add(labels.add("direction", "unknown"), (double) directions.lostUnknown());
    }

    private static @Nullable Directions directions(Report round) {
        return round.messages() == null ? null : round.messages().directions();
    }

    private static void failure(Report round, Labels labels, Points points) {
        Diagnosis why = round.diagnosis();
        if (why != null) {
            points.add(
                    labels.add("word", why.word().toString())
                            .add("reason", Objects.requireNonNullElse(why.reason(), "")),
                    1);
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
