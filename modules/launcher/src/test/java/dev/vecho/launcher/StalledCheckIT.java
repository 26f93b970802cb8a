package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Checks whose process is stopped for longer than their limits, as a suspended machine or one without processor time stops it. */
@Execution(ExecutionMode.CONCURRENT)
class StalledCheckIT {

    private static final List<String> LISTENERS =
            List.of("tcp", "tls", "unix", "udp", "stamp", "http", "https", "websocket", "quic");

    @TempDir
    Path directory;

    @Test
    void blamesNoListenerOfAnyTransport() throws Exception {
        String certificate = "\"tls\": {\"selfSigned\": true}";
        String file = write("serve.json", """
                {"listeners": {
                  "tcp": {"port": 0},
                  "tls": {"port": 0, %1$s},
                  "unix": {"transport": "unix", "path": "%2$s"},
                  "udp": {"transport": "udp", "port": 0},
                  "stamp": {"transport": "stamp", "port": 0},
                  "http": {"transport": "http", "port": 0},
                  "https": {"transport": "http", "port": 0, "http3": true, %1$s},
                  "websocket": {"transport": "websocket", "port": 0},
                  "quic": {"transport": "quic", "port": 0, %1$s}}}
                """.formatted(certificate, directory.resolve("echo.socket")));
        try (Vecho server = Vecho.serve("-c", file)) {
            JsonArray targets =
                    new JsonArray(LISTENERS.stream().map(server::address).toList());
            String script = write(
                    "script.json",
                    new JsonObject()
                            .put("targets", targets)
                            .put("tls", new JsonObject().put("insecure", true))
                            .put("timeoutMillis", 400)
                            // Each case has one round at least, however slow the machine.
                            .put("durationMillis", 10_000)
                            .put("concurrency", 2 * LISTENERS.size())
                            .put(
                                    "matrix",
                                    new JsonObject()
                                            .put(
                                                    "connections",
                                                    new JsonArray().add("round").add("kept")))
                            .encode());
            try (Vecho check = Vecho.start("check", "-s", script, "-i", "10ms", "-q", "-o", "json")) {
                for (int i = 0; i < 5 && check.isAliveFor(TimeUnit.SECONDS.toNanos(1)); i++) {
                    stopFor(check, 1200);
                }
                Result result = check.await();
                JsonObject report = new JsonObject(result.out());
                List<JsonObject> cases = report.getJsonArray("cases").stream()
                        .map(JsonObject.class::cast)
                        .toList();
                assertThat(cases).hasSize(2 * LISTENERS.size());
                for (JsonObject each : cases) {
                    assertThat(each.getJsonObject("summary").getInteger("rounds"))
                            .isPositive();
                    assertThat(each.getString("verdict"))
                            .as(each.encodePrettily())
                            .isEqualTo("passed");
                }
            }
        }
    }

    @Test
    void waitsForAnAnswerThatComesLaterThanItsLimit() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Vecho check = check(server, "3s");
                Socket accepted = server.accept()) {
            byte[] sent = accepted.getInputStream().readNBytes(1);
            stopFor(check, 4000);
            sleep(500);
            accepted.getOutputStream().write(sent);
            accepted.shutdownOutput();
            Result result = check.await();
            assertThat(result.exitCode()).as(result.toString()).isZero();
        }
    }

    @Test
    void saysThatItCannotJudge() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Vecho check = check(server, "3s");
                Socket accepted = server.accept()) {
            assertThat(accepted.getInputStream().readNBytes(1)).hasSize(1);
            stopFor(check, 8000);
            Result result = check.await();
            assertThat(result.out()).contains("unjudged: time: this process could not run for ", "silent");
            assertThat(result.exitCode()).as(result.toString()).isEqualTo(3);
        }
    }

    private static Vecho check(ServerSocket server, String timeout) throws IOException {
        return Vecho.start("check", "-t", timeout, "--size", "1", "tcp://127.0.0.1:" + server.getLocalPort());
    }

    private static void stopFor(Vecho check, long millis) throws Exception {
        check.signal("STOP");
        sleep(millis);
        check.signal("CONT");
    }

    /** Time itself is what is tested here. */
    private static void sleep(long millis) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (end - System.nanoTime() > 0) {
            LockSupport.parkNanos(end - System.nanoTime());
        }
    }

    private String write(String name, String content) throws IOException {
        return Files.write(directory.resolve(name), content.getBytes(UTF_8)).toString();
    }
}
