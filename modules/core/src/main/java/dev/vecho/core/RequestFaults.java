package dev.vecho.core;

import dev.vecho.core.ConfiguredService.Answers;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a listener does on purpose to the requests that it answers, and to the WebSockets that requests become. Everything is drawn for
 * each of them by itself, as it is for a connection of another transport. Used on the event loop of the connection, and on its context.
 */
public interface RequestFaults {

    /** What answers messages, without faults. */
    ConfiguredService service();

    /** Whether that is the echo, of which the transport has its own for requests. */
    boolean isEcho();

    /**
     * Begins a request.
     *
     * @param bodies of the request and the response, as the client sends and gets them; a piece of no bytes stands for the head before each
     * @param served is told what is left of it to be served, and sets the handlers; not called where nobody is to answer
     */
    void request(ServiceStream bodies, Consumer<Request> served);

    /**
     * Begins a WebSocket.
     *
     * @param bytes of the connection after the handshake
     * @param served is told what is left of it to be served, and sets the handlers
     */
    void webSocket(ServiceStream bytes, Consumer<WebSocket> served);

    /** A request to which something may be done. */
    interface Request {

        /** The bodies and heads as the service is to see and send them. */
        ServiceStream bodies();

        /** The answer in place of the service's own; null for none. */
        @Nullable Status status();

        /** Whether the response loses its trailers; to be counted where it had some. */
        boolean losesTrailers();

        /** It has become a WebSocket on its stream: from now on its bodies have the faults of a WebSocket's bytes. */
        WebSocket webSocket();
    }

    /**
     * An answer that says no more than its code.
     *
     * @param code of HTTP, 400 to 599
     * @param beforeBody whether it comes before the request's body was read
     */
    record Status(int code, boolean beforeBody) {}

    /** A WebSocket to which something may be done. */
    interface WebSocket {

        /** Its bytes as its service is to see and send them. */
        ServiceStream bytes();

        /**
         * Answers a message with what answers messages, or with the same.
         *
         * @param message valid during the call only
         */
        void answer(Peer peer, Buffer message, Answers answers);
    }
}
