package dev.vecho.launcher;

import static dev.vecho.launcher.Waits.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import dev.vecho.launcher.Vecho.Result;
import dev.vecho.server.EchoServerVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.spi.cluster.hazelcast.ConfigUtil;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Members of a cluster as processes of their own, on loopback; each test has a cluster of its own, on ports of its own. */
@Execution(ExecutionMode.CONCURRENT)
class ClusterIT {

    private static final Pattern SUMMARY = Pattern.compile("(\\d+) rounds, (\\d+) passed, (\\d+) failed");
    private static final Pattern MESSAGES = Pattern.compile("listener bus: (\\d+) connections");

    /** How many rounds may pass until one has the expected result. */
    private static final int MAX_ROUNDS = 100;

    @TempDir
    Path directory;

    private String port = "";

    @BeforeEach
    void chooseAPort() throws Exception {
        // The members of a cluster take ports that follow one another, and look for others at some of them.
        port = Integer.toString(dev.vecho.testkit.Ports.free(10));
    }

    /** The oldest member is the one that Hazelcast needs most: it coordinates the others. */
    @ParameterizedTest(name = "server {0} of 3")
    @CsvSource({"0", "2"})
    void losesAtMostTheRequestUnderWayWhenAMemberIsKilled(int killed) throws Exception {
        try (Vecho first = serve();
                Vecho second = serve();
                Vecho third = serve();
                Vecho check = check("-n", "0", "-i", "50ms")) {
            List<Vecho> servers = List.of(first, second, third);
            check.awaitLine("bus://vecho.echo round=30 ");
            kill(servers.get(killed));
            check.awaitLine("bus://vecho.echo round=90 ");
            check.interrupt();
            Result result = check.await();
            assertThat(failedRounds(result)).as(result.out()).isLessThanOrEqualTo(1);
            for (Vecho server : servers) {
                if (server != servers.get(killed)) {
                    server.terminate();
                    Result served = server.await();
                    assertThat(served.exitCode()).as(served.err()).isZero();
                    assertThat(find(MESSAGES, served.out(), 1)).as("messages").isGreaterThan(20);
                }
            }
        }
    }

    @Test
    void losesNothingWhenAMemberLeaves() throws Exception {
        try (Vecho leaving = serve();
                Vecho staying = serve();
                Vecho check = check("-n", "0", "-i", "20ms")) {
            check.awaitLine("bus://vecho.echo round=30 ");
            leaving.terminate();
            Result left = leaving.await();
            assertThat(left.exitCode()).as(left.err()).isZero();
            assertThat(left.err()).doesNotContain("WARNING", "modular environment", "Exception");
            check.awaitLine("bus://vecho.echo round=100 ");
            check.interrupt();
            Result result = check.await();
            assertThat(failedRounds(result)).as(result.out()).isZero();
            assertThat(result.exitCode()).isZero();
            assertThat(staying.isAlive()).isTrue();
        }
    }

    @Test
    void goesOnWhenTheOnlyServerComesBack() throws Exception {
        try (Vecho only = serve();
                Vecho check = check("-n", "0", "-i", "100ms", "-t", "2s")) {
            check.awaitLine("bus://vecho.echo round=5 ");
            kill(only);
            awaitOneOf(check, "FAILED refused");
            try (Vecho back = serve()) {
                awaitOneOf(check, "bytes=42");
                assertThat(back.isAlive()).isTrue();
            }
        }
    }

    @Test
    void reachesTheVerticleInTheClusterOfSomebodyElse() throws Exception {
        Config config = ownConfig();
        Vertx vertx = Vertx.builder()
                .withClusterManager(new HazelcastClusterManager(config))
                .buildClustered()
                .await(60, TimeUnit.SECONDS);
        try {
            JsonObject listener = new JsonObject().put("transport", "eventbus").put("address", "their_echo");
            vertx.deployVerticle(
                            "dev.vecho.server.EchoServerVerticle",
                            new DeploymentOptions()
                                    .setConfig(
                                            new JsonObject().put("listeners", new JsonObject().put("bus", listener))))
                    .await(60, TimeUnit.SECONDS);
            Result result = Vecho.run(
                    "check", "bus://their_echo", "--cluster", "--cluster-port", port, "-n", "3", "-i", "10ms");
            assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
            assertThat(result.out()).contains("3 rounds, 3 passed, 0 failed");
        } finally {
            vertx.close().await(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void isReadyOnlyWithEnoughMembers() throws Exception {
        String file = Files.writeString(
                        directory.resolve("managed.json"),
                        "{\"listeners\":{\"bus\":{\"transport\":\"eventbus\"}},"
                                + "\"management\":{\"host\":\"127.0.0.1\",\"port\":0,\"minClusterMembers\":2}}")
                .toString();
        try (Vecho member = Vecho.serve("-c", file, "--cluster", "--cluster-port", port)) {
            String url = member.note("management");
            awaitHealth(url, "/health/ready", 503);
            try (Vecho other = serve()) {
                awaitHealth(url, "/health/ready", 200);
                assertThat(clusterOf(url).getJsonObject("data").getInteger("members"))
                        .isEqualTo(2);
                kill(other);
                awaitHealth(url, "/health/ready", 503);
                JsonObject data = clusterOf(url).getJsonObject("data");
                assertThat(data.getInteger("members")).isEqualTo(1);
                assertThat(data.getString("cause")).isEqualTo("too few members are left, minClusterMembers is 2");
                Result down = Vecho.run("health", url);
                assertThat(down.exitCode()).isEqualTo(1);
                assertThat(down.out()).contains("cluster: too few members are left, minClusterMembers is 2");
                awaitHealth(url, "/health/live", 200);
            }
            try (Vecho back = serve()) {
                awaitHealth(url, "/health/ready", 200);
                back.terminate();
                assertThat(back.await().exitCode()).isZero();
                awaitHealth(url, "/health/ready", 503);
            }
        }
    }

    /** As where Hazelcast has given up, but the process goes on. */
    @Test
    void isNotReadyWhenItHasLeftItsCluster() throws Exception {
        Vertx vertx = Vertx.builder()
                .withClusterManager(new HazelcastClusterManager(ownConfig()))
                .buildClustered()
                .await(60, TimeUnit.SECONDS);
        try {
            HazelcastInstance member = Hazelcast.getAllHazelcastInstances().stream()
                    .filter(each -> each.getConfig().getNetworkConfig().getPort() == Integer.parseInt(port))
                    .findFirst()
                    .orElseThrow();
            EchoServerVerticle service = new EchoServerVerticle();
            JsonObject configuration = new JsonObject()
                    .put("listeners", new JsonObject().put("tcp", new JsonObject().put("port", 0)))
                    .put("management", new JsonObject().put("host", "127.0.0.1").put("port", 0));
            vertx.deployVerticle(service, new DeploymentOptions().setConfig(configuration))
                    .await(60, TimeUnit.SECONDS);
            String url = Objects.requireNonNull(service.sectionNotes().get("management"))
                    .get(0);
            awaitHealth(url, "/health/ready", 200);
            member.getLifecycleService().terminate();
            awaitHealth(url, "/health/ready", 503);
            assertThat(clusterOf(url).getJsonObject("data").getString("cause"))
                    .isEqualTo("this member is not in its cluster");
            awaitHealth(url, "/health/live", 200);
        } finally {
            vertx.close().transform(closed -> Future.succeededFuture()).await(60, TimeUnit.SECONDS);
        }
    }

    private static JsonObject get(String url, int status) throws Exception {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString());
        return answer.statusCode() == status ? new JsonObject(answer.body()) : new JsonObject();
    }

    private static void awaitHealth(String url, String path, int status) throws Exception {
        eventually(path + " is " + status, () -> {
            try {
                return !get(url + path, status).isEmpty();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
    }

    /** What health says of the cluster, where it is not ready or ready. */
    private static JsonObject clusterOf(String url) throws Exception {
        JsonObject health = get(url + "/health", 503);
        return (health.isEmpty() ? get(url + "/health", 200) : health)
                .getJsonArray("checks").stream()
                        .map(JsonObject.class::cast)
                        .filter(check -> "cluster".equals(check.getString("id")))
                        .findFirst()
                        .orElseThrow();
    }

    @Test
    void saysThatNobodyListens() throws Exception {
        Result result = Vecho.run("check", "bus://vecho.echo", "--cluster", "--cluster-port", port);
        assertThat(result.exitCode()).as(result.err()).isEqualTo(1);
        assertThat(result.out()).contains("FAILED refused: nobody listens on bus://vecho.echo");
    }

    @Test
    void takesHazelcastsOwnConfiguration() throws Exception {
        String file = Files.writeString(directory.resolve("hazelcast.yaml"), """
                        hazelcast:
                          cluster-name: own
                          properties:
                            hazelcast.local.localAddress: 127.0.0.1
                            hazelcast.socket.bind.any: false
                            hazelcast.wait.seconds.before.join: 0
                          network:
                            port:
                              port: %s
                            join:
                              auto-detection:
                                enabled: false
                              tcp-ip:
                                enabled: true
                                member-list: [127.0.0.1]
                        """.formatted(port))
                .toString();
        try (Vecho server = Vecho.serve("-c", configuration(), "--cluster", "--cluster-config", file)) {
            Result result = Vecho.run("check", "bus://vecho.echo", "--cluster", "--cluster-config", file);
            assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
            assertThat(server.isAlive()).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--cluster-port 5701                              | --cluster-port: of no use without --cluster",
                "--cluster --cluster-multicast --cluster-dns x    | one way to find members is enough:"
                        + " --cluster-multicast or --cluster-dns",
                "--cluster --cluster-config x --cluster-members a | --cluster-config says everything, and cannot be"
                        + " combined with --cluster-members",
                "--cluster --cluster-members ::1                  | --cluster-members: must be HOST or HOST:PORT (an IPv6"
                        + " address in brackets), was \"::1\"",
                "--cluster --cluster-members a,127.1              | --cluster-members: \"127.1\" ends in a number",
                "--cluster --cluster-members a:0                  | --cluster-members: must be HOST or HOST:PORT (an IPv6"
                        + " address in brackets), was \"a:0\"",
                "--cluster --cluster-host 0x7f.1                  | --cluster-host: \"0x7f.1\" ends in a number",
                "--cluster --cluster-dns 2130706433               | --cluster-dns: \"2130706433\" ends in a number",
                "--cluster --cluster-port 70000                   | --cluster-port: must be 1..65535, was 70000",
                "--cluster --cluster-host 0.0.0.0                 | --cluster-host: must be an address that the others"
                        + " can reach, was 0.0.0.0",
                "--cluster --cluster-host 192.0.2.1               | cluster: cannot join: ",
                "--cluster --cluster-config none.xml              | none.xml: no such file"
            })
    void tellsWhatIsWrongWithItsFlags(String flags, String message) throws Exception {
        String[] arguments = Stream.concat(Stream.of("check", "bus://x"), Arrays.stream(flags.split(" ", -1)))
                .toArray(String[]::new);
        Result result = Vecho.run(arguments);
        assertThat(result.err()).contains(message);
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
    }

    private Config ownConfig() {
        Config config = ConfigUtil.loadConfig();
        config.setProperty("hazelcast.local.localAddress", "127.0.0.1");
        config.setProperty("hazelcast.socket.bind.any", "false");
        config.setProperty("hazelcast.wait.seconds.before.join", "0");
        config.getNetworkConfig().setPort(Integer.parseInt(port));
        config.getNetworkConfig().getJoin().getAutoDetectionConfig().setEnabled(false);
        config.getNetworkConfig().getJoin().getMulticastConfig().setEnabled(false);
        config.getNetworkConfig().getJoin().getTcpIpConfig().setEnabled(true).addMember("127.0.0.1");
        return config;
    }

    private Vecho serve() throws Exception {
        return Vecho.serve("-c", configuration(), "--cluster", "--cluster-port", port);
    }

    private Vecho check(String... more) throws Exception {
        return Vecho.start(Stream.concat(
                        Stream.of("check", "bus://vecho.echo", "--cluster", "--cluster-port", port), Stream.of(more))
                .toArray(String[]::new));
    }

    /** With SIGKILL. */
    private static void kill(Vecho server) {
        server.close();
    }

    private String configuration() throws Exception {
        return Files.writeString(
                        directory.resolve("bus.json"), "{\"listeners\":{\"bus\":{\"transport\":\"eventbus\"}}}")
                .toString();
    }

    /** Reads rounds up to one with these words. */
    private static void awaitOneOf(Vecho check, String words) throws Exception {
        for (int round = 0; round < MAX_ROUNDS; round++) {
            if (check.awaitLine("bus://").contains(words)) {
                return;
            }
        }
        throw new AssertionError("no round with \"" + words + "\" among " + MAX_ROUNDS);
    }

    private static int failedRounds(Result result) {
        return find(SUMMARY, result.out(), 3);
    }

    private static int find(Pattern pattern, String text, int group) {
        Matcher matcher = pattern.matcher(text);
        assertThat(matcher.find()).as(text).isTrue();
        return Integer.parseInt(matcher.group(group));
    }
}
