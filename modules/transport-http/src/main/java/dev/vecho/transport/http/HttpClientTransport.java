package dev.vecho.transport.http;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.net.tls.TlsConnection;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/**
 * Sends one request on a connection of its own, whose body is what is sent and whose response's body is what comes back. It speaks HTTP/2 where TLS agrees on {@code h2}, which the option {@code tls.alpn} must offer, and else
 * HTTP/1.1.
 */
final class HttpClientTransport implements ClientTransport {

    private final HttpConnector connector;
    private final HttpClientOptions options;

    HttpClientTransport(HttpConnector connector, HttpClientOptions options) {
        this.connector = connector;
        this.options = options;
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        return connector.connect(
                receiver,
                (channel, tls) -> tls != null && "h2".equals(tls.handler().applicationProtocol())
                        ? open2(channel, tls, receiver)
                        : open1(channel, tls, receiver));
    }

    private Future<Connection> open1(Channel channel, @Nullable TlsConnection tls, Receiver receiver) {
        HttpConnection connection = new HttpConnection(connector, options, receiver, tls, "HTTP/1.1");
        channel.pipeline().addLast(new HttpClientCodec(), connection);
        connection.begin();
        return Future.succeededFuture(connection);
    }

    private Future<Connection> open2(Channel channel, TlsConnection tls, Receiver receiver) {
        HttpConnection connection = new HttpConnection(connector, options, receiver, tls, "HTTP/2");
        Http2Calls.begin(channel, connection::broken);
        return Http2Calls.open(channel, new Http2StreamFrameToHttpObjectCodec(false), connection)
                .<Connection>map(open -> {
                    connection.begin();
                    return connection;
                })
                .recover(failure -> Future.failedFuture(HttpConnector.failure(failure, tls)));
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
