package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What conf has for Prometheus and Grafana fits what a service with checks tells. */
@Timeout(180)
class MonitoringIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Path CONF = Path.of("..", "..", "conf");

    @TempDir
    Path directory;

    @Test
    void raisesTheAlertsThatItShould() throws Exception {
        ForeignProgram promtool = ForeignProgram.find("promtool", "apt-get install prometheus");
        var tested = promtool.run(
                new byte[0],
                "test",
                "rules",
                CONF.resolve("prometheus/alerts.test.yml").toString());
        assertThat(tested.exitCode()).as(tested.text() + tested.err()).isZero();
    }

    /** Each query of the dashboard, and what each alert looks at, has an answer. */
    @Test
    void hasADataPointForEachQueryOfTheDashboard() throws Exception {
        int tls = Ports.free();
        int udp = Ports.free();
        JsonObject configuration = new JsonObject()
                .put(
                        "listeners",
                        new JsonObject()
                                .put("tls", at(tls).put("tls", new JsonObject().put("selfSigned", true)))
                                .put("udp", at(udp).put("transport", "udp")))
                .put("management", at(0))
                .put(
                        "checks",
                        new JsonObject()
                                .put(
                                        "tls",
                                        check("tls://127.0.0.1:" + tls)
                                                .put(
                                                        "script",
                                                        new JsonObject()
                                                                .put("tls", new JsonObject().put("insecure", true))))
                                .put("udp", check("udp://127.0.0.1:" + udp))
                                .put("gone", check("tcp://127.0.0.1:" + Ports.free())));
        try (Vecho vecho = Vecho.start("serve", "-c", write("vecho.json", configuration.encode()))) {
            vecho.awaitLine("ready");
            try (Prometheus prometheus = Prometheus.scrape(vecho.note("management"), "none", directory)) {
                List<String> unanswered = queries();
                assertThat(unanswered).hasSizeGreaterThan(9);
                awaitAnswers(prometheus, unanswered);
            }
        }
    }

    /** A Prometheus that takes native histograms gets them, and finds in them what the round trips were. */
    @Test
    void givesNativeHistogramsToWhoAsks() throws Exception {
        int echo = Ports.free();
        JsonArray targets = new JsonArray();
        for (int i = 0; i < 250; i++) {
            // More cases than are in a part of what is told.
            targets.add("tcp://127.0.0." + (i + 1) + ":" + echo);
        }
        JsonObject configuration = new JsonObject()
                .put("listeners", new JsonObject().put("tcp", at(echo)))
                .put("management", at(0))
                .put(
                        "checks",
                        new JsonObject()
                                .put("one", check("tcp://127.0.0.1:" + echo))
                                .put("many", check("").put("targets", targets).put("everyMillis", 5000)));
        try (Vecho vecho = Vecho.start("serve", "-c", write("vecho.json", configuration.encode()))) {
            vecho.awaitLine("ready");
            String scraping = "global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: vecho\n"
                    + "  static_configs: [{targets: ['"
                    + URI.create(vecho.note("management")).getAuthority() + "']}]\n";
            try (Prometheus prometheus = Prometheus.run(scraping, directory, "--enable-feature=native-histograms")) {
                awaitAnswers(
                        prometheus,
                        new ArrayList<>(List.of(
                                "histogram_count(vecho_check_round_trip_seconds{check=\"one\"}) > 2",
                                "histogram_quantile(0.5, vecho_check_round_trip_seconds{check=\"one\"}) > 0.00001",
                                "histogram_quantile(0.5, vecho_check_round_trip_seconds{check=\"one\"}) < 10",
                                "count(vecho_check_rounds_total{check=\"many\"}) == 250",
                                "vecho_ready == 1")));
            }
        }
    }

    /** A Prometheus that reads the example learns of each target by its own name whether it is well, and if not, why. */
    @Test
    void isProbedAsTheScrapeConfigurationSays() throws Exception {
        int echo = Ports.free();
        int closed = Ports.free();
        JsonObject configuration = new JsonObject()
                .put("listeners", new JsonObject().put("tcp", at(echo)))
                .put("management", at(0).put("token", "secret"))
                .put("probe", new JsonObject().put("targets", "tcp://127.0.0.1:*"));
        try (Vecho vecho = Vecho.start("serve", "-c", write("vecho.json", configuration.encode()))) {
            vecho.awaitLine("ready");
            String well = "tcp://127.0.0.1:" + echo;
            String broken = "tcp://127.0.0.1:" + closed;
            String forbidden = "tcp://127.0.0.2:" + echo;
            String example = Files.readString(CONF.resolve("prometheus/probe.yml"));
            String scraping = example.replace(
                            "[\"tcp://localhost:7007\", \"tls://localhost:7443\"]",
                            "[\"" + well + "\", \"" + broken + "\", \"" + forbidden + "\"]")
                    .replace(
                            "localhost:7070",
                            URI.create(vecho.note("management")).getAuthority())
                    .replace("scrape_interval: 15s", "scrape_interval: 1s")
                    .replace("scrape_timeout: 10s", "scrape_timeout: 1s\n    authorization: {credentials: secret}");
            assertThat(scraping).contains(well, "scrape_timeout: 1s").doesNotContain(":7070\"", "15s", "7443");
            try (Prometheus prometheus = Prometheus.run(scraping, directory)) {
                List<String> unanswered = new ArrayList<>(List.of(
                        "probe_success{instance=\"" + well + "\",job=\"vecho-probe\"} == 1",
                        "probe_success{instance=\"" + broken + "\"} == 0",
                        "probe_duration_seconds{instance=\"" + broken + "\"} > 0",
                        "vecho_check_last_failure{instance=\"" + broken + "\",word=\"refused\"} == 1",
                        "vecho_check_phase_seconds{instance=\"" + well + "\",phase=\"first-byte\"} > 0",
                        // Prometheus sees the refusal as a failed scrape.
                        "up{instance=\"" + forbidden + "\"} == 0",
                        "up{instance=\"" + broken + "\"} == 1"));
                awaitAnswers(prometheus, unanswered);
            }
        }
    }

    private static void awaitAnswers(Prometheus prometheus, List<String> unanswered) throws Exception {
        for (long end = System.nanoTime() + PATIENCE.toNanos(); System.nanoTime() < end && !unanswered.isEmpty(); ) {
            unanswered.removeIf(prometheus::answers);
            TimeUnit.MILLISECONDS.sleep(200);
        }
        assertThat(unanswered).as(prometheus.log()).isEmpty();
    }

    private static JsonObject at(int port) {
        return new JsonObject().put("host", "127.0.0.1").put("port", port);
    }

    private static JsonObject check(String target) {
        return new JsonObject().put("targets", target).put("everyMillis", 500);
    }

    /** With what Grafana puts in the place of its variables, and the metrics of the alerts. */
    private static List<String> queries() throws IOException {
        List<String> queries = new ArrayList<>();
        JsonObject dashboard = new JsonObject(Files.readString(CONF.resolve("grafana/checks.json")));
        for (Object panel : dashboard.getJsonArray("panels")) {
            for (Object target : ((JsonObject) panel).getJsonArray("targets")) {
                queries.add(((JsonObject) target)
                        .getString("expr")
                        .replace("$__rate_interval", "10s")
                        .replace("$check", ".*")
                        .replace("$instance", ".*"));
            }
        }
        var metrics = Pattern.compile("\\b(?:vecho|probe|process)_[a-z_]+\\b")
                .matcher(Files.readString(CONF.resolve("prometheus/alerts.yml")));
        while (metrics.find()) {
            queries.add(metrics.group());
        }
        return queries;
    }

    private String write(String name, String content) throws IOException {
        return Files.writeString(directory.resolve(name), content).toString();
    }
}
