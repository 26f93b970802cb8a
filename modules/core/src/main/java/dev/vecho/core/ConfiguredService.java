package dev.vecho.core;

import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A service with its options, for one listener: all of its connections, on all of its event loops. It serves streams, messages or
 * both; what {@link #refusal} lets through.
 *
 * <p>Nothing here may block. What throws costs the connection, or the answer.
 */
public interface ConfiguredService {

    /** Why it cannot serve what a transport carries, for a sentence that begins with its name; null where it can, the default. */
    default @Nullable String refusal(Transport.Framing framing) {
        return null;
    }

    /**
     * Whether an answer may be larger than the message that it answers. Then a transport on which a source address can be forged
     * asks for limits.
     */
    boolean amplifies();

    /** The media type of what it sends, where a transport can tell one; default {@code application/octet-stream}. */
    default String contentType() {
        return "application/octet-stream";
    }

    /** Whether an answer is the message itself, in whatever way it comes, so that a transport may send back what came with it, too. */
    default boolean echoes() {
        return false;
    }

    /** Whether answers depend on what messages say. Otherwise, nobody keeps a long message until its end has come. */
    default boolean readsMessages() {
        return true;
    }

    /**
     * Serves a connection that carries a stream of bytes. Called on the connection's event loop, once it can be written to; nothing
     * is read before a handler was set.
     */
    void serve(ServiceStream stream);

    /**
     * Answers a message. Called on the event loop that it came on.
     *
     * @param message the bytes, valid during the call only; none where {@link #readsMessages} says that nobody reads them
     * @return null for no answer; at most 512 bytes, or as many as the message had, fit everywhere
     */
    @Nullable Buffer answer(Peer peer, Buffer message);

    /** Takes what a service has to say to a message. Used on the event loop that the message came on. */
    interface Answers {

        /** Sends an answer, also after the call that has got this. */
        void send(Buffer answer);

        /** Counts something that was done to the message, or to the answer, on purpose. */
        void fault(String name);
    }

    /**
     * Answers a message, now or later, once, several times or never. By default, now and with {@link #answer(Peer, Buffer)}. For
     * transports that carry any number of answers to a message.
     */
    default void answer(Peer peer, Buffer message, Answers answers) {
        Buffer answer = answer(peer, message);
        if (answer != null) {
            answers.send(answer);
        }
    }

    /**
     * What happens to a new connection before anything else does.
     *
     * @param silent whether nothing is said at all, not even in a handshake of TLS; what comes is discarded
     * @param delay how long nothing is read, and so a handshake of TLS takes longer
     */
    record Welcome(boolean silent, Duration delay) {

        /** Nothing. */
        public static final Welcome PLAIN = new Welcome(false, Duration.ZERO);
    }

    /** Asked for each new connection, on its event loop. By default, {@link Welcome#PLAIN}. */
    default Welcome welcome(Traffic traffic) {
        return Welcome.PLAIN;
    }

    /** Whether connections are accepted; else those who listen do it without ever accepting. By default they are. */
    default boolean accepts() {
        return true;
    }

    /** Certificates that are wrong on purpose, by the names that clients ask for; {@code *} is for all others. By default, none. */
    default Map<String, Faults.Certificate> certificates() {
        return Map.of();
    }

    /** What is done on purpose to requests, by a service that {@link Faults} has made for them; null for nothing, the default. */
    default @Nullable RequestFaults requestFaults() {
        return null;
    }

    /**
     * Tells that the listener has another service from now on. Connections that are open keep this one.
     *
     * @param next null for the transport's own echo
     */
    default void replacedBy(@Nullable ConfiguredService next) {
        // Most do not care.
    }
}
