package dev.vecho.management;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.net.io.Io;
import dev.vecho.server.Configuration;
import dev.vecho.server.EchoServerVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A service with a management listener on any free port, and a client of it. */
final class Managed implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Vertx vertx =
            Vertx.builder().withTransport(Io.transport(Io.AUTO)).build();
    private final EchoServerVerticle verticle;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private Managed(JsonObject configuration) {
        verticle = new EchoServerVerticle();
        vertx.deployVerticle(verticle, new DeploymentOptions().setConfig(configuration))
                .await();
    }

    private Managed(Path file) {
        verticle =
                new EchoServerVerticle(Configuration.load(vertx, List.of(file)).await());
        vertx.deployVerticle(verticle).await();
    }

    /** Starts with a file, which may be changed and reloaded. */
    static Managed load(Path file) {
        return new Managed(file);
    }

    static Managed start(JsonObject listeners) {
        return start(listeners, new JsonObject());
    }

    /** Starts with further keys of the section. */
    static Managed start(JsonObject listeners, JsonObject management) {
        return start(listeners, management, new JsonObject());
    }

    /** Starts with further sections, too. */
    static Managed start(JsonObject listeners, JsonObject management, JsonObject others) {
        JsonObject section =
                new JsonObject().put("host", "127.0.0.1").put("port", 0).mergeIn(management);
        return new Managed(new JsonObject()
                .put("drainMillis", 0)
                .put("listeners", listeners)
                .put("management", section)
                .mergeIn(others));
    }

    /** A TCP listener on any port. */
    static JsonObject tcp() {
        return new JsonObject().put("tcp", onAnyPort());
    }

    static JsonObject onAnyPort() {
        return new JsonObject().put("host", "127.0.0.1").put("port", 0);
    }

    EchoServerVerticle verticle() {
        return verticle;
    }

    Vertx vertx() {
        return vertx;
    }

    String url() {
        return java.util.Objects.requireNonNull(verticle.sectionNotes().get("management"))
                .get(0);
    }

    int port() {
        return URI.create(url()).getPort();
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url() + path)).timeout(PATIENCE);
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path));
    }

    /** The same, until the answer is 200: on a busy machine the first probe of all transports at once may take too long. */
    HttpResponse<String> getUp(String path) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        HttpResponse<String> response = get(path);
        while (response.statusCode() != 200 && System.nanoTime() - end < 0) {
            response = get(path);
        }
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return response;
    }

    HttpResponse<String> post(String path, byte[] body) throws IOException, InterruptedException {
        return send(request(path).POST(BodyPublishers.ofByteArray(body)));
    }

    JsonObject json(String path) throws IOException, InterruptedException {
        HttpResponse<String> response = get(path);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
        return new JsonObject(response.body());
    }

    /** A check, by the identifiers on the way to it. */
    static JsonObject check(JsonObject health, String... path) {
        JsonObject at = health;
        for (String id : path) {
            JsonArray checks = at.getJsonArray("checks");
            at = checks.stream()
                    .map(JsonObject.class::cast)
                    .filter(each -> each.getString("id").equals(id))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no check " + id + " in " + health.encodePrettily()));
        }
        return at;
    }

    /** A connection to a listener's first address. */
    Socket connect(String listener) throws IOException {
        URI address = URI.create(verticle.listeners().stream()
                .filter(each -> each.name().equals(listener))
                .findFirst()
                .orElseThrow()
                .addresses()
                .get(0));
        Socket socket = new Socket(address.getHost(), address.getPort());
        socket.setSoTimeout((int) PATIENCE.toMillis());
        return socket;
    }

    @Override
    public void close() {
        vertx.close().await();
    }
}
