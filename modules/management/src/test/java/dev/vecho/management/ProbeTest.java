package dev.vecho.management;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Ports;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Probes of what a client names. */
@Timeout(180)
class ProbeTest {

    @TempDir
    Path directory;

    private static int closedPort() throws Exception {
        return Ports.free();
    }

    private static JsonObject all() {
        return new JsonObject().put("targets", new JsonArray().add("*://127.0.0.1:*"));
    }

    private static Managed start(JsonObject listeners, JsonObject probe) {
        return Managed.start(listeners, new JsonObject(), new JsonObject().put("probe", probe));
    }

    private static String path(String target, String... more) {
        return "/probe?target=" + URLEncoder.encode(target, UTF_8) + String.join("", more);
    }

    private static String address(Managed service, String listener) {
        return service.verticle().listeners().stream()
                .filter(each -> each.name().equals(listener))
                .findFirst()
                .orElseThrow()
                .addresses()
                .get(0);
    }

    private static void assertProblem(HttpResponse<String> answer, int status, String detail) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(answer.body()).contains(detail);
    }

    @Test
    void tellsTheOutcomeAsMetrics() throws Exception {
        JsonObject listeners = Managed.tcp()
                .put("tls", Managed.onAnyPort().put("tls", new JsonObject().put("selfSigned", true)))
                .put("udp", Managed.onAnyPort().put("transport", "udp"));
        JsonObject probe = all().put(
                        "scripts",
                        new JsonObject()
                                .put(
                                        "trusting",
                                        new JsonObject()
                                                .put(
                                                        "script",
                                                        new JsonObject()
                                                                .put("tls", new JsonObject().put("insecure", true)))));
        try (Managed service = start(listeners, probe)) {
            HttpResponse<String> tcp = service.get(path(address(service, "tcp")));
            assertThat(tcp.statusCode()).as(tcp.body()).isEqualTo(200);
            assertThat(tcp.headers().firstValue("Content-Type"))
                    .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
            assertThat(tcp.body())
                    .contains("\nprobe_success 1.0\n", "\nprobe_ip_protocol 4.0\n", "\nprobe_duration_seconds ")
                    .contains("vecho_check_phase_seconds{phase=\"connect\"} ", "probe_dns_lookup_time_seconds ")
                    .contains("vecho_probe_round_trip_seconds{quantile=\"0.5\"} ")
                    .doesNotContain("vecho_check_last_failure{", "probe_tls_version_info{");

            String tls = service.get(path(address(service, "tls"), "&script=trusting"))
                    .body();
            assertThat(tls)
                    .contains("probe_success 1.0\n", "probe_tls_version_info{version=\"TLSv1.3\"} 1.0\n")
                    .contains("\nprobe_ssl_earliest_cert_expiry ", "vecho_check_phase_seconds{phase=\"tls\"} ");
            String distrusted = service.get(path(address(service, "tls"))).body();
            assertThat(distrusted)
                    .contains("probe_success 0.0\n")
                    .contains("vecho_check_last_failure{reason=\"self-signed\",word=\"tls\"} 1.0\n");

            assertThat(service.get(path(address(service, "udp"))).body())
                    .contains("vecho_probe_messages{outcome=\"sent\"} 1.0\n", "probe_success 1.0\n");

            String refused =
                    service.get(path("tcp://127.0.0.1:" + closedPort())).body();
            assertThat(refused)
                    .contains("probe_success 0.0\n", "\nprobe_duration_seconds ")
                    .contains("vecho_check_last_failure{reason=\"\",word=\"refused\"} 1.0\n");

            HttpResponse<String> open = service.send(service.request(path(address(service, "tcp")))
                    .header("Accept", "application/openmetrics-text; version=1.0.0"));
            assertThat(open.headers().firstValue("Content-Type").orElseThrow())
                    .startsWith("application/openmetrics-text");
            assertThat(open.body()).endsWith("# EOF\n");
            // A probe leaves nothing behind.
            assertThat(service.get("/metrics").body()).doesNotContain("probe_success");
        }
    }

    @Test
    void tellsAPersonWhatHappened() throws Exception {
        try (Managed service = start(Managed.tcp(), all())) {
            HttpResponse<String> well = service.get(path(address(service, "tcp"), "&debug=true"));
            assertThat(well.headers().firstValue("Content-Type")).contains("text/plain; charset=utf-8");
            assertThat(well.body())
                    .contains("by the script default, within 10000 ms")
                    .containsPattern("ms tcp://127.0.0.1:\\d+ round=1 connected 127.0.0.1:\\d+ to 127.0.0.1:")
                    .contains(
                            "steps[0] begins", "sends 42 bytes", "|00000000| ", "  first-byte ", "probe_success 1.0\n");
            assertThat(service.get(path("tcp://127.0.0.1:" + closedPort(), "&debug=true"))
                            .body())
                    .contains("FAILED refused: ", "nobody listens", "probe_success 0.0\n");
        }
    }

    /** A server that takes a connection and says nothing. */
    @Test
    void answersBeforePrometheusGivesUp() throws Exception {
        JsonObject slow = new JsonObject()
                .put(
                        "steps",
                        new JsonArray()
                                .add(new JsonObject().put("send", new JsonObject().put("text", "a")))
                                .add(new JsonObject().put("expect", "echo").put("withinMillis", 60_000)));
        JsonObject probe = all().put("scripts", new JsonObject().put("patient", new JsonObject().put("script", slow)));
        try (Managed service = start(Managed.tcp(), probe);
                ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            String path = path("tcp://127.0.0.1:" + silent.getLocalPort(), "&script=patient");
            HttpResponse<String> answer = service.send(service.request(path).header(Probes.SCRAPE_TIMEOUT, "1.250"));
            assertThat(answer.body())
                    .contains("probe_success 0.0\n", "vecho_check_last_failure{reason=\"\",word=\"silent\"} 1.0\n");
            assertThat(value(answer.body(), "probe_duration_seconds")).isBetween(0.6, 20.0);
            // The service's own bound holds where the client waits longer.
            String text = service.send(service.request(path(address(service, "tcp"), "&debug=true"))
                            .header(Probes.SCRAPE_TIMEOUT, "3600"))
                    .body();
            assertThat(text).contains("within 10000 ms");
            assertThat(within(service, "2")).isEqualTo("1500 ms");
            assertThat(within(service, "0.6")).isEqualTo("300 ms");
            for (String wrong : List.of("0", "-1", "NaN", "1e3", "x", "", "1,5")) {
                assertProblem(
                        service.send(service.request(path).header(Probes.SCRAPE_TIMEOUT, wrong)),
                        400,
                        "must be a number of seconds above 0");
            }
        }
    }

    private static String within(Managed service, String header) throws Exception {
        String text = service.send(service.request(path(address(service, "tcp"), "&debug=true"))
                        .header(Probes.SCRAPE_TIMEOUT, header))
                .body();
        return text.substring(text.indexOf("within ") + 7, text.indexOf('\n'));
    }

    private static double value(String metrics, String name) {
        return metrics.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void refusesWhatTheConfigurationDoesNotAllow() throws Exception {
        try (Managed service = Managed.start(Managed.tcp())) {
            assertProblem(service.get(path(address(service, "tcp"))), 403, "No target may be probed");
        }
        JsonObject probe = new JsonObject()
                .put("targets", "tcp://localhost:1-9999")
                .put("scripts", new JsonObject().put("own", new JsonObject()));
        try (Managed service = start(Managed.tcp(), probe)) {
            for (String forbidden : List.of(
                    "tcp://127.0.0.1:7007",
                    "tls://localhost:7007",
                    "tcp://localhost:10000",
                    "tcp://localhost.evil.example:7",
                    "tcp://localhost",
                    "unix:///run/echo.sock",
                    "http://localhost:80/")) {
                assertProblem(service.get(path(forbidden)), 403, "no pattern of the configuration allows it");
            }
            assertProblem(service.get("/probe"), 400, "target is missing");
            assertProblem(service.get("/probe?target="), 400, "target is missing");
            assertProblem(service.get(path("localhost:7007")), 400, "scheme: is missing");
            assertProblem(service.get(path("tcp://localhost@evil:7")), 400, "user information");
            assertProblem(service.get(path("tcp://localhost:7", "&target=tcp://evil:7")), 400, "given once");
            assertProblem(service.get(path("tcp://localhost:7", "&script=none")), 400, "expected one of own");
            assertProblem(service.get(path("tcp://localhost:7", "&module=http_2xx")), 400, "parameter is script");
            assertThat(service.send(service.request("/probe").DELETE()).statusCode())
                    .isEqualTo(405);
        }
    }

    @Test
    void refusesAScriptThatATargetCannotPlay() throws Exception {
        JsonObject closes = new JsonObject()
                .put(
                        "steps",
                        new JsonArray()
                                .add(new JsonObject().put("send", new JsonObject().put("text", "a")))
                                .add(new JsonObject().put("close", "output")));
        JsonObject probe = all().put("scripts", new JsonObject().put("closes", new JsonObject().put("script", closes)));
        try (Managed service = start(Managed.tcp(), probe)) {
            assertProblem(service.get(path("udp://127.0.0.1:7", "&script=closes")), 400, "carries messages");
            assertProblem(service.get(path("nonsense://127.0.0.1:7")), 400, "is not known");
        }
    }

    @Test
    void isBoundedInProbesAtTheSameTime() throws Exception {
        try (Managed service = start(Managed.tcp(), all().put("maxProbes", 2).put("timeoutMillis", 120_000));
                ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            List<CompletableFuture<HttpResponse<String>>> slow = new ArrayList<>();
            List<Socket> taken = new ArrayList<>();
            silent.setSoTimeout((int) Duration.ofSeconds(30).toMillis());
            for (int i = 0; i < 2; i++) {
                slow.add(java.net.http.HttpClient.newHttpClient()
                        .sendAsync(
                                service.request(path("tcp://127.0.0.1:" + silent.getLocalPort()))
                                        .build(),
                                BodyHandlers.ofString()));
                taken.add(silent.accept());
            }
            HttpResponse<String> refused = service.get(path(address(service, "tcp")));
            assertProblem(refused, 503, "2 probes are under way");
            assertThat(refused.headers().firstValue("Retry-After")).contains("1");
            for (Socket socket : taken) {
                socket.close();
            }
            for (CompletableFuture<HttpResponse<String>> each : slow) {
                assertThat(each.get().body()).contains("probe_success 0.0\n");
            }
            assertThatOneMoreMayBe(service);
        }
    }

    private static void assertThatOneMoreMayBe(Managed service) throws Exception {
        HttpResponse<String> free = service.get(path(address(service, "tcp")));
        for (long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
                free.statusCode() == 503 && System.nanoTime() < end; ) {
            free = service.get(path(address(service, "tcp")));
        }
        assertThat(free.body()).contains("probe_success 1.0\n");
    }

    @Test
    void takesOverWhatAReloadAllows() throws Exception {
        Path file = directory.resolve("vecho.json");
        JsonObject configuration = new JsonObject()
                .put("drainMillis", 0)
                .put("configScanMillis", 0)
                .put("listeners", Managed.tcp())
                .put("management", Managed.onAnyPort());
        Files.writeString(file, configuration.encode());
        try (Managed service = Managed.load(file)) {
            String path = path(address(service, "tcp"));
            assertThat(service.get(path).statusCode()).isEqualTo(403);
            Files.writeString(file, configuration.copy().put("probe", all()).encode());
            assertThat(service.verticle().reload().await().problems()).isEmpty();
            assertThat(service.get(path).statusCode()).isEqualTo(200);
            Files.writeString(
                    file,
                    configuration
                            .copy()
                            .put("probe", all().put("enabled", false))
                            .encode());
            assertThat(service.verticle().reload().await().problems()).isEmpty();
            assertThat(service.get(path).statusCode()).isEqualTo(403);
            JsonObject matrix = new JsonObject()
                    .put(
                            "matrix",
                            new JsonObject()
                                    .put(
                                            "connections",
                                            new JsonArray().add("round").add("kept")));
            JsonObject wrong = new JsonObject()
                    .put("targets", new JsonArray().add("tcp://localhost:7").add("tcp://localhost"))
                    .put("maxProbes", 0)
                    .put("scripts", new JsonObject().put("m", new JsonObject().put("script", matrix)));
            Files.writeString(file, configuration.copy().put("probe", wrong).encode());
            assertThat(service.verticle().reload().await().problems())
                    .anySatisfy(problem ->
                            assertThat(problem).contains("probe.targets[1]: \"tcp://localhost\" has no port"))
                    .anySatisfy(problem -> assertThat(problem).contains("probe.maxProbes: must be 1..200"))
                    .anySatisfy(problem -> assertThat(problem).contains("probe.scripts.m.script: a probe is one round"))
                    .hasSize(3);
        }
    }

    private static HttpResponse<String> play(Managed service, String body) throws Exception {
        return service.post("/probe", body.getBytes(UTF_8));
    }

    private static List<String> events(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).contains("text/event-stream");
        return answer.body()
                .lines()
                .filter(line -> line.startsWith("event: "))
                .map(line -> line.substring(7))
                .toList();
    }

    private static JsonObject last(HttpResponse<String> answer) {
        String data = answer.body().substring(answer.body().lastIndexOf("data: ") + 6);
        return new JsonObject(data.strip());
    }

    @Test
    void tellsStepByStepWhatHappens() throws Exception {
        try (Managed service = start(Managed.tcp(), all().put("clientScripts", true))) {
            String target = address(service, "tcp");
            HttpResponse<String> well =
                    play(service, new JsonObject().put("target", target).encode());
            assertThat(events(well))
                    .startsWith("begin", "connected", "step", "sent")
                    .contains("received", "ended", "closed")
                    .endsWith("verdict");
            assertThat(well.body())
                    .contains(
                            "\"steps\":[\"send 42 bytes\",\"expect the echo\",\"close the output\",\"expect the end\"]");
            assertThat(last(well).getString("verdict")).isEqualTo("passed");

            JsonObject own = new JsonObject()
                    .put(
                            "steps",
                            new JsonArray()
                                    .add(new JsonObject().put("send", new JsonObject().put("hex", "00ff")))
                                    .add(new JsonObject()
                                            .put("expect", new JsonObject().put("text", "no"))
                                            .put("withinMillis", 10_000)));
            HttpResponse<String> broken = play(
                    service,
                    new JsonObject().put("target", target).put("script", own).encode());
            assertThat(broken.body()).contains("\"hex\":\"00ff\"");
            assertThat(last(broken).getJsonObject("diagnosis").getString("word"))
                    .isNotEmpty();
            assertThat(last(broken).getString("verdict")).isEqualTo("failed");

            // What only a target shows to be wrong comes as an event.
            HttpResponse<String> unplayable = play(
                    service,
                    new JsonObject()
                            .put("target", "tcp://127.0.0.1:7")
                            .put("script", new JsonObject().put("tls", new JsonObject().put("nonsense", 1)))
                            .encode());
            assertThat(events(unplayable)).containsExactly("problem");
            assertThat(last(unplayable).getJsonArray("problems").getString(0)).contains("tls.nonsense");
        }
    }

    @Test
    void takesNoScriptsFromClientsUnlessTold() throws Exception {
        JsonObject script = new JsonObject();
        String asked = new JsonObject()
                .put("target", "tcp://127.0.0.1:7")
                .put("script", script)
                .encode();
        try (Managed service = start(Managed.tcp(), all())) {
            assertProblem(play(service, asked), 403, "allows no scripts of clients");
            assertThat(service.json("/probe/allowed"))
                    .isEqualTo(new JsonObject()
                            .put("targets", new JsonArray().add("*://127.0.0.1:*"))
                            .put("scripts", new JsonArray())
                            .put("clientScripts", false));
        }
        Path secret = Files.writeString(directory.resolve("secret"), "secret");
        try (Managed service = start(Managed.tcp(), all().put("clientScripts", true))) {
            for (JsonObject prying : List.of(
                    new JsonObject()
                            .put(
                                    "steps",
                                    new JsonArray()
                                            .add(new JsonObject()
                                                    .put("send", new JsonObject().put("file", secret.toString())))),
                    new JsonObject("{\"variables\": {\"f\": \"" + secret
                            + "\"}, \"steps\": [{\"send\": {\"file\": \"${f}\"}}]}"))) {
                assertProblem(
                        play(
                                service,
                                new JsonObject()
                                        .put("target", address(service, "tcp"))
                                        .put("script", prying)
                                        .encode()),
                        400,
                        "may name no file");
            }
            HttpResponse<String> trust = play(
                    service,
                    new JsonObject()
                            .put("target", "tls://127.0.0.1:7")
                            .put(
                                    "script",
                                    new JsonObject().put("tls", new JsonObject().put("trust", secret.toString())))
                            .encode());
            assertThat(trust.body()).contains("tls.trust: may name no file").doesNotContain("secret\"");
            assertProblem(play(service, "{\"target\": \"tcp://localhost:7\"}"), 403, "may not be probed");
            assertProblem(play(service, "{}"), 400, "target is missing");
            assertProblem(play(service, ""), 400, "must be a JSON object");
            assertProblem(play(service, "[]"), 400, "must be a JSON object");
            assertProblem(play(service, asked.replace("{}", "7")), 400, "script must be");
            assertProblem(play(service, asked.replace("{}", "{\"stepz\": 1}")), 400, "stepz");
            assertProblem(
                    play(service, asked.replace("{}", "{\"matrix\": {\"connections\": [\"round\", \"kept\"]}}")),
                    400,
                    "a probe is one round");
        }
    }

    /** Who goes away leaves no probe behind. */
    @Test
    void endsAProbeWhoseReaderIsGone() throws Exception {
        try (Managed service = start(Managed.tcp(), all().put("maxProbes", 1).put("timeoutMillis", 120_000));
                ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            String body = "{\"target\": \"tcp://127.0.0.1:" + silent.getLocalPort() + "\"}";
            String request = "POST /probe HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length() + "\r\n\r\n";
            silent.setSoTimeout(30_000);
            Socket probed;
            try (Socket client = new Socket("127.0.0.1", service.port())) {
                client.getOutputStream().write((request + body).getBytes(UTF_8));
                probed = silent.accept();
                assertProblem(service.get(path(address(service, "tcp"))), 503, "1 probes are under way");
            }
            try (probed) {
                probed.setSoTimeout(30_000);
                assertThat(probed.getInputStream().readAllBytes()).isNotNull();
            }
            assertThatOneMoreMayBe(service);
        }
    }
}
