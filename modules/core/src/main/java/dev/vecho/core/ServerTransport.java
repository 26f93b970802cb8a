package dev.vecho.core;

import io.vertx.core.Future;
import java.util.List;

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

    /**
     * Whether this one, which is open, can go on in the place of another one of the same transport, which is not: its sockets stay,
     * and {@link #adopt} gives it the other's options. By default it cannot, and the other one is opened beside it.
     */
    default boolean canAdopt(ServerTransport next) {
        return false;
    }

    /**
     * Takes over the options of another one, for the connections that come from now on; those that are open keep what they have.
     * Called on any thread, while the listener is open, and only after {@link #canAdopt} has said yes.
     *
     * @return what takes effect only when the service starts again, a sentence each that begins with the key; never fails
     */
    default Future<List<String>> adopt(ServerTransport next) {
        throw new UnsupportedOperationException("canAdopt says that it cannot");
    }

    /**
     * Told before {@link #listen} which listener, of the same name and maybe of another transport, is open now and drains as soon
     * as this one is open. One that is to have any free port keeps the port of the other, if it can.
     */
    default void replaces(ServerTransport before) {
        // Most have nothing to take over.
    }

    /**
     * Told while the listener is open whether it is going to drain as soon as others are open, which may take its addresses if they
     * can share them.
     */
    default void leaves(boolean soon) {
        // Most share nothing.
    }
}
