package dev.vecho.net.listen;

import dev.vecho.core.config.Bounds;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetServerOptions;
import java.util.ArrayList;
import java.util.List;

/**
 * What a listening socket and its connections have from the system.
 *
 * @param backlog connections that the operating system keeps until they are accepted; key {@code backlog}, default 1024, at most what
 *     the system allows
 * @param reusePort lets several processes listen on the port (SO_REUSEPORT); key {@code reusePort}, default false
 * @param noDelay sends small segments at once (TCP_NODELAY)
 * @param keepAlive lets the operating system probe idle peers (SO_KEEPALIVE)
 */
public record SocketOptions(int backlog, boolean reusePort, boolean noDelay, boolean keepAlive) {

    private static final int DEFAULT_BACKLOG = 1024;

    /** For Unix domain sockets. */
    public static SocketOptions ofUnix(int backlog) {
        return new SocketOptions(backlog, false, false, false);
    }

    /** Reads {@code backlog}. */
    public static int readBacklog(Options options) {
        return options.integer("backlog", DEFAULT_BACKLOG, 1, Bounds.MAX_COUNT);
    }

    /** Reads {@code reusePort}. */
    public static boolean readReusePort(Vertx vertx, Options options) {
        boolean reusePort = options.flag("reusePort", false);
        if (reusePort && !vertx.isNativeTransportEnabled()) {
            options.problem("reusePort", "needs io epoll, io_uring or kqueue, this runs on nio");
        }
        return reusePort;
    }

    NetServerOptions forVertx() {
        return new NetServerOptions()
                .setAcceptBacklog(backlog)
                .setTcpNoDelay(noDelay)
                .setTcpKeepAlive(keepAlive)
                .setReusePort(reusePort);
    }

    /** Which of the options of others a socket that is open does not take any more, as {@link dev.vecho.core.ServerTransport#adopt} tells it. */
    public List<String> lateChanges(SocketOptions next) {
        List<String> late = new ArrayList<>();
        if (backlog != next.backlog) {
            late.add("backlog: takes effect when the service starts again");
        }
        if (reusePort != next.reusePort) {
            late.add("reusePort: takes effect when the service starts again");
        }
        return late;
    }
}
