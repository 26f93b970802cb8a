package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code watch}, as a process. */
@Timeout(120)
class WatchIT {

    @TempDir
    Path directory;

    private static JsonObject check(String target) {
        return new JsonObject().put("targets", target).put("everyMillis", 200);
    }

    private String write(JsonObject checks) throws IOException {
        // Its listener would be in the way of the service that is checked.
        JsonObject configuration = new JsonObject()
                .put("listeners", new JsonObject().put("tcp", new JsonObject().put("port", 7007)))
                .put("checks", checks);
        return Files.writeString(Files.createTempFile(directory, "watch", ".json"), configuration.encode())
                .toString();
    }

    private static String ok(Vecho server) {
        return "tcp://127.0.0.1:" + server.port("tcp");
    }

    private static Vecho server(Path directory) throws Exception {
        JsonObject listeners = new JsonObject()
                .put("tcp", new JsonObject().put("host", "127.0.0.1").put("port", 0))
                .put(
                        "udp",
                        new JsonObject()
                                .put("transport", "udp")
                                .put("host", "127.0.0.1")
                                .put("port", 0));
        Path file = Files.writeString(
                directory.resolve("server.json"),
                new JsonObject().put("listeners", listeners).encode());
        Vecho server = Vecho.start("serve", "-c", file.toString());
        server.awaitLine("ready");
        return server;
    }

    @Test
    void endsWellWhereAllAreOk() throws Exception {
        try (Vecho server = server(directory)) {
            JsonObject checks = new JsonObject()
                    .put("tcp", check(ok(server)))
                    .put("udp", check("udp://127.0.0.1:" + server.port("udp")));
            Vecho.Result result = watched("2", "watch", write(checks));
            assertThat(result.exitCode()).as(result.err()).isZero();
            assertThat(result.out()).contains("Z tcp ", "Z udp ", ": ok\n", "\n0 unknown, 2 ok, 0 failing\n", "p50");
        }
    }

    @Test
    void tellsWhatIsFailing() throws Exception {
        int closed = Ports.free();
        try (Vecho server = server(directory)) {
            JsonObject checks =
                    new JsonObject().put("well", check(ok(server))).put("gone", check("tcp://127.0.0.1:" + closed));
            Vecho.Result result = watched("2", "watch", write(checks));
            assertThat(result.exitCode()).as(result.err()).isEqualTo(1);
            assertThat(result.out())
                    .containsPattern("Z gone tcp://127\\.0\\.0\\.1:" + closed + ": failing: refused: ")
                    .contains("\n0 unknown, 1 ok, 1 failing\n", "p50");

            result = watched("{", "watch", write(checks), "-o", "json");
            assertThat(result.exitCode()).isEqualTo(1);
            List<JsonObject> lines = result.out().lines().map(JsonObject::new).toList();
            assertThat(lines).extracting(each -> each.getString("type")).containsExactly("change", "change", "summary");
            JsonObject summary = lines.get(2);
            assertThat(summary.getInteger("failing")).isEqualTo(1);
            JsonArray names = new JsonArray();
            summary.getJsonArray("checks").forEach(each -> names.add(((JsonObject) each).getString("name")));
            assertThat(names).isEqualTo(new JsonArray().add("gone").add("well"));
        }
    }

    /** Runs it until both cases have a state; gives all that it prints. */
    private static Vecho.Result watched(String change, String... arguments) throws Exception {
        try (Vecho watch = Vecho.start(arguments)) {
            String told = watch.awaitLine(change) + "\n" + watch.awaitLine(change) + "\n";
            watch.interrupt();
            Vecho.Result result = watch.await();
            return new Vecho.Result(result.exitCode(), told + result.out(), result.err());
        }
    }

    /** What was not checked is not ok. */
    @Test
    void isNotOkBeforeARoundIsOver() throws Exception {
        JsonObject rare = check("tcp://127.0.0.1:9").put("everyMillis", 86_400_000);
        Vecho.Result result = Vecho.run("watch", write(new JsonObject().put("rare", rare)), "--for", "100ms");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out()).contains("1 unknown, 0 ok, 0 failing");
    }

    @Test
    void refusesWhatIsWrong() throws Exception {
        for (List<String> arguments : List.of(
                List.of("watch"),
                List.of("watch", "nowhere.json"),
                List.of("watch", write(new JsonObject())),
                List.of("watch", write(new JsonObject().put("a", check("tpc://localhost:1")))),
                List.of("watch", write(new JsonObject().put("a", check("tcp://localhost:1"))), "--for", "0s"))) {
            Vecho.Result result = Vecho.run(arguments.toArray(String[]::new));
            assertThat(result.exitCode()).as(arguments + result.err()).isEqualTo(2);
            assertThat(result.err()).isNotBlank();
        }
        assertThat(Vecho.run("watch", "--help").out()).contains("CONFIG", "--for", "--output", "Exit code");
    }
}
