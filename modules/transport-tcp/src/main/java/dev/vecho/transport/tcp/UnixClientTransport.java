package dev.vecho.transport.tcp;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.net.Addresses;
import dev.vecho.net.connect.SentProxyHeader;
import dev.vecho.net.connect.SocketConnector;
import dev.vecho.net.tls.TlsClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.FileNotFoundException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Connects to one Unix domain socket. */
final class UnixClientTransport implements ClientTransport {

    /** The name that a certificate must be for, unless the options name another. */
    static final String HOST = "localhost";

    private final UnixAddress address;

    private final SocketConnector sockets;
    private final StartTls startTls;

    /**
     * @param later for TLS that begins on a plain connection; null for what is usual
     * @param header what each connection begins with; null for none
     */
    UnixClientTransport(Vertx vertx, UnixAddress address, @Nullable TlsClient later, @Nullable SentProxyHeader header) {
        this.address = address;
        this.sockets = new SocketConnector(vertx, header);
        this.startTls = new StartTls(vertx, sockets, HOST, -1, later);
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        return sockets.connect(
                        address.path(),
                        receiver,
                        (channel, secured) -> StreamConnection.open(channel, secured, startTls, receiver))
                .recover(cause -> Future.failedFuture(failure(cause)));
    }

    private TransportException failure(Throwable cause) {
        String reason = Addresses.reason(cause).toLowerCase(Locale.ROOT);
        if (cause instanceof FileNotFoundException || reason.contains("no such file")) {
            return new TransportException(
                    Fault.REFUSED, "nobody listens on " + address + ": there is no such file", cause);
        }
        if (reason.contains("refused")) {
            return new TransportException(Fault.REFUSED, "nobody listens on " + address, cause);
        }
        return new TransportException(Fault.OTHER, "cannot connect to " + address + ": " + reason, cause);
    }

    @Override
    public Future<Boolean> answersTls() {
        return sockets.answersTls(address.path());
    }

    @Override
    public boolean canPause() {
        return true;
    }

    @Override
    public Future<Void> close() {
        return sockets.close();
    }
}
