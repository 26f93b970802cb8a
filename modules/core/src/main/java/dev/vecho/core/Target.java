package dev.vecho.core;

import dev.vecho.core.config.Hosts;
import dev.vecho.core.config.Options;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a check connects to, written as a URI such as {@code tcp://localhost:7007}.
 *
 * @param text the URI as the user wrote it
 * @param scheme in lower case; names the transport
 * @param host as the user wrote it but for brackets, or null; {@link #checkedHost} has it for sockets
 * @param port 1 to 65535, or -1 where none was given
 * @param path the path, maybe empty; or an abstract Unix domain socket with its {@code @}, of {@code unix:@name}
 */
public record Target(String text, String scheme, @Nullable String host, int port, String path) {

    private static final Pattern WITH_AUTHORITY =
            Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]+)(.*)", Pattern.DOTALL);

    /** A host in brackets, or one that has neither these nor blanks; and maybe a port. */
    private static final Pattern HOST_AND_PORT =
            Pattern.compile("(?:\\[([^\\[\\]]*)\\]|([^\\[\\]:\\s\\p{Cntrl}]*))(?::(.*))?");

    /**
     * Parses a URI.
     *
     * @throws IllegalArgumentException with a message that names the part that is wrong
     */
    public static Target parse(String text) {
        Matcher parts = WITH_AUTHORITY.matcher(text);
        String authority = parts.matches() ? parts.group(2) : null;
        URI uri;
        try {
            // What java.net.URI takes for an authority is neither all that is one nor only what is.
            uri = new URI(authority == null ? text : parts.group(1) + "://host" + parts.group(3));
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(text + ": is not a URI" + whereNot(e), e);
        }
        String scheme = uri.getScheme();
        boolean abstractSocket =
                scheme != null && uri.isOpaque() && uri.getSchemeSpecificPart().startsWith("@");
        // "localhost:7007" parses as the scheme "localhost".
        if (scheme == null || (uri.isOpaque() && !text.contains("//") && !abstractSocket)) {
            throw new IllegalArgumentException(text + ": scheme: is missing, write for example tcp://" + text);
        }
        if (uri.getRawFragment() != null) {
            throw new IllegalArgumentException(text + ": a fragment has no meaning here");
        }
        String path = abstractSocket ? uri.getSchemeSpecificPart() : uri.getPath() == null ? "" : uri.getPath();
        Target target = new Target(text, scheme.toLowerCase(Locale.ROOT), null, -1, path);
        return authority == null ? target : target.at(authority);
    }

    private static String whereNot(URISyntaxException e) {
        String input = e.getInput();
        return e.getIndex() >= 0 && e.getIndex() < input.length()
                ? " from \"" + input.substring(e.getIndex()) + "\" on"
                : ": something is missing at its end";
    }

    private Target at(String authority) {
        if (authority.indexOf('@') >= 0) {
            throw new IllegalArgumentException(text + ": user information has no meaning here");
        }
        Matcher parts = HOST_AND_PORT.matcher(authority);
        boolean brackets = authority.startsWith("[");
        if (!parts.matches() || (!brackets && authority.indexOf(':') != authority.lastIndexOf(':'))) {
            throw new IllegalArgumentException(
                    text + ": host: \"" + authority + "\" is not a host and port (an IPv6 address needs brackets)");
        }
        if (brackets && parts.group(1).indexOf(':') < 0) {
            throw new IllegalArgumentException(text + ": host: brackets are for an IPv6 address, was " + authority);
        }
        String digits = parts.group(3);
        int number = -1;
        if (digits != null && !digits.isEmpty()) {
            number = digits.matches("[0-9]{1,5}") ? Integer.parseInt(digits) : 0;
            if (number < 1 || number > 65_535) {
                throw new IllegalArgumentException(text + ": port: must be 1..65535, was " + digits);
            }
        }
        String name = brackets ? withZone(parts.group(1)) : parts.group(2);
        return new Target(text, scheme, name.isEmpty() ? null : name, number, path);
    }

    /** A zone that is encoded for URIs as others are written, RFC 6874: that of {@code fe80::1%25eth0} is {@code eth0}. */
    private String withZone(String host) {
        int encoded = host.indexOf("%25");
        if (encoded < 0 || encoded + 3 == host.length()) {
            return host;
        }
        String zone = host.substring(encoded + 3);
        try {
            return host.substring(0, encoded + 1) + URLDecoder.decode(zone.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    text + ": host: after %25 a \"%\" needs two hexadecimal digits, was \"" + zone + "\"", e);
        }
    }

    /**
     * The host, of a target that is a host and a port and nothing else. What is missing or has no meaning is added to the
     * problems of its options.
     *
     * @return as {@link Hosts#check} has it; empty where it is missing or wrong
     */
    public String hostOfSocket(Options options) {
        String checked = checkedHost(options, "host:port");
        if (host != null && port == -1) {
            options.problem("", this + ": port: is missing, expected " + scheme + "://host:port");
        }
        if (!path.isEmpty() && !path.equals("/")) {
            options.problem("", this + ": path: has no meaning here, was " + path);
        }
        return checked;
    }

    /** Refuses a client's key {@code proxy}, where a connection cannot begin with a PROXY header. */
    public void refuseProxyHeader(Options options) {
        options.refuse(
                "proxy",
                "has no meaning for " + this + ", a PROXY header begins connections of TCP and Unix domain sockets");
    }

    /**
     * The host, of a target that has one of the Internet. What is wrong is added to the problems of its options.
     *
     * @param expected what follows the scheme, for a message
     * @return as {@link Hosts#check} has it; empty where it is missing or wrong
     */
    public String checkedHost(Options options, String expected) {
        if (host == null) {
            options.problem("", this + ": host: is missing, expected " + scheme + "://" + expected);
            return "";
        }
        try {
            return Hosts.check(host);
        } catch (IllegalArgumentException wrong) {
            options.problem("", this + ": host: " + wrong.getMessage());
            return "";
        }
    }

    /** The same with another host, and without a zone: for programs on other machines. */
    public URI uri(String otherHost) {
        Matcher parts = WITH_AUTHORITY.matcher(text);
        String name = Hosts.peerName(otherHost);
        String written = name.indexOf(':') >= 0 ? "[" + name + "]" : name;
        return URI.create(
                scheme + "://" + written + (port == -1 ? "" : ":" + port) + (parts.matches() ? parts.group(3) : ""));
    }

    @Override
    public String toString() {
        return text;
    }
}
