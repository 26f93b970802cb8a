package dev.vecho.junit5;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What is done to what goes one way. What is not said is not done; what a transport cannot have is an error. Times are texts such as
 * {@code 50ms}, {@code 50ms±10ms} or {@code normal(50ms,10ms)}, shares are from 0 to 1.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({})
public @interface Fault {

    /** How a connection is cut. */
    enum Cut {
        /** By a reset, which its client is told as an error. */
        RESET,
        /** By an end that looks like a normal one. */
        FIN
    }

    /** What becomes of the end of what a client sends. */
    enum HalfClose {
        /** The service is told. */
        PASS,
        /** The connection is reset. */
        REFUSE,
        /** The service is not told. */
        SWALLOW
    }

    /** Holds up each piece of a stream, or each message. The key {@code latency}. */
    String latency() default "";

    /** Of streams: how many bytes pass in a second; 0 for no limit. The key {@code bytesPerSecond}. */
    long bytesPerSecond() default 0;

    /** Of streams: passes bytes on in pieces of so many; 0 for as they come. The key {@code slice.bytes}. */
    int sliceBytes() default 0;

    /** The time between such pieces; 1 ms by default. The key {@code slice.pause}. */
    String slicePause() default "";

    /** Of streams: after so many bytes nothing passes any more; -1 for never. The key {@code stallAfterBytes}. */
    long stallAfterBytes() default -1;

    /** Of streams: after so many bytes the connection ends; -1 for never. The key {@code cut.afterBytes}. */
    long cutAfterBytes() default -1;

    /** Of streams: the connection ends so long after it began. The key {@code cut.after}. */
    String cutAfter() default "";

    /** How it ends then. The key {@code cut.with}. */
    Cut cutWith() default Cut.RESET;

    /** The share of all bytes of which one bit is turned. The key {@code corrupt.rate}. */
    double corruptRate() default 0;

    /** The place of a byte of which one bit is turned, from 0; -1 for none. The key {@code corrupt.offset}. */
    long corruptOffset() default -1;

    /** Of streams, {@link Faults#fromPeer} alone: what happens when a client closes its output. The key {@code halfClose}. */
    HalfClose halfClose() default HalfClose.PASS;

    /** Of streams, {@link Faults#toPeer} alone: holds up the end. The key {@code closeDelay}. */
    String closeDelay() default "";

    /** Of messages: the share that is lost. The key {@code loss.rate}. */
    double loss() default 0;

    /** How many are lost in a row, on average; 0 for one by one. The key {@code loss.burst}. */
    double lossBurst() default 0;

    /** Of messages: the share that comes twice. The key {@code duplicate}. */
    double duplicate() default 0;

    /** Of messages: the share that is overtaken. The key {@code reorder.rate}. */
    double reorder() default 0;

    /** By how many. The key {@code reorder.depth}. */
    int reorderDepth() default 1;

    /** Of messages: how many bytes are left of one; -1 for all. The key {@code truncate.bytes}. */
    int truncateBytes() default -1;

    /** The share of which only these are left. The key {@code truncate.rate}. */
    double truncateRate() default 1;

    /**
     * Of HTTP, {@link Faults#toPeer} alone: answers requests with such a status, 400 to 599, in place of the echo; 0 for none. The key
     * {@code status.code}.
     */
    int status() default 0;

    /** The share of requests that are answered so. The key {@code status.rate}. */
    double statusRate() default 1;
}
