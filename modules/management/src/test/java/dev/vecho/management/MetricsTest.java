package dev.vecho.management;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Certificates;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What Prometheus gets. */
@Timeout(180)
class MetricsTest {

    @TempDir
    Path directory;

    private static double value(String metrics, String series) {
        return metrics.lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + series + " in\n" + metrics));
    }

    @Test
    void countsWhatWentThroughAListener() throws Exception {
        String labels = "{listener=\"tcp\",transport=\"tcp\"}";
        try (Managed service = Managed.start(Managed.tcp())) {
            try (Socket socket = service.connect("tcp")) {
                socket.getOutputStream().write("hello".getBytes(UTF_8));
                socket.getInputStream().readNBytes(5);
                String metrics = service.get("/metrics").body();
                assertThat(value(metrics, "vecho_connections_accepted_total" + labels))
                        .isEqualTo(1);
                assertThat(value(metrics, "vecho_connections_active" + labels)).isEqualTo(1);
                assertThat(value(metrics, "vecho_received_bytes_total" + labels))
                        .isEqualTo(5);
                assertThat(value(metrics, "vecho_ready")).isEqualTo(1);
                assertThat(value(metrics, "vecho_config_last_reload_successful"))
                        .isEqualTo(1);
                socket.setSoLinger(true, 0);
            }
            String failed = "vecho_connections_failed_total{listener=\"tcp\",reason=\"reset\",transport=\"tcp\"}";
            String metrics = "";
            for (long end = System.nanoTime() + Duration.ofSeconds(20).toNanos(); System.nanoTime() < end; ) {
                metrics = service.get("/metrics").body();
                if (value(metrics, failed) == 1) {
                    break;
                }
            }
            assertThat(value(metrics, failed)).isEqualTo(1);
            assertThat(value(metrics, "vecho_sent_bytes_total" + labels)).isEqualTo(5);
            assertThat(value(metrics, "vecho_connections_active" + labels)).isZero();
            assertThat(value(metrics, "vecho_connection_duration_seconds_count" + labels))
                    .isEqualTo(1);
        }
    }

    @Test
    void countsBytesOfDatagramsAndPacketsOfQuic() throws Exception {
        JsonObject tls = new Certificates(directory).localhost().options();
        JsonObject listeners = new JsonObject()
                .put("udp", Managed.onAnyPort().put("transport", "udp"))
                .put("quic", Managed.onAnyPort().put("transport", "quic").put("tls", tls))
                .put("web", Managed.onAnyPort().put("transport", "http").put("tls", tls));
        try (Managed service = Managed.start(listeners)) {
            // The probe sends 8 bytes through each.
            service.getUp("/health/ready");
            String packets = "vecho_quic_packets_received_total{listener=\"%s\",transport=\"%s\"} ";
            String metrics = "";
            for (long end = System.nanoTime() + Duration.ofSeconds(20).toNanos(); System.nanoTime() < end; ) {
                metrics = service.get("/metrics").body();
                if (metrics.contains(packets.formatted("quic", "quic"))
                        && metrics.contains(packets.formatted("web", "http"))) {
                    break;
                }
            }
            for (String labels : List.of(
                    "{listener=\"quic\",transport=\"quic\"}",
                    "{listener=\"udp\",transport=\"udp\"}",
                    "{listener=\"web\",transport=\"http\"}")) {
                assertThat(value(metrics, "vecho_received_bytes_total" + labels))
                        .isGreaterThanOrEqualTo(8);
                assertThat(value(metrics, "vecho_sent_bytes_total" + labels)).isGreaterThanOrEqualTo(8);
                if (labels.contains("udp")) {
                    assertThat(metrics).doesNotContain("vecho_quic_packets_sent_total" + labels);
                } else {
                    assertThat(value(metrics, "vecho_quic_packets_sent_total" + labels))
                            .isPositive();
                    assertThat(value(metrics, "vecho_quic_packets_received_total" + labels))
                            .isPositive();
                    assertThat(value(metrics, "vecho_quic_packets_lost_total" + labels))
                            .isNotNegative();
                    assertThat(value(metrics, "vecho_quic_packets_retransmitted_total" + labels))
                            .isNotNegative();
                }
            }
            JsonObject first =
                    service.json("/listeners").getJsonArray("listeners").getJsonObject(0);
            assertThat(first.getString("name")).isEqualTo("quic");
            assertThat(first.getJsonObject("packets").getLong("sent")).isPositive();
        }
    }

    @Test
    void describesEachFamilyAndEndsAsOpenMetricsDo() throws Exception {
        try (Managed service = Managed.start(Managed.tcp())) {
            HttpResponse<String> open = service.send(service.request("/metrics")
                    .header("Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"));
            assertThat(open.headers().firstValue("Content-Type").orElseThrow())
                    .startsWith("application/openmetrics-text; version=1.0.0");
            assertThat(open.body()).endsWith("# EOF\n");
            HttpResponse<String> text = service.get("/metrics");
            assertThat(text.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain; version=0.0.4");
            Set<String> helped = new HashSet<>();
            Set<String> typed = new HashSet<>();
            text.body().lines().forEach(line -> {
                String[] words = line.split(" ", 4);
                if (line.startsWith("# HELP ") && words.length == 4) {
                    helped.add(words[2]);
                } else if (line.startsWith("# TYPE ")) {
                    typed.add(words[2]);
                }
            });
            assertThat(helped).isEqualTo(typed);
            assertThat(typed)
                    .contains(
                            "vecho_build_info",
                            "vecho_config_reloads_total",
                            "vecho_config_last_reload_success_timestamp_seconds",
                            "vecho_event_loop_delay_seconds",
                            "vecho_direct_memory_used_bytes",
                            "jvm_memory_used_bytes");
        }
    }

    @Test
    void tellsWhenACertificateExpires() throws Exception {
        Certificates.Issued issued = new Certificates(directory).localhost();
        JsonObject listeners = new JsonObject()
                .put("tls", Managed.onAnyPort().put("tls", issued.options()))
                .put("web", Managed.onAnyPort().put("transport", "http").put("tls", issued.options()))
                .put("quic", Managed.onAnyPort().put("transport", "quic").put("tls", issued.options()));
        try (Managed service = Managed.start(listeners)) {
            service.getUp("/health/ready");
            String metrics = service.get("/metrics").body();
            for (String name : listeners.fieldNames()) {
                String line = metrics.lines()
                        .filter(each ->
                                each.startsWith("vecho_certificate_expiry_timestamp_seconds{listener=\"" + name + "\""))
                        .findFirst()
                        .orElseThrow();
                assertThat(Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                        .as(name)
                        .isEqualTo((double) issued.bundle()
                                .getCertificate()
                                .getNotAfter()
                                .toInstant()
                                .getEpochSecond());
                // The probe has shaken hands with each.
                assertThat(value(
                                metrics,
                                "vecho_tls_handshakes_total{listener=\"" + name + "\",transport=\""
                                        + (name.equals("tls") ? "tcp" : name.equals("web") ? "http" : "quic")
                                        + "\",version=\"TLSv1.3\"}"))
                        .as(name)
                        .isPositive();
            }
        }
    }
}
