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
     * What a client on this machine has to do to be served, so that the service can check its own listeners.
     *
     * @param address one of {@link #addresses}
     */
    default OwnClient ownClient(String address) {
        return OwnClient.PLAIN;
    }

    /**
     * A client of the service's own.
     *
     * @param options those of {@link Transport#client}
     * @param proxyHeader whether a PROXY header comes before all else, also before TLS
     */
    record OwnClient(JsonObject options, boolean proxyHeader) {

        /** One that needs no options. */
        public static final OwnClient PLAIN = new OwnClient(new JsonObject(), false);
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
