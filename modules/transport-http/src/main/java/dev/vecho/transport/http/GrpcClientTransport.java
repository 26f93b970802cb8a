package dev.vecho.transport.http;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.net.Addresses;
import dev.vecho.net.tls.TlsConnection;
import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/** Opens a connection of HTTP/2 for calls of one method: with TLS by ALPN, without by prior knowledge. */
@SuppressWarnings("FutureReturnValueIgnored") // A failed close of Netty's is moot.
final class GrpcClientTransport implements ClientTransport {

    private final HttpConnector connector;
    private final GrpcClientOptions options;

    GrpcClientTransport(HttpConnector connector, GrpcClientOptions options) {
        this.connector = connector;
        this.options = options;
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        return connector.connect(receiver, (channel, tls) -> open(channel, tls, receiver));
    }

    private Future<Connection> open(Channel channel, @Nullable TlsConnection tls, Receiver receiver) {
        if (tls != null && !"h2".equals(tls.handler().applicationProtocol())) {
            channel.close();
            return Future.failedFuture(new TransportException(
                    Fault.TLS,
                    "alpn",
                    Addresses.format(channel.remoteAddress()) + " did not agree on HTTP/2 (ALPN h2), which gRPC needs",
                    null,
                    tls.details()));
        }
        GrpcConnection connection = new GrpcConnection(connector, options, receiver, tls, channel);
        Http2Calls.begin(
                channel,
                cause -> connection.fail(
                        Http2CodecUtil.getEmbeddedHttp2Exception(cause) == null
                                ? HttpConnector.failure(cause, tls)
                                : FirstBytes.notHttp(channel, "HTTP/2", cause)));
        return connection.open();
    }

    @Override
    public Future<Boolean> answersTls() {
        return connector.answersTls();
    }

    @Override
    public Future<Void> close() {
        return connector.close();
    }
}
