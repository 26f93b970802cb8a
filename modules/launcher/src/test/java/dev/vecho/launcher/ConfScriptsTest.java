package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.CaseReport;
import dev.vecho.client.Run;
import dev.vecho.client.RunListener;
import dev.vecho.client.RunReport;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.script.Script;
import dev.vecho.core.Directions;
import dev.vecho.core.config.Source;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The check scripts that come with Vecho do what they are for. */
@Timeout(120)
class ConfScriptsTest {

    private static final Path SCRIPTS = Path.of("..", "..", "conf", "check");
    private static final String FRAMES = SCRIPTS.resolveSibling("framed.py").toString();

    @TempDir
    static Path directory;

    private static Vertx vertx;
    private static Issued certificate;
    private static List<String> tlsAddresses = List.of();
    private static final Map<String, String> ports = new HashMap<>();

    @BeforeAll
    static void serve() throws Exception {
        vertx = Launch.vertx("auto");
        certificate = new Certificates(directory).localhost();
        JsonObject tls = new JsonObject()
                .put("certificate", certificate.certificate().toString())
                .put("key", certificate.key().toString());
        JsonObject any = new JsonObject().put("port", 0);
        EchoServerVerticle server = new EchoServerVerticle();
        JsonObject listeners = new JsonObject()
                .put("tcp", any)
                .put("tls", any.copy().put("tls", tls))
                .put("chargen", any.copy().put("service", "chargen"))
                .put("daytime", any.copy().put("service", "daytime"))
                .put("framed", any.copy().put("host", "127.0.0.1").put("service", "framed"))
                .put("whoami", any.copy().put("tls", tls).put("service", "whoami"))
                .put("proxied", any.copy().put("proxyProtocol", true).put("service", "whoami"))
                .put("http", any.copy().put("transport", "http"))
                .put("ws", any.copy().put("transport", "websocket").put("subprotocols", new JsonArray().add("echo")))
                .put("udp", any.copy().put("transport", "udp").put("host", "127.0.0.1"))
                .put("stamp", any.copy().put("transport", "stamp").put("host", "127.0.0.1"));
        vertx.deployVerticle(
                        server,
                        new DeploymentOptions()
                                .setConfig(
                                        new JsonObject().put("drainMillis", 0).put("listeners", listeners)))
                .await(60, TimeUnit.SECONDS);
        server.listeners().forEach(listener -> {
            String address = listener.addresses().get(0);
            if (listener.name().equals("tls")) {
                tlsAddresses = listener.addresses();
            }
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
    void verifiesACharacterGenerator() throws Exception {
        Script script = parse("chargen", Map.of());
        RunReport report =
                play(script.withTargets(List.of("tcp://localhost:" + ports.get("chargen")), Source.named("test")));
        assertPassed(report, 1);
        assertThat(report.cases().get(0).rounds().get(0).details()).containsEntry("chargenRing", "95 characters");
        RunReport other =
                play(script.withTargets(List.of("tcp://localhost:" + ports.get("daytime")), Source.named("test")));
        Diagnosis diagnosis =
                Objects.requireNonNull(other.cases().get(0).rounds().get(0).diagnosis());
        assertThat(diagnosis.kind()).isEqualTo("unexpected: chargen");
    }

    @Test
    void comparesWhatArrivesAtTheFarEnd() throws Exception {
        assertPassed(
                play(parse("whoami", Map.of("insecure", "true", "port", Objects.requireNonNull(ports.get("whoami"))))),
                1);
        assertPassed(play(parse("proxied", Map.of("port", Objects.requireNonNull(ports.get("proxied"))))), 1);
    }

    @Test
    void playsTheMatrix() throws Exception {
        // Literal addresses: what localhost means is not the same on every machine. Each has one of the two families.
        Script script = parse("matrix", Map.of("insecure", "true")).withTargets(tlsAddresses, Source.named("test"));
        RunReport report = play(script);
        assertPassed(report, tlsAddresses.size() * 4 * 2 * 2);
        for (CaseReport each : report.cases()) {
            assertThat(each.summary().rounds()).isEqualTo(2);
            assertThat(each.rounds()).allSatisfy(round -> {
                assertThat(round.details())
                        .containsEntry("protocol", each.played().tls());
                assertThat(each.played().family())
                        .isEqualTo(each.played().target().contains("[") ? "ipv6" : "ipv4");
                assertThat(round.bytesReceived()).isEqualTo(each.played().size());
            });
            assertThat(each.rounds().stream().map(round -> round.localAddress()).distinct())
                    .as(each.played().name())
                    .hasSize(each.played().kept() ? 1 : 2);
        }
    }

    @Test
    void provesThatNothingListens() throws Exception {
        String free = Integer.toString(Ports.free());
        RunReport blocked = play(parse("firewall", Map.of("port", free)));
        assertPassed(blocked, 1);
        assertThat(blocked.cases().get(0).rounds().get(0).details().get("expectedFailure"))
                .startsWith("refused: ");

        RunReport open = play(parse("firewall", Map.of("port", ports.get("tcp"))));
        assertThat(open.passed()).isFalse();
        Diagnosis diagnosis = open.cases().get(0).rounds().get(0).diagnosis();
        assertThat(Objects.requireNonNull(diagnosis).word()).isEqualTo(FailureKind.UNEXPECTED);
        assertThat(diagnosis.sentence()).isEqualTo("expected to fail with refused, but it passed");
    }

    @Test
    void watches() throws Exception {
        Map<String, String> quick = Map.of(
                "port", ports.get("tcp"), "durationMillis", "2000", "intervalMillis", "10", "p99Millis", "60000");
        RunReport report = play(parse("watch", quick));
        assertPassed(report, 2);
        assertThat(report.cases()).allMatch(each -> each.summary().rounds() > 1);
        assertThat(report.cases().get(1).rounds().stream()
                        .map(round -> round.localAddress())
                        .distinct())
                .hasSize(1);
    }

    private static RunReport missingItsBudget(int millis) throws Exception {
        return play(parse(
                "watch",
                Map.of(
                        "port",
                        ports.get("tcp"),
                        "durationMillis",
                        Integer.toString(millis),
                        "intervalMillis",
                        "1",
                        "p99Millis",
                        "0")));
    }

    private static boolean isDisturbed(RunReport report) {
        return report.cases().stream().anyMatch(each -> each.undisturbed().rounds() == 0);
    }

    @Test
    void missesABudgetThatNobodyCanKeep() throws Exception {
        // On a busy machine none of the rounds of a short run may be one that can be judged.
        RunReport report = missingItsBudget(1);
        for (int millis = 50; millis < 20_000 && isDisturbed(report); millis *= 2) {
            report = missingItsBudget(millis);
        }
        assertThat(report.cases()).allSatisfy(each -> {
            assertThat(each.summary().failed()).isZero();
            assertThat(Objects.requireNonNull(each.diagnosis()).word()).isEqualTo(FailureKind.BUDGET);
            assertThat(each.diagnosis().sentence()).matches("p99Millis is [0-9.]+, allowed is 0");
        });
    }

    @Test
    void measuresByDirection() throws Exception {
        RunReport report = play(parse(
                "stamp",
                Map.of(
                        "host",
                        "127.0.0.1",
                        "port",
                        ports.get("stamp"),
                        "count",
                        "50",
                        "ratePerSecond",
                        "500",
                        "jitterMillis",
                        "60000")));
        assertPassed(report, 1);
        var messages = Objects.requireNonNull(report.cases().get(0).summary().messages());
        Directions directions = Objects.requireNonNull(messages.directions());
        assertThat(List.of(directions.forward(), directions.backward())).allSatisfy(way -> {
            assertThat(way.lost()).isZero();
            assertThat(way.jitter()).isNotNull();
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
    void chooses() throws Exception {
        RunReport report =
                play(parse("web", Map.of("http", ports.get("http"), "ws", ports.get("ws"), "token", "s3cret")));
        assertPassed(report, 2);
        assertThat(report.cases().get(1).rounds().get(0).details())
                .containsEntry("compression", "permessage-deflate")
                .containsEntry("subprotocol", "echo");
        assertThat(report.toJson().encode()).doesNotContain("s3cret");
    }

    @Test
    void sendsMessagesOfGrpc() throws Exception {
        for (String unary : List.of("false", "true")) {
            RunReport report = play(parse("grpc", Map.of("port", ports.get("http"), "unary", unary)));
            assertPassed(report, 1);
            assertThat(report.cases().get(0).rounds().get(0).details())
                    .containsEntry("compression", "gzip")
                    .containsEntry("grpc", unary.equals("true") ? "unary" : "streaming");
        }
    }

    @Test
    void beginsTls() throws Exception {
        try (ServerSocket server = new ServerSocket(0)) {
            Thread thread = new Thread(() -> {
                try {
                    for (int i = 0; i < 2; i++) {
                        answerStartTls(server.accept());
                    }
                } catch (IOException | GeneralSecurityException e) {
                    throw new AssertionError(e);
                }
            });
            thread.setDaemon(true);
            thread.start();
            RunReport report =
                    play(parse("starttls", Map.of("port", Integer.toString(server.getLocalPort()), "insecure", "true"))
                            .withConcurrency(1));
            assertPassed(report, 2);
            assertThat(report.cases())
                    .extracting(each -> each.rounds().get(0).details().get("protocol"))
                    .containsExactly("TLSv1.2", "TLSv1.3");
        }
    }

    @Test
    void echoesFrames() throws Exception {
        Map<String, String> framed = Map.of("host", "127.0.0.1", "port", Objects.requireNonNull(ports.get("framed")));
        assertPassed(play(parse("framed", framed)), 1);
        assertThat(play(parse("search", framed)).passed())
                .as("an echo is no answer")
                .isFalse();
    }

    @Test
    void echoesFramesToAClientInPython() throws Exception {
        String port = Objects.requireNonNull(ports.get("framed"));
        assertThat(ask(port, "search", "ring 💍"))
                .isEqualTo("text/json {\"action\": \"search\", \"value\": \"ring 💍\"}\n");
        String much = "2".repeat(100_000);
        assertThat(ask(port, "double", much)).isEqualTo("binary/custom-client-binary-type b'double" + much + "'\n");
    }

    @Test
    void verifiesAServerOfFramesInPython() throws Exception {
        Process server = python().start(FRAMES, "serve", "0");
        try (var out = server.inputReader(UTF_8)) {
            String ready = Objects.requireNonNull(out.readLine());
            String port = ready.replace("ready on port ", "");
            assertPassed(play(parse("search", Map.of("port", port))), 1);
            assertThat(ask(port, "double", "12345"))
                    .isEqualTo("binary/custom-server-binary-type b'First 10 bytes of request: double1234'\n");
        } finally {
            server.destroy();
            assertThat(server.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static String ask(String port, String action, String value) throws Exception {
        ForeignProgram.Result answer = python().run(new byte[0], FRAMES, "ask", "127.0.0.1", port, action, value);
        assertThat(answer.exitCode()).as(answer.err()).isZero();
        return answer.text();
    }

    private static ForeignProgram python() {
        return ForeignProgram.find("python3", "apt-get install python3");
    }

    @Test
    void playsThemAll() throws IOException {
        try (Stream<Path> files = Files.list(SCRIPTS)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .as("each has a test above, or in StartTlsScriptsTest")
                    .containsExactlyInAnyOrder(
                            "chargen.json",
                            "default.json",
                            "firewall.json",
                            "framed.json",
                            "grpc.json",
                            "half-close.json",
                            "imap.json",
                            "large.json",
                            "ldap.json",
                            "loss.json",
                            "matrix.json",
                            "mysql.json",
                            "postgresql.json",
                            "proxied.json",
                            "reconnect.json",
                            "report.schema.json",
                            "script.schema.json",
                            "search.json",
                            "smtp.json",
                            "stamp.json",
                            "starttls.json",
                            "watch.json",
                            "web.json",
                            "whoami.json");
        }
    }

    private static void answerStartTls(Socket plain) throws IOException, GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(certificate.bundle().toKeyManagerFactory().getKeyManagers(), null, null);
        try (plain) {
            plain.getOutputStream().write("220 ready\r\n".getBytes(US_ASCII));
            plain.getInputStream().readNBytes("STARTTLS\r\n".length());
            plain.getOutputStream().write("220 go ahead\r\n".getBytes(US_ASCII));
            try (SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket(plain, null, plain.getPort(), false)) {
                socket.setUseClientMode(false);
                socket.getInputStream().transferTo(socket.getOutputStream());
            }
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
