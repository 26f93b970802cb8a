package dev.vecho.transport.http;

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
     * Tells the client of a stream, whose response has ended before its request, to send no more of it.
     *
     * @param ctx of the last handler
     */
    default void refuseInput(ChannelHandlerContext ctx) {
        ctx.close();
    }

    /** Breaks off what is under way, which counts as broken, for it costs more than a client may. */
    void abort();
}
