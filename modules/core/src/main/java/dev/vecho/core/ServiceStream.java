package dev.vecho.core;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import org.jspecify.annotations.Nullable;

/**
 * A connection, as a service sees it: a stream of bytes each way. Used on the event loop of the connection only, which calls all of
 * its handlers.
 *
 * <ul>
 *   <li>Nothing is read while it is paused, or has no handler. A service that wants nothing sets a handler that does nothing.
 *   <li>What is written while {@link #writeQueueFull} waits in memory; the drain handler tells when there is room.
 *   <li>The end handler is called when the peer has closed its output. The connection stays open, so that the service can finish.
 *   <li>{@link #end()} closes the connection in order, once everything written was taken by the operating system. What the peer
 *       still sends is discarded.
 *   <li>The exception handler is called when the connection ended in any other way: it can neither be read nor written any more.
 * </ul>
 */
public interface ServiceStream extends ReadStream<Buffer>, WriteStream<Buffer> {

    /** Who is at the other end. */
    Peer peer();

    /**
     * Sets what is told when the connection has to end soon, because the listener drains or the connection has reached its age. It
     * is closed when no byte moves any more, and cut after some seconds.
     */
    ServiceStream shutdownHandler(@Nullable Handler<Void> handler);

    @Override
    ServiceStream exceptionHandler(@Nullable Handler<Throwable> handler);

    @Override
    ServiceStream handler(@Nullable Handler<Buffer> handler);

    @Override
    ServiceStream pause();

    @Override
    ServiceStream resume();

    @Override
    ServiceStream fetch(long amount);

    @Override
    ServiceStream endHandler(@Nullable Handler<Void> handler);

    /** The size is the listener's {@code writeQueueBytes}: this changes nothing. */
    @Override
    default ServiceStream setWriteQueueMaxSize(int maxSize) {
        return this;
    }

    @Override
    ServiceStream drainHandler(@Nullable Handler<Void> handler);

    /**
     * Closes this side's output, after everything that was written: the client sees the end, and may go on to send. {@link #end()} closes
     * what is left.
     *
     * @return completes when the end was sent
     */
    Future<Void> closeOutput();

    /**
     * Closes the connection as {@link #end} does, and counts it as failed: for a peer that has broken the rules of the service's
     * protocol. What was written before still arrives. No handler is called any more.
     *
     * @param why follows the connection in the one DEBUG line; nothing that the peer has sent as text
     */
    void fail(FailureReason reason, String why);

    /**
     * Closes the connection now, with a reset where that is possible.
     *
     * @param reason how it counts
     */
    Future<Void> reset(FailureReason reason);

    /** The same, for what has gone wrong within the service. */
    default Future<Void> reset() {
        return reset(FailureReason.INTERNAL);
    }

    /** Sets what is called last, once the connection is closed in whatever way. */
    ServiceStream closeHandler(@Nullable Handler<Void> handler);

    /** What a service has taken from a connection, or was given for it, and keeps for now. */
    interface Held {

        /** Whether there is any, so that the connection is not whole if it is closed now. */
        boolean isAny();

        /** Whether some of it moves by itself before long, so that the connection is not idle. */
        boolean isMoving();
    }

    /** Tells of what the service keeps, which is asked for when the connection could be closed. */
    ServiceStream holding(Held held);

    /** Counts something that was done to this connection on purpose. */
    void fault(String name);
}
