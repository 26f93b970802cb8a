package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real Alertmanager sees an alert while a target is broken, and sees it end. */
@Timeout(180)
class AlertmanagerIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    @Test
    void showsAnAlertUntilItIsResolved() throws Exception {
        ForeignProgram program =
                ForeignProgram.find("prometheus-alertmanager", "apt-get install prometheus-alertmanager");
        Path configuration = Files.writeString(
                directory.resolve("alertmanager.yml"),
                "route: {receiver: none}\nreceivers: [{name: none}]\nglobal: {resolve_timeout: 1m}\n");
        int port = Ports.free();
        Process process = new ProcessBuilder(
                        program.path().toString(),
                        "--config.file=" + configuration,
                        "--storage.path=" + directory.resolve("data"),
                        "--cluster.listen-address=",
                        "--web.listen-address=127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("alertmanager.log").toFile())
                .start();
        try {
            sees(port);
        } finally {
            process.destroy();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    private void sees(int port) throws Exception {
        int target = Ports.free();
        JsonObject configuration = new JsonObject()
                .put("listeners", new JsonObject().put("tcp", at(0)))
                .put(
                        "checks",
                        new JsonObject()
                                .put(
                                        "line",
                                        new JsonObject()
                                                .put("targets", "tcp://127.0.0.1:" + target)
                                                .put("everyMillis", 200)
                                                .put("labels", new JsonObject().put("severity", "page"))))
                .put(
                        "notify",
                        new JsonObject()
                                .put(
                                        "alertmanager",
                                        new JsonObject()
                                                .put("url", "http://127.0.0.1:" + port)
                                                .put("format", "alertmanager")
                                                .put("holdMillis", 0)
                                                .put("repeatMillis", 1000)));
        try (Vecho vecho = Vecho.start("serve", "-c", write("vecho.json", configuration.encode()))) {
            vecho.awaitLine("ready");
            JsonObject firing = await(port, alerts -> alerts.size() == 1).getJsonObject(0);
            assertThat(firing.getJsonObject("labels"))
                    .isEqualTo(new JsonObject()
                            .put("alertname", "VechoCheckFailing")
                            .put("check", "line")
                            .put("case", "tcp://127.0.0.1:" + target)
                            .put("word", "refused")
                            .put("severity", "page"));
            assertThat(firing.getJsonObject("status").getString("state")).isEqualTo("active");
            assertThat(firing.getJsonObject("annotations").getString("description"))
                    .isNotBlank();
            String updated = firing.getString("updatedAt");
            JsonObject again = await(
                            port,
                            alerts -> !alerts.getJsonObject(0)
                                    .getString("updatedAt")
                                    .equals(updated))
                    .getJsonObject(0);
            assertThat(again.getString("startsAt")).isEqualTo(firing.getString("startsAt"));
            JsonObject healing = new JsonObject().put("listeners", new JsonObject().put("tcp", at(target)));
            try (Vecho healed = Vecho.start("serve", "-c", write("healed.json", healing.encode()))) {
                healed.awaitLine("ready");
                // It lists those alone that have not ended.
                await(port, JsonArray::isEmpty);
            }
        }
    }

    private static JsonObject at(int port) {
        return new JsonObject().put("host", "127.0.0.1").put("port", port);
    }

    private static JsonArray await(int port, Predicate<JsonArray> wanted) throws InterruptedException {
        HttpClient client = HttpClient.newHttpClient();
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v2/alerts"))
                .timeout(PATIENCE)
                .build();
        String last = "no answer";
        for (long end = System.nanoTime() + PATIENCE.toNanos(); System.nanoTime() < end; ) {
            try {
                last = client.send(request, BodyHandlers.ofString()).body();
                JsonArray alerts = new JsonArray(last);
                if (wanted.test(alerts)) {
                    return alerts;
                }
            } catch (IOException e) {
                last = e.toString();
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
        throw new AssertionError(last);
    }

    private String write(String name, String content) throws IOException {
        return Files.writeString(directory.resolve(name), content).toString();
    }
}
