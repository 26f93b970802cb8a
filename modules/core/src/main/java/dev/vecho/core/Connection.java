package dev.vecho.core;

import dev.vecho.core.TransportException.Fault;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An open connection to a target. Every method is called on the connection's event loop. */
public interface Connection {

    /**
     * Sends bytes, or one message. The caller bounds what is under way: it waits for the result before it sends much
     * more.
     *
     * @param bytes not to be changed until the result completes
     * @return completes when the operating system took the bytes; fails with a {@link TransportException}
     */
    Future<Void> send(Buffer bytes);

    /**
     * Stops reading until {@link #resume}, so that the peer has to wait. What was read before may still come. Only where the
     * transport's connections {@linkplain ClientTransport#canPause can} do so.
     */
    default void pause() {
        throw new UnsupportedOperationException("see ClientTransport.canPause");
    }

    /** Goes on to read. */
    default void resume() {
        throw new UnsupportedOperationException("see ClientTransport.canPause");
    }

    /**
     * Closes this side's output, after what was sent, and keeps the input open: a TCP half-close, or a TLS close_notify.
     *
     * @return completes when the end was sent; fails with a {@link TransportException}, also where the transport carries
     *     messages
     */
    Future<Void> closeOutput();

    /** Closes the connection, both ways; never fails. */
    Future<Void> close();

    /**
     * Breaks the connection off, what was not sent yet is lost: a TCP reset, for example. Where a transport knows no such
     * thing, it closes. Never fails.
     */
    default Future<Void> reset() {
        return close();
    }

    /**
     * Begins TLS on a connection that was opened without, with the target's {@code tls} options. Nothing may be sent until
     * the result completes.
     *
     * @return fails with a {@link TransportException}, also where the transport has no TLS to begin
     */
    default Future<Void> startTls() {
        return Future.failedFuture(
                new TransportException(Fault.OTHER, remoteAddress() + ": TLS cannot be begun on this transport", null));
    }

    /** The address of this side, such as {@code 127.0.0.1:50412}. */
    String localAddress();

    /** The address that answered, such as {@code [::1]:7007}. */
    String remoteAddress();

    /**
     * How many messages this machine has dropped since the connection was opened, because it had no room for them: those that came before
     * they were read, and those that were sent. -1 if that is not known.
     */
    default long dropped() {
        return 0;
    }

    /**
     * What became of the messages that were sent, and came back, since the last call, on each of the two ways; {@link #details} may say more
     * then. Null where the transport cannot tell, the default.
     */
    default @Nullable Directions takeDirections() {
        return null;
    }

    /** What was negotiated, for a report: names and values such as {@code protocol} and {@code TLSv1.3}. */
    Map<String, String> details();
}
