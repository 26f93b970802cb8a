package dev.vecho.client;

import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** A connection to a {@link FakePeer}, in memory. What the peer delivers comes in order, each piece in a turn of its own. */
public final class FakeConnection implements Connection {

    private final FakePeer peer;
    private final Receiver receiver;
    private final Map<String, String> details;
    private final Context context = Objects.requireNonNull(Vertx.currentContext());
    private final Buffer sent = Buffer.buffer();
    private volatile boolean closed;
    private volatile boolean reset;
    private volatile boolean tls;

    FakeConnection(FakePeer peer, Receiver receiver, Map<String, String> details) {
        this.details = details;
        this.peer = peer;
        this.receiver = receiver;
    }

    public void deliver(Buffer bytes) {
        Buffer copy = bytes.copy();
        context.runOnContext(turn -> {
            receiver.received(copy);
            // Valid during the call only: whoever kept it gets zeros.
            copy.setBytes(0, new byte[copy.length()]);
        });
    }

    public void deliverEnd() {
        context.runOnContext(turn -> receiver.ended());
    }

    public void deliverFault(TransportException cause) {
        context.runOnContext(turn -> receiver.failed(cause));
    }

    /** Everything that was sent so far. */
    public Buffer sent() {
        return sent.copy();
    }

    Receiver receiver() {
        return receiver;
    }

    boolean closed() {
        return closed;
    }

    boolean wasReset() {
        return reset;
    }

    @Override
    public Future<Void> send(Buffer bytes) {
        sent.appendBuffer(bytes);
        return peer.sent(this, bytes);
    }

    @Override
    public Future<Void> closeOutput() {
        return peer.outputClosed(this);
    }

    @Override
    public Future<Void> close() {
        closed = true;
        return Future.succeededFuture();
    }

    @Override
    public Future<Void> reset() {
        closed = true;
        reset = true;
        return Future.succeededFuture();
    }

    @Override
    public Future<Void> startTls() {
        return peer.tlsBegun(this).onSuccess(done -> tls = true);
    }

    @Override
    public String localAddress() {
        return "near:1";
    }

    @Override
    public String remoteAddress() {
        return "far:2";
    }

    @Override
    public Map<String, String> details() {
        if (!tls) {
            return details;
        }
        Map<String, String> changed = new HashMap<>(details);
        changed.put("protocol", "fake TLS");
        return changed;
    }
}
