package dev.vecho.management;

import dev.vecho.core.FailureReason;
import dev.vecho.core.Listener;
import dev.vecho.core.Traffic;
import dev.vecho.core.Traffic.Packets;
import dev.vecho.server.EchoService;
import dev.vecho.server.EchoService.Outcome;
import dev.vecho.server.EchoService.State;
import dev.vecho.server.LogLines;
import dev.vecho.server.OpenListener;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Unit;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * What the service and its listeners count, read when it is asked for. So a listener that a reload has closed takes its series with it,
 * and nothing is done while nobody asks. Safe for any thread.
 */
final class ServiceMetrics implements MultiCollector {

    private final EchoService service;
    private final Map<String, String> build;

    ServiceMetrics(EchoService service, Map<String, String> build) {
        this.service = service;
        this.build = build;
    }

    @Override
    public MetricSnapshots collect() {
        List<OpenListener> listeners = service.listeners();
        MetricSnapshots.Builder all = MetricSnapshots.builder();
        all.metricSnapshot(counter(
                listeners,
                "vecho_connections_accepted",
                "Connections accepted; streams for QUIC, messages for the event bus",
                traffic -> traffic.snapshot().accepted()));
        all.metricSnapshot(active(listeners));
        all.metricSnapshot(byReason(
                listeners, "vecho_connections_refused", "Connections closed at once", "reason", Traffic::refusals));
        all.metricSnapshot(byReason(
                listeners,
                "vecho_connections_failed",
                "Connections that broke: reset, TLS not agreed upon, or cut with echoes still under way",
                "reason",
                ServiceMetrics::failures));
        all.metricSnapshot(counter(
                listeners,
                "vecho_received_bytes",
                "Bytes received to be echoed",
                traffic -> traffic.snapshot().bytes()));
        all.metricSnapshot(counter(
                listeners,
                "vecho_sent_bytes",
                "Bytes echoed",
                traffic -> traffic.snapshot().sent()));
        all.metricSnapshot(byReason(
                listeners, "vecho_datagrams_dropped", "Datagrams that got no answer", "reason", Traffic::drops));
        all.metricSnapshot(byReason(listeners, "vecho_faults", "What was done on purpose", "fault", Traffic::faults));
        all.metricSnapshot(byReason(
                listeners, "vecho_tls_handshakes", "TLS handshakes completed", "version", Traffic::handshakes));
        packets(listeners, all);
        all.metricSnapshot(durations(listeners));
        all.metricSnapshot(certificates(listeners));
        all.metricSnapshot(gauge(
                "vecho_ready",
                "Whether the service takes connections: 0 while it starts and while it stops",
                service.state() == State.READY ? 1 : 0));
        reloads(all);
        service.section(LogLines.class).ifPresent(lines -> accessLog(lines, all));
        all.metricSnapshot(InfoSnapshot.builder()
                .name("vecho_build")
                .help("What runs here")
                .dataPoint(InfoDataPointSnapshot.builder()
                        .labels(Labels.of(
                                build.keySet().toArray(String[]::new),
                                build.values().toArray(String[]::new)))
                        .build())
                .build());
        return all.build();
    }

    /** Of QUIC, and only where there is any. */
    private static void packets(List<OpenListener> listeners, MetricSnapshots.Builder all) {
        List<OpenListener> quic = listeners.stream()
                .filter(listener -> !listener.traffic().packets().equals(Packets.NONE))
                .toList();
        if (!quic.isEmpty()) {
            all.metricSnapshot(counter(
                    quic,
                    "vecho_quic_packets_sent",
                    "Packets of QUIC sent",
                    each -> each.packets().sent()));
            all.metricSnapshot(counter(
                    quic,
                    "vecho_quic_packets_received",
                    "Packets of QUIC received",
                    each -> each.packets().received()));
            all.metricSnapshot(counter(
                    quic,
                    "vecho_quic_packets_lost",
                    "Packets of QUIC sent that got lost",
                    each -> each.packets().lost()));
            all.metricSnapshot(counter(
                    quic,
                    "vecho_quic_packets_retransmitted",
                    "Packets of QUIC that sent again what had got lost",
                    each -> each.packets().retransmitted()));
        }
    }

    private static void accessLog(LogLines lines, MetricSnapshots.Builder all) {
        all.metricSnapshot(counter("vecho_access_log_lines_written", "Lines of the access log", lines.written()));
        all.metricSnapshot(counter(
                "vecho_access_log_lines_dropped",
                "Lines of the access log that came faster than they could be written",
                lines.dropped()));
    }

    private static CounterSnapshot counter(String name, String help, long count) {
        return CounterSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(
                        CounterDataPointSnapshot.builder().value((double) count).build())
                .build();
    }

    private static Labels labels(OpenListener listener) {
        return Labels.of("listener", listener.name(), "transport", listener.transport());
    }

    private static CounterSnapshot counter(
            List<OpenListener> listeners, String name, String help, Function<Traffic, Long> count) {
        CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
        listeners.forEach(listener -> counter.dataPoint(CounterDataPointSnapshot.builder()
                .labels(labels(listener))
                .value(count.apply(listener.traffic()))
                .build()));
        return counter.build();
    }

    private static CounterSnapshot byReason(
            List<OpenListener> listeners,
            String name,
            String help,
            String label,
            Function<Traffic, Map<String, Long>> counts) {
        CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
        listeners.forEach(listener -> counts.apply(listener.traffic())
                .forEach((reason, count) -> counter.dataPoint(CounterDataPointSnapshot.builder()
                        .labels(labels(listener).add(label, reason))
                        .value(count)
                        .build())));
        return counter.build();
    }

    /** By the names of the reasons, all of which are there from the beginning. */
    private static Map<String, Long> failures(Traffic traffic) {
        Map<String, Long> counted = traffic.failures();
        Map<String, Long> byReason = new LinkedHashMap<>();
        for (FailureReason reason : FailureReason.values()) {
            byReason.put(reason.name().toLowerCase(Locale.ROOT), counted.getOrDefault(reason.words(), 0L));
        }
        return byReason;
    }

    private static GaugeSnapshot active(List<OpenListener> listeners) {
        GaugeSnapshot.Builder gauge =
                GaugeSnapshot.builder().name("vecho_connections_active").help("Connections open now");
        listeners.forEach(listener -> gauge.dataPoint(GaugeDataPointSnapshot.builder()
                .labels(labels(listener))
                .value(listener.traffic().snapshot().active())
                .build()));
        return gauge.build();
    }

    private static HistogramSnapshot durations(List<OpenListener> listeners) {
        HistogramSnapshot.Builder histogram = HistogramSnapshot.builder()
                .name("vecho_connection_duration_seconds")
                .unit(Unit.SECONDS)
                .help("How long the connections lasted that have ended");
        for (OpenListener listener : listeners) {
            Traffic.Durations durations = listener.traffic().durations();
            List<Double> bounds = new ArrayList<>(Traffic.DURATION_BOUNDS);
            bounds.add(Double.POSITIVE_INFINITY);
            histogram.dataPoint(HistogramDataPointSnapshot.builder()
                    .labels(labels(listener))
                    .classicHistogramBuckets(ClassicHistogramBuckets.of(bounds, durations.counts()))
                    .sum(durations.seconds())
                    .build());
        }
        return histogram.build();
    }

    private static GaugeSnapshot certificates(List<OpenListener> listeners) {
        GaugeSnapshot.Builder gauge = GaugeSnapshot.builder()
                .name("vecho_certificate_expiry_timestamp_seconds")
                .help("When a certificate that a listener presents expires");
        for (OpenListener listener : listeners) {
            Map<Labels, Double> expiries = new LinkedHashMap<>();
            listener.parts().stream()
                    .findFirst()
                    .map(Listener::certificates)
                    .orElse(List.of())
                    .forEach(certificate -> expiries.put(labels(listener).merge(identity(certificate)), (double)
                            certificate.getNotAfter().toInstant().getEpochSecond()));
            expiries.forEach((labels, expiry) -> gauge.dataPoint(GaugeDataPointSnapshot.builder()
                    .labels(labels)
                    .value(expiry)
                    .build()));
        }
        return gauge.build();
    }

    private static Labels identity(X509Certificate certificate) {
        return Labels.of(
                "subject",
                certificate.getSubjectX500Principal().getName(),
                "serial",
                certificate.getSerialNumber().toString(16));
    }

    private void reloads(MetricSnapshots.Builder all) {
        all.metricSnapshot(gauge(
                "vecho_config_last_reload_successful",
                "Whether the configuration that was read last is in effect",
                Health.isDegraded(service) ? 0 : 1));
        CounterSnapshot.Builder reloads = CounterSnapshot.builder()
                .name("vecho_config_reloads")
                .help("Attempts to reload the configuration that have ended");
        Map<Outcome, Long> counts = service.reloads();
        for (Outcome outcome : Outcome.values()) {
            reloads.dataPoint(CounterDataPointSnapshot.builder()
                    .labels(Labels.of("outcome", outcome.name().toLowerCase(Locale.ROOT)))
                    .value(counts.getOrDefault(outcome, 0L))
                    .build());
        }
        all.metricSnapshot(reloads.build());
        all.metricSnapshot(gauge(
                "vecho_config_last_reload_success_timestamp_seconds",
                "Since when the configuration is known to be in effect",
                service.lastSuccess().toEpochMilli() / 1000.0));
        service.lastReload()
                .ifPresent(reload -> all.metricSnapshot(gauge(
                        "vecho_config_last_reload_timestamp_seconds",
                        "When the configuration was last read again",
                        reload.at().toEpochMilli() / 1000.0)));
    }

    private static GaugeSnapshot gauge(String name, String help, double value) {
        return GaugeSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(GaugeDataPointSnapshot.builder().value(value).build())
                .build();
    }
}
