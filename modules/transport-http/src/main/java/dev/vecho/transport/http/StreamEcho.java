package dev.vecho.transport.http;

import io.netty.channel.ChannelHandler;

/** What answers on a stream of HTTP/2, as its connection sees it. */
interface StreamEcho extends ChannelHandler {

    /** The listener has begun to leave, or to drain. */
    void leaving();

    /** The connection's input has ended: what has not ended on this stream never will. */
    void inputLost();

    /** Ends the answer, because the connection closes and everything that came was echoed, where the protocol can say so. */
    void endEarly();

    /** Breaks the stream off. */
    void cut();

    /** Whether what the client sent is being handed on, and not all of it was yet. */
    boolean isCatchingUp();

    /** Whether a client that resets the stream now has broken nothing off. */
    boolean mayBeLeft();
}
