package dev.vecho.junit5;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Starts an echo server on a free port of 127.0.0.1. At a parameter of type {@link EchoAddress} it is a server for that test alone. At
 * a test class it is one for all tests of the class, nested ones too, whose parameters of that type get its address.
 *
 * <p>The server has a Vert.x instance of its own, so that a test that blocks an event loop does not block the echo. It is closed after
 * the test or the class; connections that are still open then are cut after {@link #drainMillis}.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.PARAMETER, ElementType.TYPE})
@ExtendWith(EchoExtension.class)
@SuppressWarnings("exports") // The extension is for JUnit alone, to which the package is open.
public @interface Echo {

    /** What carries the bytes; each but {@code tcp} needs its artifact, such as {@code vecho-transport-udp}. */
    String transport() default "tcp";

    /** TLS with a certificate made for the test; needs the artifact {@code vecho-selfsigned}. */
    boolean tls() default false;

    /** What the server does on purpose: {@code @Faults(toPeer = @Fault(latency = "50ms"))}. */
    Faults faults() default @Faults;

    /**
     * More keys of the listener, as a JSON object: {@code {"maxConnections": 1}}. They override what the other attributes say, key by
     * key in objects too, and the server is not given a host and a port where they name a {@code path}.
     */
    String options() default "{}";

    /** How long open connections may take to finish at the end. */
    int drainMillis() default 0;
}
