package dev.vecho.transport.tcp;

import dev.vecho.core.Options;
import dev.vecho.core.TlsServer;
import io.vertx.core.Vertx;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The options of one TCP listener.
 *
 * @param host a name or a literal address; a name listens on all of its addresses; default {@code localhost}
 * @param port 0 for any free one; default 7007
 * @param backlog connections that the operating system keeps until they are accepted; default 1024, at most what the
 *     system allows
 * @param idle closes a connection when no byte moved either way for so long; zero for never; key
 *     {@code idleTimeoutMillis}, default 0
 * @param maxConnections further ones are closed at once; default 10,000
 * @param noDelay sends small segments at once (TCP_NODELAY); default true
 * @param keepAlive lets the operating system probe idle peers (SO_KEEPALIVE); default true
 * @param reusePort lets several processes listen on the port (SO_REUSEPORT); default false
 * @param proxyProtocol expects a PROXY header, version 1 or 2, before all else; default false
 * @param writeQueueBytes how much may wait for a slow reader before its input is not read any more; default 65,536
 * @param tls null for plain TCP
 */
record TcpListenerOptions(
        String host,
        int port,
        int backlog,
        Duration idle,
        int maxConnections,
        boolean noDelay,
        boolean keepAlive,
        boolean reusePort,
        boolean proxyProtocol,
        int writeQueueBytes,
        @Nullable TlsServer tls) {

    static TcpListenerOptions read(Vertx vertx, Options options) {
        String host = options.text("host", "localhost");
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        boolean reusePort = options.flag("reusePort", false);
        if (reusePort && !vertx.isNativeTransportEnabled()) {
            options.problem("reusePort", "needs io epoll, io_uring or kqueue, this runs on nio");
        }
        TcpListenerOptions read = new TcpListenerOptions(
                host,
                options.integer("port", 7007, 0, 65_535),
                options.integer("backlog", 1024, 1, 1 << 20),
                Duration.ofMillis(options.integer(
                        "idleTimeoutMillis", 0L, 0, Duration.ofDays(365).toMillis())),
                options.integer("maxConnections", 10_000, 1, Integer.MAX_VALUE),
                options.flag("noDelay", true),
                options.flag("keepAlive", true),
                reusePort,
                options.flag("proxyProtocol", false),
                options.integer("writeQueueBytes", 64 * 1024, 1024, 1 << 30),
                options.has("tls") ? TlsServer.read(vertx, options.object("tls"), host) : null);
        options.rejectUnknownKeys();
        return read;
    }
}
