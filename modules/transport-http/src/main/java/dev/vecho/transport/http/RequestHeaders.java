package dev.vecho.transport.http;

import dev.vecho.core.config.Options;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Headers of a client's requests that a user has chosen. Their values may be secrets: no message has them. */
final class RequestHeaders {

    /** What RFC 9110, section 5.6.2, calls a token. */
    static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

    private static final Pattern TOKEN_START = Pattern.compile("^(" + TOKEN + ")?");
    private static final Pattern PRINTABLE = Pattern.compile("[\\t\\x20-\\x7e]*");
    private static final String AUTHORITY = "[^\\s@/?#]+";
    private static final String HOST = HttpHeaderNames.HOST.toString();

    private static final String OWN = "cannot be given: it says where a request ends or how its connection is used";

    private static final List<String> OF_THE_CONNECTION = List.of(
            "connection",
            "content-length",
            "http2-settings",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    private final HttpHeaders headers = new DefaultHttpHeaders();

    private RequestHeaders() {}

    /**
     * Reads the key {@code headers}: an object of texts or lists of texts; default none. {@code Host} may be given, for a
     * server that is reached by another name than its own.
     *
     * @param refused why some more cannot be given, by their names in lower case
     */
    static RequestHeaders read(Options options, Map<String, String> refused) {
        RequestHeaders read = new RequestHeaders();
        Options object = options.object("headers");
        Map<String, String> seen = new HashMap<>();
        for (String name : object.keys()) {
            if (!name.matches(TOKEN)) {
                // Who wrote the value into the name does not want to read it here.
                Matcher start = TOKEN_START.matcher(name);
                String shown = start.find() ? start.group() : "";
                options.problem(
                        "headers", "has a name that is not a token, without spaces and colons: \"" + shown + "…\"");
                continue;
            }
            String lower = name.toLowerCase(Locale.ROOT);
            String before = seen.put(lower, name);
            if (before != null) {
                object.problem(name, "is there twice, as " + before + " too");
            } else if (OF_THE_CONNECTION.contains(lower)) {
                object.problem(name, OWN);
            } else if (refused.containsKey(lower)) {
                object.problem(name, refused.get(lower));
            } else {
                List<String> values = object.secrets(name);
                if (!values.stream().allMatch(value -> PRINTABLE.matcher(value).matches())) {
                    object.problem(name, "must be printable ASCII, in one line");
                } else if (lower.equals(HOST)
                        && (values.size() != 1 || !values.get(0).matches(AUTHORITY))) {
                    object.problem(name, "must be a single text, a name and maybe a port");
                } else {
                    read.headers.add(name, values);
                }
            }
        }
        return read;
    }

    /** What the request names as its host, instead of that of the target; null for nothing else. */
    @Nullable String host() {
        return headers.get(HttpHeaderNames.HOST);
    }

    /** Sets these, whatever there was under the same names. */
    HttpHeaders putInto(HttpHeaders others) {
        headers.names().forEach(name -> others.set(name, headers.getAll(name)));
        return others;
    }
}
