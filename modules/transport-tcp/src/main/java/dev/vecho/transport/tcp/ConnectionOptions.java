package dev.vecho.transport.tcp;

import dev.vecho.core.config.Options;
import dev.vecho.net.tls.TlsServer;
import io.vertx.core.Vertx;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The options of the connections that a listener accepts.
 *
 * @param idle closes a connection when no byte moved either way for so long; zero for never; key
 *     {@code idleTimeoutMillis}, default 0
 * @param maxConnections further ones are closed at once; default 10,000
 * @param proxyProtocol expects a PROXY header, version 1 or 2, before all else; default false
 * @param writeQueueBytes how much may wait for a slow reader before its input is not read any more; default 65,536
 * @param tls null for none
 */
record ConnectionOptions(
        Duration idle,
        int maxConnections,
        boolean proxyProtocol,
        int writeQueueBytes,
        @Nullable TlsServer tls) {

    /** Reads them; the host is for a self-signed certificate. */
    static ConnectionOptions read(Vertx vertx, Options options, String host) {
        return new ConnectionOptions(
                Duration.ofMillis(options.integer(
                        "idleTimeoutMillis", 0L, 0, Duration.ofDays(365).toMillis())),
                options.integer("maxConnections", 10_000, 1, Integer.MAX_VALUE),
                options.flag("proxyProtocol", false),
                options.integer("writeQueueBytes", 64 * 1024, 1024, 1 << 30),
                options.has("tls") ? TlsServer.read(vertx, options.object("tls"), host) : null);
    }
}
