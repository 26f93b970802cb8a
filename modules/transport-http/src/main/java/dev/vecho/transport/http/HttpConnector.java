package dev.vecho.transport.http;

import dev.vecho.core.Addresses;
import dev.vecho.core.Options;
import dev.vecho.core.Receiver;
import dev.vecho.core.Receiver.Phase;
import dev.vecho.core.Target;
import dev.vecho.core.TlsClient;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Opens sockets to one target, with TLS where wanted, for HTTP and for WebSocket. */
@SuppressWarnings("FutureReturnValueIgnored") // A failed close of Netty's is moot.
final class HttpConnector {

    /** How long one address of several may take, so that a dead one leaves time for the others. */
    private static final int ADDRESS_TIMEOUT_MILLIS = 2000;

    private static final Set<String> SECURE = Set.of("https", "wss");

    private final Vertx vertx;
    private final URI uri;
    private final String host;
    private final int port;
    private final @Nullable TlsClient tls;

    /** Kept: a net client that nobody holds is closed by the garbage collector, with its connections. */
    private final NetClient client;

    private HttpConnector(Vertx vertx, URI uri, String host, int port, @Nullable TlsClient tls) {
        this.vertx = vertx;
        this.uri = uri;
        this.host = host;
        this.port = port;
        this.tls = tls;
        this.client =
                vertx.createNetClient(new NetClientOptions().setTcpNoDelay(true).setConnectTimeout((int)
                        Duration.ofHours(1).toMillis()));
    }

    /** Reads a target and the options of connections to it. */
    static HttpConnector read(Vertx vertx, Target target, Options options) {
        String host = target.host();
        if (host == null) {
            options.problem("", target + ": host: is missing, expected " + target.scheme() + "://host/path");
            host = "";
        }
        boolean secure = SECURE.contains(target.scheme());
        int port = target.port() != -1 ? target.port() : secure ? 443 : 80;
        TlsClient tls = null;
        if (secure) {
            tls = TlsClient.read(vertx, options.object("tls"), host, List.of("http/1.1"));
        } else {
            // Known, but of no use here: one script may have targets with and without TLS.
            options.has("tls");
        }
        options.rejectUnknownKeys();
        return new HttpConnector(vertx, URI.create(target.text()), host, port, tls);
    }

    /** The target. */
    URI uri() {
        return uri;
    }

    /** What a request names in its first line: path and query. */
    String requestTarget() {
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
    }

    /** What a request names in its header {@code Host}. */
    String authority() {
        return uri.getPort() == -1 ? uri.getRawAuthority() : Addresses.format(host, port);
    }

    /** What goes on top of a socket. */
    interface Opening<T> {

        /**
         * Called on the connection's event loop, before anything of the peer's is read.
         *
         * @param last the handler of Vert.x, before which others go
         * @param ssl has shaken hands, or null for plain TCP
         */
        Future<T> open(ChannelHandlerContext last, @Nullable SslHandler ssl);
    }

    /**
     * Connects.
     *
     * @param receiver told of the phases
     * @return fails with a {@link TransportException}
     */
    <T> Future<T> connect(Receiver receiver, Opening<T> opening) {
        long start = System.nanoTime();
        return vertx.executeBlocking(() -> List.of(InetAddress.getAllByName(host)), false)
                .recover(failure -> Future.failedFuture(
                        new TransportException(Fault.DNS, "the name " + host + " does not resolve", failure)))
                .compose(addresses -> {
                    receiver.completed(Phase.RESOLVE, since(start));
                    return connectFrom(addresses, 0, receiver, opening);
                });
    }

    private <T> Future<T> connectFrom(List<InetAddress> addresses, int index, Receiver receiver, Opening<T> opening) {
        long start = System.nanoTime();
        InetSocketAddress address = new InetSocketAddress(addresses.get(index), port);
        boolean last = index + 1 == addresses.size();
        Future<NetSocket> connecting = client.connect(SocketAddress.inetSocketAddress(address));
        Future<NetSocket> connected =
                last ? connecting : connecting.timeout(ADDRESS_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
        return connected.transform(result -> {
            if (result.succeeded()) {
                receiver.completed(Phase.CONNECT, since(start));
                return secure(result.result(), receiver, opening);
            }
            // One that answers after all comes too late.
            connecting.onSuccess(NetSocket::close);
            return last
                    ? Future.failedFuture(connectFailure(address, result.cause()))
                    : connectFrom(addresses, index + 1, receiver, opening);
        });
    }

    /** Runs on the connection's event loop, before anything is read from it. */
    private <T> Future<T> secure(NetSocket socket, Receiver receiver, Opening<T> opening) {
        ChannelHandlerContext last = ((NetSocketInternal) socket).channelHandlerContext();
        if (tls == null) {
            return opening.open(last, null);
        }
        long start = System.nanoTime();
        SslHandler ssl = tls.newHandler(last.alloc(), port);
        last.pipeline().addBefore(last.name(), null, ssl);
        ChannelHandler quiet = new Quiet();
        last.pipeline().addBefore(last.name(), null, quiet);
        Promise<T> promise = Promise.promise();
        ssl.handshakeFuture().addListener(handshake -> {
            if (handshake.isSuccess()) {
                receiver.completed(Phase.TLS, since(start));
                last.pipeline().remove(quiet);
                opening.open(last, ssl).onComplete(promise);
            } else {
                promise.fail(failure(handshake.cause(), true));
            }
        });
        return promise.future();
    }

    /** Keeps what broke a handshake, which its future tells, from Vert.x, which would log it. */
    private static final class Quiet extends ChannelInboundHandlerAdapter {

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    /** Closes every connection; never fails. */
    Future<Void> close() {
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
        if (reason.contains("unreachable") || reason.equals("no route to host")) {
            return new TransportException(Fault.UNREACHABLE, where + " cannot be reached: " + reason, cause);
        }
        if (cause instanceof ConnectException && reason.toLowerCase(Locale.ROOT).contains("timed out")) {
            return new TransportException(Fault.TIMEOUT, where + " did not answer", cause);
        }
        return new TransportException(Fault.OTHER, "cannot connect to " + where + ": " + reason, cause);
    }

    /** Says what broke a connection, or its TLS handshake. */
    static TransportException failure(Throwable cause, boolean handshake) {
        if (cause instanceof TransportException known) {
            return known;
        }
        for (Throwable c = cause; c != null; c = c.getCause()) {
            if (c instanceof SSLException || handshake) {
                return new TransportException(Fault.TLS, TlsClient.reason(cause), cause);
            }
        }
        String reason = Addresses.reason(cause);
        boolean reset = reason.equals("connection reset") || reason.equals("broken pipe");
        return new TransportException(reset ? Fault.RESET : Fault.OTHER, reason, cause);
    }
}
