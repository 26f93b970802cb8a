package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.Diagnosis;
import dev.vecho.client.Diagnosis.Word;
import dev.vecho.client.Run;
import dev.vecho.client.RunListener;
import dev.vecho.client.RunReport;
import dev.vecho.client.Script;
import dev.vecho.core.Source;
import dev.vecho.server.EchoServerVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The check scripts that come with Vecho do what they are for. */
@Timeout(120)
class ConfScriptsTest {

    private static final Path SCRIPTS = Path.of("..", "..", "conf", "check");

    private static Vertx vertx;
    private static final Map<String, String> ports = new HashMap<>();

    @BeforeAll
    static void serve() throws Exception {
        vertx = Launch.vertx("auto");
        JsonObject any = new JsonObject().put("port", 0);
        EchoServerVerticle server = new EchoServerVerticle();
        JsonObject listeners = new JsonObject()
                .put("tcp", any)
                .put("udp", any.copy().put("transport", "udp").put("host", "127.0.0.1"));
        vertx.deployVerticle(
                        server,
                        new DeploymentOptions()
                                .setConfig(
                                        new JsonObject().put("drainMillis", 0).put("listeners", listeners)))
                .await(60, TimeUnit.SECONDS);
        server.listeners().forEach(listener -> {
            String address = listener.addresses().get(0);
            ports.put(listener.name(), address.substring(address.lastIndexOf(':') + 1));
        });
    }

    @AfterAll
    static void stop() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    @Test
    void playsTheOnesForAnyServer() throws Exception {
        for (String name : List.of("default", "half-close", "large")) {
            Script script = parse(name, Map.of())
                    .withTargets(List.of("tcp://localhost:" + ports.get("tcp")), Source.named("test"));
            assertPassed(play(script), 1);
        }
    }

    @Test
    void provesThatNothingListens() throws Exception {
        String free;
        try (ServerSocket socket = new ServerSocket(0)) {
            free = Integer.toString(socket.getLocalPort());
        }
        RunReport blocked = play(parse("firewall", Map.of("port", free)));
        assertPassed(blocked, 1);
        assertThat(blocked.cases().get(0).rounds().get(0).details().get("expectedFailure"))
                .startsWith("refused: ");

        RunReport open = play(parse("firewall", Map.of("port", ports.get("tcp"))));
        assertThat(open.passed()).isFalse();
        Diagnosis diagnosis = open.cases().get(0).rounds().get(0).diagnosis();
        assertThat(Objects.requireNonNull(diagnosis).word()).isEqualTo(Word.UNEXPECTED);
        assertThat(diagnosis.sentence()).isEqualTo("expected to fail with refused, but it passed");
    }

    @Test
    void watches() throws Exception {
        Map<String, String> quick =
                Map.of("port", ports.get("tcp"), "durationMillis", "500", "intervalMillis", "10", "p99Millis", "60000");
        RunReport report = play(parse("watch", quick));
        assertPassed(report, 2);
        assertThat(report.cases()).allMatch(each -> each.summary().rounds() > 1);
        assertThat(report.cases().get(1).rounds().stream()
                        .map(round -> round.localAddress())
                        .distinct())
                .hasSize(1);
    }

    @Test
    void missesABudgetThatNobodyCanKeep() throws Exception {
        RunReport report = play(parse(
                "watch",
                Map.of("port", ports.get("tcp"), "durationMillis", "1", "intervalMillis", "1", "p99Millis", "0")));
        assertThat(report.cases()).allSatisfy(each -> {
            assertThat(each.summary().failed()).isZero();
            assertThat(Objects.requireNonNull(each.diagnosis()).word()).isEqualTo(Word.BUDGET);
            assertThat(each.diagnosis().sentence()).matches("p99Millis is [0-9.]+, allowed is 0");
        });
    }

    @Test
    void measuresLossAndJitter() throws Exception {
        RunReport report = play(parse(
                "loss",
                Map.of(
                        "host",
                        "127.0.0.1",
                        "port",
                        ports.get("udp"),
                        "count",
                        "50",
                        "ratePerSecond",
                        "500",
                        "jitterMillis",
                        "60000",
                        "p99Millis",
                        "60000")));
        assertPassed(report, 1);
        var messages = Objects.requireNonNull(report.cases().get(0).summary().messages());
        assertThat(messages.sent()).isEqualTo(50);
        assertThat(messages.lost()).isZero();
        assertThat(messages.jitter()).isNotNull();
    }

    @Test
    void reconnects() throws Exception {
        RunReport report = play(parse("reconnect", Map.of("port", ports.get("tcp"))));
        assertPassed(report, 1);
    }

    @Test
    void playsThemAll() throws IOException {
        try (Stream<Path> files = Files.list(SCRIPTS)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .as("each has a test above")
                    .containsExactlyInAnyOrder(
                            "default.json",
                            "firewall.json",
                            "half-close.json",
                            "large.json",
                            "loss.json",
                            "reconnect.json",
                            "script.schema.json",
                            "watch.json");
        }
    }

    private static void assertPassed(RunReport report, int cases) {
        assertThat(report.cases()).hasSize(cases);
        assertThat(report.passed()).as(report.toJson().encodePrettily()).isTrue();
    }

    private static RunReport play(Script script) throws Exception {
        Run run = Run.open(vertx, script).await(60, TimeUnit.SECONDS);
        return run.play(RunListener.NONE).await(60, TimeUnit.SECONDS);
    }

    private static Script parse(String name, Map<String, String> variables) throws IOException {
        Path file = SCRIPTS.resolve(name + ".json");
        return Script.parse(
                Buffer.buffer(Files.readAllBytes(file)),
                new Source(file.toString(), SCRIPTS, false),
                variables,
                Source.named("test"));
    }
}
