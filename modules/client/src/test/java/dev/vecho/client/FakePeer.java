package dev.vecho.client;

import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/** How the far end of a {@link FakeConnection} behaves. By default it is a perfect echo. */
public interface FakePeer {

    FakePeer ECHO = new FakePeer() {};

    /** The connection was opened. */
    default void opened(FakeConnection connection) {}

    /** Bytes were sent to this peer; the result is that of sending. */
    default Future<Void> sent(FakeConnection connection, Buffer bytes) {
        connection.deliver(bytes);
        return Future.succeededFuture();
    }

    /** The output towards this peer was closed. */
    default Future<Void> outputClosed(FakeConnection connection) {
        connection.deliverEnd();
        return Future.succeededFuture();
    }

    /** TLS is begun; the result is that of beginning it. */
    default Future<Void> tlsBegun(FakeConnection connection) {
        return Future.succeededFuture();
    }

    /** A peer that answers all that it got so far, each time it gets more. */
    interface Answer extends FakePeer {

        /** Answers; {@code all} is everything that was sent so far. */
        void answer(FakeConnection connection, Buffer all);

        @Override
        default Future<Void> sent(FakeConnection connection, Buffer bytes) {
            answer(connection, connection.sent());
            return Future.succeededFuture();
        }
    }

    static TransportException fault(Fault fault) {
        return new TransportException(fault, "the fault is " + fault, null);
    }
}
