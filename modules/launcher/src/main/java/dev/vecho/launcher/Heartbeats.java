package dev.vecho.launcher;

import dev.vecho.core.VertxInternals;
import io.vertx.core.Context;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/** Runs something in intervals, as long as every event loop of a Vert.x instance answers in each of them. */
final class Heartbeats extends VerticleBase {

    private final long millis;
    private final int loops;
    private final Runnable beat;

    /** Those that have answered in this interval; guarded by itself. */
    private final Set<Context> answered;

    private Heartbeats(long millis, int loops, Runnable beat, Set<Context> answered) {
        this.millis = millis;
        this.loops = loops;
        this.beat = beat;
        this.answered = answered;
    }

    /**
     * Begins; it ends with the instance.
     *
     * @param beat called on an event loop, must not block for long
     */
    static void every(Vertx vertx, long time, TimeUnit unit, Runnable beat) {
        long millis = Math.max(1, unit.toMillis(time));
        int loops = VertxInternals.eventLoops(vertx);
        Set<Context> answered = new HashSet<>();
        vertx.deployVerticle(
                        () -> new Heartbeats(millis, loops, beat, answered),
                        new DeploymentOptions().setInstances(loops))
                .onFailure(failure -> LoggerFactory.getLogger(Heartbeats.class)
                        .warn("there will be no sign of life: {}", failure.toString()));
    }

    @Override
    public Future<?> start() {
        vertx.setPeriodic(millis, tick -> answer());
        return Future.succeededFuture();
    }

    private void answer() {
        synchronized (answered) {
            answered.add(context);
            if (answered.size() < loops) {
                return;
            }
            answered.clear();
        }
        beat.run();
    }
}
