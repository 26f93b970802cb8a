package dev.vecho.core;

import io.vertx.core.Future;

/** One listener's validated options, ready to listen. */
public interface ServerTransport {

    /** The address that was configured, for messages; such as {@code localhost:7007}. */
    String address();

    /**
     * Starts to listen, on the event loop of the caller's context. It is called once for each event loop that serves the
     * listener; those calls share the address and the connections.
     *
     * @param traffic where this event loop counts; its share of what the listener counts
     * @return fails with a {@link TransportException} whose message names the address, and leaves nothing open
     */
    Future<Listener> listen(Traffic traffic);
}
