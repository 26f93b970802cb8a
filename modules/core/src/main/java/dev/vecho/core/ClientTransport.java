package dev.vecho.core;

import io.vertx.core.Future;

/** One target's validated options, ready to connect, as often as wanted. */
public interface ClientTransport {

    /**
     * Opens a connection, on the event loop of the caller's context. It has no time limit of its own: the caller bounds
     * the wait and, when it gives up, closes this transport.
     *
     * @param receiver told of all that happens, on the connection's event loop
     * @return fails with a {@link TransportException}
     */
    Future<Connection> connect(Receiver receiver);

    /**
     * Finds out whether the target speaks TLS where this transport speaks plain text to it, on one more connection.
     *
     * @return false where it does not, where this transport speaks TLS itself, and where that cannot be found out in time;
     *     never fails
     */
    default Future<Boolean> answersTls() {
        return Future.succeededFuture(false);
    }

    /**
     * Whether what gets lost is sent again by this process, as with QUIC, and not by the operating system. Where the process stood
     * still, it takes that for long round trips, and has too much patience for some time.
     */
    default boolean resends() {
        return false;
    }

    /**
     * Whether its connections carry a stream of bytes that somebody else may pass on: they can be {@linkplain Connection#pause paused}, and
     * nothing but the operating system makes an attempt to connect wait.
     */
    default boolean canPause() {
        return false;
    }

    /** Closes every connection and frees what they used; never fails. */
    Future<Void> close();
}
