package dev.vecho.transport.http;

import dev.vecho.core.config.Options;
import dev.vecho.net.tls.TlsClient;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a user chooses of a request that is to be echoed, in any version of HTTP.
 *
 * @param method default {@code POST}; none whose request or response has no body
 * @param contentType of the body, which the response's must be then; null, the default, for
 *     {@code application/octet-stream}, whatever the response's is
 * @param headers to send; default none
 */
record HttpClientOptions(HttpMethod method, @Nullable String contentType, RequestHeaders headers) {

    /** The key of these options among those of all transports. */
    static final String KEY = "http";

    private static final Map<String, String> WITHOUT_ECHO = Map.of(
            "HEAD", "whose response has no body",
            "TRACE", "whose request has no body",
            "CONNECT", "which asks for a tunnel to somewhere else");

    private static final Map<String, String> REFUSED =
            Map.of("content-type", "has an option of its own, contentType, and must be that of the response then");

    /** Reads the options. */
    static HttpClientOptions read(Options options) {
        String method = options.text("method", "POST");
        if (!method.matches("[A-Z][A-Z0-9_-]*")) {
            options.problem("method", "must be a method in capitals, such as PUT, was \"" + method + "\"");
            method = "POST";
        } else if (WITHOUT_ECHO.containsKey(method)) {
            options.problem("method", "must have an echo, was " + method + ", " + WITHOUT_ECHO.get(method));
        }
        String contentType = options.text("contentType");
        if (contentType != null && !contentType.matches("[\\x21-\\x7e]([\\x20-\\x7e]*[\\x21-\\x7e])?")) {
            options.problem("contentType", "must be printable ASCII, such as text/plain; charset=utf-8");
            contentType = null;
        }
        HttpClientOptions read =
                new HttpClientOptions(HttpMethod.valueOf(method), contentType, RequestHeaders.read(options, REFUSED));
        options.rejectUnknownKeys();
        return read;
    }

    /** Sets the headers of a request, but for those that a version of HTTP has by itself. */
    HttpHeaders putInto(HttpHeaders others) {
        others.set(HttpHeaderNames.USER_AGENT, "vecho")
                .set(
                        HttpHeaderNames.CONTENT_TYPE,
                        contentType == null ? HttpHeaderValues.APPLICATION_OCTET_STREAM : contentType);
        return headers.putInto(others);
    }

    /**
     * What is wrong with the type of a response's body; null for nothing.
     *
     * @param answered null where the response has none
     */
    @Nullable String mismatch(@Nullable CharSequence answered) {
        if (contentType == null || (answered != null && normalized(contentType).equals(normalized(answered)))) {
            return null;
        }
        String found = answered == null ? "without a Content-Type" : "with the Content-Type " + quoted(answered);
        return "answered " + found + ", expected \"" + contentType + "\"";
    }

    private static String quoted(CharSequence text) {
        return '"' + TlsClient.printable(text.toString()) + '"';
    }

    /** Spaces around a semicolon mean nothing: RFC 9110, section 8.3.1. */
    private static String normalized(CharSequence type) {
        return type.toString().strip().replaceAll("\\s*;\\s*", ";");
    }
}
