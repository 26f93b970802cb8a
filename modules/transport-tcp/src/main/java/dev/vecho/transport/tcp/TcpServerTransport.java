package dev.vecho.transport.tcp;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.net.echo.Gate;
import dev.vecho.net.listen.AddressOwner;
import dev.vecho.net.listen.EventLoops;
import dev.vecho.net.listen.OnNetServers;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.List;

/** Listens on every address of one TCP listener. */
final class TcpServerTransport implements OnNetServers {

    private final Vertx vertx;
    private final EventLoops<List<SocketAddress>> loops;
    private final AddressOwner owner = new AddressOwner();
    private final Gate gate;
    private volatile TcpListenerOptions options;

    TcpServerTransport(Vertx vertx, TcpListenerOptions options) {
        this.vertx = vertx;
        this.options = options;
        this.gate = new Gate(options.connections().limits());
        this.loops = new EventLoops<>(vertx);
    }

    @Override
    public String address() {
        return options.address().toString();
    }

    @Override
    public AddressOwner owner() {
        return owner;
    }

    @Override
    public Future<Listener> listen(Traffic traffic) {
        owner.accepting().set(options.connections().accepts());
        StreamListener listener = new StreamListener(
                vertx,
                () -> options.socket(),
                () -> options.connections().tls() == null ? "tcp" : "tls",
                () -> options.connections(),
                gate,
                traffic,
                owner);
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

    @Override
    public boolean canAdopt(ServerTransport next) {
        return next instanceof TcpServerTransport other
                && other.options.address().equals(options.address());
    }

    @Override
    public Future<List<String>> adopt(ServerTransport next) {
        TcpListenerOptions now = options;
        TcpListenerOptions other = ((TcpServerTransport) next).options;
        options = new TcpListenerOptions(
                now.address(), other.socket(), now.connections().then(other.connections()));
        gate.change(other.connections().limits());
        owner.accepting().set(options.connections().accepts());
        return Future.succeededFuture(now.socket().lateChanges(other.socket()));
    }
}
