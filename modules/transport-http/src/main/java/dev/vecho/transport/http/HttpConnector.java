package dev.vecho.transport.http;

import dev.vecho.core.Receiver;
import dev.vecho.core.Target;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.config.Options;
import dev.vecho.net.Addresses;
import dev.vecho.net.connect.Connector;
import dev.vecho.net.connect.Family;
import dev.vecho.net.connect.SentProxyHeader;
import dev.vecho.net.connect.SocketConnector;
import dev.vecho.net.tls.TlsClient;
import dev.vecho.net.tls.TlsConnection;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.URI;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Opens sockets to one target, with TLS where wanted, for HTTP and for WebSocket. */
final class HttpConnector {

    private static final Set<String> SECURE = Set.of("https", "wss", "grpcs");

    private final URI uri;
    private final Connector connector;
    private final @Nullable TlsClient tls;
    private final SocketConnector sockets;

    private HttpConnector(
            Vertx vertx, URI uri, Connector connector, @Nullable TlsClient tls, @Nullable SentProxyHeader header) {
        this.uri = uri;
        this.connector = connector;
        this.tls = tls;
        this.sockets = new SocketConnector(vertx, header);
    }

    /** Reads a target and the options of connections to it. */
    static HttpConnector read(Vertx vertx, Target target, Options options) {
        return read(vertx, target, options, List.of("http/1.1"), "");
    }

    /**
     * The same for HTTP/2 alone, and a path that names a method.
     *
     * @param path where the target has none
     */
    static HttpConnector readGrpc(Vertx vertx, Target target, Options options, String path) {
        HttpConnector read = read(vertx, target, options, List.of("h2"), path);
        if (!GrpcCall.isPath(read.requestTarget())) {
            options.problem("", target + ": must have the path /SERVICE/METHOD, or none");
        }
        return read;
    }

    private static HttpConnector read(
            Vertx vertx, Target target, Options options, List<String> alpn, String otherwise) {
        String host = target.checkedHost(options, "host/path");
        boolean secure = SECURE.contains(target.scheme());
        int port = target.port() != -1 ? target.port() : secure ? 443 : 80;
        TlsClient tls = null;
        if (secure) {
            tls = TlsClient.read(options.object("tls"), host, alpn);
        } else {
            // Known, but of no use here: one script may have targets with and without TLS.
            options.has("tls");
        }
        Connector connector = new Connector(host, port, Family.read(options));
        SentProxyHeader header = SentProxyHeader.read(options);
        options.rejectUnknownKeys();
        URI uri = target.uri(host);
        boolean named = uri.getRawPath() != null && uri.getRawPath().length() > 1;
        return new HttpConnector(vertx, named ? uri : uri.resolve(otherwise), connector, tls, header);
    }

    /** The target, as its server is to know it. */
    URI uri() {
        return uri;
    }

    /** What a request names in its first line: path and query. */
    String requestTarget() {
        return requestTarget(uri);
    }

    static String requestTarget(URI uri) {
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
    }

    /** What a request names in its header {@code Host}. */
    String authority() {
        return uri.getRawAuthority();
    }

    /**
     * Connects.
     *
     * @param receiver told of the phases
     * @return fails with a {@link TransportException}
     */
    <T> Future<T> connect(Receiver receiver, SocketConnector.Opening<T> opening) {
        return sockets.connect(connector, tls, receiver, (channel, secured) -> {
            channel.pipeline().addLast(new FirstBytes(secured != null));
            return opening.open(channel, secured);
        });
    }

    /** Finds out whether the target speaks TLS where it is not wanted; never fails. */
    Future<Boolean> answersTls() {
        return tls == null ? sockets.answersTls(connector) : Future.succeededFuture(false);
    }

    /** Closes every connection; never fails. */
    Future<Void> close() {
        connector.close();
        return sockets.close();
    }

    /** Says what broke a connection. */
    static TransportException failure(Throwable cause, @Nullable TlsConnection tls) {
        if (cause instanceof TransportException known) {
            return known;
        }
        TransportException secured = tls == null ? null : tls.failure(cause);
        if (secured != null) {
            return secured;
        }
        String reason = Addresses.reason(cause);
        boolean reset = cause instanceof ClosedChannelException
                || reason.equals("connection reset")
                || reason.equals("broken pipe");
        return new TransportException(reset ? Fault.RESET : Fault.OTHER, reason, cause);
    }

    /** The peer closed the connection before the end of its response. */
    static TransportException closed(String remoteAddress, String when) {
        return new TransportException(Fault.RESET, "closed", remoteAddress + " closed the connection " + when, null);
    }
}
