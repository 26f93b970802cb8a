package dev.vecho.transport.http;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.net.echo.Gate;
import dev.vecho.net.listen.AddressOwner;
import dev.vecho.net.listen.EventLoops;
import dev.vecho.net.listen.OnNetServers;
import dev.vecho.transport.quic.QuicServerTransport;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Listens on every address of one HTTP listener. */
final class HttpServerTransport implements OnNetServers {

    private final Vertx vertx;
    private final String scheme;
    private final AddressOwner owner = new AddressOwner();
    private final Gate gate;

    private final EventLoops<List<SocketAddress>> loops;

    /** HTTP/3 on the port that was bound, where it is on. Written before other event loops join the first. */
    private volatile @Nullable QuicServerTransport http3;

    private volatile HttpListenerOptions options;

    /**
     * Makes it ready.
     *
     * @param scheme of the addresses that it tells, without TLS: {@code http} or {@code ws}
     */
    HttpServerTransport(Vertx vertx, HttpListenerOptions options, String scheme) {
        this.vertx = vertx;
        this.options = options;
        this.gate = new Gate(options.limits());
        this.loops = new EventLoops<>(vertx);
        this.scheme = scheme;
    }

    @Override
    public String address() {
        return options.address().toString();
    }

    @Override
    public AddressOwner owner() {
        return owner;
    }

    /** HTTP/3 can come and go only with a listener. */
    @Override
    public boolean canAdopt(ServerTransport next) {
        return next instanceof HttpServerTransport other
                && other.options.address().equals(options.address())
                && other.options.http3() == options.http3()
                && other.scheme.equals(scheme);
    }

    @Override
    public Future<List<String>> adopt(ServerTransport next) {
        HttpListenerOptions now = options;
        HttpListenerOptions other = ((HttpServerTransport) next).options;
        HttpListenerOptions then = now.then(other);
        options = then;
        gate.change(then.limits());
        owner.accepting().set(then.accepts());
        List<String> late = now.socket().lateChanges(other.socket());
        QuicServerTransport quic = http3;
        return quic == null
                ? Future.succeededFuture(late)
                : quic.adopt(quic(then, quic.port())).map(late);
    }

    private QuicServerTransport quic(HttpListenerOptions options, int port) {
        return new QuicServerTransport(vertx, options.quic(port), new Http3(options), gate);
    }

    @Override
    public Future<Listener> listen(Traffic traffic) {
        owner.accepting().set(options.accepts());
        HttpListener listener = new HttpListener(
                vertx, () -> options, () -> options.tls() == null ? scheme : scheme + "s", gate, traffic, owner);
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
            http3 = options.http3() ? quic(options, listener.servers().port()) : null;
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
