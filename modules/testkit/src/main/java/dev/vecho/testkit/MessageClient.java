package dev.vecho.testkit;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A blocking client for messages that knows nothing of Vecho. Used by one thread at a time. */
public interface MessageClient extends AutoCloseable {

    /** Sends one message; throws if it is larger than possible, or if the connection is broken. */
    void send(byte[] message) throws IOException;

    /**
     * Waits for one message.
     *
     * @return null if none came in time
     * @throws IOException if the connection is broken or closed
     */
    byte @Nullable [] receive(Duration patience) throws IOException;

    @Override
    void close() throws IOException;
}
