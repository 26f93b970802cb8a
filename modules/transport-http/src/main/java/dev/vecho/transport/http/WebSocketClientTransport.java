package dev.vecho.transport.http;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketClientExtensionHandler;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketClientExtensionHandshaker;
import io.netty.handler.codec.http.websocketx.extensions.compression.PerMessageDeflateClientExtensionHandshaker;
import io.netty.handler.codec.http.websocketx.extensions.compression.PerMessageDeflateServerExtensionHandshaker;
import io.vertx.core.Future;
import io.vertx.core.Promise;

/** Opens a WebSocket on a connection of its own; each message goes out as one frame. */
final class WebSocketClientTransport implements ClientTransport {

    /** A message that comes back is held in memory, whole. */
    static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

    /** What cannot be compressed gets longer when it is. */
    static final int MAX_FRAME_BYTES = MAX_MESSAGE_BYTES + 64 * 1024;

    private static final int MAX_REFUSAL_BYTES = 64 * 1024;

    private static final int LEVEL = 6;

    private final HttpConnector connector;
    private final WebSocketClientOptions options;

    WebSocketClientTransport(HttpConnector connector, WebSocketClientOptions options) {
        this.connector = connector;
        this.options = options;
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        return connector.connect(receiver, (channel, tls) -> {
            Promise<Connection> opened = Promise.promise();
            WebSocketConnection connection = new WebSocketConnection(connector, options, receiver, tls, opened);
            channel.pipeline()
                    .addLast(new HttpClientCodec())
                    .addLast("refusal", new HttpObjectAggregator(MAX_REFUSAL_BYTES))
                    .addLast("messages", new WebSocketFrameAggregator(MAX_FRAME_BYTES));
            if (options.compression()) {
                // Behind the handler that joins fragments: Netty rejects a fragment that decompresses to nothing.
                channel.pipeline().addLast(new WebSocketClientExtensionHandler(deflate()));
            }
            channel.pipeline().addLast(connection);
            connection.begin();
            return opened.future();
        });
    }

    /** An offer that lets the server choose, but for a window of ours that is smaller than Java's. */
    private static WebSocketClientExtensionHandshaker deflate() {
        int window = PerMessageDeflateServerExtensionHandshaker.MAX_WINDOW_SIZE;
        return new PerMessageDeflateClientExtensionHandshaker(LEVEL, false, window, true, false, MAX_FRAME_BYTES);
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
