package dev.vecho.server;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.Transports;
import dev.vecho.core.VertxInternals;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.net.io.Io;
import dev.vecho.server.Configuration.Valid;
import dev.vecho.server.Configuration.ValidListener;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The echo service: whatever reaches one of its listeners goes back unchanged. Deploy it in any Vert.x application, with
 * its configuration in the deployment options:
 *
 * <pre>{@code
 * vertx.deployVerticle("dev.vecho.server.EchoServerVerticle", new DeploymentOptions().setConfig(configuration));
 * }</pre>
 *
 * <p>The deployment succeeds when every listener is bound. It fails with an {@link InvalidInputException} that holds all
 * errors of the configuration, or with a {@link TransportException} that names each listener and address that cannot be
 * bound; then nothing stays open. Undeploying it drains every listener for {@code drainMillis} at most.
 */
public final class EchoServerVerticle extends VerticleBase implements EchoService {

    private static final Logger LOG = LoggerFactory.getLogger(EchoServerVerticle.class);

    private @Nullable Configuration configuration;
    private final Map<String, Section.Running> sections = new LinkedHashMap<>();
    private volatile State state = State.STARTING;
    private volatile List<OpenListener> listeners = List.of();
    private volatile List<ConfiguredValue> values = List.of();

    /** Takes its configuration from the deployment options. */
    public EchoServerVerticle() {}

    /** Takes a configuration that was loaded before. */
    public EchoServerVerticle(Configuration configuration) {
        this.configuration = configuration;
    }

    @Override
    public Future<?> start() {
        Configuration chosen = configuration == null ? Configuration.of(config()) : configuration;
        return vertx.executeBlocking(() -> chosen.validate(vertx, Transports.load()))
                .compose(valid -> open(valid)
                        .onSuccess(open -> {
                            listeners = open;
                            values = valid.values();
                            state = State.READY;
                        })
                        .compose(open -> start(valid.sections()).map(open)))
                .onSuccess(open -> {
                    open.forEach(listener -> {
                        LOG.info(
                                "listener {}: {} on {}",
                                listener.name(),
                                listener.transport(),
                                String.join(", ", listener.addresses()));
                        listener.notes().forEach(note -> LOG.info("listener {}: {}", listener.name(), note));
                    });
                });
    }

    /** Starts one after the other. Where one fails, those that run are stopped. */
    private Future<?> start(Map<String, Section.Prepared> prepared) {
        Future<?> started = Future.succeededFuture();
        for (Map.Entry<String, Section.Prepared> each : prepared.entrySet()) {
            started = started.compose(
                    before -> each.getValue().start(this).onSuccess(running -> sections.put(each.getKey(), running)));
        }
        return started.recover(failure -> stop().transform(stopped -> Future.failedFuture(failure)));
    }

    /** Stops the sections; the listeners, which are deployed on their own, have drained before. */
    @Override
    public Future<?> stop() {
        state = State.DRAINING;
        Future<?> stopped = Future.join(
                sections.values().stream().map(Section.Running::stop).toList());
        sections.clear();
        return stopped;
    }

    private Future<List<OpenListener>> open(Valid valid) {
        List<Future<OpenListener>> opening = valid.listeners().stream()
                .map(listener -> open(listener, valid))
                .toList();
        return Future.join(opening).transform(all -> {
            List<String> failures = opening.stream()
                    .filter(Future::failed)
                    .map(failed -> failed.cause().getMessage())
                    .toList();
            if (!failures.isEmpty()) {
                // A deployment that fails takes those that it has made down with it.
                return Future.failedFuture(
                        new TransportException(Fault.BIND, String.join("\n", failures), all.cause()));
            }
            return Future.succeededFuture(opening.stream().map(Future::result).toList());
        });
    }

    /** Deploys a listener on its own, once for each event loop, so that it can come and go while others run. */
    private Future<OpenListener> open(ValidListener listener, Valid valid) {
        Traffic traffic = new Traffic();
        List<Listener> parts = new CopyOnWriteArrayList<>();
        Supplier<Deployable> verticle = () -> new ListenerVerticle(listener.server(), traffic, valid, parts);
        return vertx.deployVerticle(verticle, new DeploymentOptions().setInstances(VertxInternals.eventLoops(vertx)))
                .transform(deployed -> deployed.succeeded()
                        ? Future.succeededFuture(new OpenListener(
                                listener.name(),
                                listener.transport(),
                                parts.get(0).addresses(),
                                parts.get(0).notes(),
                                traffic,
                                parts))
                        : Future.failedFuture(new TransportException(
                                Fault.BIND,
                                "listeners." + listener.name() + ": "
                                        + deployed.cause().getMessage(),
                                deployed.cause())));
    }

    @Override
    public State state() {
        return state;
    }

    /** The listeners that are open, by name; none before the deployment has succeeded. */
    @Override
    public List<OpenListener> listeners() {
        return listeners;
    }

    /** What an operator should know of the sections that run, by key. */
    public Map<String, List<String>> sectionNotes() {
        Map<String, List<String>> notes = new LinkedHashMap<>();
        sections.forEach((key, running) -> notes.put(key, running.notes()));
        return notes;
    }

    @Override
    public List<ConfiguredValue> configuration() {
        return values;
    }

    @Override
    public Future<Reload> reload() {
        return Future.succeededFuture(new Reload(Instant.now(), Outcome.UNCHANGED, List.of(), List.of()));
    }

    @Override
    public Optional<Reload> lastReload() {
        return Optional.empty();
    }

    /** One event loop's share of a listener. */
    private static final class ListenerVerticle extends VerticleBase {

        private final ServerTransport server;
        private final Traffic traffic;
        private final Valid valid;
        private final List<Listener> parts;
        private @Nullable Listener listener;

        ListenerVerticle(ServerTransport server, Traffic traffic, Valid valid, List<Listener> parts) {
            this.server = server;
            this.traffic = traffic;
            this.valid = valid;
            this.parts = parts;
        }

        @Override
        public Future<?> start() {
            Io.busyPoll(valid.busyPoll());
            return server.listen(traffic.share(VertxInternals.eventLoop(context)))
                    .onSuccess(open -> {
                        listener = open;
                        parts.add(open);
                    });
        }

        @Override
        public Future<?> stop() {
            return listener == null ? Future.succeededFuture() : listener.drain(valid.drain());
        }
    }
}
