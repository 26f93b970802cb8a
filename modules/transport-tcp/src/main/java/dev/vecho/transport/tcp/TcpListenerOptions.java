package dev.vecho.transport.tcp;

import dev.vecho.core.Options;
import io.vertx.core.Vertx;

/**
 * The options of one TCP listener.
 *
 * @param host a name or a literal address; a name listens on all of its addresses; default {@code localhost}
 * @param port 0 for any free one; default 7007
 * @param backlog connections that the operating system keeps until they are accepted; default 1024, at most what the
 *     system allows
 * @param noDelay sends small segments at once (TCP_NODELAY); default true
 * @param keepAlive lets the operating system probe idle peers (SO_KEEPALIVE); default true
 * @param reusePort lets several processes listen on the port (SO_REUSEPORT); default false
 * @param connections the options of accepted connections
 */
record TcpListenerOptions(
        String host,
        int port,
        int backlog,
        boolean noDelay,
        boolean keepAlive,
        boolean reusePort,
        ConnectionOptions connections) {

    static final int DEFAULT_BACKLOG = 1024;

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
                options.integer("backlog", DEFAULT_BACKLOG, 1, 1 << 20),
                options.flag("noDelay", true),
                options.flag("keepAlive", true),
                reusePort,
                ConnectionOptions.read(vertx, options, host));
        options.rejectUnknownKeys();
        return read;
    }
}
