package dev.vecho.transport.http;

import dev.vecho.core.FailureReason;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;

/** What a {@link WebSocketEcho} needs of the connection that it has to itself, or of its stream. */
interface WebSocketCarrier {

    /** Counts bytes of a message. */
    void received(int bytes);

    /** Counts bytes of a message that are written. */
    void sent(int bytes);

    /** Whether it must close between two messages. */
    boolean draining();

    /** Notes that what is under way does not end as it should. */
    void broken();

    /** The same, for a reason of its own. */
    void broken(FailureReason reason);

    /** Counts something that was done on purpose. */
    void fault(String name);

    /** Ends the output after all that is written, and lets the peer do the same, for a limited time. */
    void closeAndDiscardInput();

    /** Closes after all that is written: the peer has ended its output. */
    void closeAfterLastByte();

    /** Somebody closes the connection. */
    void noteClose();

    /** Whether the operating system took everything. */
    boolean isDrained();

    /** Closes after what was written for the end, within a time limit. */
    void closeAfterLastWords(ChannelPromise promise);

    /** Something has failed in the pipeline. */
    void exceptionCaught(ChannelHandlerContext context, Throwable cause);
}
