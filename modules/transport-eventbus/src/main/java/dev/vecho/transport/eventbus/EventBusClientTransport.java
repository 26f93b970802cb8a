package dev.vecho.transport.eventbus;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Sends requests to one address. There is nothing to connect to: whether somebody listens shows with the first request.
 */
final class EventBusClientTransport implements ClientTransport {

    private final Vertx vertx;
    private final String address;
    private final Set<EventBusConnection> connections = ConcurrentHashMap.newKeySet();

    /** Whether somebody has ever answered: then that nobody listens may be true for a moment only. */
    private volatile boolean answered;

    EventBusClientTransport(Vertx vertx, String address) {
        this.vertx = vertx;
        this.address = address;
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        EventBusConnection connection = new EventBusConnection(this, receiver, vertx.getOrCreateContext());
        connections.add(connection);
        return Future.succeededFuture(connection);
    }

    Vertx vertx() {
        return vertx;
    }

    String address() {
        return address;
    }

    boolean answered() {
        return answered;
    }

    void noteAnswer() {
        answered = true;
    }

    void forget(EventBusConnection connection) {
        connections.remove(connection);
    }

    @Override
    public Future<Void> close() {
        connections.forEach(EventBusConnection::close);
        return Future.succeededFuture();
    }
}
