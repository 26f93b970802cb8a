package dev.vecho.core;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a check connects to, written as a URI such as {@code tcp://localhost:7007}.
 *
 * @param text the URI as the user wrote it
 * @param scheme in lower case; names the transport
 * @param host a name or a literal address without brackets, or null
 * @param port 1 to 65535, or -1 where none was given
 * @param path the path, maybe empty
 */
public record Target(String text, String scheme, @Nullable String host, int port, String path) {

    /** A name, maybe with a port, as it is used within Docker networks or on an event bus: {@code my_service:7007}. */
    private static final Pattern ANY_NAME = Pattern.compile("(?![0-9.]+(?::|$))([A-Za-z0-9._~-]+)(?::([0-9]{1,5}))?");

    /**
     * Parses a URI.
     *
     * @throws IllegalArgumentException with a message that names the part that is wrong
     */
    public static Target parse(String text) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(text + ": is not a URI: " + e.getReason(), e);
        }
        String scheme = uri.getScheme();
        // "localhost:7007" parses as the scheme "localhost".
        if (scheme == null || (uri.isOpaque() && !text.contains("//"))) {
            throw new IllegalArgumentException(text + ": scheme: is missing, write for example tcp://" + text);
        }
        String authority = uri.getRawAuthority();
        String host = uri.getHost();
        int port = uri.getPort();
        // To java.net.URI a name with an underscore, among others, is no host.
        Matcher name = ANY_NAME.matcher(authority == null ? "" : authority);
        if (host == null && name.matches()) {
            host = name.group(1);
            port = name.group(2) == null ? -1 : Integer.parseInt(name.group(2));
        }
        if (authority != null && host == null) {
            throw new IllegalArgumentException(
                    text + ": host: \"" + authority + "\" is not a host and port (an IPv6 address needs brackets)");
        }
        if (uri.getRawUserInfo() != null) {
            throw new IllegalArgumentException(text + ": user information has no meaning here");
        }
        if (uri.getRawFragment() != null) {
            throw new IllegalArgumentException(text + ": a fragment has no meaning here");
        }
        if (port != -1 && (port < 1 || port > 65_535)) {
            throw new IllegalArgumentException(text + ": port: must be 1..65535, was " + port);
        }
        if (host != null && host.startsWith("[")) {
            host = host.substring(1, host.length() - 1);
        }
        String path = uri.getPath() == null ? "" : uri.getPath();
        return new Target(text, scheme.toLowerCase(java.util.Locale.ROOT), host, port, path);
    }

    /**
     * The host, of a target that is a host and a port and nothing else. What is missing or has no meaning is added to the
     * problems of its options.
     *
     * @return empty where it is missing
     */
    public String hostOfSocket(Options options) {
        if (host == null) {
            options.problem("", this + ": host: is missing, expected " + scheme + "://host:port");
        } else if (port == -1) {
            options.problem("", this + ": port: is missing, expected " + scheme + "://host:port");
        }
        if (!path.isEmpty() && !path.equals("/")) {
            options.problem("", this + ": path: has no meaning here, was " + path);
        }
        return host == null ? "" : host;
    }

    @Override
    public String toString() {
        return text;
    }
}
