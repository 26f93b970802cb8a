package dev.vecho.transport.tcp;

import dev.vecho.core.Addresses;
import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Receiver.Phase;
import dev.vecho.core.TlsClient;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Connects to one target over TCP, and TLS where wanted. Where its name has several addresses, the first that answers. */
final class TcpClientTransport implements ClientTransport {

    /** How long one address of several may take, so that a dead one leaves time for the others. */
    private static final int ADDRESS_TIMEOUT_MILLIS = 2000;

    private final Vertx vertx;
    private final String host;
    private final int port;
    private final @Nullable TlsClient tls;

    /** Kept: a net client that nobody holds is closed by the garbage collector, with its connections. */
    private final NetClient client;

    TcpClientTransport(Vertx vertx, String host, int port, @Nullable TlsClient tls) {
        this.vertx = vertx;
        this.host = host;
        this.port = port;
        this.tls = tls;
        this.client =
                vertx.createNetClient(new NetClientOptions().setTcpNoDelay(true).setConnectTimeout((int)
                        Duration.ofHours(1).toMillis()));
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        long start = System.nanoTime();
        return vertx.executeBlocking(() -> List.of(InetAddress.getAllByName(host)), false)
                .recover(failure -> Future.failedFuture(
                        new TransportException(Fault.DNS, "the name " + host + " does not resolve", failure)))
                .compose(addresses -> {
                    receiver.completed(Phase.RESOLVE, since(start));
                    return connectFrom(addresses, 0, null, receiver);
                });
    }

    /**
     * Tries one address after the other.
     *
     * @param told the failure to tell if all fail: the first one, but a refusal rather than anything else
     */
    private Future<Connection> connectFrom(
            List<InetAddress> addresses, int index, @Nullable TransportException told, Receiver receiver) {
        long start = System.nanoTime();
        InetSocketAddress address = new InetSocketAddress(addresses.get(index), port);
        boolean last = index + 1 == addresses.size();
        Future<NetSocket> connecting = client.connect(SocketAddress.inetSocketAddress(address));
        Future<NetSocket> connected =
                last ? connecting : connecting.timeout(ADDRESS_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
        return connected.transform(result -> {
            if (result.succeeded()) {
                receiver.completed(Phase.CONNECT, since(start));
                return StreamConnection.open(result.result(), tls, port, receiver);
            }
            // One that answers after all comes too late.
            connecting.onSuccess(NetSocket::close);
            TransportException failure = connectFailure(address, result.cause());
            TransportException telling =
                    told == null || (told.fault() != Fault.REFUSED && failure.fault() == Fault.REFUSED)
                            ? failure
                            : told;
            return last ? Future.failedFuture(telling) : connectFrom(addresses, index + 1, telling, receiver);
        });
    }

    @Override
    public Future<Void> close() {
        return client.close().otherwiseEmpty();
    }

    private static Duration since(long nanoTime) {
        return Duration.ofNanos(System.nanoTime() - nanoTime);
    }

    private static TransportException connectFailure(InetSocketAddress address, Throwable cause) {
        String reason = Addresses.reason(cause);
        String where = Addresses.format(address);
        if (reason.equals("connection refused")) {
            return new TransportException(Fault.REFUSED, "nobody listens on " + where, cause);
        }
        if (cause instanceof NoRouteToHostException
                || reason.contains("unreachable")
                || reason.equals("no route to host")) {
            return new TransportException(Fault.UNREACHABLE, where + " cannot be reached: no route to it", cause);
        }
        if (cause instanceof ConnectException && reason.toLowerCase(Locale.ROOT).contains("timed out")) {
            return new TransportException(Fault.TIMEOUT, where + " did not answer", cause);
        }
        return new TransportException(Fault.OTHER, "cannot connect to " + where + ": " + reason, cause);
    }
}
