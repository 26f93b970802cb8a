package dev.vecho.core;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;

/** One event loop's share of an open listener. */
public interface Listener {

    /** The real addresses that it listens on, as targets: {@code tcp://127.0.0.1:7007} and {@code tcp://[::1]:7007}. */
    List<String> addresses();

    /** What an operator should know of this listener, such as the fingerprint of its certificate; one line each. */
    List<String> notes();

    /** The certificates that it presents now, without those that have signed them; none where it has no TLS. */
    default List<X509Certificate> certificates() {
        return List.of();
    }

    /**
     * The options of {@link Transport#client} that a client on this machine needs to be served, so that the service can check its
     * own listeners.
     *
     * @param address one of {@link #addresses}
     */
    default JsonObject ownClient(String address) {
        return new JsonObject();
    }

    /**
     * The service is about to stop, and goes on to serve until this is drained. Called on its event loop. By default that makes no
     * difference; a protocol that can say so tells its clients, so that they go elsewhere in time.
     */
    default void leaves() {
        // Most protocols cannot say so.
    }

    /**
     * Stops to accept, lets the connections finish and closes what is left after the grace period. A connection that is
     * cut with echoes still under way is reset, so that its peer does not take the cut for the end.
     *
     * @param grace zero closes at once
     * @return completes when every connection is closed, and counted as such; never fails
     */
    Future<Void> drain(Duration grace);
}
