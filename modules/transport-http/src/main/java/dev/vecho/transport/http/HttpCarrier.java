package dev.vecho.transport.http;

import dev.vecho.core.RequestFaults.Status;
import dev.vecho.core.ServiceStream.Held;
import io.netty.channel.ChannelHandlerContext;
import org.jspecify.annotations.Nullable;

/** What an {@link HttpEcho} needs of the connection or stream that it is on, whatever the version. */
@SuppressWarnings("FutureReturnValueIgnored") // A stream that is gone needs no reset.
interface HttpCarrier {

    /** Counts bytes of a body. */
    void received(int bytes);

    /** Counts bytes of a body that are written. */
    void sent(int bytes);

    /** Whether a connection without a request must close. */
    boolean draining();

    /** Whether its listener is about to drain, if it does not yet. */
    default boolean leaving() {
        return draining();
    }

    /** Notes that what is under way does not end as it should, so that the peer can tell the close from a normal end. */
    void broken();

    /** Where else the same is to be had, as the value of a header {@code Alt-Svc} (RFC 7838), or null. */
    @Nullable String alternative();

    /** Whether more than enough waits for the client, so that its input is not read. */
    boolean isFull();

    /** How much waits for the client. */
    long waiting();

    /**
     * Takes over whether input is read, or gives it back.
     *
     * @param on null for as {@link #isFull} says, as it is in the beginning
     */
    void read(@Nullable Boolean on);

    /** Whether what the client has sent, and what it may still send, is not read for an unknown time. */
    void heldBack(boolean yes);

    /**
     * Breaks off a stream, and not its connection; HTTP/1.1 has no streams.
     *
     * @param ctx of the last handler
     * @param cause what is wrong with it; null if nothing is, but the connection closes
     */
    default void cut(ChannelHandlerContext ctx, @Nullable Throwable cause) {
        ctx.close();
    }

    /**
     * Ends a stream whose response is complete, and whose request may not be.
     *
     * @param ctx of the last handler
     */
    default void refused(ChannelHandlerContext ctx) {
        ctx.close();
    }

    /** Lets the client of a stream whose response ends go on to send, so that it can end its side in order, too, until it is {@link #refused}. */
    default void lingers() {
        // Most versions do nothing else.
    }

    /**
     * Has what a stream carries say something before it ends because it was idle; what a connection carries hears of that.
     *
     * @param words writes them, and the end
     */
    default void lastWords(Runnable words) {
        // Whoever closes an idle connection ends its streams first.
    }

    /** Breaks off what is under way, which counts as broken, for it costs more than a client may. */
    void abort();

    // What faults need, and are.

    /** Counts something that was done on purpose. */
    void fault(String name);

    /**
     * Ends a connection of HTTP/1.1, or a stream, on purpose, as it is.
     *
     * @param ctx from where the end of a response can be written
     * @param reset whether that is a reset, rather than an end in order
     */
    void cutOnPurpose(ChannelHandlerContext ctx, boolean reset);

    /** Has somebody asked for what is held of a response, before the connection ends or is taken for idle. */
    default void holds(Held held) {
        // A stream ends with its response.
    }

    /** Takes that back. */
    default void holdsNoMore(Held held) {
        // As above.
    }

    /** Less is held than before. */
    default void holdsLess() {
        // As above.
    }

    /** With what the request that has just begun is answered on purpose; null for nothing. */
    default @Nullable Status status() {
        return null;
    }

    /** The stream carries a WebSocket from now on: what is done to its messages on purpose; null for nothing. */
    default ServedRequest.@Nullable Faulty becomesWebSocket() {
        return null;
    }

    /** Whether the end of a request has come, and the echo will hear of it. */
    default boolean hasEnd() {
        return false;
    }
}
