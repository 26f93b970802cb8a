package dev.vecho.transport.http;

import org.jspecify.annotations.Nullable;

/** What an {@link HttpEcho} needs of the connection that it is on, whatever the version. */
interface HttpCarrier {

    /** Counts bytes of a body. */
    void received(int bytes);

    /** Whether a connection without a request must close. */
    boolean draining();

    /** Notes that what is under way does not end as it should, so that the peer does not take a close for the end. */
    void broken();

    /** Where else the same is to be had, as the value of a header {@code Alt-Svc} (RFC 7838), or null. */
    @Nullable String alternative();
}
