package dev.vecho.client;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Receiver.Phase;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** Connects to a {@link FakePeer}, at once unless a test overrides that. */
public class FakeClient implements ClientTransport {

    private final FakePeer peer;
    private final Map<String, String> details;
    private final List<FakeConnection> connections = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    public FakeClient(FakePeer peer) {
        this(peer, Map.of("protocol", "fake"));
    }

    public FakeClient(FakePeer peer, Map<String, String> details) {
        this.peer = peer;
        this.details = details;
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        receiver.completed(Phase.RESOLVE, Duration.ofMillis(1));
        receiver.completed(Phase.CONNECT, Duration.ofMillis(2));
        return Future.succeededFuture(open(receiver));
    }

    FakeConnection open(Receiver receiver) {
        FakeConnection connection = new FakeConnection(peer, receiver, details);
        connections.add(connection);
        peer.opened(connection);
        return connection;
    }

    List<FakeConnection> connections() {
        return connections;
    }

    boolean closed() {
        return closed;
    }

    @Override
    public Future<Void> close() {
        closed = true;
        return Future.succeededFuture();
    }
}
