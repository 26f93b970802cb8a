package dev.vecho.transport.tcp;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.net.listen.EventLoops;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.List;

/** Listens on every address of one TCP listener. */
final class TcpServerTransport implements ServerTransport {

    private final Vertx vertx;
    private final TcpListenerOptions options;
    private final EventLoops<List<SocketAddress>> loops;

    TcpServerTransport(Vertx vertx, TcpListenerOptions options) {
        this.vertx = vertx;
        this.options = options;
        this.loops = new EventLoops<>(vertx);
    }

    @Override
    public String address() {
        return options.address().toString();
    }

    @Override
    public Future<Listener> listen(Traffic traffic) {
        StreamListener listener = new StreamListener(
                vertx,
                new NetServerOptions()
                        .setAcceptBacklog(options.backlog())
                        .setTcpNoDelay(options.noDelay())
                        .setTcpKeepAlive(options.keepAlive())
                        .setReusePort(options.reusePort()),
                options.connections().tls() == null ? "tcp" : "tls",
                options.connections(),
                traffic);
        return loops.join(
                        () -> options.address()
                                .bind(
                                        vertx,
                                        hosts -> listener.servers().bind(options.address(), hosts),
                                        () -> listener.drain(Duration.ZERO)),
                        listener.servers()::share)
                .<Listener>map(listener)
                .recover(failure -> listener.drain(Duration.ZERO).transform(closed -> Future.failedFuture(failure)));
    }
}
