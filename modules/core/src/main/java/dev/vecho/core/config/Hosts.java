package dev.vecho.core.config;

import io.netty.util.NetUtil;
import java.net.IDN;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Hosts as users write them: a name, an address of IPv4, or one of IPv6, without brackets. A link-local address has a zone,
 * which is the interface that it belongs to: {@code fe80::1%eth0} (RFC 4007). Names beyond ASCII become A-labels, as
 * resolvers, certificates and HTTP want them (RFC 5890).
 */
public final class Hosts {

    private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9_-]+");

    /** A last label that is a number to some resolver: inet_aton(3) takes octal and hexadecimal ones, and fewer than four. */
    private static final Pattern NUMBER = Pattern.compile("[0-9]+|0[xX][0-9A-Fa-f]*");

    private static final Pattern IPV4 =
            Pattern.compile("(0|[1-9][0-9]{0,2})\\.(0|[1-9][0-9]{0,2})\\.(0|[1-9][0-9]{0,2})\\.(0|[1-9][0-9]{0,2})");

    /** What IDNA 2003, which Java has, and IDNA 2008 make different names of: sharp s, final sigma, the two joiners. */
    private static final Pattern AMBIGUOUS = Pattern.compile("[\u00df\u1e9e\u03c2\u200c\u200d]");

    private static final Pattern BEYOND_ASCII = Pattern.compile("[^\\x00-\\x7f]");

    private static final int MAX_LABEL = 63;
    private static final int MAX_NAME = 253;

    private Hosts() {}

    /**
     * Checks a host, and has it in ASCII.
     *
     * @throws IllegalArgumentException with what is wrong, to be put after the place and a colon
     */
    public static String check(String host) {
        if (host.isEmpty()) {
            throw new IllegalArgumentException("is missing");
        }
        if (host.indexOf(':') >= 0) {
            return checkIpv6(host);
        }
        if (host.indexOf('%') >= 0) {
            throw wrong(host, "has \"%\": nothing is decoded here, and only a link-local address of IPv6 has a zone");
        }
        String ascii = BEYOND_ASCII.matcher(host).find() ? toAscii(host) : host;
        String[] labels = ascii.split("\\.", -1);
        boolean rooted = labels.length > 1 && labels[labels.length - 1].isEmpty();
        List<String> names = List.of(labels).subList(0, rooted ? labels.length - 1 : labels.length);
        if (NUMBER.matcher(names.get(names.size() - 1)).matches()) {
            if (!isIpv4(host)) {
                throw wrong(
                        host,
                        "ends in a number, and is no address of IPv4: four numbers 0..255 in decimal, without leading"
                                + " zeros, for programs read other forms differently");
            }
            return host;
        }
        for (String name : names) {
            checkLabel(host, name);
        }
        if (ascii.length() - (rooted ? 1 : 0) > MAX_NAME) {
            throw wrong(host, "is longer than " + MAX_NAME + " characters");
        }
        return ascii;
    }

    /** Checks a host that a key of the options has. What is wrong is added to their problems; the result is not to be used then. */
    public static String check(Options options, String key, String host) {
        try {
            return check(host);
        } catch (IllegalArgumentException wrong) {
            options.problem(key, String.valueOf(wrong.getMessage()));
            return host;
        }
    }

    private static void checkLabel(String host, String label) {
        if (label.isEmpty()) {
            throw wrong(host, "has nothing before or between its dots");
        }
        if (label.length() > MAX_LABEL) {
            throw wrong(host, "has more than " + MAX_LABEL + " characters between two dots");
        }
        if (!LABEL.matcher(label).matches()) {
            throw wrong(host, "may have letters, digits, \"-\", \"_\" and dots only");
        }
    }

    private static String toAscii(String host) {
        if (AMBIGUOUS.matcher(host).find()) {
            throw wrong(
                    host,
                    "has a character that versions of IDNA read differently: write the name in ASCII, xn--\u2026, as it is"
                            + " registered");
        }
        try {
            return IDN.toASCII(host);
        } catch (IllegalArgumentException e) {
            throw wrong(host, "is no name that IDNA can have in ASCII: write it as xn--\u2026, if it is one");
        }
    }

    private static String checkIpv6(String host) {
        int percent = host.indexOf('%');
        String address = percent < 0 ? host : host.substring(0, percent);
        String ipv4 = address.substring(address.lastIndexOf(':') + 1);
        if (!NetUtil.isValidIpV6Address(address) || (ipv4.indexOf('.') >= 0 && !isIpv4(ipv4))) {
            throw wrong(host, "is no address of IPv6, and a port has no place here");
        }
        boolean linkLocal = bytes(address).isLinkLocalAddress();
        if (linkLocal && percent < 0) {
            throw wrong(host, "is link-local and needs a zone, the interface that it belongs to: " + host + "%eth0");
        }
        if (!linkLocal && percent >= 0) {
            throw wrong(host, "has a zone, which is for link-local addresses (fe80::/10) only");
        }
        if (percent == host.length() - 1) {
            throw wrong(host, "has an empty zone");
        }
        return host;
    }

    private static IllegalArgumentException wrong(String host, String what) {
        return new IllegalArgumentException("\"" + host + "\" " + what);
    }

    private static boolean isIpv4(String host) {
        Matcher numbers = IPV4.matcher(host);
        if (!numbers.matches()) {
            return false;
        }
        for (int i = 1; i <= numbers.groupCount(); i++) {
            if (Integer.parseInt(numbers.group(i)) > 255) {
                return false;
            }
        }
        return true;
    }

    /** Whether a host is an address, and no name. */
    public static boolean isAddress(String host) {
        return host.indexOf(':') >= 0 || isIpv4(host);
    }

    /**
     * What TLS and HTTP call a host, which has been {@linkplain #check checked}: without its zone, which has a meaning on this
     * machine only (RFC 6874, section 4), and without the dot at the end of a name (RFC 6066, section 3).
     */
    public static String peerName(String host) {
        int zone = host.indexOf('%');
        String name = zone < 0 ? host : host.substring(0, zone);
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    /** Whether a name is that of this machine's loopback addresses, RFC 6761, section 6.3. */
    public static boolean isLocalhost(String host) {
        return host.equalsIgnoreCase("localhost") || host.equalsIgnoreCase("localhost.");
    }

    /**
     * Finds the addresses of a host that has been {@linkplain #check checked}; may block.
     *
     * @throws UnknownHostException if it is a name that has none
     * @throws SocketException if this machine has no such interface as the zone names
     */
    public static InetAddress[] resolve(String host) throws UnknownHostException, SocketException {
        int percent = host.indexOf('%');
        if (percent < 0) {
            return InetAddress.getAllByName(isLocalhost(host) ? "localhost" : host);
        }
        String zone = host.substring(percent + 1);
        NetworkInterface found = networkInterface(zone);
        if (found == null) {
            throw new SocketException("this machine has no network interface " + zone);
        }
        byte[] address = bytes(host.substring(0, percent)).getAddress();
        return new InetAddress[] {Inet6Address.getByAddress(host, address, found.getIndex())};
    }

    /**
     * What a client that is told to connect to all addresses means. Most systems connect it to loopback; but a datagram's
     * answer comes from there, not from the address that it was sent to.
     */
    public static InetAddress loopbackOf(InetAddress address) {
        return address.isAnyLocalAddress() ? bytes(address instanceof Inet6Address ? "::1" : "127.0.0.1") : address;
    }

    private static @Nullable NetworkInterface networkInterface(String zone) throws SocketException {
        NetworkInterface named = NetworkInterface.getByName(zone);
        return named == null && zone.matches("[0-9]{1,9}")
                ? NetworkInterface.getByIndex(Integer.parseInt(zone))
                : named;
    }

    private static InetAddress bytes(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("is no address: " + literal, e);
        }
    }
}
