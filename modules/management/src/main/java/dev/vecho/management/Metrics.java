package dev.vecho.management;

import dev.vecho.management.CheckMetrics.Detail;
import dev.vecho.management.CheckMetrics.Part;
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
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The metrics of a service, for Prometheus: those of its listeners are read from where they are counted, when somebody asks. */
final class Metrics {

    private static final Logger LOG = LoggerFactory.getLogger(Metrics.class);

    /** Micrometer's own, whose names are not what Prometheus wants. */
    private static final Set<String> AGAINST_CONVENTIONS = Set.of("process.cpu.time", "system.cpu.count");

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbage = new JvmGcMetrics();
    private final LoopDelays delays;
    private final Vertx vertx;
    private final CheckMetrics checks;

    /**
     * Begins to measure what is measured over time.
     *
     * @param clients how many connections the management listener has
     */
    Metrics(Vertx vertx, EchoService service, IntSupplier clients) {
        registry.config().meterFilter(MeterFilter.deny(id -> AGAINST_CONVENTIONS.contains(id.getName())));
        registry.getPrometheusRegistry().register(new ServiceMetrics(service, Build.of(vertx)));
        registry.getPrometheusRegistry().register(new NotificationMetrics(service));
        this.vertx = vertx;
        this.checks = new CheckMetrics(service);
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

    /**
     * All of them, as a client wants them: rendered part by part on worker threads, each when the client has taken the one before. On the
     * listener's event loop.
     *
     * @param detail the parameter {@code checks}; null for all
     */
    Future<Answer> scrape(@Nullable String accept, @Nullable String detail) {
        Exposition format = Exposition.of(accept);
        Detail wanted;
        try {
            wanted = detail == null ? Detail.FULL : Detail.valueOf(detail.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            return Future.succeededFuture(Answer.problem(400, "checks must be full, brief or none."));
        }
        return vertx.executeBlocking(
                        () -> format.part(registry.getPrometheusRegistry().scrape(), true), false)
                .map(own -> {
                    Iterator<Part> parts = checks.parts(wanted);
                    return parts.hasNext()
                            ? Answer.stream(format.type(), response -> new Scrape(response, format, parts).begin(own))
                            : new Answer(200, format.type(), own.copy().appendBuffer(format.end()), Map.of());
                });
    }

    /** A scrape that goes on. */
    private final class Scrape {

        private final HttpServerResponse response;
        private final Exposition format;
        private final Iterator<Part> parts;
        private int described = -1;

        Scrape(HttpServerResponse response, Exposition format, Iterator<Part> parts) {
            this.response = response;
            this.format = format;
            this.parts = parts;
        }

        void begin(Buffer own) {
            response.write(own).onSuccess(taken -> next()).onFailure(this::broken);
        }

        private void next() {
            if (!parts.hasNext()) {
                response.end(format.end());
                return;
            }
            Part part = parts.next();
            boolean begins = part.metric() != described;
            vertx.executeBlocking(
                            () -> format.part(MetricSnapshots.of(part.snapshot().get()), begins), false)
                    .compose(text -> {
                        if (text.length() == 0) {
                            return Future.<Void>succeededFuture();
                        }
                        described = part.metric();
                        return response.write(text);
                    })
                    .onSuccess(taken -> next())
                    .onFailure(this::broken);
        }

        /** What is missing must not look like the end. */
        private void broken(Throwable failure) {
            LOG.debug("metrics: {}", failure.toString());
            response.reset();
        }
    }

    void close() {
        delays.close();
        garbage.close();
        registry.close();
    }
}
