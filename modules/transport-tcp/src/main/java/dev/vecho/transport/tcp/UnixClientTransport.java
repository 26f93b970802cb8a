package dev.vecho.transport.tcp;

import dev.vecho.core.Addresses;
import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Receiver.Phase;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.Locale;

/** Connects to one Unix domain socket. */
final class UnixClientTransport implements ClientTransport {

    private final String path;

    /** Kept: a net client that nobody holds is closed by the garbage collector, with its connections. */
    private final NetClient client;

    UnixClientTransport(Vertx vertx, String path) {
        this.path = path;
        this.client = vertx.createNetClient(new NetClientOptions());
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        long start = System.nanoTime();
        return client.connect(SocketAddress.domainSocketAddress(path)).transform(result -> {
            if (result.failed()) {
                return Future.failedFuture(failure(result.cause()));
            }
            receiver.completed(Phase.CONNECT, Duration.ofNanos(System.nanoTime() - start));
            return StreamConnection.open(result.result(), null, -1, receiver);
        });
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
        return client.close().otherwiseEmpty();
    }
}
