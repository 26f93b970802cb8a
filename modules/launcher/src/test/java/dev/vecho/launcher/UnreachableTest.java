package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.net.io.Io;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.NetworkNamespace;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Checks hosts behind a router that answers with each kind of ICMP error, by its firewall and by its routes, and behind one that
 * says nothing.
 */
@TestInstance(Lifecycle.PER_CLASS)
final class UnreachableTest {

    /** Longer than the neighbours of the client are asked for, shorter than a test may be. */
    private static final int TIMEOUT_MILLIS = 3000;

    /** What Linux keeps back from a UDP socket unless it is asked, which Java cannot do. */
    private static final String PASSING = " (may pass)";

    /** A kind of error, in the words of nftables; the host that gets it, and what the check makes of it. */
    private record Icmp(String host, String name, String word) {}

    private static final String PORT_UNREACHABLE = "192.0.2.4";

    private static final List<Icmp> IPV4 = List.of(
            new Icmp("192.0.2.1", "net-unreachable", "unreachable" + PASSING),
            new Icmp("192.0.2.2", "host-unreachable", "unreachable" + PASSING),
            new Icmp("192.0.2.3", "prot-unreachable", "unreachable"),
            new Icmp(PORT_UNREACHABLE, "port-unreachable", "refused"),
            new Icmp("192.0.2.5", "net-prohibited", "unreachable"),
            new Icmp("192.0.2.6", "host-prohibited", "unreachable"),
            new Icmp("192.0.2.7", "admin-prohibited", "unreachable"));

    private static final List<Icmp> IPV6 = List.of(
            new Icmp("2001:db8::1", "no-route", "unreachable" + PASSING),
            new Icmp("2001:db8::2", "addr-unreachable", "unreachable" + PASSING),
            new Icmp("2001:db8::3", "admin-prohibited", "unreachable"),
            new Icmp("2001:db8::4", "port-unreachable", "refused"),
            new Icmp("2001:db8::5", "policy-fail", "unreachable"),
            new Icmp("2001:db8::6", "reject-route", "unreachable"));

    private final Map<String, String> hosts = new LinkedHashMap<>();
    private final List<NetworkNamespace> namespaces = new ArrayList<>();
    private NetworkNamespace client;

    @SuppressWarnings("NullAway.Init") // open sets the rest.
    UnreachableTest() {}

    @BeforeAll
    void open() throws Exception {
        ForeignProgram.find("nft", "apt-get install nftables");
        client = namespace();
        NetworkNamespace router = namespace();
        NetworkNamespace far = namespace();
        join(client, router, 99);
        join(far, router, 98);
        for (String family : List.of("ipv4", "ipv6")) {
            client.sysctl("net." + family + ".neigh.eth0.retrans_time_ms", "100");
        }
        for (NetworkNamespace forwarding : List.of(router, far)) {
            forwarding.sysctl("net.ipv4.ip_forward", "1");
            forwarding.sysctl("net.ipv6.conf.all.forwarding", "1");
            forwarding.sysctl("net.ipv4.icmp_ratelimit", "0");
            forwarding.sysctl("net.ipv6.icmp.ratelimit", "0");
        }
        byFirewall(router);
        byRoute(router);
        hosts.put("10.99.0.77", "unreachable" + PASSING);
        hosts.put("[fd00:99::77]", "unreachable" + PASSING);
        hosts.put("10.99.0.2", "refused");
        hosts.put("[fd00:99::2]", "refused");
    }

    private NetworkNamespace namespace() throws Exception {
        NetworkNamespace namespace = NetworkNamespace.create();
        namespaces.add(namespace);
        return namespace;
    }

    /** Joins one to the router, which is its way to everywhere. */
    private static void join(NetworkNamespace one, NetworkNamespace router, int network) throws Exception {
        NetworkNamespace.join(one, "eth0", router, "eth" + network);
        one.ip("addr add 10." + network + ".0.1/24 dev eth0");
        one.ip("addr add fd00:" + network + "::1/64 dev eth0 nodad");
        router.ip("addr add 10." + network + ".0.2/24 dev eth" + network);
        router.ip("addr add fd00:" + network + "::2/64 dev eth" + network + " nodad");
        one.ip("route add default via 10." + network + ".0.2");
        one.ip("route add default via fd00:" + network + "::2");
    }

    private void byFirewall(NetworkNamespace router) throws Exception {
        StringBuilder rules = new StringBuilder("table inet t { chain f { type filter hook forward priority 0;\n");
        for (Icmp kind : IPV4) {
            hosts.put(kind.host(), kind.word());
            rules.append("ip daddr " + kind.host() + " reject with icmp type " + kind.name() + "\n");
        }
        for (Icmp kind : IPV6) {
            hosts.put("[" + kind.host() + "]", kind.word());
            rules.append("ip6 daddr " + kind.host() + " reject with icmpv6 type " + kind.name() + "\n");
        }
        rules.append("ip daddr 192.0.2.99 drop\nip6 daddr 2001:db8::99 drop\n}\n}\n");
        hosts.put("192.0.2.99", "nothing");
        hosts.put("[2001:db8::99]", "nothing");
        router.run(rules.toString().getBytes(StandardCharsets.UTF_8), "nft", "-f", "-");
        // The firewall sees only what there is a way for.
        router.ip("route add 192.0.2.0/24 via 10.98.0.1");
        router.ip("route add 2001:db8::/64 via fd00:98::1");
    }

    private void byRoute(NetworkNamespace router) throws Exception {
        router.ip("route add unreachable 198.51.100.1");
        router.ip("route add prohibit 198.51.100.2");
        router.ip("route add blackhole 198.51.100.3");
        hosts.put("198.51.100.1", "unreachable" + PASSING);
        hosts.put("198.51.100.2", "unreachable");
        hosts.put("198.51.100.3", "nothing");
        hosts.put("198.51.100.4", "unreachable" + PASSING);
        router.ip("route add unreachable 2001:db8:1::1");
        router.ip("route add prohibit 2001:db8:1::2");
        router.ip("route add blackhole 2001:db8:1::3");
        hosts.put("[2001:db8:1::1]", "unreachable" + PASSING);
        hosts.put("[2001:db8:1::2]", "unreachable");
        hosts.put("[2001:db8:1::3]", "nothing");
        hosts.put("[2001:db8:1::4]", "unreachable" + PASSING);
        // To and fro between two routers, until its hops are used up.
        router.ip("route add 198.51.100.5 via 10.98.0.1");
        router.ip("route add 2001:db8:1::5 via fd00:98::1");
        hosts.put("198.51.100.5", "unreachable" + PASSING);
        hosts.put("[2001:db8:1::5]", "unreachable" + PASSING);
        // To one address, Linux sends five such errors at once and then one a second.
        for (int i = 1; i <= 5; i++) {
            client.ip("addr add 10.99.0.10" + i + "/24 dev eth0");
            client.ip("route add 198.51.100." + i + " via 10.99.0.2 src 10.99.0.10" + i);
        }
    }

    @AfterAll
    void close() throws Exception {
        for (NetworkNamespace namespace : namespaces) {
            namespace.close();
        }
    }

    static List<String> ios() {
        return Io.available();
    }

    @ParameterizedTest
    @MethodSource("ios")
    void tellsUnreachableFromSilence(String io) throws Exception {
        Map<String, String> expected = new LinkedHashMap<>();
        hosts.forEach((host, word) -> {
            boolean keptBack = io.equals("nio") && word.endsWith(PASSING);
            String said = word.replace(PASSING, "");
            expected.put("tcp://" + host + ":7007", said.equals("nothing") ? "filtered" : said);
            expected.put("udp://" + host + ":7007", said.equals("nothing") || keptBack ? "silent" : said);
        });
        if (io.equals("io_uring")) {
            // The kernel does not always say which error it was, see SocketConnector.
            expected.replace("tcp://" + PORT_UNREACHABLE + ":7007", "refused", "refused|unreachable");
        }
        expectVerdicts(io, expected);
    }

    /** By themselves: with the packets of the others there would be more errors at once than Linux sends. */
    @ParameterizedTest
    @MethodSource("ios")
    void tellsUnreachableFromSilenceOverQuic(String io) throws Exception {
        Map<String, String> expected = new LinkedHashMap<>();
        hosts.forEach((host, word) -> {
            boolean keptBack = io.equals("nio") && word.endsWith(PASSING);
            String said = word.replace(PASSING, "");
            expected.put("quic://" + host + ":7443", said.equals("nothing") || keptBack ? "filtered" : said);
        });
        expectVerdicts(io, expected);
    }

    /** Expects words of the check by target; some have alternatives. */
    private void expectVerdicts(String io, Map<String, String> expected) throws Exception {
        JsonObject verdicts = check(io, expected.keySet());
        Map<String, String> words = new LinkedHashMap<>();
        verdicts.forEach(verdict -> {
            String word = verdict.getValue().toString().replaceFirst(":.*", "");
            String wanted = expected.getOrDefault(verdict.getKey(), "");
            words.put(verdict.getKey(), List.of(wanted.split("\\|")).contains(word) ? wanted : word);
        });
        assertThat(words).as(verdicts.encodePrettily()).isEqualTo(expected);
    }

    private JsonObject check(String io, Iterable<String> targets) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(io, String.valueOf(TIMEOUT_MILLIS)));
        targets.forEach(arguments::add);
        ForeignProgram.Result result = client.java(Checks.class, arguments.toArray(String[]::new));
        assertThat(result.text()).as("standard error: %s", result.err()).startsWith("{");
        return new JsonObject(result.text());
    }
}
