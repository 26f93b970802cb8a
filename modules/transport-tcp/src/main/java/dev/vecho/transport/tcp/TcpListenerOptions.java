package dev.vecho.transport.tcp;

import dev.vecho.core.config.Options;
import dev.vecho.net.listen.BindAddress;
import dev.vecho.net.listen.NetServers;
import io.vertx.core.Vertx;

/**
 * The options of one TCP listener.
 *
 * @param address keys {@code host}, default {@code localhost}, and {@code port}, default 7007
 * @param backlog connections that the operating system keeps until they are accepted; default 1024, at most what the
 *     system allows
 * @param noDelay sends small segments at once (TCP_NODELAY); default true
 * @param keepAlive lets the operating system probe idle peers (SO_KEEPALIVE); default true
 * @param reusePort lets several processes listen on the port (SO_REUSEPORT); default false
 * @param connections the options of accepted connections
 */
record TcpListenerOptions(
        BindAddress address,
        int backlog,
        boolean noDelay,
        boolean keepAlive,
        boolean reusePort,
        ConnectionOptions connections) {

    static TcpListenerOptions read(Vertx vertx, Options options) {
        BindAddress address = BindAddress.read(options, 7007);
        TcpListenerOptions read = new TcpListenerOptions(
                address,
                NetServers.readBacklog(options),
                options.flag("noDelay", true),
                options.flag("keepAlive", true),
                NetServers.readReusePort(vertx, options),
                ConnectionOptions.read(vertx, options, address.host()));
        options.rejectUnknownKeys();
        return read;
    }
}
