package dev.vecho.server;

import dev.vecho.core.FailureReason;
import dev.vecho.core.OpenConnection;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.io.Io;
import dev.vecho.server.Configuration.Valid;
import dev.vecho.server.Configuration.ValidListener;
import dev.vecho.server.EchoService.ConnectionEnds;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The listeners of a service, and their way from one configuration to the next: what is new is opened first, and only when all of it
 * is open, and the rest of the service has followed, is anything changed that connections could notice. Used on the service's context
 * only.
 */
final class OpenListeners {

    private final Vertx vertx;
    private final List<ConnectionEnds> watchers = new CopyOnWriteArrayList<>();
    private final Supplier<Future<Void>> beforeDrain;
    private final Map<String, RunningListener> running = new TreeMap<>();
    private final Set<Future<?>> draining = ConcurrentHashMap.newKeySet();
    private volatile Duration drain = Duration.ZERO;
    private Duration busyPoll = Duration.ZERO;
    private volatile @Nullable ConnectionEnds ends;

    /**
     * Makes it; nothing is open.
     *
     * @param beforeDrain called for each event loop of each listener that stops with the whole service
     */
    OpenListeners(Vertx vertx, Supplier<Future<Void>> beforeDrain) {
        this.vertx = vertx;
        this.beforeDrain = beforeDrain;
    }

    /** Has somebody told of the connections that end; null for nobody. */
    void onConnectionEnd(@Nullable ConnectionEnds told) {
        ends = told;
        tellEnds();
    }

    /** Has one more told of connections: of all from now on, once {@link #tellEnds} was called. Any thread. */
    void watch(ConnectionEnds watcher) {
        watchers.add(watcher);
    }

    /** Takes {@link #watch} back. Any thread. */
    void unwatch(ConnectionEnds watcher) {
        watchers.remove(watcher);
    }

    /** Has the open listeners tell whoever wants to know. */
    void tellEnds() {
        running.values().forEach(this::tellEnds);
    }

    private void tellEnds(RunningListener listener) {
        if (ends != null || !watchers.isEmpty()) {
            listener.traffic().onEnd(new Traffic.Ends() {
                @Override
                public void began(OpenConnection connection) {
                    tell(each -> each.began(listener.name(), connection));
                }

                @Override
                public void ended(OpenConnection connection, @Nullable FailureReason failure) {
                    tell(each -> each.ended(listener.name(), listener.transport(), connection, failure));
                }
            });
        }
    }

    private void tell(Consumer<ConnectionEnds> what) {
        watchers.forEach(what);
        ConnectionEnds told = ends;
        if (told != null) {
            what.accept(told);
        }
    }

    /** As they are now, by name. */
    List<OpenListener> view() {
        return running.values().stream().map(RunningListener::view).toList();
    }

    /**
     * What becomes of each listener.
     *
     * @param adopting those that stay open with other options
     * @param opening those that are opened, each with the one of the same name that leaves, where there is one
     * @param leaving those that drain
     */
    private record Plan(
            Map<RunningListener, ValidListener> adopting,
            Map<ValidListener, @Nullable RunningListener> opening,
            List<RunningListener> leaving) {}

    private Plan plan(Valid next) {
        Map<RunningListener, ValidListener> adopting = new LinkedHashMap<>();
        Map<ValidListener, @Nullable RunningListener> opening = new LinkedHashMap<>();
        Map<String, RunningListener> left = new LinkedHashMap<>(running);
        for (ValidListener listener : next.listeners()) {
            RunningListener same = left.get(listener.name());
            if (same != null && (isUnchanged(same, listener) || same.canBecome(listener))) {
                left.remove(listener.name());
                if (!isUnchanged(same, listener)) {
                    adopting.put(same, listener);
                }
            } else {
                opening.put(listener, null);
            }
        }
        // One that has another name now, or the address that another one had, stays open as well.
        for (ValidListener listener : List.copyOf(opening.keySet())) {
            // Any free port is no address that could be meant.
            if (listener.server().address().endsWith(":0")) {
                continue;
            }
            left.values().stream()
                    .filter(each -> each.canBecome(listener))
                    .findFirst()
                    .ifPresent(found -> {
                        left.remove(found.name());
                        opening.remove(listener);
                        adopting.put(found, listener);
                    });
        }
        opening.replaceAll((listener, none) -> left.get(listener.name()));
        return new Plan(adopting, opening, List.copyOf(left.values()));
    }

    private static boolean isUnchanged(RunningListener listener, ValidListener next) {
        return listener.transport().equals(next.transport())
                && listener.content().equals(next.content());
    }

    /**
     * Goes over to a configuration, all or nothing.
     *
     * @param difference to what is in effect
     * @param others has the rest of the service follow, when all that is new is open
     * @return what was done, a sentence each; fails with a {@link TransportException} that names each address that cannot be bound, or
     *     as the others do
     */
    Future<List<String>> change(Valid next, Difference difference, Supplier<Future<List<String>>> others) {
        Plan plan = plan(next);
        boolean first = running.isEmpty();
        drain = first ? next.drain() : drain;
        plan.leaving().forEach(listener -> listener.server().leaves(true));
        return open(plan, next, first)
                .compose(opened -> others.get()
                        .onFailure(failure -> {
                            if (!first) {
                                opened.forEach(this::drain);
                            }
                        })
                        .compose(done -> commit(plan, opened, next, difference).onSuccess(all -> all.addAll(done))))
                .onFailure(failure ->
                        plan.leaving().forEach(listener -> listener.server().leaves(false)));
    }

    private Future<List<RunningListener>> open(Plan plan, Valid next, boolean first) {
        List<Future<RunningListener>> opening = new ArrayList<>();
        plan.opening().forEach((listener, before) -> opening.add(open(listener, before, next)));
        return Future.join(opening).transform(all -> {
            List<RunningListener> opened = opening.stream()
                    .filter(Future::succeeded)
                    .map(Future::result)
                    .toList();
            List<String> failures = opening.stream()
                    .filter(Future::failed)
                    .map(failed -> failed.cause().getMessage())
                    .toList();
            if (failures.isEmpty()) {
                return Future.succeededFuture(opened);
            }
            if (!first) {
                opened.forEach(this::drain);
            }
            // Else the deployment fails, and takes those that it has made down with it.
            return Future.failedFuture(new TransportException(Fault.BIND, String.join("\n", failures), all.cause()));
        });
    }

    /** Deploys a listener on its own, once for each event loop, so that it can come and go while others run. */
    private Future<RunningListener> open(ValidListener listener, @Nullable RunningListener before, Valid next) {
        // It goes on counting where it only moves.
        Traffic traffic =
                before != null && before.transport().equals(listener.transport()) ? before.traffic() : new Traffic();
        RunningListener opening = new RunningListener(listener, traffic);
        tellEnds(opening);
        if (before != null) {
            listener.server().replaces(before.server());
        }
        Supplier<Deployable> verticle = () -> new ListenerVerticle(opening, next.busyPoll(), () -> drain, beforeDrain);
        return vertx.deployVerticle(verticle, new DeploymentOptions().setInstances(VertxInternals.eventLoops(vertx)))
                .transform(deployed -> {
                    if (deployed.failed()) {
                        return Future.failedFuture(new TransportException(
                                Fault.BIND,
                                "listeners." + listener.name() + ": "
                                        + deployed.cause().getMessage(),
                                deployed.cause()));
                    }
                    opening.deployed(deployed.result());
                    return Future.succeededFuture(opening);
                });
    }

    /** From here on nothing fails. */
    private Future<List<String>> commit(Plan plan, List<RunningListener> opened, Valid next, Difference difference) {
        drain = next.drain();
        if (!busyPoll.equals(next.busyPoll())) {
            busyPoll = next.busyPoll();
            running.values().stream()
                    .findFirst()
                    .ifPresent(any ->
                            any.loops().forEach(loop -> loop.runOnContext(here -> Io.busyPoll(next.busyPoll()))));
        }
        plan.adopting().keySet().forEach(listener -> running.remove(listener.name()));
        plan.leaving().forEach(listener -> running.remove(listener.name()));
        opened.forEach(listener -> {
            listener.inService(true);
            running.put(listener.name(), listener);
        });
        List<String> sentences = new ArrayList<>();
        opened.forEach(listener -> sentences.add("listeners." + listener.name() + ": opened "
                + String.join(", ", listener.view().addresses())));
        List<Future<List<String>>> adopting = new ArrayList<>();
        plan.adopting().forEach((listener, wanted) -> {
            running.put(wanted.name(), listener);
            adopting.add(adopt(listener, wanted, difference));
        });
        plan.leaving().forEach(listener -> {
            sentences.add("listeners." + listener.name() + ": closed "
                    + String.join(", ", listener.view().addresses()));
            drain(listener);
        });
        return Future.join(adopting).map(all -> {
            adopting.forEach(each -> sentences.addAll(each.result()));
            return sentences;
        });
    }

    private static Future<List<String>> adopt(RunningListener listener, ValidListener wanted, Difference difference) {
        String before = "listeners." + listener.name();
        String after = "listeners." + wanted.name();
        List<String> sentences = new ArrayList<>();
        if (!before.equals(after)) {
            sentences.add(after + ": was " + before);
        }
        sentences.add(after + ": " + difference.of(before, listener.content(), after, wanted.content()));
        return listener.server().adopt(wanted.server()).map(late -> {
            listener.become(wanted);
            late.forEach(sentence -> sentences.add(after + "." + sentence));
            return sentences;
        });
    }

    /** Has a listener drain in the background. */
    private void drain(RunningListener listener) {
        listener.inService(false);
        Future<?> drained = vertx.undeploy(listener.deployment());
        draining.add(drained);
        drained.onComplete(over -> draining.remove(drained));
    }

    /** Closes all that are still open, and waits for those that drain; never fails. */
    Future<Void> close() {
        running.values().forEach(this::drain);
        running.clear();
        return Future.join(List.copyOf(draining)).transform(all -> Future.succeededFuture());
    }
}
