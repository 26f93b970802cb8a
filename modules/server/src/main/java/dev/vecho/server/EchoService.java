package dev.vecho.server;

import dev.vecho.core.FailureReason;
import dev.vecho.core.OpenConnection;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The running service, as its {@link Section}s and the application around it see it: {@link #of} finds it. Safe for any thread.
 */
public interface EchoService {

    /**
     * The service that runs as a deployment, however it was deployed.
     *
     * @param deploymentId what {@code deployVerticle} has told
     * @return empty before the deployment has succeeded, after it has ended, and where it is of something else
     */
    static Optional<EchoService> of(Vertx vertx, String deploymentId) {
        return RunningService.find(vertx, deploymentId);
    }

    /** Where it is in its life. */
    enum State {
        /** Not all listeners are open yet. */
        STARTING,
        /** All listeners are open. */
        READY,
        /** It was told to stop; connections may finish. */
        DRAINING
    }

    /**
     * How an attempt to reload the configuration ended.
     *
     * @param at when
     * @param outcome what came of it
     * @param changes what was changed, a sentence each; none where it failed
     * @param problems all that was wrong; none where it succeeded
     */
    record Reload(Instant at, Outcome outcome, List<String> changes, List<String> problems) {

        public Reload {
            changes = List.copyOf(changes);
            problems = List.copyOf(problems);
        }
    }

    /** What came of a reload. */
    enum Outcome {
        APPLIED,
        UNCHANGED,
        /** The new configuration is wrong, or could not be applied; the one before is still in effect. */
        REJECTED
    }

    /** Told of the connections that end, and maybe that they begin. */
    @FunctionalInterface
    interface ConnectionEnds {

        /**
         * A connection has begun, which may have to agree upon TLS still. Called on its event loop, as {@link #ended}.
         *
         * @param listener the name of its listener
         */
        default void began(String listener, OpenConnection connection) {}

        /**
         * A connection has ended. Called on its event loop, where alone what is known of it may be asked for, and only during the call.
         *
         * @param listener the name of its listener
         * @param transport that of the listener
         * @param failure null where it was served to its end
         */
        void ended(String listener, String transport, OpenConnection connection, @Nullable FailureReason failure);
    }

    /**
     * Has somebody told of the connections that end, in place of whoever was told before. Of connections that were open before anybody
     * was, some things are not known any more then.
     *
     * @param ends null for nobody
     */
    default void onConnectionEnd(@Nullable ConnectionEnds ends) {
        throw new UnsupportedOperationException("it has no connections");
    }

    /**
     * Has one more told of the connections that begin and end, from now on.
     *
     * @param watcher called on the event loop of the connection
     * @return ends it
     */
    default Runnable watchConnections(ConnectionEnds watcher) {
        throw new UnsupportedOperationException("it has no connections");
    }

    /**
     * Has one more told of each attempt to {@link #reload}, whoever asked for it.
     *
     * @param handler called on the service's context
     * @return ends it
     */
    default Runnable watchReloads(Handler<Reload> handler) {
        throw new UnsupportedOperationException("it does not reload");
    }

    State state();

    /** The listeners that are open, in the order of their names. */
    List<OpenListener> listeners();

    /** All values that are in effect, secrets masked. */
    List<ConfiguredValue> configuration();

    /**
     * Reads the configuration again and applies what has changed. One that is asked for while another is under way waits for it.
     *
     * @return never fails
     */
    Future<Reload> reload();

    /**
     * Goes over to another configuration in place of the one in the deployment options, all or nothing: listeners that are in both stay
     * open, with their connections. Where it is refused, the one before stays in effect. Of several that wait for a reload under way the
     * last one counts. One that was loaded from files is not replaced, but reloaded.
     *
     * @return never fails; an outcome {@link Outcome#REJECTED} has all that is wrong
     */
    default Future<Reload> reconfigure(JsonObject configuration) {
        throw new UnsupportedOperationException("it has no configuration");
    }

    /** What a listener does on purpose, as its key {@code faults} says it; nothing where it has none, or there is no such listener. */
    default JsonObject faults(String listener) {
        return new JsonObject();
    }

    /**
     * Changes what a listener does on purpose, also to the connections that it has faults for. That lasts over reloads until the service
     * stops, or until it is taken back.
     *
     * @param patch a JSON merge patch of its key {@code faults} (RFC 7396); null takes back all that was changed so
     * @return how the reload that this is has ended; never fails
     */
    default Future<Reload> changeFaults(String listener, @Nullable JsonObject patch) {
        throw new UnsupportedOperationException("it has no listeners");
    }

    /** The last attempt to reload; empty before the first. */
    Optional<Reload> lastReload();

    /** How many attempts to reload have ended so far, by their outcome; those outcomes that there were. */
    default Map<Outcome, Long> reloads() {
        return Map.of();
    }

    /** Since when the configuration is known to be the one in effect: the last reload that was not rejected, or else the start. */
    default Instant lastSuccess() {
        return Instant.EPOCH;
    }

    /** What a section that runs lets others use, such as a monitor of checks; empty where no section has such a thing. */
    default <T> Optional<T> section(Class<T> type) {
        return Optional.empty();
    }
}
