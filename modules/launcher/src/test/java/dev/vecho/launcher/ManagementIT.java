package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A service as operators see it, with the programs that they have. */
@Timeout(180)
class ManagementIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private String configuration(JsonObject management) throws IOException {
        JsonObject listeners = new JsonObject()
                .put("tcp", new JsonObject().put("host", "127.0.0.1").put("port", 0))
                .put(
                        "tls",
                        new JsonObject()
                                .put("host", "127.0.0.1")
                                .put("port", 0)
                                .put("tls", new JsonObject().put("selfSigned", true)))
                .put(
                        "web",
                        new JsonObject()
                                .put("transport", "http")
                                .put("host", "127.0.0.1")
                                .put("port", 0))
                .put(
                        "udp",
                        new JsonObject()
                                .put("transport", "udp")
                                .put("host", "127.0.0.1")
                                .put("port", 0));
        JsonObject section =
                new JsonObject().put("host", "127.0.0.1").put("port", 0).mergeIn(management);
        return write(
                "vecho.json",
                new JsonObject()
                        .put("listeners", listeners)
                        .put("management", section)
                        .encode());
    }

    private String write(String name, String content) throws IOException {
        return Files.writeString(directory.resolve(name), content).toString();
    }

    private static String url(Vecho vecho) throws Exception {
        vecho.awaitLine("ready");
        return vecho.note("management");
    }

    private Vecho start(JsonObject management) throws Exception {
        return Vecho.start("serve", "-c", configuration(management));
    }

    @Test
    void answersCurlWhileOthersAreConnected() throws Exception {
        ForeignProgram curl = ForeignProgram.find("curl", "apt-get install curl");
        try (Vecho vecho = start(new JsonObject())) {
            String url = url(vecho);
            try (Socket socket = new Socket("127.0.0.1", vecho.port("tcp"))) {
                socket.getOutputStream().write("hello".getBytes(UTF_8));
                socket.getInputStream().readNBytes(5);
                var connections = curl.run(new byte[0], "-sS", "--fail", url + "/connections");
                assertThat(connections.exitCode()).as(connections.err()).isZero();
                assertThat(connections.text()).contains("127.0.0.1:" + socket.getLocalPort());
                var health = curl.run(new byte[0], "-sS", "--fail", url + "/health");
                assertThat(new JsonObject(health.text()).getString("outcome")).isEqualTo("UP");
                var head = curl.run(new byte[0], "-sS", "--head", url + "/version");
                assertThat(head.text()).startsWith("HTTP/1.1 200 OK");
            }
            Path large = directory.resolve("large");
            try (OutputStream out = Files.newOutputStream(large)) {
                for (int i = 0; i < 64; i++) {
                    out.write(new byte[1 << 20]);
                }
            }
            var refused = curl.run(
                    new byte[0],
                    "-sS",
                    "-o",
                    "/dev/null",
                    "-w",
                    "%{http_code}",
                    "-X",
                    "POST",
                    "-T",
                    large.toString(),
                    url + "/reload");
            assertThat(refused.text()).isEqualTo("413");
        }
    }

    @Test
    void passesWhatPrometheusChecksAndIsScraped() throws Exception {
        ForeignProgram promtool = ForeignProgram.find("promtool", "apt-get install prometheus");
        try (Vecho vecho = start(new JsonObject().put("token", "secret"))) {
            String url = url(vecho);
            HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/metrics"))
                    .header("Authorization", "Bearer secret")
                    .build();
            String metrics = HttpClient.newHttpClient()
                    .send(request, BodyHandlers.ofString())
                    .body();
            var checked = promtool.run(metrics.getBytes(UTF_8), "check", "metrics");
            assertThat(checked.text() + checked.err()).isEmpty();
            assertThat(checked.exitCode()).isZero();
            scrape(url, vecho.port("tcp"));
        }
    }

    private void scrape(String url, int port) throws Exception {
        try (Prometheus prometheus = Prometheus.scrape(url, "secret", directory)) {
            String series = "vecho_received_bytes_total{listener=\"tcp\"}";
            double value = -1;
            for (long end = System.nanoTime() + PATIENCE.toNanos(); System.nanoTime() < end && value < 5; ) {
                try (Socket socket = new Socket("127.0.0.1", port)) {
                    socket.getOutputStream().write("hello".getBytes(UTF_8));
                    socket.getInputStream().readNBytes(5);
                }
                value = prometheus.query(series);
                TimeUnit.MILLISECONDS.sleep(100);
            }
            assertThat(value).as(prometheus.log()).isGreaterThanOrEqualTo(5);
            assertThat(prometheus.query("up{job=\"vecho\"}")).isEqualTo(1);
        }
    }

    @Test
    void answersHealthWithAnExitCode() throws Exception {
        String token = write("token", "secret\n");
        try (Vecho vecho = start(new JsonObject().put("tokenFile", token))) {
            String url = url(vecho);
            Result up = Vecho.run("health", url, "--token-file", token);
            assertThat(up.exitCode()).as(up.out()).isZero();
            assertThat(up.out()).isEqualTo(url + ": up\n");
            assertThat(Vecho.run("health", url, "--ready").exitCode()).isZero();
            assertThat(Vecho.run("health", url, "--live").exitCode()).isZero();
            Result stranger = Vecho.run("health", url);
            assertThat(stranger.exitCode()).isEqualTo(1);
            assertThat(stranger.out()).startsWith(url + ": 401 ");
        }
        int port = Ports.free();
        Result nobody = Vecho.run("health", "http://127.0.0.1:" + port);
        assertThat(nobody.exitCode()).isEqualTo(1);
        assertThat(nobody.out()).isEqualTo("http://127.0.0.1:" + port + ": nobody listens there\n");
        assertThat(Vecho.run("health", "localhost:7070").exitCode()).isEqualTo(2);
        assertThat(Vecho.run("health", "--live", "--ready").exitCode()).isEqualTo(2);
    }

    @Test
    void tellsWhichListenerIsDown() throws Exception {
        String file = write(
                "full.json",
                "{\"listeners\":{\"full\":{\"host\":\"127.0.0.1\",\"port\":0,\"maxConnections\":1}},"
                        + "\"management\":{\"host\":\"127.0.0.1\",\"port\":0}}");
        try (Vecho vecho = Vecho.start("serve", "-c", file)) {
            String url = url(vecho);
            try (Socket socket = new Socket("127.0.0.1", vecho.port("full"))) {
                socket.getOutputStream().write(1);
                assertThat(socket.getInputStream().read()).isEqualTo(1);
                Result down = Vecho.run("health", url);
                assertThat(down.exitCode()).isEqualTo(1);
                assertThat(down.out()).startsWith(url + ": down\nlisteners/full: tcp://127.0.0.1:");
            }
        }
    }

    @Test
    void speaksTlsAndAsksForCertificates() throws Exception {
        String tls = directory.resolve("none").toString();
        try (Vecho vecho = start(new JsonObject().put("tls", new JsonObject().put("selfSigned", true)))) {
            String url = url(vecho);
            assertThat(url).startsWith("https://127.0.0.1:");
            // On a busy machine the first probe of all transports at once may take too long.
            Result up = Vecho.run("health", url, "--insecure");
            for (int i = 0; i < 5 && up.exitCode() != 0; i++) {
                up = Vecho.run("health", url, "--insecure");
            }
            assertThat(up.exitCode()).as(up.out() + up.err()).isZero();
            Result untrusted = Vecho.run("health", url);
            assertThat(untrusted.exitCode()).isEqualTo(1);
            assertThat(Vecho.run("health", url, "--ca", tls).exitCode()).isEqualTo(2);
        }
    }

    @Test
    void mustBeGuardedBeyondThisMachine() throws Exception {
        String file = write("open.json", "{\"management\":{\"host\":\"0.0.0.0\"}}");
        Result result = Vecho.run("serve", "-c", file);
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err())
                .isEqualTo(file + ": management.host: must be loopback, was \"0.0.0.0\"; anywhere else give token,"
                        + " tokenFile, or tls with \"clientAuth\": \"required\"\n");
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            String port = Integer.toString(taken.getLocalPort());
            String busy = write(
                    "busy.json",
                    "{\"listeners\":{\"tcp\":{\"port\":0}},\"management\":{\"host\":\"127.0.0.1\",\"port\":" + port
                            + "}}");
            Result bound = Vecho.run("serve", "-c", busy);
            assertThat(bound.exitCode()).isEqualTo(2);
            assertThat(bound.err())
                    .isEqualTo("management: cannot bind 127.0.0.1:" + port + ": address already in use\n");
        }
    }

    @Test
    void isBoundedInWhatTenThousandIdleConnectionsCost() throws Exception {
        List<Socket> idle = new ArrayList<>();
        try (Vecho vecho = start(new JsonObject())) {
            URI url = URI.create(url(vecho));
            try (Socket echo = new Socket("127.0.0.1", vecho.port("tcp"))) {
                long longest = 0;
                for (int i = 0; i < 10_000; i++) {
                    Socket socket = new Socket(url.getHost(), url.getPort());
                    idle.add(socket);
                    if (i % 100 == 0) {
                        long start = System.nanoTime();
                        echo.getOutputStream().write(i / 100);
                        assertThat(echo.getInputStream().read()).isEqualTo(i / 100);
                        longest = Math.max(longest, System.nanoTime() - start);
                    }
                    if (idle.size() > 2000) {
                        idle.remove(0).close();
                    }
                }
                assertThat(Duration.ofNanos(longest)).isLessThan(Duration.ofSeconds(10));
                // What was accepted faster than it could be looked at is closed soon.
                long descriptors = Long.MAX_VALUE;
                for (long end = System.nanoTime() + PATIENCE.toNanos();
                        System.nanoTime() < end && descriptors >= 1000; ) {
                    try (var files = Files.list(Path.of("/proc/" + vecho.pid() + "/fd"))) {
                        descriptors = files.count();
                    }
                }
                assertThat(descriptors).isLessThan(1000);
                assertThat(Vecho.run("health", url.toString()).exitCode()).isZero();
            }
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    /** Who does not ask for it does not pay for it. */
    @Test
    void loadsNothingOfMetricsWithoutTheSection() throws Exception {
        String file = write("plain.json", "{\"listeners\":{\"tcp\":{\"port\":0}}}");
        Path loaded = directory.resolve("loaded.log");
        try (Vecho vecho = Vecho.start(Map.of(), List.of("-Xlog:class+load:file=" + loaded), "serve", "-c", file)) {
            vecho.awaitLine("ready");
            vecho.terminate();
            assertThat(vecho.await().exitCode()).isZero();
        }
        assertThat(Files.readString(loaded))
                .contains("dev.vecho.server.EchoServerVerticle ")
                .doesNotContain("io.micrometer.", "io.prometheus.", "dev.vecho.management.Api");
    }
}
