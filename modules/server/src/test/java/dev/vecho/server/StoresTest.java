package dev.vecho.server;

import static dev.vecho.server.Reloading.await;
import static dev.vecho.server.Reloading.eventually;
import static dev.vecho.server.Service.listeners;
import static dev.vecho.server.Service.tcp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.Transports;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.server.EchoService.Outcome;
import dev.vecho.testkit.Ports;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Configurations that are in stores of vertx-config. */
@Timeout(120)
final class StoresTest {

    @TempDir
    Path directory;

    private final Vertx vertx = Vertx.vertx();
    private volatile String served = "{}";
    private HttpServer http;

    @BeforeEach
    void start() throws Exception {
        http = await(vertx.createHttpServer()
                .requestHandler(request -> request.response().end(served))
                .listen(Ports.free(), "127.0.0.1"));
    }

    @AfterEach
    void stop() throws Exception {
        await(vertx.close());
    }

    private JsonObject httpStore() {
        return new JsonObject()
                .put("type", "http")
                .put(
                        "config",
                        new JsonObject()
                                .put("host", "127.0.0.1")
                                .put("port", http.actualPort())
                                .put("path", "/vecho.json"));
    }

    private String httpName() {
        return "store http://127.0.0.1:" + http.actualPort() + "/vecho.json";
    }

    private Path write(String name, String content) throws IOException {
        return Files.writeString(directory.resolve(name), content);
    }

    private Path write(String name, JsonObject content) throws IOException {
        return write(name, content.encode());
    }

    private List<ConfiguredValue> effective(List<Path> files, List<Path> stores) throws Exception {
        Configuration configuration = await(Configuration.load(vertx, files, stores));
        return configuration.effective(vertx, Transports.load());
    }

    private static String of(List<ConfiguredValue> values, String key) {
        return values.stream()
                .filter(value -> value.key().equals(key))
                .map(value -> value.value() + " (" + value.source() + ")")
                .findFirst()
                .orElse("none");
    }

    private void assertProblem(String expected, Path file, Path... stores) {
        assertThatThrownBy(() -> {
                    try {
                        effective(List.of(file), List.of(stores));
                    } catch (ExecutionException e) {
                        throw e.getCause();
                    }
                })
                .isInstanceOfSatisfying(
                        InvalidInputException.class,
                        wrong -> assertThat(wrong.problems())
                                .singleElement()
                                .asString()
                                .contains(expected));
    }

    @Test
    void mergesStoresOverFiles() throws Exception {
        served = "{ \"drainMillis\": 2, \"busyPollMicros\": 2 }";
        write("part.yaml", "busyPollMicros: 3\nlisteners:\n  a:\n    port: 0\n");
        Path file = write(
                "vecho.json",
                new JsonObject()
                        .put("drainMillis", 1)
                        .put("drainDelayMillis", 1)
                        .put("stores", new JsonArray().add(httpStore())));
        Path store = write(
                "store.json",
                new JsonObject().put("type", "file").put("config", new JsonObject().put("path", "part.yaml")));
        List<ConfiguredValue> values = effective(List.of(file), List.of(store));
        assertThat(of(values, "drainDelayMillis")).isEqualTo("1 (" + file + ")");
        assertThat(of(values, "drainMillis")).isEqualTo("2 (" + httpName() + ")");
        assertThat(of(values, "busyPollMicros")).startsWith("3 (store file ").contains("part.yaml");
        assertThat(of(values, "listeners.a.port")).startsWith("0 (store file ");
    }

    @Test
    void readsYaml() throws Exception {
        Path file = write("vecho.yml", "# a comment\nlisteners:\n  a: { host: 127.0.0.1, port: 0 }\n");
        assertThat(of(effective(List.of(file), List.of()), "listeners.a.host")).isEqualTo("127.0.0.1 (" + file + ")");
        Path wrong = write("wrong.yaml", "listeners: [\n");
        assertProblem("wrong.yaml: cannot be read: while parsing a flow node", wrong);
        Path key = write("key.yaml", "drainMilis: 7\n");
        assertProblem("key.yaml: drainMilis: is not a known key, did you mean \"drainMillis\"?", key);
    }

    @Test
    void readsAFileOfJson() throws Exception {
        Path part = write("part.json", "{ \"drainMillis\": 4, \"busyPollMicros\": }");
        Path file = write(
                "vecho.json", "{ \"stores\": [ { \"type\": \"file\", \"config\": { \"path\": \"part.json\" } } ] }");
        assertProblem("store file part.json:1:39: ", file);
        Files.writeString(part, "{ \"drainMillis\": 4 }");
        List<ConfiguredValue> values = effective(List.of(file), List.of());
        assertThat(of(values, "drainMillis")).isEqualTo("4 (store file part.json)");
        assertThat(of(values, "stores[0].format")).isEqualTo("json (default)");
    }

    @Test
    void takesWhatAStoreOfJsonIsItself() throws Exception {
        Path file =
                write("vecho.json", "{ \"stores\": [ { \"type\": \"json\", \"config\": { \"drainMillis\": 4 } } ] }");
        assertThat(of(effective(List.of(file), List.of()), "drainMillis")).isEqualTo("4 (store json)");
    }

    @Test
    void readsADirectoryOfFiles() throws Exception {
        Path parts = Files.createDirectory(directory.resolve("parts"));
        Files.writeString(parts.resolve("1.json"), "{ \"drainMillis\": 4 }");
        Path file = write(
                "vecho.json",
                "{ \"stores\": [ { \"type\": \"directory\", \"config\": { \"path\": \"parts\", \"filesets\": [ { \"pattern\": \"*.json\" } ] } } ] }");
        assertThat(of(effective(List.of(file), List.of()), "drainMillis")).startsWith("4 (store directory ");
    }

    @Test
    void refusesStoresThatItDoesNotKnow() throws Exception {
        assertProblem(
                "stores[0].type: must be one of ", write("a.json", "{ \"stores\": [ { \"type\": \"pigeon\" } ] }"));
        assertProblem(
                "was \"consul\": add the artifact io.vertx:vertx-config-consul to the class path",
                write("b.json", "{ \"stores\": [ { \"type\": \"consul\" } ] }"));
        assertProblem("type: is missing", write("c.json", "{}"), write("store.json", "{}"));
        assertProblem(
                "format: must be one of ",
                write("d.json", "{ \"stores\": [ { \"type\": \"sys\", \"format\": \"hocon\" } ] }"));
        assertProblem(
                "is not a known key, did you mean \"optional\"?",
                write("e.json", "{ \"stores\": [ { \"type\": \"sys\", \"optionl\": true } ] }"));
        assertProblem(
                "`path` configuration is required", write("f.json", "{ \"stores\": [ { \"type\": \"file\" } ] }"));
    }

    @Test
    void tellsWhereAStoresValueIsWrong() throws Exception {
        served = "{ \"drainMillis\": -1 }";
        Path file = write("vecho.json", new JsonObject().put("stores", new JsonArray().add(httpStore())));
        assertProblem(httpName() + ": drainMillis: must be 0..86400000, was -1", file);
        served = "{ \"drainMillis\": }";
        assertProblem(httpName() + ":1:18: ", file);
        served = "{ \"stores\": [] }";
        assertProblem(httpName() + ": stores: has no meaning in a store", file);
    }

    @Test
    void saysThatAStoreIsAway() throws Exception {
        JsonObject away = httpStore();
        int port = http.actualPort();
        await(http.close());
        Path file = write("vecho.json", new JsonObject().put("stores", new JsonArray().add(away)));
        assertProblem("stores[0]: store http://127.0.0.1:" + port + "/vecho.json: cannot be read: ", file);
        Path optional = write(
                "optional.json",
                new JsonObject().put("stores", new JsonArray().add(away.copy().put("optional", true))));
        assertThat(of(effective(List.of(optional), List.of()), "drainMillis")).isEqualTo("10000 (default)");
    }

    @Test
    void seesChangesInAStore() throws Exception {
        served = listeners("a", tcp("127.0.0.1", 0)).put("configScanMillis", 20).encode();
        Path file = write("vecho.json", new JsonObject().put("stores", new JsonArray().add(httpStore())));
        try (Reloading service = Reloading.serve(file)) {
            served = listeners("a", tcp("127.0.0.1", 0), "b", tcp("127.0.0.1", 0))
                    .put("configScanMillis", 20)
                    .encode();
            eventually("b opens", () -> service.service().listeners().size() == 2);
            // One that goes away is a failed reload, and changes nothing.
            int port = http.actualPort();
            await(http.close());
            eventually("it is rejected", () -> service.service().reloads().containsKey(Outcome.REJECTED));
            assertThat(service.service().listeners()).hasSize(2);
            http = await(vertx.createHttpServer()
                    .requestHandler(request -> request.response()
                            .end(listeners("a", tcp("127.0.0.1", 0)).encode()))
                    .listen(port, "127.0.0.1"));
            eventually("b closes", () -> service.service().listeners().size() == 1);
        }
    }

    /** What was published stays known, since its store stays open. */
    @Test
    void takesWhatIsPublishedOnTheEventBus() throws Exception {
        Path file = write(
                "vecho.json",
                "{ \"configScanMillis\": 20, \"stores\": [ { \"type\": \"event-bus\", \"config\": { \"address\": \"configuration\" } } ],"
                        + " \"listeners\": { \"a\": { \"host\": \"127.0.0.1\", \"port\": 0 } } }");
        try (Reloading service = Reloading.serve(file)) {
            eventually("it is open", () -> {
                service.vertx().eventBus().publish("configuration", listeners("b", tcp("127.0.0.1", 0)));
                return service.service().listeners().size() == 2;
            });
        }
    }
}
