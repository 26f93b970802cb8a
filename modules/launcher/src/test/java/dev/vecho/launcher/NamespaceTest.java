package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.net.io.Io;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.NetworkNamespace;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Listeners and checks of every transport on networks that not every machine has. */
@Execution(ExecutionMode.CONCURRENT)
final class NamespaceTest {

    private static final String TIMEOUT_MILLIS = "20000";

    private static final Map<String, Integer> PORTS = Map.of("tcp", 7007, "udp", 7008, "http", 7009, "quic", 7010);

    static List<String> ios() {
        return Io.available();
    }

    @ParameterizedTest
    @MethodSource("ios")
    void listensOnAndConnectsToLinkLocalAddresses(String io) throws Exception {
        try (NetworkNamespace namespace = NetworkNamespace.create()) {
            namespace.ip("link add eth0 type veth peer name eth1");
            namespace.ip("link set eth0 up");
            namespace.ip("link set eth1 up");
            namespace.ip("addr add fe80::99/64 dev eth0 nodad");
            String host = "[fe80::99%eth0]:";
            String encoded = "[fe80::99%25eth0]:";
            JsonObject listeners = listeners("fe80::99%eth0")
                    .put("any", new JsonObject().put("host", "[fe80::99%eth0]").put("port", 0));
            Outcome outcome = run(
                    namespace,
                    io,
                    listeners,
                    "tcp://" + encoded + 7007,
                    "udp://" + encoded + 7008,
                    "wss://" + encoded + 7009,
                    "quic://" + encoded + 7010);
            assertThat(outcome.listening())
                    .contains(
                            "tcp://" + host + 7007,
                            "udp://" + host + 7008,
                            "https://" + host + 7009,
                            "h3://" + host + 7009,
                            "quic://" + host + 7010)
                    .hasSize(6)
                    .allMatch(address -> address.contains("://" + host));
            outcome.assertAllPass(10);
        }
    }

    static Stream<Arguments> hosts() {
        return ios().stream()
                .flatMap(io -> Stream.of(
                        Arguments.of(io, "::", "0.0.0.0"),
                        Arguments.of(io, "localhost", "127.0.0.1"),
                        Arguments.of(io, "::1", "")));
    }

    @ParameterizedTest
    @MethodSource("hosts")
    void listensOnWhatIsLeftWithoutIpv6(String io, String host, String left) throws Exception {
        try (NetworkNamespace namespace = NetworkNamespace.create()) {
            namespace.sysctl("net.ipv6.conf.all.disable_ipv6", "1");
            Outcome outcome = run(namespace, io, listeners(host));
            if (left.isEmpty()) {
                assertThat(outcome.error().lines())
                        .hasSize(PORTS.size())
                        .allMatch(line -> line.matches("listeners\\.[a-z]+: cannot bind \\[::1]:70[0-9]{2}: .*"));
                return;
            }
            assertThat(outcome.listening())
                    .containsExactlyInAnyOrder(
                            "tcp://" + left + ":7007",
                            "udp://" + left + ":7008",
                            "https://" + left + ":7009",
                            "h3://" + left + ":7009",
                            "quic://" + left + ":7010");
            outcome.assertAllPass(5);
            PORTS.values()
                    .forEach(port -> assertThat(outcome.log())
                            .contains((host.equals("::") ? "[::]" : host) + ":" + port + ": not listening on "));
        }
    }

    private static JsonObject listeners(String host) {
        JsonObject tls = new JsonObject().put("selfSigned", true);
        JsonObject listeners = new JsonObject();
        PORTS.forEach((transport, port) -> {
            JsonObject listener = new JsonObject()
                    .put("transport", transport)
                    .put("host", host)
                    .put("port", port);
            if (transport.equals("http") || transport.equals("quic")) {
                listener.put("tls", tls);
            }
            listeners.put(transport, listener);
        });
        return listeners;
    }

    /** What the program told. */
    private record Outcome(JsonObject told, String log) {

        List<String> listening() {
            assertThat(told.containsKey("listening")).as("%s %s", told, log).isTrue();
            return told.getJsonArray("listening").stream().map(String::valueOf).toList();
        }

        JsonObject verdicts() {
            return told.getJsonObject("verdicts");
        }

        void assertAllPass(int count) {
            assertThat(verdicts().getMap())
                    .as(log)
                    .hasSize(count)
                    .allSatisfy(
                            (target, verdict) -> assertThat(verdict).as(target).isEqualTo("passed"));
        }

        String error() {
            assertThat(told.containsKey("error")).as("%s %s", told, log).isTrue();
            return told.getString("error");
        }
    }

    private static Outcome run(NetworkNamespace namespace, String io, JsonObject listeners, String... targets)
            throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                io, TIMEOUT_MILLIS, new JsonObject().put("listeners", listeners).encode()));
        arguments.addAll(List.of(targets));
        ForeignProgram.Result result = namespace.java(ServeAndCheck.class, arguments.toArray(String[]::new));
        int json = result.text().lastIndexOf("\n{") + 1;
        assertThat(result.text()).as("standard error: %s", result.err()).contains("{");
        return new Outcome(new JsonObject(result.text().substring(json)), result.text() + result.err());
    }
}
