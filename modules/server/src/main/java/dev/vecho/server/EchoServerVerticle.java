package dev.vecho.server;

import dev.vecho.core.Services;
import dev.vecho.core.TransportException;
import dev.vecho.core.Transports;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.NamedFiles;
import dev.vecho.server.Configuration.Valid;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
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
 * bound; then nothing stays open. Undeploying it waits for {@code drainDelayMillis}, and then drains every listener for
 * {@code drainMillis} at most.
 *
 * <p>While it runs, {@link #reload} applies what has changed in its files, stores and certificates, all or nothing; every
 * {@code configScanMillis} it looks by itself whether there is anything new.
 */
public final class EchoServerVerticle extends VerticleBase implements EchoService {

    private static final Logger LOG = LoggerFactory.getLogger(EchoServerVerticle.class);

    /** What may change at the top beside listeners and sections. */
    private static final List<String> OWN_KEYS =
            List.of("drainMillis", "drainDelayMillis", "configScanMillis", "busyPollMicros");

    private final @Nullable Configuration configuration;
    private final Reloads reloads = new Reloads(this::attemptReload, this::tellReload);
    private final RunningSections sections = new RunningSections(this);
    private OpenListeners open;
    private ConfigurationWatch watch;
    private Transports transports;
    private volatile Valid valid;
    private volatile boolean runs;
    private @Nullable Future<Void> drainDelay;
    private @Nullable ConnectionEnds watcher;
    private volatile Handler<Reload> reloadHandler = reload -> {};
    private Future<?> faultChange = Future.succeededFuture();
    private volatile State state = State.STARTING;
    private volatile List<OpenListener> listeners = List.of();
    private volatile List<ConfiguredValue> values = List.of();
    private volatile Map<String, List<String>> sectionNotes = Map.of();

    /** Takes its configuration from the deployment options. */
    public EchoServerVerticle() {
        this(null);
    }

    /** Takes a configuration that was loaded before; a reload reads the same files and stores again. */
    @SuppressWarnings("NullAway.Init") // start() sets the rest.
    public EchoServerVerticle(@Nullable Configuration configuration) {
        this.configuration = configuration;
    }

    /** Has something called after each attempt to reload, on the service's event loop. */
    public EchoServerVerticle onReload(Handler<Reload> handler) {
        reloadHandler = handler;
        return this;
    }

    /**
     * Has somebody told of connections that begin and end, from the first one on, whoever else is with {@link #onConnectionEnd}. Before
     * it is deployed.
     */
    public EchoServerVerticle onConnections(ConnectionEnds handler) {
        watcher = handler;
        return this;
    }

    @Override
    public Future<?> start() {
        Configuration first = configuration == null ? Configuration.of(config()) : configuration;
        transports = Transports.load();
        open = new OpenListeners(vertx, watcher, this::beforeDrain);
        watch = new ConfigurationWatch(vertx, first);
        return validate(first)
                .compose(next -> {
                    Difference none = new Difference(List.of(), next.values());
                    return open.change(next, none, () -> Future.succeededFuture(List.of()))
                            .onSuccess(opened -> {
                                take(next);
                                state = State.READY;
                            })
                            .compose(opened -> sections.change(next.sections(), none));
                })
                .onSuccess(started -> tell())
                .onFailure(failure -> watch.stop());
    }

    private void tell() {
        runs = true;
        listeners.forEach(listener -> {
            LOG.info(
                    "listener {}: {} on {}",
                    listener.name(),
                    listener.transport(),
                    String.join(", ", listener.addresses()));
            listener.notes().forEach(note -> LOG.info("listener {}: {}", listener.name(), note));
        });
        sectionNotes = sections.notes();
        sectionNotes.forEach((key, notes) -> notes.forEach(note -> LOG.info("{}: {}", key, note)));
    }

    private Future<Valid> validate(Configuration chosen) {
        NamedFiles files = new NamedFiles();
        return vertx.executeBlocking(() -> chosen.validate(vertx, transports, files))
                .onComplete(validated -> watch.validated(chosen, files));
    }

    /** It is in effect. */
    private void take(Valid next) {
        valid = next;
        values = next.values();
        listeners = open.view();
        watch.start(next.scan(), this::reloadIfReady);
    }

    private void reloadIfReady() {
        if (runs && state == State.READY) {
            reload();
        }
    }

    /** Called on the event loop of each listener that stops, before this verticle is told to: Vert.x stops what it has deployed first. */
    private synchronized Future<Void> beforeDrain() {
        Future<Void> delay = drainDelay;
        if (delay == null) {
            state = State.DRAINING;
            long millis = runs ? valid.drainDelay().toMillis() : 0;
            delay = millis == 0
                    ? Future.succeededFuture()
                    : vertx.timer(millis, TimeUnit.MILLISECONDS).mapEmpty();
            drainDelay = delay;
        }
        return delay;
    }

    /** Stops the sections; the listeners, which are deployed on their own, have drained before, unless a reload was under way. */
    @Override
    public Future<?> stop() {
        state = State.DRAINING;
        watch.stop();
        return reloads.underWay().compose(ended -> open.close()).compose(closed -> sections.close());
    }

    private Future<Reload> attemptReload() {
        return Future.succeededFuture()
                .compose(now -> whileReady())
                .compose(ready -> watch.read())
                .compose(this::validate)
                .compose(this::change)
                .transform(ended -> Future.succeededFuture(
                        ended.succeeded()
                                ? new Reload(
                                        Instant.now(),
                                        ended.result().isEmpty() ? Outcome.UNCHANGED : Outcome.APPLIED,
                                        ended.result(),
                                        List.of())
                                : new Reload(Instant.now(), Outcome.REJECTED, List.of(), problems(ended.cause()))));
    }

    private void tellReload(Reload reload) {
        reloadHandler.handle(reload);
    }

    private Future<List<String>> change(Valid next) {
        Difference difference = new Difference(values, next.values());
        return open.change(
                        next,
                        difference,
                        () -> whileReady().compose(ready -> sections.change(next.sections(), difference)))
                .map(changes -> {
                    List<String> all = new ArrayList<>(difference.of(OWN_KEYS));
                    all.addAll(changes);
                    take(next);
                    sectionNotes = sections.notes();
                    return all;
                });
    }

    private Future<Void> whileReady() {
        State now = runs ? state : State.STARTING;
        return now == State.READY
                ? Future.succeededFuture()
                : Future.failedFuture(new InvalidInputException(
                        List.of("the service is " + now.name().toLowerCase(Locale.ROOT) + ", nothing is changed")));
    }

    private static List<String> problems(Throwable failure) {
        if (failure instanceof InvalidInputException invalid) {
            return invalid.problems();
        }
        if (failure instanceof TransportException known) {
            return String.valueOf(known.getMessage()).lines().toList();
        }
        LOG.error("a reload failed for a reason that nobody has thought of", failure);
        return List.of(failure.toString());
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
        return sectionNotes;
    }

    @Override
    public void onConnectionEnd(@Nullable ConnectionEnds ends) {
        open.onConnectionEnd(ends);
    }

    @Override
    public List<ConfiguredValue> configuration() {
        return values;
    }

    @Override
    public Future<Reload> reload() {
        Promise<Reload> ended = Promise.promise();
        context.runOnContext(here -> reloads.ask().onComplete(ended));
        return ended.future();
    }

    @Override
    public JsonObject faults(String listener) {
        return valid.listeners().stream()
                .filter(each -> each.name().equals(listener))
                .findFirst()
                .map(each -> each.content().json().getJsonObject(Services.FAULTS))
                .map(EchoServerVerticle::withoutNulls)
                .orElseGet(JsonObject::new);
    }

    /** A key that is null is as if it were not there. */
    private static JsonObject withoutNulls(JsonObject object) {
        JsonObject result = new JsonObject();
        object.forEach(entry -> {
            if (entry.getValue() instanceof JsonObject nested) {
                result.put(entry.getKey(), withoutNulls(nested));
            } else if (entry.getValue() != null) {
                result.put(entry.getKey(), entry.getValue());
            }
        });
        return result;
    }

    @Override
    public Future<Reload> changeFaults(String listener, @Nullable JsonObject patch) {
        Promise<Reload> ended = Promise.promise();
        context.runOnContext(here -> {
            // One after the other: what is wrong with one must not take another back.
            Future<Reload> next = faultChange.transform(before -> attemptFaults(listener, patch));
            faultChange = next;
            next.onComplete(ended);
        });
        return ended.future();
    }

    private Future<Reload> attemptFaults(String listener, @Nullable JsonObject patch) {
        JsonObject before = watch.changes();
        JsonObject all = before.copy();
        if (patch == null) {
            all.getJsonObject("listeners", new JsonObject()).remove(listener);
        } else {
            JsonObject faults = new JsonObject().put(Services.FAULTS, patch);
            all.mergeIn(new JsonObject().put("listeners", new JsonObject().put(listener, faults)), true);
        }
        watch.change(all);
        return reloads.ask().onSuccess(reload -> {
            if (reload.outcome() == Outcome.REJECTED) {
                watch.change(before);
            }
        });
    }

    @Override
    public Optional<Reload> lastReload() {
        return reloads.last();
    }

    @Override
    public Map<Outcome, Long> reloads() {
        return reloads.counts();
    }

    @Override
    public Instant lastSuccess() {
        return reloads.lastSuccess();
    }

    @Override
    public <T> Optional<T> section(Class<T> type) {
        return sections.face(type);
    }
}
