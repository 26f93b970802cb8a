package dev.vecho.transport.http;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.HttpConversionUtil.ExtensionHeaderNames;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a client that wants a WebSocket: RFC 6455, section 4.2.
 *
 * @param request what it answers
 * @param response 101 Switching Protocols; on a stream 200 OK
 * @param compressed whether permessage-deflate was agreed upon
 */
record WebSocketHandshake(HttpRequest request, HttpResponse response, boolean compressed) {

    private static final String MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /** Whether a request asks for a WebSocket. */
    static boolean isWanted(HttpRequest request) {
        return request.method().equals(HttpMethod.GET)
                && request.protocolVersion().equals(HttpVersion.HTTP_1_1)
                && request.headers().containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true)
                && request.headers().containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true);
    }

    /** Whether a request on a stream asks for one: RFC 8441, section 5. */
    static boolean isWantedOnStream(HttpRequest request) {
        return request.method().equals(HttpMethod.CONNECT)
                && request.headers().contains(ExtensionHeaderNames.PROTOCOL.text(), HttpHeaderValues.WEBSOCKET, true);
    }

    /** Whether it asks for version 13, the only one that the RFC knows. */
    static boolean hasKnownVersion(HttpRequest request) {
        return "13".equals(request.headers().get(HttpHeaderNames.SEC_WEBSOCKET_VERSION));
    }

    /** The answer to a request, or null if it is not to be accepted. */
    static @Nullable WebSocketHandshake of(HttpRequest request, HttpListenerOptions options) {
        HttpHeaders headers = request.headers();
        List<String> keys = headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_KEY);
        if (!hasKnownVersion(request) || keys.size() != 1 || !isKey(keys.get(0))) {
            return null;
        }
        HttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS, Unpooled.EMPTY_BUFFER);
        response.headers()
                .set(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET)
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE)
                .set(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT, accept(keys.get(0)));
        return negotiated(request, response, options);
    }

    /** The answer to a request on a stream, or null if it is not to be accepted. It has no key, and the stream goes on as it is. */
    static @Nullable WebSocketHandshake onStream(HttpRequest request, HttpListenerOptions options) {
        return hasKnownVersion(request)
                ? negotiated(request, new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK), options)
                : null;
    }

    private static WebSocketHandshake negotiated(
            HttpRequest request, HttpResponse response, HttpListenerOptions options) {
        HttpHeaders headers = request.headers();
        elements(headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL)).stream()
                .filter(options.subprotocols()::contains)
                .findFirst()
                .ifPresent(chosen -> response.headers().set(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL, chosen));
        String extension = options.compression()
                ? WebSocketDeflate.negotiate(elements(headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_EXTENSIONS)))
                : null;
        if (extension != null) {
            response.headers().set(HttpHeaderNames.SEC_WEBSOCKET_EXTENSIONS, extension);
        }
        return new WebSocketHandshake(request, response, extension != null);
    }

    /** The key is 16 bytes in Base64. */
    private static boolean isKey(String key) {
        try {
            return Base64.getDecoder().decode(key.strip()).length == 16;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static String accept(String key) {
        try {
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            byte[] digest = sha1.digest((key.strip() + MAGIC).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    /** The elements of a list that one header or several hold. */
    private static List<String> elements(List<String> values) {
        List<String> elements = new ArrayList<>();
        for (String value : values) {
            for (String element : value.split(",", -1)) {
                if (!element.isBlank()) {
                    elements.add(element.strip());
                }
            }
        }
        return elements;
    }
}
