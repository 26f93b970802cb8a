package dev.vecho.core;

import io.vertx.core.buffer.Buffer;
import java.time.Duration;

/**
 * Told what happens on a {@link Connection}. Called on the connection's event loop. {@link #ended} or {@link #failed}
 * is the last call, and comes at most once.
 */
public interface Receiver {

    /** A step of opening a connection. */
    enum Phase {
        RESOLVE,
        CONNECT,
        TLS
    }

    /** Ignores everything. */
    Receiver NONE = new Receiver() {
        @Override
        public void received(Buffer bytes) {}

        @Override
        public void ended() {}

        @Override
        public void failed(TransportException cause) {}
    };

    /** A step of opening the connection has begun, so that it is known what took too long when it does. */
    default void began(Phase phase) {}

    /** A step of opening the connection is done; it took that long. Steps that a transport does not have never come. */
    default void completed(Phase phase, Duration took) {}

    /**
     * Something is not as it should be, although a connection comes about: of two addresses only one answered, for
     * example.
     *
     * @param word stable, for programs, such as {@code family}
     * @param sentence for people
     */
    default void warned(String word, String sentence) {}

    /**
     * Bytes, or one message, came.
     *
     * @param bytes valid during this call only
     */
    void received(Buffer bytes);

    /** The peer closed its output: nothing more will come. */
    void ended();

    /** The connection broke: nothing more will come. */
    void failed(TransportException cause);
}
