package dev.vecho.transport.tcp;

import dev.vecho.core.config.Options;
import dev.vecho.net.listen.BindAddress;
import dev.vecho.net.listen.SocketOptions;
import io.vertx.core.Vertx;

/**
 * The options of one TCP listener.
 *
 * @param address keys {@code host}, default {@code localhost}, and {@code port}, default 7007
 * @param socket keys {@code noDelay} and {@code keepAlive}, default true, and those of {@link SocketOptions}
 * @param connections the options of accepted connections
 */
record TcpListenerOptions(BindAddress address, SocketOptions socket, ConnectionOptions connections) {

    static TcpListenerOptions read(Vertx vertx, Options options) {
        BindAddress address = BindAddress.read(options, 7007);
        int backlog = SocketOptions.readBacklog(options);
        boolean noDelay = options.flag("noDelay", true);
        boolean keepAlive = options.flag("keepAlive", true);
        TcpListenerOptions read = new TcpListenerOptions(
                address,
                new SocketOptions(backlog, SocketOptions.readReusePort(vertx, options), noDelay, keepAlive),
                ConnectionOptions.read(vertx, options, address.host()));
        options.rejectUnknownKeys();
        return read;
    }
}
