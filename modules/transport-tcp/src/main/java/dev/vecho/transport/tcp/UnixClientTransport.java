package dev.vecho.transport.tcp;

import dev.vecho.core.Addresses;
import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.SocketConnector;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Locale;

/** Connects to one Unix domain socket. */
final class UnixClientTransport implements ClientTransport {

    private final String path;

    private final SocketConnector sockets;

    UnixClientTransport(Vertx vertx, String path) {
        this.path = path;
        this.sockets = new SocketConnector(vertx);
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        return sockets.connect(path, receiver, (channel, ssl) -> StreamConnection.open(channel, ssl, receiver))
                .recover(cause -> Future.failedFuture(failure(cause)));
    }

    private TransportException failure(Throwable cause) {
        String reason = Addresses.reason(cause).toLowerCase(Locale.ROOT);
        if (reason.contains("no such file")) {
            return new TransportException(
                    Fault.REFUSED, "nobody listens on " + path + ": there is no such file", cause);
        }
        if (reason.contains("refused")) {
            return new TransportException(Fault.REFUSED, "nobody listens on " + path, cause);
        }
        return new TransportException(Fault.OTHER, "cannot connect to " + path + ": " + reason, cause);
    }

    @Override
    public Future<Void> close() {
        return sockets.close();
    }
}
