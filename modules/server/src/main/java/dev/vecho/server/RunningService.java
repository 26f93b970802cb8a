package dev.vecho.server;

import dev.vecho.core.Services;
import dev.vecho.core.TransportException;
import dev.vecho.core.Transports;
import dev.vecho.core.VertxInternals;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.NamedFiles;
import dev.vecho.server.Configuration.Valid;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.core.shareddata.LocalMap;
import io.vertx.core.shareddata.Shareable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one service of a deployment, whatever the number of its instances: the one that starts first runs it, on its context, and the
 * others wait for it. Known to the Vert.x instance by the id of the deployment. What is public is safe for any thread.
 */
final class RunningService implements EchoService, Shareable {

    // Who configures what is logged knows the verticle.
    private static final Logger LOG = LoggerFactory.getLogger(EchoServerVerticle.class);

    /** What may change at the top beside listeners and sections. */
    private static final List<String> OWN_KEYS =
            List.of("drainMillis", "drainDelayMillis", "configScanMillis", "busyPollMicros");

    private final Vertx vertx;
    private final Context context;
    private final Configuration first;
    private final Transports transports;
    private final OpenListeners open;
    private final ConfigurationWatch watch;
    private final Reloads reloads = new Reloads(this::attemptReload, this::tellReload);
    private final RunningSections sections = new RunningSections(this);
    private final Promise<Void> started = Promise.promise();
    private final List<Handler<Reload>> reloadHandlers = new CopyOnWriteArrayList<>();
    private volatile @Nullable Valid valid;
    private volatile boolean runs;
    private @Nullable Future<Void> drainDelay;
    private @Nullable Future<?> stopped;
    private @Nullable Configuration wanted;
    private Future<?> faultChange = Future.succeededFuture();
    private volatile State state = State.STARTING;
    private volatile List<OpenListener> listeners = List.of();
    private volatile List<ConfiguredValue> values = List.of();
    private volatile Map<String, List<String>> sectionNotes = Map.of();

    private RunningService(Vertx vertx, Context context, Configuration first) {
        this.vertx = vertx;
        this.context = context;
        this.first = first;
        transports = Transports.load();
        open = new OpenListeners(vertx, this::beforeDrain);
        watch = new ConfigurationWatch(vertx, first);
    }

    /**
     * The service of the deployment that a context belongs to, which is made and starts if this is its first instance.
     *
     * @param first what it starts with
     * @param prepare has the service before it starts
     */
    static RunningService of(Vertx vertx, Context context, Configuration first, Handler<RunningService> prepare) {
        LocalMap<String, RunningService> all = all(vertx);
        String id = context.deploymentID();
        RunningService mine = all.computeIfAbsent(id, unknown -> new RunningService(vertx, context, first));
        if (mine.context == context) {
            // Not before all instances have ended: another one must not begin again what has failed.
            VertxInternals.closeWith(context, closed -> {
                all.removeIfPresent(id, mine);
                closed.succeed();
            });
            prepare.handle(mine);
            mine.start().<Void>mapEmpty().onComplete(mine.started);
        }
        return mine;
    }

    static Optional<EchoService> find(Vertx vertx, String deployment) {
        return Optional.ofNullable(all(vertx).get(deployment))
                .filter(service -> service.runs)
                .map(EchoService.class::cast);
    }

    private static LocalMap<String, RunningService> all(Vertx vertx) {
        return vertx.sharedData().getLocalMap(EchoServerVerticle.class.getName());
    }

    /** Completes when it runs; fails as the deployment does. */
    Future<Void> started() {
        return started.future();
    }

    private Future<?> start() {
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
            Valid now = valid;
            long millis = runs && now != null ? now.drainDelay().toMillis() : 0;
            delay = millis == 0
                    ? Future.succeededFuture()
                    : vertx.timer(millis, TimeUnit.MILLISECONDS).mapEmpty();
            drainDelay = delay;
        }
        return delay;
    }

    /** Stops the sections; the listeners, which are deployed on their own, have drained before, unless a reload was under way. */
    Future<?> stop() {
        Promise<Void> ended = Promise.promise();
        context.runOnContext(here -> {
            if (stopped == null) {
                state = State.DRAINING;
                watch.stop();
                stopped = reloads.underWay().compose(over -> open.close()).compose(closed -> sections.close());
            }
            stopped.<Void>mapEmpty().onComplete(ended);
        });
        return ended.future();
    }

    private Future<Reload> attemptReload() {
        Configuration given = wanted;
        wanted = null;
        return Future.succeededFuture()
                .compose(now -> whileReady())
                .compose(ready ->
                        given == null ? watch.read().compose(this::validate).compose(this::change) : take(given))
                .transform(ended -> Future.succeededFuture(
                        ended.succeeded()
                                ? new Reload(
                                        Instant.now(),
                                        ended.result().isEmpty() ? Outcome.UNCHANGED : Outcome.APPLIED,
                                        ended.result(),
                                        List.of())
                                : rejected(problems(ended.cause()))));
    }

    /** Goes over to a configuration that the application gives; where it is refused, the one before is the one to read again. */
    private Future<List<String>> take(Configuration given) {
        NamedFiles files = new NamedFiles();
        Configuration changed = watch.changed(given);
        return vertx.executeBlocking(() -> changed.validate(vertx, transports, files))
                .compose(this::change)
                .onSuccess(changes -> watch.replaced(given, files));
    }

    private static Reload rejected(List<String> problems) {
        return new Reload(Instant.now(), Outcome.REJECTED, List.of(), problems);
    }

    private void tellReload(Reload reload) {
        reloadHandlers.forEach(handler -> handler.handle(reload));
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
    Map<String, List<String>> sectionNotes() {
        return sectionNotes;
    }

    @Override
    public void onConnectionEnd(@Nullable ConnectionEnds ends) {
        open.onConnectionEnd(ends);
    }

    @Override
    public Runnable watchConnections(ConnectionEnds watcher) {
        open.watch(watcher);
        context.runOnContext(here -> open.tellEnds());
        return () -> open.unwatch(watcher);
    }

    @Override
    public Runnable watchReloads(Handler<Reload> handler) {
        reloadHandlers.add(handler);
        return () -> reloadHandlers.remove(handler);
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
    public Future<Reload> reconfigure(JsonObject configuration) {
        if (watch.readsSources()) {
            return Future.succeededFuture(rejected(List.of(
                    "the configuration is read from files, stores and the environment: change it there, and reload")));
        }
        Configuration given = Configuration.of(configuration.copy());
        Promise<Reload> ended = Promise.promise();
        context.runOnContext(here -> {
            wanted = given;
            reloads.ask().onComplete(ended);
        });
        return ended.future();
    }

    @Override
    public JsonObject faults(String listener) {
        Valid now = valid;
        return (now == null ? Stream.<Configuration.ValidListener>empty() : now.listeners().stream())
                .filter(each -> each.name().equals(listener))
                .findFirst()
                .map(each -> each.content().json().getJsonObject(Services.FAULTS))
                .map(RunningService::withoutNulls)
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
