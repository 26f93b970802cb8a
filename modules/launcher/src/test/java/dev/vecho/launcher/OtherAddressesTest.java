package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.NetworkNamespace;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Who may connect, told by addresses of other machines: a service, two clients in networks of their own, and between them a router
 * that is a balancer, too.
 */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(180)
final class OtherAddressesTest {

    private static final String PATIENCE_MILLIS = "30000";

    /** For those that get no answer. */
    private static final String IMPATIENCE_MILLIS = "3000";

    private static final int PATIENCE_SECONDS = 60;

    private static final int WELCOME = 71;
    private static final int UNWELCOME = 72;

    private static final Map<String, Integer> PORTS =
            Map.of("tcp", 7007, "udp", 7008, "http", 7009, "quic", 7010, "websocket", 7011, "behind", 7012);

    private static final List<String> TARGETS = List.of(
            "tcp://%s:7007", "udp://%s:7008", "https://%s:7009", "h3://%s:7009", "quic://%s:7010", "ws://%s:7011");

    private static final String BALANCER = """
            defaults
              mode tcp
              timeout connect 10s
              timeout client 60s
              timeout server 60s
            listen version1
              bind 0.0.0.0:7101
              bind :::7101 v6only
              server vecho 10.70.0.1:7012 send-proxy
            listen version2
              bind 0.0.0.0:7102
              bind :::7102 v6only
              server vecho [fd00:70::1]:7012 send-proxy-v2
            """;

    @TempDir
    Path directory;

    private final List<NetworkNamespace> namespaces = new ArrayList<>();
    private NetworkNamespace service;
    private NetworkNamespace router;
    private NetworkNamespace welcome;
    private NetworkNamespace unwelcome;

    @SuppressWarnings("NullAway.Init") // open sets the rest.
    OtherAddressesTest() {}

    @BeforeAll
    void open() throws Exception {
        ForeignProgram.find("haproxy", "apt-get install haproxy");
        router = namespace();
        router.sysctl("net.ipv4.ip_forward", "1");
        router.sysctl("net.ipv6.conf.all.forwarding", "1");
        service = behindTheRouter(70);
        welcome = behindTheRouter(WELCOME);
        unwelcome = behindTheRouter(UNWELCOME);
    }

    private NetworkNamespace namespace() throws Exception {
        NetworkNamespace namespace = NetworkNamespace.create();
        namespaces.add(namespace);
        return namespace;
    }

    private NetworkNamespace behindTheRouter(int network) throws Exception {
        NetworkNamespace one = namespace();
        NetworkNamespace.join(one, "eth0", router, "eth" + network);
        one.ip("addr add 10." + network + ".0.1/24 dev eth0");
        one.ip("addr add fd00:" + network + "::1/64 dev eth0 nodad");
        router.ip("addr add 10." + network + ".0.2/24 dev eth" + network);
        router.ip("addr add fd00:" + network + "::2/64 dev eth" + network + " nodad");
        one.ip("route add default via 10." + network + ".0.2");
        one.ip("route add default via fd00:" + network + "::2");
        return one;
    }

    @AfterAll
    void close() throws Exception {
        for (NetworkNamespace namespace : namespaces) {
            namespace.close();
        }
    }

    private Path configuration(String list, String... blocks) throws Exception {
        JsonObject listeners = new JsonObject();
        PORTS.forEach((name, port) -> {
            JsonObject listener = new JsonObject()
                    .put("host", "::")
                    .put("port", port)
                    .put("transport", name.equals("behind") ? "tcp" : name)
                    .put(list, new JsonArray(List.of(blocks)));
            if (name.equals("behind")) {
                listener.put("proxyProtocol", true);
            }
            if (name.equals("http") || name.equals("quic")) {
                listener.put("tls", new JsonObject().put("selfSigned", true));
            }
            listeners.put(name, listener);
        });
        return Files.writeString(
                directory.resolve("vecho.json"),
                new JsonObject().put("listeners", listeners).encode());
    }

    private static JsonObject check(NetworkNamespace client, String millis, List<String> targets) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("auto", millis));
        arguments.addAll(targets);
        ForeignProgram.Result result = client.java(Checks.class, arguments.toArray(String[]::new));
        assertThat(result.text()).as("standard error: %s", result.err()).startsWith("{");
        return new JsonObject(result.text());
    }

    private static List<String> targets(String... hosts) {
        return List.of(hosts).stream()
                .flatMap(host -> TARGETS.stream().map(target -> target.formatted(host)))
                .toList();
    }

    /** Through the balancer, with both versions of the header. */
    private static List<String> balanced(int network) {
        return List.of(
                "tcp://10." + network + ".0.2:7101",
                "tcp://10." + network + ".0.2:7102",
                "tcp://[fd00:" + network + "::2]:7101",
                "tcp://[fd00:" + network + "::2]:7102");
    }

    @ParameterizedTest
    @ValueSource(strings = {"allow", "deny"})
    void servesThoseThatMayAndNobodyElse(String list) throws Exception {
        Path file = list.equals("allow")
                ? configuration(list, "10.71.0.1", "fd00:71::/64")
                : configuration(list, "10.72.0.0/16", "fd00:72::1");
        Process serving = service.start(
                directory,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "serve",
                "-c",
                file.toString());
        Process balancing = router.start(
                directory,
                "haproxy",
                "-f",
                Files.writeString(directory.resolve("haproxy.cfg"), BALANCER).toString());
        try (BufferedReader said = serving.inputReader(StandardCharsets.UTF_8)) {
            String line = said.readLine();
            while (line != null && !line.startsWith("ready")) {
                line = said.readLine();
            }
            assertThat(line).startsWith("ready on ");
            List<String> direct = targets("10.70.0.1", "[fd00:70::1]");
            List<String> all = new ArrayList<>(direct);
            all.addAll(balanced(WELCOME));
            assertThat(check(welcome, PATIENCE_MILLIS, all).getMap())
                    .hasSize(16)
                    .allSatisfy((target, verdict) -> assertThat(verdict).isEqualTo("passed"));
            List<String> none = new ArrayList<>(direct);
            none.addAll(balanced(UNWELCOME));
            assertThat(check(unwelcome, IMPATIENCE_MILLIS, none).getMap())
                    .hasSize(16)
                    .allSatisfy((target, verdict) -> assertThat(verdict).isNotEqualTo("passed"));
            // Not that of the process, which closes its output here.
            assertThat(serving.toHandle().destroy()).isTrue();
            Map<String, String> told = said.lines()
                    .filter(each -> each.startsWith("listener "))
                    .collect(Collectors.toMap(each -> each.replaceAll("listener |:.*", ""), each -> each));
            assertThat(told).containsOnlyKeys(PORTS.keySet());
            // A check asks once more where it finds a connection closed.
            String refused = " [0-9]+ refused \\([0-9]+ not allowed\\), 0 failed, [0-9]+ bytes";
            String dropped = ", [0-9]+ datagrams without an answer \\([0-9]+ not allowed\\)";
            assertThat(told.get("tcp")).matches("listener tcp: 2 connections," + refused);
            assertThat(told.get("websocket")).matches(".*: 2 connections," + refused);
            // Those are accepted before the header tells where they are from.
            assertThat(told.get("behind")).matches(".*: [0-9]+ connections," + refused);
            assertThat(told.get("http")).matches(".*: 4 connections," + refused + dropped);
            assertThat(told.get("quic")).matches(".*: 2 connections, 0 refused, 0 failed, [0-9]+ bytes" + dropped);
            assertThat(told.get("udp")).matches(".*: 0 connections, 0 refused, 0 failed, [0-9]+ bytes" + dropped);
        } finally {
            balancing.destroyForcibly();
            serving.destroyForcibly();
            assertThat(balancing.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(serving.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        }
    }
}
