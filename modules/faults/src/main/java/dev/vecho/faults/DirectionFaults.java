package dev.vecho.faults;

import dev.vecho.core.RequestFaults.Status;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is done in one direction. Streams and messages have some of it in common, and the rest is empty for the other.
 *
 * @param latency holds up each piece or message; null for not at all
 * @param bytesPerSecond of a stream; 0 for no limit
 * @param slice passes a stream on in pieces
 * @param stallAfterBytes of a stream, from where on nothing passes any more, nor the end; {@link #NEVER} for none
 * @param cut ends the connection of a stream
 * @param corrupt changes bytes
 * @param halfClose what becomes of the end of the peer's output
 * @param closeDelay holds up the end of the service's output
 * @param status of some responses, in place of their own
 * @param losesTrailers whether responses end without them
 * @param loss of messages
 * @param duplicate the share of messages that come twice
 * @param reorder lets later messages overtake some
 * @param truncate shortens some messages
 * @param queueBytes how much is held at a time
 */
record DirectionFaults(
        @Nullable Distribution latency,
        long bytesPerSecond,
        @Nullable Slice slice,
        long stallAfterBytes,
        @Nullable Cut cut,
        @Nullable Corrupt corrupt,
        HalfClose halfClose,
        @Nullable Distribution closeDelay,
        @Nullable StatusFault status,
        boolean losesTrailers,
        @Nullable Loss loss,
        double duplicate,
        @Nullable Reorder reorder,
        @Nullable Truncate truncate,
        int queueBytes) {

    static final long NEVER = Long.MAX_VALUE;

    static final int QUEUE_BYTES = 1 << 20;

    /** Nothing is done, and nothing is held but what the other side does not take. */
    static final DirectionFaults NONE = nothing(1);

    private static DirectionFaults nothing(int queueBytes) {
        return new DirectionFaults(
                null, 0, null, NEVER, null, null, HalfClose.PASS, null, null, false, null, 0, null, null, queueBytes);
    }

    boolean isAny() {
        return !equals(nothing(queueBytes));
    }

    /** What is left for the bytes of a WebSocket, where messages are corrupted as such. */
    DirectionFaults ofWebSocketBytes() {
        return new DirectionFaults(
                latency,
                bytesPerSecond,
                slice,
                stallAfterBytes,
                cut,
                null,
                halfClose,
                null,
                null,
                false,
                null,
                0,
                null,
                null,
                queueBytes);
    }

    /** What is left for the messages of a WebSocket, whose bytes are held up as such. */
    DirectionFaults ofWebSocketMessages() {
        return new DirectionFaults(
                null,
                0,
                null,
                NEVER,
                null,
                corrupt,
                HalfClose.PASS,
                null,
                null,
                false,
                loss,
                duplicate,
                reorder,
                truncate,
                queueBytes);
    }

    /** How many bytes of a stream may wait: where nothing holds them up, no more than what the other side does not take at once. */
    int mayHold() {
        return latency != null || bytesPerSecond > 0 || slice != null || stallAfterBytes != NEVER ? queueBytes : 1;
    }

    /**
     * Pieces of a stream.
     *
     * @param bytes on average
     * @param variation how many bytes more or less there may be
     * @param pause between two of them
     */
    record Slice(int bytes, int variation, Distribution pause) {}

    /**
     * The end of a connection.
     *
     * @param afterBytes that have passed in this direction; {@link #NEVER} for whatever passes
     * @param after since the connection began; null for however long it lasts
     * @param reset whether it is a reset, rather than an end in order
     */
    record Cut(long afterBytes, @Nullable Duration after, boolean reset) {}

    /**
     * Bytes of which one bit is turned.
     *
     * @param rate the share of all bytes
     * @param offset of one byte in a stream, or in each message; {@link #NEVER} for none
     */
    record Corrupt(double rate, long offset) {}

    /** What becomes of the end of a peer's output. */
    enum HalfClose {
        PASS,
        /** The connection is reset. */
        REFUSE,
        /** The service does not hear of it. */
        SWALLOW
    }

    /**
     * Loss in the model of Gilbert and Elliott: a good and a bad state, between which each message may switch.
     *
     * @param toBad the probability to go from good to bad
     * @param toGood the probability to go from bad to good
     * @param inBad the share that is lost in the bad state
     * @param inGood the share that is lost in the good state
     */
    record Loss(double toBad, double toGood, double inBad, double inGood) {

        /** Each message by itself. */
        static Loss uniform(double rate) {
            return new Loss(0, 1, 0, rate);
        }

        /**
         * Bursts.
         *
         * @param rate the share of all messages
         * @param burst how many are lost in a row, on average
         */
        static Loss bursts(double rate, double burst) {
            return new Loss(rate / (burst * (1 - rate)), 1 / burst, 1, 0);
        }
    }

    /**
     * Messages that are overtaken.
     *
     * @param rate the share of all
     * @param depth how many later ones pass before
     * @param atMost how long it waits for them
     */
    record Reorder(double rate, int depth, Duration atMost) {}

    /**
     * Messages that lose their end.
     *
     * @param rate the share of all
     * @param bytes what is left
     */
    record Truncate(double rate, int bytes) {}

    /**
     * The status of some responses.
     *
     * @param rate the share of all
     */
    record StatusFault(double rate, Status status) {}
}
