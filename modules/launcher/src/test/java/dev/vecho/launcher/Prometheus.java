package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A real Prometheus that scrapes a service once a second. */
final class Prometheus implements AutoCloseable {

    private final Process process;
    private final Path log;
    private final int port;

    private Prometheus(Process process, Path log, int port) {
        this.process = process;
        this.log = log;
        this.port = port;
    }

    /**
     * Starts it, or ends the test where it is missing.
     *
     * @param management the URL of the service's management listener
     * @param token of that
     * @param directory for what it stores
     */
    static Prometheus scrape(String management, String token, Path directory) throws IOException {
        return run(
                "global: {scrape_interval: 1s}\n"
                        + "scrape_configs:\n"
                        + "- job_name: vecho\n"
                        + "  authorization: {credentials: " + token + "}\n"
                        + "  static_configs: [{targets: ['"
                        + URI.create(management).getAuthority() + "']}]\n",
                directory);
    }

    /**
     * Starts it, or ends the test where it is missing.
     *
     * @param text its configuration
     * @param directory for what it stores
     * @param more further flags
     */
    static Prometheus run(String text, Path directory, String... more) throws IOException {
        ForeignProgram program = ForeignProgram.find("prometheus", "apt-get install prometheus");
        Path configuration = Files.writeString(directory.resolve("prometheus.yml"), text);
        Path log = directory.resolve("prometheus.log");
        int port = Ports.free();
        List<String> command = new ArrayList<>(List.of(
                program.path().toString(),
                "--config.file=" + configuration,
                "--storage.tsdb.path=" + directory.resolve("data"),
                "--web.listen-address=127.0.0.1:" + port));
        command.addAll(List.of(more));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        return new Prometheus(process, log, port);
    }

    /** The value of an instant query; -1 where there is none yet. */
    double query(String expression) {
        JsonArray result = result(expression);
        return result.isEmpty()
                ? -1
                : Double.parseDouble(
                        result.getJsonObject(0).getJsonArray("value").getString(1));
    }

    /** Whether an instant query has an answer, whatever it is. */
    boolean answers(String expression) {
        return !result(expression).isEmpty();
    }

    private JsonArray result(String expression) {
        URI uri =
                URI.create("http://127.0.0.1:" + port + "/api/v1/query?query=" + URLEncoder.encode(expression, UTF_8));
        try {
            HttpResponse<String> answer =
                    HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
            // It refuses queries while it starts.
            return answer.statusCode() == 200
                    ? new JsonObject(answer.body()).getJsonObject("data").getJsonArray("result")
                    : new JsonArray();
        } catch (IOException notYet) {
            return new JsonArray();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What it has logged. */
    String log() throws IOException {
        return Files.readString(log);
    }

    @Override
    public void close() {
        Waits.end(process);
    }
}
