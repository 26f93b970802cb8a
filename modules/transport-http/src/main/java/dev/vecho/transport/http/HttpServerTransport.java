package dev.vecho.transport.http;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.net.listen.EventLoops;
import dev.vecho.transport.quic.QuicServerTransport;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Listens on every address of one HTTP listener. */
final class HttpServerTransport implements ServerTransport {

    private final Vertx vertx;
    private final HttpListenerOptions options;
    private final String scheme;

    private final EventLoops<List<SocketAddress>> loops;

    /** HTTP/3 on the port that was bound, where it is on. Written before other event loops join the first. */
    private volatile @Nullable QuicServerTransport http3;

    /**
     * Makes it ready.
     *
     * @param scheme of the addresses that it tells, without TLS: {@code http} or {@code ws}
     */
    HttpServerTransport(Vertx vertx, HttpListenerOptions options, String scheme) {
        this.vertx = vertx;
        this.options = options;
        this.loops = new EventLoops<>(vertx);
        this.scheme = options.tls() == null ? scheme : scheme + "s";
    }

    @Override
    public String address() {
        return options.address().toString();
    }

    @Override
    public Future<Listener> listen(Traffic traffic) {
        HttpListener listener = new HttpListener(vertx, options, scheme, traffic);
        return loops.join(
                        () -> options.address()
                                .bind(
                                        vertx,
                                        hosts -> bind(listener, hosts, traffic),
                                        () -> listener.drain(Duration.ZERO)),
                        addresses -> listener.servers()
                                .share(addresses)
                                .compose(shared -> openHttp3(listener, traffic).map(shared)))
                .<Listener>map(listener)
                .recover(failure -> listener.drain(Duration.ZERO).transform(closed -> Future.failedFuture(failure)));
    }

    private Future<List<SocketAddress>> bind(HttpListener listener, List<InetAddress> hosts, Traffic traffic) {
        return listener.servers().bind(options.address(), hosts).compose(addresses -> {
            http3 = options.http3()
                    ? new QuicServerTransport(
                            vertx, options.quic(listener.servers().port()), new Http3(options))
                    : null;
            return openHttp3(listener, traffic).map(addresses);
        });
    }

    /** Opens this event loop's share of HTTP/3, where it is on. */
    private Future<?> openHttp3(HttpListener listener, Traffic traffic) {
        QuicServerTransport quic = http3;
        return quic == null
                ? Future.succeededFuture()
                : quic.listen(traffic)
                        .recover(failure -> Future.failedFuture(new TransportException(
                                Fault.BIND, failure.getMessage() + " (UDP, for HTTP/3)", failure)))
                        .onSuccess(listener::add);
    }
}
