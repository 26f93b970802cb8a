package dev.vecho.transport.http;

import dev.vecho.core.config.Options;
import java.util.List;
import java.util.Map;

/**
 * What a user chooses of a WebSocket.
 *
 * @param compression whether permessage-deflate (RFC 7692) is offered; default false
 * @param subprotocols to offer, in order of preference; the server must agree to one; default none
 * @param text whether messages are sent as text, and must be UTF-8; default false, as binary
 * @param headers to send with the handshake; default none
 */
record WebSocketClientOptions(boolean compression, List<String> subprotocols, boolean text, RequestHeaders headers) {

    /** The key of these options among those of all transports. */
    static final String KEY = "ws";

    private static final String OF_THE_HANDSHAKE = "cannot be given: it belongs to the handshake";

    private static final Map<String, String> REFUSED = Map.of(
            "sec-websocket-accept", OF_THE_HANDSHAKE,
            "sec-websocket-key", OF_THE_HANDSHAKE,
            "sec-websocket-version", OF_THE_HANDSHAKE,
            "sec-websocket-extensions", "has an option of its own, compression",
            "sec-websocket-protocol", "has an option of its own, subprotocols");

    WebSocketClientOptions {
        subprotocols = List.copyOf(subprotocols);
    }

    /** Reads the options. */
    static WebSocketClientOptions read(Options options) {
        WebSocketClientOptions read = new WebSocketClientOptions(
                options.flag("compression", false),
                readSubprotocols(options),
                options.flag("text", false),
                RequestHeaders.read(options, REFUSED));
        options.rejectUnknownKeys();
        return read;
    }

    /** Reads the subprotocols that a client offers, or a server agrees to. */
    static List<String> readSubprotocols(Options options) {
        List<String> subprotocols = options.texts("subprotocols");
        for (String subprotocol : subprotocols) {
            if (!subprotocol.matches(RequestHeaders.TOKEN)) {
                options.problem(
                        "subprotocols", "must be tokens, without spaces and separators, was \"" + subprotocol + "\"");
            }
        }
        return subprotocols;
    }
}
