package dev.vecho.transport.tcp;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.net.connect.Connector;
import dev.vecho.net.connect.SentProxyHeader;
import dev.vecho.net.connect.SocketConnector;
import dev.vecho.net.tls.TlsClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import org.jspecify.annotations.Nullable;

/** Connects to one target over TCP, and TLS where wanted. */
final class TcpClientTransport implements ClientTransport {

    private final Connector connector;
    private final SocketConnector sockets;
    private final @Nullable TlsClient tls;
    private final StartTls startTls;

    /**
     * @param tls null for a plain connection
     * @param later for TLS that begins on a plain connection; null for what is usual
     * @param header what each connection begins with; null for none
     */
    TcpClientTransport(
            Vertx vertx,
            Connector connector,
            @Nullable TlsClient tls,
            @Nullable TlsClient later,
            @Nullable SentProxyHeader header) {
        this.connector = connector;
        this.sockets = new SocketConnector(vertx, header);
        this.tls = tls;
        this.startTls = new StartTls(vertx, sockets, connector.host(), connector.port(), later);
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        return sockets.connect(
                connector,
                tls,
                receiver,
                (channel, secured) -> StreamConnection.open(channel, secured, startTls, receiver));
    }

    @Override
    public Future<Boolean> answersTls() {
        return tls == null ? sockets.answersTls(connector) : Future.succeededFuture(false);
    }

    /** With TLS from the start, a peer that does not shake hands could have it wait for ever. */
    @Override
    public boolean canPause() {
        return tls == null;
    }

    @Override
    public Future<Void> close() {
        connector.close();
        return sockets.close();
    }
}
