package dev.vecho.load;

import io.vertx.core.Future;
import java.util.function.LongConsumer;

/** One of the clients that a load is made of, at most one connection at a time. Every method is called on its event loop. */
interface Client {

    /** Connects, where that is part of getting ready; fails with a {@link dev.vecho.core.TransportException}. */
    Future<Void> open();

    /** Begins, where nothing has to be due. */
    void begin();

    /** One more message is due; one more connection, where each has one message. */
    void due();

    /** Gives up what takes too long. */
    void sweep(long now);

    /** Whether nothing is under way. */
    boolean idle();

    /** Whether it will do nothing any more. */
    boolean over();

    /** How many were due and have not been begun. */
    long unsent();

    /** Tells the numbers of those that are due, and have not come back. */
    void missing(LongConsumer each);

    Future<Void> close();
}
