package dev.vecho.net;

import dev.vecho.core.FailureReason;
import dev.vecho.core.OpenConnection;
import dev.vecho.core.Traffic;
import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * How far the end of a connection has come, and how the connection counts. A connection is ended by the client, by its listener,
 * by a timer and by failures, often by several of them at once and in any order. So each of them asks for the next state, and
 * what it wants to do is done only where that state may follow.
 *
 * <p>A connection counts as whole if it is {@link State#COMPLETE} when it is closed and was not {@linkplain #broken noted} as
 * broken; else it counts as broken, for the reason that was noted first.
 *
 * <p>Not here, because they are no states of an end: whether a listener drains, for a connection may go on then; and what
 * regulates how much is read and written.
 *
 * <p>Used on the event loop of its connection only.
 */
public final class ConnectionEnd {

    /** The states, in the order in which they follow one another; most may be left out. */
    public enum State {

        /** What comes is echoed. */
        OPEN,

        /** The client has broken the rules of the protocol. Somebody is about to tell it, and to close. */
        FAILING,

        /** What comes is discarded, and what was accepted before is being written. */
        DISCARDING,

        /** Nothing more is expected, and what was accepted before is being written. */
        ENDING,

        /** Everything was written. The peer has time to receive it, and perhaps to close, too. */
        LINGERING,

        /** Nothing is owed. It is being closed in an orderly way. */
        COMPLETE,

        /** It is being closed before everything was done, by a reset if possible. */
        CUT,

        /** It is closed. */
        CLOSED;

        private boolean mayBecome(State next) {
            return switch (this) {
                case FAILING -> next == DISCARDING || next == CUT || next == CLOSED;
                // It may turn out then that the client has broken a rule, and needs time to hear of it.
                case ENDING -> next != OPEN && next != ENDING;
                default -> next.compareTo(this) > 0;
            };
        }
    }

    private final long begin = System.nanoTime();
    private long changed = begin;
    private State state = State.OPEN;
    private boolean broken;
    private @Nullable FailureReason reason;

    /** Whether it is in a state. */
    public boolean is(State state) {
        return this.state == state;
    }

    /** Whether nothing is left to do but to close it, if that was not done, too. */
    public boolean isOver() {
        return state.compareTo(State.COMPLETE) >= 0;
    }

    /** Whether it will count as broken, or does, whatever comes. */
    public boolean isBroken() {
        return broken;
    }

    /** Goes on to a state. Returns false, and does nothing, where that cannot follow: then somebody else was first. */
    public boolean to(State next) {
        if (!state.mayBecome(next)) {
            return false;
        }
        broken |= next == State.CUT || (next == State.CLOSED && state != State.COMPLETE);
        state = next;
        changed = System.nanoTime();
        return true;
    }

    /**
     * Goes on to {@link State#CUT}, as {@link #to} does.
     *
     * @param reason null if it is not known here
     */
    public boolean cut(@Nullable FailureReason reason) {
        boolean cut = to(State.CUT);
        if (cut) {
            note(reason);
        }
        return cut;
    }

    /**
     * Notes that it counts as broken, however it ends.
     *
     * @param reason null if it is not known here
     */
    public void broken(@Nullable FailureReason reason) {
        broken = true;
        note(reason);
    }

    private void note(@Nullable FailureReason reason) {
        if (this.reason == null) {
            this.reason = reason;
        }
    }

    /**
     * Why it counts as broken if it is closed now; null if it does not.
     *
     * @param otherwise the reason where none was noted
     */
    public @Nullable FailureReason failure(FailureReason otherwise) {
        if (!broken && (state == State.COMPLETE || state == State.CLOSED)) {
            return null;
        }
        return reason == null ? otherwise : reason;
    }

    /** How long the connection lasts. */
    public Duration age() {
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    /** How long it is in its state. */
    public Duration inState() {
        return Duration.ofNanos(System.nanoTime() - changed);
    }

    /** The state as those see it who watch the service. */
    public OpenConnection.Stage stage() {
        return switch (state) {
            case OPEN -> OpenConnection.Stage.OPEN;
            case ENDING -> OpenConnection.Stage.HALF_CLOSED;
            default -> OpenConnection.Stage.CLOSING;
        };
    }

    /**
     * Counts the end of a connection that is closed, and how long it lasted.
     *
     * @param otherwise as for {@link #failure}
     * @return why it broke; null if it did not
     */
    public @Nullable FailureReason count(Traffic traffic, FailureReason otherwise) {
        FailureReason failure = failure(otherwise);
        traffic.lasted(age());
        if (failure == null) {
            traffic.closed();
        } else {
            traffic.broke(failure);
        }
        return failure;
    }

    /** What a failure means for a connection; null where it says only that the connection was closed. */
    public static @Nullable FailureReason reason(Throwable cause) {
        Throwable root = cause;
        // Netty wraps what a decoder throws, and says of a closed channel what has closed it.
        while (root.getCause() != null
                && (root instanceof DecoderException || root instanceof ClosedChannelException)) {
            root = root.getCause();
        }
        if (root instanceof SSLException tls) {
            return TlsReason.of(tls);
        }
        if (root instanceof ClosedChannelException) {
            return null;
        }
        if (root instanceof IOException) {
            return reason(Addresses.reason(root));
        }
        if (root instanceof OutOfMemoryError) {
            return FailureReason.MEMORY;
        }
        return root instanceof DecoderException || root instanceof TimeoutException
                ? FailureReason.INPUT
                : FailureReason.INTERNAL;
    }

    /** By the words of the operating system: Java's exceptions have nothing else that tells. */
    private static FailureReason reason(String words) {
        if (words.contains("No buffer space") || words.contains("Cannot allocate memory")) {
            return FailureReason.MEMORY;
        }
        return words.contains("timed out") || words.contains("unreachable") || words.contains("no route to host")
                ? FailureReason.UNREACHABLE
                : FailureReason.RESET;
    }
}
