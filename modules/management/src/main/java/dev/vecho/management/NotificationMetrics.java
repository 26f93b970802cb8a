package dev.vecho.management;

import dev.vecho.monitor.Notifications;
import dev.vecho.monitor.ReceiverCounts;
import dev.vecho.server.EchoService;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.function.ToLongFunction;

/** What came of telling people of changes, read when it is asked for. Safe for any thread. */
final class NotificationMetrics implements MultiCollector {

    private final EchoService service;

    NotificationMetrics(EchoService service) {
        this.service = service;
    }

    @Override
    public MetricSnapshots collect() {
        List<ReceiverCounts> all = service.section(Notifications.class)
                .map(Notifications::receivers)
                .orElse(List.of());
        MetricSnapshots.Builder metrics = MetricSnapshots.builder();
        if (all.isEmpty()) {
            return metrics.build();
        }
        metrics.metricSnapshot(counter(
                all,
                "vecho_notifications_delivered",
                "Changes of a check's state that a receiver has taken",
                ReceiverCounts::delivered));
        metrics.metricSnapshot(
                counter(all, "vecho_notifications_dropped", "Changes that were given up", ReceiverCounts::dropped));
        metrics.metricSnapshot(counter(
                all,
                "vecho_notification_requests_failed",
                "Requests to a receiver without an answer, or with one that refused them",
                ReceiverCounts::failedRequests));
        GaugeSnapshot.Builder waiting =
                GaugeSnapshot.builder().name("vecho_notifications_waiting").help("Changes that are still to be told");
        all.forEach(one -> waiting.dataPoint(GaugeDataPointSnapshot.builder()
                .labels(labels(one))
                .value((double) one.waiting())
                .build()));
        return metrics.metricSnapshot(waiting.build()).build();
    }

    private static Labels labels(ReceiverCounts one) {
        return Labels.of("receiver", one.receiver());
    }

    private static CounterSnapshot counter(
            List<ReceiverCounts> all, String name, String help, ToLongFunction<ReceiverCounts> count) {
        CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
        all.forEach(one -> counter.dataPoint(CounterDataPointSnapshot.builder()
                .labels(labels(one))
                .value((double) count.applyAsLong(one))
                .build()));
        return counter.build();
    }
}
