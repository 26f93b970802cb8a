package dev.vecho.transport.udp;

import dev.vecho.core.Services;
import dev.vecho.core.config.Bounds;
import dev.vecho.core.config.Options;
import dev.vecho.net.listen.AccessRules;
import dev.vecho.net.listen.BindAddress;
import dev.vecho.net.listen.ByteRates;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The options of one UDP listener.
 *
 * @param address keys {@code host}, where {@code 0.0.0.0} stands for all addresses of IPv4 that this machine has,
 *     {@code ::} for those of both families, default {@code localhost}, and {@code port}, default {@value #PORT}, or that of the service
 * @param receiveBufferBytes of each socket (SO_RCVBUF), at most what the system allows; 0 for the system's; default 0
 * @param sendBufferBytes of each socket (SO_SNDBUF), at most what the system allows; 0 for the system's; default 0
 * @param maxDatagramsPerSecond from one source address, of which a second's worth may come at once; further ones get no
 *     answer; 0 for no limit; default 100,000
 * @param rates how many bytes from one source address, and from all; of each a second's worth may come at once; further datagrams
 *     get no answer
 * @param refusedSourcePorts datagrams from these ports get no answer, because what listens there may answer by itself;
 *     a list of ports and ranges, each as text; default {@value #ANSWERING_PORTS}, and the listener's own {@code port}
 *     where that is below {@value #EPHEMERAL}; port 0 is always refused
 * @param access which source addresses get an answer; keys as of {@link AccessRules}
 * @param service null for the echo. One that amplifies needs {@code allow} and {@code maxDatagramsPerSecond}
 */
record UdpListenerOptions(
        BindAddress address,
        int receiveBufferBytes,
        int sendBufferBytes,
        int maxDatagramsPerSecond,
        ByteRates rates,
        BitSet refusedSourcePorts,
        AccessRules access,
        @Nullable DatagramService service) {

    static final int PORT = 7007;

    /**
     * Echo, daytime, qotd, chargen, time, DNS, TFTP, portmap, NTP, NetBIOS, SNMP, XDMCP, CLDAP, SLP, RIP, IPMI, MS SQL,
     * SSDP, STUN, WS-Discovery, NAT-PMP, mDNS, CoAP, Vecho, memcached, Steam and Quake.
     */
    static final String ANSWERING_PORTS =
            "7, 13, 17, 19, 37, 53, 69, 111, 123, 137, 161, 177, 389, 427, 520, 623, 1434,"
                    + " 1900, 3478, 3702, 5351, 5353, 5683, 7007, 11211, 27015, 27960";

    /** From here on, the system of a client may have chosen the port by chance. */
    static final int EPHEMERAL = 32_768;

    private static final int MAX_RATE = 1_000_000_000;

    private static final String PORTS =
            "must be a list of ports 0..65535 and ranges such as \"1-1023\", each a text, was ";

    /**
     * Reads all but what answers.
     *
     * @param service null for the echo
     */
    static UdpListenerOptions read(Options options, @Nullable DatagramService service) {
        BindAddress address = BindAddress.read(options, service == null ? PORT : service.port());
        UdpListenerOptions read = new UdpListenerOptions(
                address,
                options.integer("receiveBufferBytes", 0, 0, Bounds.MAX_BYTES),
                options.integer("sendBufferBytes", 0, 0, Bounds.MAX_BYTES),
                options.integer("maxDatagramsPerSecond", 100_000, 0, MAX_RATE),
                ByteRates.read(options),
                refusedSourcePorts(options, address.port()),
                AccessRules.read(options),
                service);
        if (service != null && service.amplifies()) {
            requireLimits(options);
        }
        options.rejectUnknownKeys();
        return read;
    }

    /** The scheme of the targets that are answered. */
    String scheme() {
        return service == null ? "udp" : service.scheme();
    }

    private static void requireLimits(Options options) {
        List<String> missing = new ArrayList<>();
        if (!options.has("allow") || options.texts("allow").isEmpty()) {
            missing.add("allow");
        }
        if (!options.has("maxDatagramsPerSecond") || options.integer("maxDatagramsPerSecond", 0, 0, MAX_RATE) == 0) {
            missing.add("maxDatagramsPerSecond");
        }
        if (!missing.isEmpty()) {
            options.problem(
                    options.has(Services.KEY) ? Services.KEY : Services.FAULTS,
                    "answers a datagram with a larger one, or with several, which whoever forges its source can turn against others: needs "
                            + String.join(" and ", missing));
        }
    }

    private static BitSet refusedSourcePorts(Options options, int port) {
        List<String> answering = new ArrayList<>(List.of(ANSWERING_PORTS.split(", ", -1)));
        if (port != 0 && port < EPHEMERAL && !answering.contains(Integer.toString(port))) {
            // The same service on another machine has this port, too.
            answering.add(Integer.toString(port));
        }
        BitSet refused = new BitSet();
        options.texts("refusedSourcePorts", answering).forEach(range -> add(refused, range.strip(), options));
        refused.set(0);
        return refused;
    }

    private static void add(BitSet refused, String range, Options options) {
        int dash = range.indexOf('-');
        int first = port(dash < 0 ? range : range.substring(0, dash));
        int last = dash < 0 ? first : port(range.substring(dash + 1));
        if (first < 0 || last < first) {
            options.problem("refusedSourcePorts", PORTS + "\"" + range + "\"");
        } else {
            refused.set(first, last + 1);
        }
    }

    /** A port, or -1 where the text is none. */
    private static int port(String text) {
        try {
            int port = Integer.parseInt(text.strip());
            return port <= Bounds.MAX_PORT ? port : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
