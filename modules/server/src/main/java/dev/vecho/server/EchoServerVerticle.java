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
import java.util.List;
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
public final class EchoServerVerticle extends VerticleBase {

    private static final Logger LOG = LoggerFactory.getLogger(EchoServerVerticle.class);

    private @Nullable Configuration configuration;
    private List<OpenListener> listeners = List.of();

    /**
     * A listener that is open.
     *
     * @param name its key in the configuration
     * @param transport the name of what carries its bytes
     * @param addresses the real ones, as targets: {@code tcp://127.0.0.1:7007}
     * @param notes what an operator should know of it, such as a certificate's fingerprint
     * @param traffic its counters, which go on counting
     */
    public record OpenListener(
            String name, String transport, List<String> addresses, List<String> notes, Traffic traffic) {}

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
                .compose(this::open)
                .onSuccess(open -> {
                    listeners = open;
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
                                traffic))
                        : Future.failedFuture(new TransportException(
                                Fault.BIND,
                                "listeners." + listener.name() + ": "
                                        + deployed.cause().getMessage(),
                                deployed.cause())));
    }

    /** The listeners that are open, by name; none before the deployment has succeeded. */
    public List<OpenListener> listeners() {
        return listeners;
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
            return server.listen(traffic).onSuccess(open -> {
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
