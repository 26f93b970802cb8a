package dev.vecho.management;

import dev.vecho.server.EchoService;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmInfoMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.Vertx;
import java.util.Set;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** The metrics of a service, for Prometheus: those of its listeners are read from where they are counted, when somebody asks. */
final class Metrics {

    private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";
    private static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /** Micrometer's own, whose names are not what Prometheus wants. */
    private static final Set<String> AGAINST_CONVENTIONS = Set.of("process.cpu.time", "system.cpu.count");

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbage = new JvmGcMetrics();
    private final LoopDelays delays;

    /**
     * Begins to measure what is measured over time.
     *
     * @param clients how many connections the management listener has
     */
    Metrics(Vertx vertx, EchoService service, IntSupplier clients) {
        registry.config().meterFilter(MeterFilter.deny(id -> AGAINST_CONVENTIONS.contains(id.getName())));
        registry.getPrometheusRegistry().register(new ServiceMetrics(service, Build.of(vertx)));
        registry.getPrometheusRegistry().register(new CheckMetrics(service));
        registry.getPrometheusRegistry().register(new NotificationMetrics(service));
        delays = new LoopDelays(vertx, registry);
        garbage.bindTo(registry);
        new JvmInfoMetrics().bindTo(registry);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ClassLoaderMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        Gauge.builder(
                        "vecho.direct.memory.used",
                        () -> PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory())
                .description("Memory outside the heap that the pool of the connections' buffers has taken")
                .baseUnit("bytes")
                .register(registry);
        Gauge.builder("vecho.management.connections", clients::getAsInt)
                .description("Connections to the management listener")
                .register(registry);
    }

    /** All of them, as a client wants them; takes some milliseconds. Any thread. */
    Answer scrape(@Nullable String accept) {
        String type = accept != null && accept.contains("application/openmetrics-text") ? OPEN_METRICS : TEXT;
        return Answer.text(type, registry.scrape(type));
    }

    void close() {
        delays.close();
        garbage.close();
        registry.close();
    }
}
