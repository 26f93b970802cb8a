package dev.vecho.junit5;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What the echo server of a test does on purpose: the listener's key {@code faults}, with the most wanted of its keys. What is not
 * said is not done. Others, such as {@code certificates}, are in {@link Echo#options}, which are merged in.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({})
public @interface Faults {

    /** What is done to what the server sends. */
    Fault toPeer() default @Fault;

    /** What is done to what its client sends. */
    Fault fromPeer() default @Fault;

    /** Of everything that is drawn, so that runs repeat exactly; -1 is another one each time. */
    long seed() default -1;

    /** The share of connections, or of requests of HTTP, to which anything is done; not of messages. */
    double probability() default 1;

    /** Accepts connections, and says nothing, not even in a handshake of TLS. */
    boolean silent() default false;

    /** Listens, and accepts nobody. */
    boolean neverAccept() default false;

    /** Holds up the handshake of TLS for a time such as {@code 2s}. */
    String handshakeDelay() default "";
}
