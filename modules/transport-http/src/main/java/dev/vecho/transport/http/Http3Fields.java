package dev.vecho.transport.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http3.Http3Headers;
import io.netty.util.AsciiString;
import java.util.Map;
import java.util.Set;

/** What makes the fields of a request over HTTP/3 malformed, beside what Netty's codec finds: RFC 9114, sections 4.2 and 4.3.1. */
final class Http3Fields {

    /** Of one connection, which HTTP/3 has its own means for; Netty refuses {@code connection} itself. */
    private static final Set<AsciiString> OF_CONNECTIONS = Set.of(
            HttpHeaderNames.TRANSFER_ENCODING,
            HttpHeaderNames.UPGRADE,
            AsciiString.cached("keep-alive"),
            AsciiString.cached("proxy-connection"));

    private Http3Fields() {}

    /**
     * Looks at the fields of a head.
     *
     * @throws IllegalArgumentException if they are malformed
     */
    static void validateRequest(Http3Headers headers) {
        validate(headers);
        CharSequence authority = headers.authority();
        require(
                authority == null || (!authority.isEmpty() && AsciiString.indexOf(authority, '@', 0) < 0),
                "an authority that is empty, or has a user");
        CharSequence path = headers.path();
        require(
                path == null
                        || (!path.isEmpty() && path.charAt(0) == '/')
                        || (AsciiString.contentEquals(path, "*")
                                && HttpMethod.OPTIONS.asciiName().contentEquals(headers.method())),
                "a path that does not begin with a slash");
    }

    /**
     * Looks at the fields of a head or of trailers.
     *
     * @throws IllegalArgumentException if they are malformed
     */
    static void validate(Http3Headers headers) {
        for (Map.Entry<CharSequence, CharSequence> field : headers) {
            require(!OF_CONNECTIONS.contains(AsciiString.of(field.getKey())), "a field of connections");
            CharSequence value = field.getValue();
            int last = value.length() - 1;
            require(last < 0 || (value.charAt(last) != ' ' && value.charAt(last) != '\t'), "a value with space around");
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("malformed request: " + otherwise);
        }
    }
}
