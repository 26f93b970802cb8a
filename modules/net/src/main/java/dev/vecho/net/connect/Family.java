package dev.vecho.net.connect;

import dev.vecho.core.config.Options;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;

/** Which of a name's addresses a client may connect to. */
public enum Family {
    /** All of them. */
    ANY("IP"),
    /** Those of IPv4. */
    IPV4("IPv4"),
    /** Those of IPv6. */
    IPV6("IPv6");

    private final String label;

    Family(String label) {
        this.label = label;
    }

    /** Reads the key {@code family} of a client's options: {@code ipv4} or {@code ipv6}, by default any. */
    public static Family read(Options options) {
        Map<String, Family> families = new LinkedHashMap<>();
        families.put("ipv4", IPV4);
        families.put("ipv6", IPV6);
        return options.choice("family", ANY, families);
    }

    /** Of two, the one that an address is of. */
    static Family of(InetAddress address) {
        return address instanceof Inet6Address ? IPV6 : IPV4;
    }

    boolean has(InetAddress address) {
        return this == ANY || this == of(address);
    }

    /** As people write it. */
    @Override
    public String toString() {
        return label;
    }
}
