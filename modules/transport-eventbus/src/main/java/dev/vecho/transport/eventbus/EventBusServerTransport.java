package dev.vecho.transport.eventbus;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Services;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;

/** Listens on one address of the event bus, with a consumer on each event loop; Vert.x deals the messages out in turn. */
final class EventBusServerTransport implements ServerTransport {

    private final Vertx vertx;
    private volatile EventBusListenerOptions options;

    EventBusServerTransport(Vertx vertx, EventBusListenerOptions options) {
        this.vertx = vertx;
        this.options = options;
    }

    @Override
    public String address() {
        return options.address();
    }

    @Override
    public boolean canAdopt(ServerTransport next) {
        return next instanceof EventBusServerTransport other
                && other.options.address().equals(options.address())
                && other.options.localOnly() == options.localOnly();
    }

    @Override
    public Future<List<String>> adopt(ServerTransport next) {
        EventBusListenerOptions before = options;
        options = ((EventBusServerTransport) next).options;
        Services.replace(before.service(), options.service());
        return Future.succeededFuture(List.of());
    }

    @Override
    public Future<Listener> listen(Traffic traffic) {
        EventBusListener listener =
                new EventBusListener(vertx, options.address(), options.localOnly(), () -> options, traffic);
        return listener.open()
                .<Listener>map(listener)
                .recover(failure -> Future.failedFuture(new TransportException(
                        Fault.BIND, "cannot listen on bus://" + address() + ": " + failure.getMessage(), failure)));
    }
}
