package dev.vecho.transport.tcp;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Connector;
import dev.vecho.core.Receiver;
import dev.vecho.core.SocketConnector;
import dev.vecho.core.TlsClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import org.jspecify.annotations.Nullable;

/** Connects to one target over TCP, and TLS where wanted. */
final class TcpClientTransport implements ClientTransport {

    private final Connector connector;
    private final SocketConnector sockets;
    private final @Nullable TlsClient tls;

    TcpClientTransport(Vertx vertx, Connector connector, @Nullable TlsClient tls) {
        this.connector = connector;
        this.sockets = new SocketConnector(vertx);
        this.tls = tls;
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        return sockets.connect(
                connector, tls, receiver, (channel, ssl) -> StreamConnection.open(channel, ssl, receiver));
    }

    @Override
    public Future<Void> close() {
        connector.close();
        return sockets.close();
    }
}
