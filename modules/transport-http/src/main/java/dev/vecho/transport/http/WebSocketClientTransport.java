package dev.vecho.transport.http;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.vertx.core.Future;
import io.vertx.core.Promise;

/** Opens a WebSocket on a connection of its own; each message goes out as one binary frame. */
final class WebSocketClientTransport implements ClientTransport {

    /** A message that comes back is held in memory, whole. */
    static final int MOST_IN_A_MESSAGE = 16 * 1024 * 1024;

    private static final int MOST_IN_A_REFUSAL = 64 * 1024;

    private final HttpConnector connector;

    WebSocketClientTransport(HttpConnector connector) {
        this.connector = connector;
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        return connector.connect(receiver, (channel, tls) -> {
            Promise<Connection> opened = Promise.promise();
            WebSocketConnection connection = new WebSocketConnection(connector, receiver, tls, opened);
            channel.pipeline()
                    .addLast(new HttpClientCodec())
                    .addLast("refusal", new HttpObjectAggregator(MOST_IN_A_REFUSAL))
                    .addLast("messages", new WebSocketFrameAggregator(MOST_IN_A_MESSAGE))
                    .addLast(connection);
            connection.begin();
            return opened.future();
        });
    }

    @Override
    public Future<Void> close() {
        return connector.close();
    }
}
