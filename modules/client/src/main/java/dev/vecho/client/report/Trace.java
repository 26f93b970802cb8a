package dev.vecho.client.report;

import java.time.Duration;

/**
 * Told what happens in a round while it happens, on the round's event loop; it must neither block nor throw. Every time is
 * from the moment on at which the round began. Of bytes it gets the first 64 of a piece that was sent or came.
 */
public interface Trace {

    /** A connection is open. */
    default void opened(Duration at, String localAddress, String remoteAddress) {}

    /**
     * A step begins.
     *
     * @param step its index
     */
    default void begun(Duration at, int step) {}

    /** A step is done. */
    default void finished(Duration at, int step) {}

    /**
     * Bytes, or a message, are handed over to be sent.
     *
     * @param first at most 64 of them
     * @param count how many there are
     */
    default void sent(Duration at, byte[] first, int count) {}

    /**
     * Bytes, or a message, came.
     *
     * @param first at most 64 of them
     * @param count how many there are
     */
    default void received(Duration at, byte[] first, int count) {}

    /** The peer closed its output. */
    default void ended(Duration at) {}

    /** The connection is closed, or has broken. */
    default void closed(Duration at) {}
}
