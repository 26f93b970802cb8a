package dev.vecho.transport.eventbus;

import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.VertxInternals;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Requests to one address, one after another: the next goes out when the one before is answered, since several consumers
 * would answer in any order.
 */
final class EventBusConnection implements Connection {

    /** The largest message: it is held in memory, whole, also by every member on the way. */
    static final int MAX_BYTES = 16 * 1024 * 1024;

    private record Unsent(Buffer message, Promise<Void> sent) {}

    private final EventBusClientTransport transport;
    private final Receiver receiver;
    private final Context context;
    private final Map<String, String> details = new ConcurrentHashMap<>();

    // Used on the context only.
    private final Deque<Unsent> queue = new ArrayDeque<>();
    private @Nullable EventBusRequest request;
    private long repeats;
    private boolean closed;

    EventBusConnection(EventBusClientTransport transport, Receiver receiver, Context context) {
        this.transport = transport;
        this.receiver = receiver;
        this.context = context;
    }

    /** Completes when the answer was given to the receiver. */
    @Override
    public Future<Void> send(Buffer bytes) {
        if (closed) {
            return Future.failedFuture(new TransportException(Fault.OTHER, "the connection is closed", null));
        }
        if (bytes.length() > MAX_BYTES) {
            return Future.failedFuture(new TransportException(
                    Fault.OTHER, "a message must have at most " + MAX_BYTES + " bytes, was " + bytes.length(), null));
        }
        Promise<Void> sent = Promise.promise();
        queue.add(new Unsent(bytes, sent));
        sendNext();
        return sent.future();
    }

    private void sendNext() {
        Unsent next = request == null ? queue.poll() : null;
        if (next == null) {
            return;
        }
        EventBusRequest begun = new EventBusRequest(transport, next.message(), () -> repeated());
        request = begun;
        begun.send().onComplete(answer -> {
            request = null;
            deliver(answer, next.sent());
            sendNext();
        });
    }

    private void deliver(AsyncResult<Buffer> answer, Promise<Void> sent) {
        if (answer.succeeded()) {
            transport.noteAnswer();
            if (!closed) {
                receiver.received(answer.result());
            }
            sent.tryComplete();
            return;
        }
        sent.tryFail(answer.cause());
        failQueue(answer.cause());
    }

    private void failQueue(Throwable cause) {
        for (Unsent unsent = queue.poll(); unsent != null; unsent = queue.poll()) {
            unsent.sent().tryFail(cause);
        }
    }

    private void repeated() {
        repeats++;
        details.put("repeatedRequests", Long.toString(repeats));
    }

    @Override
    public Future<Void> closeOutput() {
        return Future.failedFuture(new TransportException(
                Fault.OTHER, "the event bus carries messages, which have no output to close", null));
    }

    /** Any thread. */
    @Override
    public Future<Void> close() {
        transport.forget(this);
        Promise<Void> done = Promise.promise();
        context.runOnContext(now -> {
            closed = true;
            TransportException cause = new TransportException(Fault.OTHER, "the connection is closed", null);
            failQueue(cause);
            if (request != null) {
                request.abandon(cause);
            }
            done.complete();
        });
        return done.future();
    }

    /** This member of the cluster. */
    @Override
    public String localAddress() {
        return VertxInternals.nodeId(transport.vertx()).map(id -> "node " + id).orElse("this process");
    }

    @Override
    public String remoteAddress() {
        return "bus://" + transport.address();
    }

    /** A view: {@code repeatedRequests}, how many requests were sent once more, is there as soon as one was. */
    @Override
    public Map<String, String> details() {
        return Collections.unmodifiableMap(details);
    }
}
