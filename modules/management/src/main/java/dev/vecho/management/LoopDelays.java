package dev.vecho.management;

import dev.vecho.core.VertxInternals;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Measures, once a second on each event loop, how late it is with what is due: as late as any event is that comes meanwhile. */
final class LoopDelays {

    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final Duration[] BOUNDS = {
        Duration.ofMillis(1),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5)
    };

    private final List<Sample> samples = new ArrayList<>();

    /** Begins to measure. */
    LoopDelays(Vertx vertx, MeterRegistry registry) {
        for (EventExecutor loop : VertxInternals.eventLoopsOf(vertx)) {
            Timer timer = Timer.builder("vecho.event.loop.delay")
                    .description("How late an event loop is with what is due, sampled once a second")
                    .tag("loop", Integer.toString(samples.size()))
                    .serviceLevelObjectives(BOUNDS)
                    .register(registry);
            samples.add(new Sample(loop, timer));
        }
        samples.forEach(Sample::next);
    }

    void close() {
        samples.forEach(Sample::end);
    }

    private static final class Sample {

        private final EventExecutor loop;
        private final Timer timer;
        private volatile boolean over;

        Sample(EventExecutor loop, Timer timer) {
            this.loop = loop;
            this.timer = timer;
        }

        @SuppressWarnings("FutureReturnValueIgnored") // It ends by itself.
        void next() {
            long due = System.nanoTime() + PAUSE_NANOS;
            loop.schedule(
                    () -> {
                        if (!over) {
                            timer.record(Math.max(0, System.nanoTime() - due), TimeUnit.NANOSECONDS);
                            next();
                        }
                    },
                    PAUSE_NANOS,
                    TimeUnit.NANOSECONDS);
        }

        void end() {
            over = true;
        }
    }
}
