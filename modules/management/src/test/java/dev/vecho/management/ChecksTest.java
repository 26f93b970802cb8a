package dev.vecho.management;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.monitor.Monitor;
import dev.vecho.monitor.Notifications;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What clients and Prometheus are told of checks on a schedule. */
@Timeout(60)
class ChecksTest {

    @TempDir
    Path directory;

    private static void until(BooleanSupplier done) {
        for (long end = System.nanoTime() + Duration.ofSeconds(40).toNanos(); !done.getAsBoolean(); ) {
            assertThat(System.nanoTime()).as("time").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    private static Monitor monitor(Managed service) {
        return service.verticle().section(Monitor.class).orElseThrow();
    }

    private static int closedPort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static JsonObject check(String target) {
        return new JsonObject().put("targets", target).put("everyMillis", 100);
    }

    @Test
    void tellsOfChecksAndTheirHistories() throws Exception {
        int listening = closedPort();
        JsonObject listeners = new JsonObject()
                .put("tcp", new JsonObject().put("host", "127.0.0.1").put("port", listening))
                .put(
                        "udp",
                        new JsonObject()
                                .put("transport", "udp")
                                .put("host", "127.0.0.1")
                                .put("port", listening));
        JsonObject checks = new JsonObject()
                .put("well", check("tcp://127.0.0.1:" + listening).put("labels", new JsonObject().put("team", "net")))
                .put("messages", check("udp://127.0.0.1:" + listening))
                .put("broken", check("tcp://127.0.0.1:" + closedPort()));
        try (Managed service = Managed.start(listeners, new JsonObject(), new JsonObject().put("checks", checks))) {
            until(() -> monitor(service).checks().stream()
                    .allMatch(check -> check.cases().stream()
                            .anyMatch(each -> each.counts().rounds() > 1)));
            JsonArray all = service.json("/checks").getJsonArray("checks");
            assertThat(all.stream().map(each -> ((JsonObject) each).getString("name")))
                    .containsExactly("broken", "messages", "well");
            assertThat(all.stream().map(each -> ((JsonObject) each).getString("state")))
                    .containsExactly("failing", "ok", "ok");
            JsonObject broken = service.json("/checks/broken");
            assertThat(broken.getJsonObject("diagnosis").getString("word")).isEqualTo("refused");
            assertThat(broken.getJsonArray("failures")).isNotEmpty();
            assertThat(broken.getJsonArray("changes").getJsonObject(0).getString("to"))
                    .isEqualTo("failing");
            JsonObject history = service.json("/checks/broken/history?resolution=hours")
                    .getJsonArray("histories")
                    .getJsonObject(0);
            assertThat(history.getJsonArray("word").getString(0)).isEqualTo("refused");
            assertThat(service.get("/checks/none").statusCode()).isEqualTo(404);
            assertThat(service.get("/checks/well/history?case=none").statusCode())
                    .isEqualTo(404);
            assertThat(service.get("/checks/well/history?resolution=days").statusCode())
                    .isEqualTo(400);

            String metrics = service.get("/metrics").body();
            String well = "{case=\"tcp://127.0.0.1:" + listening + "\",check=\"well\",";
            String labels = "target=\"tcp://127.0.0.1:" + listening + "\",team=\"net\"}";
            assertThat(metrics)
                    .contains("probe_success" + well + labels + " 1.0\n")
                    .contains("probe_ip_protocol" + well + labels + " 4.0\n")
                    .contains("vecho_check_failing" + well + labels + " 0.0\n")
                    .contains("vecho_check_phase_seconds" + well + "phase=\"connect\"," + labels)
                    .contains("vecho_check_round_trip_seconds_bucket" + well + "target=");
            assertThat(metrics.lines().filter(line -> line.startsWith("vecho_check_failures_total")))
                    .singleElement()
                    .asString()
                    .contains("check=\"broken\"", "word=\"refused\"", "reason=\"\"");
            assertThat(metrics.lines().filter(line -> line.startsWith("vecho_check_messages_lost_total")))
                    .singleElement()
                    .asString()
                    .contains("check=\"messages\"")
                    .endsWith(" 0.0");
        }
    }

    @Test
    void countsWhatReceiversWereTold() throws Exception {
        JsonObject checks = new JsonObject().put("broken", check("tcp://127.0.0.1:" + closedPort()));
        JsonObject receiver =
                new JsonObject().put("url", "http://127.0.0.1:" + closedPort()).put("attempts", 1);
        JsonObject sections =
                new JsonObject().put("checks", checks).put("notify", new JsonObject().put("gone", receiver));
        try (Managed service = Managed.start(Managed.tcp(), new JsonObject(), sections)) {
            Notifications notifications =
                    service.verticle().section(Notifications.class).orElseThrow();
            until(() -> notifications.receivers().get(0).dropped() == 1);
            assertThat(service.get("/metrics").body())
                    .contains("vecho_notifications_dropped_total{receiver=\"gone\"} 1.0\n")
                    .contains("vecho_notifications_delivered_total{receiver=\"gone\"} 0.0\n")
                    .contains("vecho_notification_requests_failed_total{receiver=\"gone\"} 1.0\n")
                    .contains("vecho_notifications_waiting{receiver=\"gone\"} ");
        }
    }

    @Test
    void hasNoSeriesWithoutChecks() throws Exception {
        try (Managed service = Managed.start(Managed.tcp())) {
            assertThat(service.json("/checks").getJsonArray("checks")).isEmpty();
            assertThat(service.get("/metrics").body()).doesNotContain("probe_", "vecho_check", "vecho_notification");
        }
    }

    /** A check that a reload takes away takes its series with it. */
    @Test
    void forgetsAChecksSeries() throws Exception {
        Path file = directory.resolve("vecho.json");
        JsonObject configuration = new JsonObject()
                .put("drainMillis", 0)
                .put("configScanMillis", 0)
                .put("listeners", Managed.tcp())
                .put("management", Managed.onAnyPort())
                .put(
                        "checks",
                        new JsonObject()
                                .put("a", check("tcp://127.0.0.1:" + closedPort()))
                                .put("b", check("tcp://127.0.0.1:" + closedPort())));
        Files.writeString(file, configuration.encode());
        try (Managed service = Managed.load(file)) {
            until(() -> monitor(service).checks().stream()
                    .allMatch(check -> check.cases().stream()
                            .anyMatch(each -> each.counts().rounds() > 0)));
            assertThat(service.get("/metrics").body()).contains("check=\"a\"", "check=\"b\"");
            configuration.getJsonObject("checks").remove("a");
            Files.writeString(file, configuration.encode());
            assertThat(service.verticle().reload().await().problems()).isEmpty();
            assertThat(service.get("/metrics").body())
                    .doesNotContain("check=\"a\"")
                    .contains("check=\"b\"");
            assertThat(service.get("/checks/a").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void knowsTheVersionOfAnAddress() {
        assertThat(RoundMetrics.version("127.0.0.1:7")).isEqualTo(4);
        assertThat(RoundMetrics.version("[::1]:7")).isEqualTo(6);
        assertThat(RoundMetrics.version("/run/echo")).isZero();
        assertThat(RoundMetrics.version("a:b:c")).isZero();
        assertThat(RoundMetrics.version(null)).isZero();
    }
}
