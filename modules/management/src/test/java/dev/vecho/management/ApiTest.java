package dev.vecho.management;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.server.EchoServerVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the management listener answers, and whom. */
@Timeout(180)
class ApiTest {

    private static final String TOKEN = "open-sesame";

    private static Managed service;
    private static Managed guarded;

    @BeforeAll
    static void start() {
        service = Managed.start(Managed.tcp());
        guarded = Managed.start(Managed.tcp(), new JsonObject().put("token", TOKEN));
    }

    @AfterAll
    static void stop() {
        service.close();
        guarded.close();
    }

    private static void assertProblem(HttpResponse<String> response, int status) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
        JsonObject problem = new JsonObject(response.body());
        assertThat(problem.getInteger("status")).isEqualTo(status);
        assertThat(problem.getString("title")).isNotEmpty();
        assertThat(problem.getString("detail")).isNotEmpty();
    }

    @Test
    void answersToTheTokenOnly() throws Exception {
        for (String path :
                List.of("/health", "/metrics", "/config", "/listeners", "/version", "/openapi.json", "/no")) {
            HttpResponse<String> none = guarded.get(path);
            assertProblem(none, 401);
            assertThat(none.headers().firstValue("WWW-Authenticate")).contains("Bearer realm=\"vecho\"");
            for (String wrong :
                    List.of("Bearer open-sesam", "Bearer open-sesame2", "Basic " + TOKEN, "Bearer", TOKEN)) {
                HttpResponse<String> refused =
                        guarded.send(guarded.request(path).header("Authorization", wrong));
                assertProblem(refused, 401);
                assertThat(refused.headers().firstValue("WWW-Authenticate").orElseThrow())
                        .contains("invalid_token");
            }
        }
        assertThat(guarded.send(guarded.request("/version").header("Authorization", "bearer " + TOKEN))
                        .statusCode())
                .isEqualTo(200);
        assertProblem(guarded.send(guarded.request("/no").header("Authorization", "Bearer " + TOKEN)), 404);
    }

    @Test
    void masksTheToken() throws Exception {
        HttpResponse<String> configuration =
                guarded.send(guarded.request("/config").header("Authorization", "Bearer " + TOKEN));
        assertThat(configuration.body()).doesNotContain(TOKEN);
        assertThat(new JsonObject(configuration.body()).containsKey("management.token"))
                .isTrue();
    }

    @Test
    void tellsTheConfigurationWithItsSources() throws Exception {
        JsonObject configuration = service.json("/config");
        assertThat(configuration.getJsonObject("listeners.tcp.host"))
                .isEqualTo(new JsonObject().put("value", "127.0.0.1").put("source", "deployment options"));
        assertThat(configuration.getJsonObject("listeners.tcp.transport").getString("source"))
                .isEqualTo("default");
    }

    @Test
    void tellsWhatListeners() throws Exception {
        try (Socket socket = service.connect("tcp")) {
            socket.getOutputStream().write("hello".getBytes(UTF_8));
            socket.getInputStream().readNBytes(5);
            JsonObject listener =
                    service.json("/listeners").getJsonArray("listeners").getJsonObject(0);
            assertThat(listener.getString("name")).isEqualTo("tcp");
            assertThat(listener.getJsonArray("addresses").getString(0)).startsWith("tcp://127.0.0.1:");
            assertThat(listener.getInteger("active")).isPositive();
            assertThat(listener.getLong("receivedBytes")).isGreaterThanOrEqualTo(5);
        }
    }

    @Test
    void reloadsWithNothingToChange() throws Exception {
        HttpResponse<String> response = service.post("/reload", new byte[0]);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(new JsonObject(response.body()).getString("outcome")).isEqualTo("UNCHANGED");
    }

    @Test
    void takesANewTokenFromItsFileAtAReload(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("token"), "first\n");
        try (Managed own = Managed.start(Managed.tcp(), new JsonObject().put("tokenFile", file.toString()))) {
            Files.writeString(file, "second\n");
            HttpResponse<String> reloaded = own.send(own.request("/reload")
                    .header("Authorization", "Bearer first")
                    .POST(BodyPublishers.noBody()));
            assertThat(reloaded.statusCode()).as(reloaded.body()).isEqualTo(200);
            assertThat(new JsonObject(reloaded.body()).getString("outcome")).isEqualTo("APPLIED");
            assertThat(own.send(own.request("/version").header("Authorization", "Bearer first"))
                            .statusCode())
                    .isEqualTo(401);
            assertThat(own.send(own.request("/version").header("Authorization", "Bearer second"))
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    /** Vert.x would let the two share the socket. */
    @Test
    void takesNoAddressOfAListener() {
        int port = URI.create(service.verticle().listeners().get(0).addresses().get(0))
                .getPort();
        EchoServerVerticle other = new EchoServerVerticle();
        JsonObject configuration = new JsonObject()
                .put("listeners", Managed.tcp())
                .put("management", new JsonObject().put("host", "127.0.0.1").put("port", port));
        assertThatThrownBy(() -> service.vertx()
                        .deployVerticle(other, new DeploymentOptions().setConfig(configuration))
                        .await())
                .hasMessageContaining("management: cannot bind 127.0.0.1:" + port + ": ");
    }

    @Test
    void refusesUnknownPathsAndWrongMethods() throws Exception {
        for (String path : List.of("/nothing", "/health/", "/health/other", "//health", "/version/x", "/%2e%2e/")) {
            assertProblem(service.get(path), 404);
        }
        HttpResponse<String> post = service.post("/health", new byte[0]);
        assertProblem(post, 405);
        assertThat(post.headers().firstValue("Allow")).contains("GET, HEAD");
        HttpResponse<String> get = service.get("/reload");
        assertProblem(get, 405);
        assertThat(get.headers().firstValue("Allow")).contains("POST");
        assertProblem(service.send(service.request("/version").method("PATCH", BodyPublishers.noBody())), 405);
    }

    @Test
    void answersHeadWithoutABody() throws Exception {
        HttpResponse<String> get = service.get("/openapi.json");
        HttpResponse<String> head =
                service.send(service.request("/openapi.json").method("HEAD", BodyPublishers.noBody()));
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(head.headers().firstValue("Content-Length"))
                .isEqualTo(get.headers().firstValue("Content-Length"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 1000000000\r\n", "Transfer-Encoding: chunked\r\n"})
    void refusesALargeBodyWithoutReadingIt(String framing) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", service.port())) {
            socket.setSoTimeout(30_000);
            OutputStream out = socket.getOutputStream();
            out.write(("POST /reload HTTP/1.1\r\nHost: localhost\r\n" + framing + "\r\n").getBytes(UTF_8));
            byte[] chunk = new byte[Requests.MAX_BODY_BYTES + 1];
            long sent = 0;
            try {
                if (framing.startsWith("T")) {
                    out.write((Integer.toHexString(1_000_000_000) + "\r\n").getBytes(UTF_8));
                }
                for (; sent < 1_000_000_000L; sent += chunk.length) {
                    out.write(chunk);
                }
            } catch (IOException closed) {
                // As it should be.
                assertThat(closed).isInstanceOf(java.net.SocketException.class);
            }
            assertThat(sent).as("what was taken").isLessThan(100_000_000L);
        }
        assertThat(service.get("/version").statusCode()).isEqualTo(200);
    }

    @Test
    void tellsThatABodyIsTooLarge() throws Exception {
        assertProblem(service.post("/reload", new byte[Requests.MAX_BODY_BYTES + 1]), 413);
        assertThat(service.post("/reload", new byte[Requests.MAX_BODY_BYTES]).statusCode())
                .isEqualTo(200);
    }

    @Test
    void tellsThatARequestIsMalformed() throws Exception {
        assertThat(raw("GET / HTTP/1.1\r\nHost localhost\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ")
                .contains("problem+json");
        assertThat(raw("GET /" + "x".repeat(10_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .contains(" 414 ");
        assertThat(raw("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "x".repeat(20_000) + "\r\n\r\n"))
                .contains(" 431 ");
    }

    private static String raw(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", service.port())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(request.getBytes(UTF_8));
            return new String(socket.getInputStream().readNBytes(400), UTF_8);
        }
    }

    /** A page that somebody reads on this machine can send requests here, and can have its own name lead here. */
    @Test
    void answersNoPagesOfOtherSites() throws Exception {
        String head = "GET /config HTTP/1.1\r\nConnection: close\r\nHost: ";
        assertThat(raw(head + "attacker.example:7070\r\n\r\n")).startsWith("HTTP/1.1 421 ");
        assertThat(raw(head + "localhost:7070\r\nOrigin: http://attacker.example\r\n\r\n"))
                .startsWith("HTTP/1.1 403 ");
        assertThat(raw(head + "localhost:7070\r\nOrigin: http://localhost:7070\r\n\r\n"))
                .startsWith("HTTP/1.1 200 ");
        assertThat(raw(head + "[::1]:7070\r\n\r\n")).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void isBoundedInIdleConnections() throws Exception {
        List<Socket> idle = new ArrayList<>();
        try (Socket echo = service.connect("tcp")) {
            for (int i = 0; i < 1000; i++) {
                idle.add(new Socket("127.0.0.1", service.port()));
                if (i % 100 == 0) {
                    echo.getOutputStream().write(i % 7);
                    assertThat(echo.getInputStream().read()).isEqualTo(i % 7);
                }
            }
            // A new client is served, and the oldest are gone.
            String metrics = service.get("/metrics").body();
            assertThat(value(metrics, "vecho_management_connections")).isLessThanOrEqualTo(Clients.MAX);
            idle.get(0).setSoTimeout(30_000);
            assertThat(idle.get(0).getInputStream().read()).isEqualTo(-1);
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    private static double value(String metrics, String name) {
        return metrics.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void isDescribedInBothDirections() throws Exception {
        JsonObject document = service.json("/openapi.json");
        Map<String, Set<String>> described = new HashMap<>();
        document.getJsonObject("paths")
                .forEach(path ->
                        described.put(path.getKey(), new TreeSet<>(((JsonObject) path.getValue()).fieldNames())));
        Map<String, Set<String>> served = new HashMap<>();
        Map<String, Boolean> open = new HashMap<>();
        for (Route route : new Api(service.vertx(), service.verticle(), new Clients(), () -> 1).routes()) {
            String method = route.method().name().toLowerCase(java.util.Locale.ROOT);
            served.computeIfAbsent(route.path(), first -> new TreeSet<>()).add(method);
            open.put(method + " " + route.path(), route.open());
        }
        assertThat(described).isEqualTo(served);
        described.forEach((path, methods) -> methods.forEach(method -> {
            JsonObject operation =
                    document.getJsonObject("paths").getJsonObject(path).getJsonObject(method);
            boolean isOpen = new JsonArray().add(new JsonObject()).equals(operation.getJsonArray("security"));
            assertThat(isOpen).as(method + " " + path).isEqualTo(open.get(method + " " + path));
            assertThat(operation.getJsonObject("responses").containsKey("401"))
                    .as(method + " " + path)
                    .isEqualTo(!isOpen);
        }));
        for (String path : List.of("/version", "/listeners", "/health")) {
            assertThat(service.json(path).fieldNames())
                    .as(path)
                    .isSubsetOf(
                            schema(document, path).getJsonObject("properties").fieldNames())
                    .containsAll(schema(document, path).getJsonArray("required", new JsonArray()).stream()
                            .map(String.class::cast)
                            .toList());
        }
    }

    /** The schema of what a path answers. */
    private static JsonObject schema(JsonObject document, String path) {
        JsonObject schema = document.getJsonObject("paths")
                .getJsonObject(path)
                .getJsonObject("get")
                .getJsonObject("responses")
                .getJsonObject("200")
                .getJsonObject("content")
                .getJsonObject("application/json")
                .getJsonObject("schema");
        String reference = schema.getString("$ref");
        return reference == null
                ? schema
                : document.getJsonObject("components")
                        .getJsonObject("schemas")
                        .getJsonObject(reference.substring(reference.lastIndexOf('/') + 1));
    }
}
