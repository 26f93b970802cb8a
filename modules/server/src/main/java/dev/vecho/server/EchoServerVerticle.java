package dev.vecho.server;

import dev.vecho.core.TransportException;
import dev.vecho.core.config.InvalidInputException;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
 * bound; then nothing stays open. {@link EchoService#of} finds the service by the id of its deployment.
 *
 * <p>The instances of one deployment are one service, which listens on every event loop whatever their number; limits and counters are
 * the service's.
 *
 * <p>Undeploying it waits for {@code drainDelayMillis}, and then drains every listener for {@code drainMillis} at most: no new
 * connections, the open ones may finish. It ends once all are closed. Closing the Vert.x instance does the same.
 *
 * <p>While it runs, {@link #reload} applies what has changed in its files, stores and certificates, all or nothing; every
 * {@code configScanMillis} it looks by itself whether there is anything new. {@link #reconfigure} replaces a configuration from the
 * deployment options.
 */
public final class EchoServerVerticle extends VerticleBase implements EchoService {

    private final @Nullable Configuration configuration;
    private @Nullable Handler<Reload> reloadHandler;
    private @Nullable ConnectionEnds watcher;
    private volatile @Nullable RunningService service;

    /** Takes its configuration from the deployment options. */
    public EchoServerVerticle() {
        this(null);
    }

    /** Takes a configuration that was loaded before; a reload reads the same files and stores again. */
    public EchoServerVerticle(@Nullable Configuration configuration) {
        this.configuration = configuration;
    }

    /**
     * Has something called after each attempt to reload, on the service's event loop. Before it is deployed; of several instances one
     * has its handler called.
     */
    public EchoServerVerticle onReload(Handler<Reload> handler) {
        reloadHandler = handler;
        return this;
    }

    /**
     * Has somebody told of connections that begin and end, from the first one on, whoever else is with {@link #watchConnections}. Before
     * it is deployed; of several instances one has its handler called.
     */
    public EchoServerVerticle onConnections(ConnectionEnds handler) {
        watcher = handler;
        return this;
    }

    @Override
    public Future<?> start() {
        Configuration first = configuration == null ? Configuration.of(config()) : configuration;
        RunningService mine = RunningService.of(vertx, context, first, before -> {
            if (watcher != null) {
                before.watchConnections(watcher);
            }
            if (reloadHandler != null) {
                before.watchReloads(reloadHandler);
            }
        });
        service = mine;
        return mine.started();
    }

    @Override
    public Future<?> stop() {
        RunningService running = service;
        return running == null ? Future.succeededFuture() : running.stop();
    }

    private RunningService running() {
        RunningService running = service;
        if (running == null) {
            throw new IllegalStateException("the verticle is not deployed");
        }
        return running;
    }

    @Override
    public State state() {
        RunningService running = service;
        return running == null ? State.STARTING : running.state();
    }

    /** The listeners that are open, by name; none before the deployment has succeeded. */
    @Override
    public List<OpenListener> listeners() {
        RunningService running = service;
        return running == null ? List.of() : running.listeners();
    }

    /** What an operator should know of the sections that run, by key. */
    public Map<String, List<String>> sectionNotes() {
        return running().sectionNotes();
    }

    @Override
    public void onConnectionEnd(@Nullable ConnectionEnds ends) {
        running().onConnectionEnd(ends);
    }

    @Override
    public Runnable watchConnections(ConnectionEnds watcher) {
        return running().watchConnections(watcher);
    }

    @Override
    public Runnable watchReloads(Handler<Reload> handler) {
        return running().watchReloads(handler);
    }

    @Override
    public List<ConfiguredValue> configuration() {
        return running().configuration();
    }

    @Override
    public Future<Reload> reload() {
        return running().reload();
    }

    @Override
    public Future<Reload> reconfigure(JsonObject configuration) {
        return running().reconfigure(configuration);
    }

    @Override
    public JsonObject faults(String listener) {
        return running().faults(listener);
    }

    @Override
    public Future<Reload> changeFaults(String listener, @Nullable JsonObject patch) {
        return running().changeFaults(listener, patch);
    }

    @Override
    public Optional<Reload> lastReload() {
        return running().lastReload();
    }

    @Override
    public Map<Outcome, Long> reloads() {
        return running().reloads();
    }

    @Override
    public Instant lastSuccess() {
        return running().lastSuccess();
    }

    @Override
    public <T> Optional<T> section(Class<T> type) {
        return running().section(type);
    }
}
