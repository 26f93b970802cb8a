package dev.vecho.transport.http;

import dev.vecho.core.Options;
import dev.vecho.core.TlsServer;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The options of one HTTP listener.
 *
 * @param host a name or a literal address; a name listens on all of its addresses; default {@code localhost}
 * @param port 0 for any free one; default 7080
 * @param backlog connections that the operating system keeps until they are accepted; default 1024, at most what the
 *     system allows
 * @param idle closes a connection when no byte moved either way for so long; zero for never; key
 *     {@code idleTimeoutMillis}, default 0
 * @param maxConnections further ones are closed at once; default 10,000
 * @param reusePort lets several processes listen on the port (SO_REUSEPORT); default false
 * @param writeQueueBytes how much may wait for a slow reader before its input is not read any more; default 65,536
 * @param maxHeaderBytes how long a request's first line may be, and all of its headers together; default 16,384
 * @param http2 speaks HTTP/2 too, chosen by ALPN or by the client's first bytes; default true
 * @param maxStreams requests at a time on one HTTP/2 connection; default 100
 * @param maxMessageBytes how long a WebSocket message may be, once it is decompressed; default 16,777,216
 * @param compression agrees to permessage-deflate (RFC 7692) where a WebSocket client offers it; default true
 * @param subprotocols WebSocket subprotocols to agree to, the first that the client names and this list has; default none
 * @param tls null for plain HTTP; its {@code alpn} is {@code h2} and {@code http/1.1} unless it says otherwise
 */
record HttpListenerOptions(
        String host,
        int port,
        int backlog,
        Duration idle,
        int maxConnections,
        boolean reusePort,
        int writeQueueBytes,
        int maxHeaderBytes,
        boolean http2,
        int maxStreams,
        int maxMessageBytes,
        boolean compression,
        List<String> subprotocols,
        @Nullable TlsServer tls) {

    /** What RFC 9110, section 5.6.2, calls a token. */
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

    static HttpListenerOptions read(Vertx vertx, Options options) {
        String host = options.text("host", "localhost");
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        boolean reusePort = options.flag("reusePort", false);
        if (reusePort && !vertx.isNativeTransportEnabled()) {
            options.problem("reusePort", "needs io epoll, io_uring or kqueue, this runs on nio");
        }
        boolean http2 = options.flag("http2", true);
        List<String> subprotocols = options.texts("subprotocols");
        for (String subprotocol : subprotocols) {
            if (!subprotocol.matches(TOKEN)) {
                options.problem(
                        "subprotocols", "must be tokens, without spaces and separators, was \"" + subprotocol + "\"");
            }
        }
        List<String> alpn = http2 ? List.of("h2", "http/1.1") : List.of("http/1.1");
        HttpListenerOptions read = new HttpListenerOptions(
                host,
                options.integer("port", 7080, 0, 65_535),
                options.integer("backlog", 1024, 1, 1 << 20),
                Duration.ofMillis(options.integer(
                        "idleTimeoutMillis", 0L, 0, Duration.ofDays(365).toMillis())),
                options.integer("maxConnections", 10_000, 1, Integer.MAX_VALUE),
                reusePort,
                options.integer("writeQueueBytes", 64 * 1024, 1024, 1 << 30),
                options.integer("maxHeaderBytes", 16 * 1024, 256, 1 << 20),
                http2,
                options.integer("maxStreams", 100, 1, 1 << 20),
                options.integer("maxMessageBytes", 16 * 1024 * 1024, 1, Integer.MAX_VALUE),
                options.flag("compression", true),
                List.copyOf(subprotocols),
                options.has("tls") ? TlsServer.read(vertx, options.object("tls"), host, alpn) : null);
        options.rejectUnknownKeys();
        return read;
    }
}
