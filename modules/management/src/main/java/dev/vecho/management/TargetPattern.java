package dev.vecho.management;

import dev.vecho.core.Target;
import dev.vecho.core.config.Hosts;
import dev.vecho.net.listen.AddressBlock;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which targets a client may name: {@code scheme://host:port}, compared with the parts of a target that has been parsed as the check
 * parses it. So it makes no difference how a target is written.
 *
 * <ul>
 *   <li>The scheme, or {@code *} for all that have a host and a port.
 *   <li>The host: a name, {@code *.example.org} for all names below one, an address, a block of addresses in brackets such as
 *       {@code [10.0.0.0/8]}, or {@code *} for all.
 *   <li>The port: a number, a range such as {@code 7000-7999}, or {@code *} for all; that of the scheme where there is one.
 * </ul>
 *
 * <p>Targets of Unix domain sockets and of the event bus, which have no port, are allowed one by one.
 */
final class TargetPattern {

    private static final Pattern PARTS = Pattern.compile(
            "([A-Za-z][A-Za-z0-9+.-]*|\\*)://(?:\\[([^\\[\\]]*)]|([^\\[\\]:/?#@\\s]*))(?::([^:/?#]*))?(/?.*)",
            Pattern.DOTALL);

    private static final Pattern PORTS = Pattern.compile("([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?");
    private static final int MAX_PORT = 65_535;

    /** Those whose targets are no host and port. */
    private static final Set<String> WITHOUT_PORT = Set.of("unix", "bus");

    private static final Map<String, Integer> DEFAULT_PORTS =
            Map.of("http", 80, "ws", 80, "https", 443, "wss", 443, "h3", 443);

    private final String text;
    private final String scheme;
    private final Host host;
    private final int fromPort;
    private final int toPort;

    /** The only target that is allowed, of those without a port. */
    private final @Nullable Target single;

    /** Which hosts are allowed. */
    private interface Host {

        /** @param name as {@link Hosts#check} has it, in small letters, without a dot at its end or a zone */
        boolean allows(String name);
    }

    private TargetPattern(String text, String scheme, Host host, int fromPort, int toPort, @Nullable Target single) {
        this.text = text;
        this.scheme = scheme;
        this.host = host;
        this.fromPort = fromPort;
        this.toPort = toPort;
        this.single = single;
    }

    /**
     * Reads one.
     *
     * @throws IllegalArgumentException with what is wrong, to be put after the place and a colon
     */
    static TargetPattern parse(String text) {
        int colon = text.indexOf(':');
        String before = colon < 0 ? "" : text.substring(0, colon).toLowerCase(Locale.ROOT);
        if (WITHOUT_PORT.contains(before)) {
            return new TargetPattern(text, before, name -> false, -1, -1, Target.parse(text));
        }
        Matcher parts = PARTS.matcher(text);
        if (!parts.matches()) {
            throw wrong(text, "must be scheme://host:port, such as tls://*.example.org:443");
        }
        if (!parts.group(5).isEmpty() && !parts.group(5).equals("/")) {
            throw wrong(text, "must end after the port: what follows it is not looked at");
        }
        String scheme = parts.group(1).toLowerCase(Locale.ROOT);
        Host host = parts.group(2) != null ? block(text, parts.group(2)) : host(text, parts.group(3));
        String port = parts.group(4);
        if (port == null) {
            Integer known = DEFAULT_PORTS.get(scheme);
            if (known == null) {
                throw wrong(text, "has no port: give a number, a range such as 7000-7999, or * for all");
            }
            return new TargetPattern(text, scheme, host, known, known, null);
        }
        if (port.equals("*")) {
            return new TargetPattern(text, scheme, host, 1, MAX_PORT, null);
        }
        Matcher ports = PORTS.matcher(port);
        int from = ports.matches() ? Integer.parseInt(ports.group(1)) : 0;
        int to = from == 0 || ports.group(2) == null ? from : Integer.parseInt(ports.group(2));
        if (from == 0 || to < from || to > MAX_PORT) {
            throw wrong(text, "must have a port 1..65535, a range of them such as 7000-7999, or *");
        }
        return new TargetPattern(text, scheme, host, from, to, null);
    }

    private static IllegalArgumentException wrong(String text, String what) {
        return new IllegalArgumentException("\"" + text + "\" " + what);
    }

    private static Host block(String text, String block) {
        AddressBlock allowed;
        try {
            allowed = AddressBlock.parse(block);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("\"" + text + "\": \"" + block + "\" " + e.getMessage(), e);
        }
        return name -> Hosts.isAddress(name) && allowed.contains(address(name));
    }

    private static Host host(String text, String host) {
        if (host.equals("*")) {
            return name -> true;
        }
        if (Hosts.isAddress(host)) {
            return block(text, host);
        }
        boolean below = host.startsWith("*.");
        String name;
        try {
            name = normal(below ? host.substring(2) : host);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("\"" + text + "\": " + e.getMessage(), e);
        }
        if (below && Hosts.isAddress(name)) {
            throw wrong(text, "must have a name after \"*.\"; blocks of addresses are written like [10.0.0.0/8]");
        }
        return below ? asked -> asked.endsWith("." + name) : asked -> asked.equals(name);
    }

    /** As all spellings of a host are compared. */
    private static String normal(String host) {
        return Hosts.peerName(Hosts.check(host)).toLowerCase(Locale.ROOT);
    }

    /** Read as it is when it is connected to; nothing is looked up. */
    private static AddressBlock address(String name) {
        try {
            return AddressBlock.of(Hosts.resolve(name)[0]);
        } catch (UnknownHostException | SocketException e) {
            throw new IllegalArgumentException(name, e);
        }
    }

    boolean allows(Target target) {
        if (single != null) {
            return target.scheme().equals(scheme)
                    && target.port() == single.port()
                    && target.path().equals(single.path())
                    && (target.host() == null
                            ? single.host() == null
                            : target.host().equals(single.host()));
        }
        if (target.host() == null
                || WITHOUT_PORT.contains(target.scheme())
                || !(scheme.equals("*") || scheme.equals(target.scheme()))) {
            return false;
        }
        int port = target.port() == -1 ? DEFAULT_PORTS.getOrDefault(target.scheme(), -1) : target.port();
        if (port < fromPort || port > toPort) {
            return false;
        }
        try {
            return host.allows(normal(target.host()));
        } catch (IllegalArgumentException noHost) {
            return false;
        }
    }

    /** A target of its scheme, to try a script on; nothing connects to it. */
    String sample() {
        String kind = scheme.equals("*") ? "tcp" : scheme;
        return single == null ? kind + "://localhost:" + fromPort : single.text();
    }

    /** As the user wrote it. */
    @Override
    public String toString() {
        return text;
    }
}
