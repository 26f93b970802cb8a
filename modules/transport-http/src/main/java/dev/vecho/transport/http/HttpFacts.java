package dev.vecho.transport.http;

import dev.vecho.net.SocketFacts;
import dev.vecho.net.service.SocketPeer;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.HttpConversionUtil.ExtensionHeaderNames;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** What is known of a request and its connection, for services. */
final class HttpFacts {

    /** Which Netty adds to the headers of a request, and no client has sent. */
    private static final Set<String> ADDED = added();

    private HttpFacts() {}

    private static Set<String> added() {
        Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        for (ExtensionHeaderNames name : ExtensionHeaderNames.values()) {
            names.add(name.text().toString());
        }
        return names;
    }

    /** Of a request on a connection or a stream. */
    static JsonObject of(Channel channel, HttpRequest request) {
        if (channel instanceof QuicStreamChannel stream) {
            return quic(stream.parent()).put("http", request("HTTP/3", request));
        }
        if (channel instanceof Http2StreamChannel stream) {
            return SocketPeer.facts(stream.parent(), "http").put("http", request("HTTP/2", request));
        }
        return SocketPeer.facts(channel, "http")
                .put("http", request(request.protocolVersion().text(), request));
    }

    /** Of a WebSocket. */
    static JsonObject of(Channel channel, HttpRequest request, HttpResponse handshake) {
        JsonObject webSocket = new JsonObject();
        String extensions = handshake.headers().get(HttpHeaderNames.SEC_WEBSOCKET_EXTENSIONS);
        webSocket.put("extensions", extensions == null ? new JsonArray() : new JsonArray().add(extensions));
        String subprotocol = handshake.headers().get(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL);
        if (subprotocol != null) {
            webSocket.put("subprotocol", subprotocol);
        }
        return of(channel, request).put("transport", "websocket").put("webSocket", webSocket);
    }

    private static JsonObject quic(QuicChannel connection) {
        JsonObject facts = new JsonObject()
                .put("transport", "http")
                .put("remote", SocketFacts.text(connection.remoteSocketAddress()))
                .put("local", SocketFacts.text(connection.localSocketAddress()));
        SSLEngine tls = connection.sslEngine();
        return tls == null ? facts : facts.put("tls", SocketPeer.tls(tls, alpn(tls)));
    }

    private static @Nullable String alpn(SSLEngine tls) {
        return tls.getApplicationProtocol();
    }

    /** With the names of headers as they were written, in their order. */
    private static JsonObject request(String version, HttpRequest request) {
        JsonArray headers = new JsonArray();
        for (Map.Entry<String, String> header : request.headers()) {
            if (!ADDED.contains(header.getKey())) {
                headers.add(new JsonObject().put("name", header.getKey()).put("value", header.getValue()));
            }
        }
        return new JsonObject()
                .put("version", version)
                .put("method", request.method().name())
                .put("target", request.uri())
                .put("headers", headers);
    }
}
