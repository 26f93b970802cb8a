package dev.vecho.transport.quic;

import dev.vecho.net.tls.TlsClient;
import io.netty.channel.ChannelHandlerContext;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.net.QuicConnection;
import io.vertx.core.net.QuicStream;
import java.util.List;
import java.util.Map;

/** What a client's stream speaks: by itself, bytes and nothing else. Used on the event loop of the connection. */
public interface QuicRequest {

    /** Its names for ALPN, in order of preference. */
    default List<String> alpn(TlsClient tls) {
        return tls.alpn();
    }

    /** How many streams that go one way the peer may open. */
    default int peerUnidirectionalStreams() {
        return 0;
    }

    /**
     * Prepares a connection, before its stream.
     *
     * @param last the handler of Vert.x, before which others go
     */
    default void connected(ChannelHandlerContext last) {
        // There is nothing around the stream.
    }

    /** Opens the stream, with handlers in its pipeline that turn into bytes what comes, and bytes into what goes. */
    default Future<QuicStream> open(QuicConnection connection, Context context) {
        return QuicInternals.openStream(connection, context);
    }

    /** What a report should say of it. */
    default Map<String, String> details() {
        return Map.of();
    }
}
