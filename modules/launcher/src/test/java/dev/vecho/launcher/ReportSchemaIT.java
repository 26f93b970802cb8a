package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.report.FailureKind;
import dev.vecho.launcher.Vecho.Result;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written as JSON has the shape that {@code conf/check/report.schema.json} says, and one version. */
class ReportSchemaIT {

    private static final Path FILE = Path.of("..", "..", "conf", "check", "report.schema.json");

    @TempDir
    static Path directory;

    private static JsonObject schema;
    private static Vecho server;
    private static String nobody;

    @BeforeAll
    static void serve() throws Exception {
        schema = new JsonObject(Files.readString(FILE));
        Path config = Files.writeString(
                directory.resolve("server.json"),
                "{\"listeners\":{\"tcp\":{\"port\":0},\"tls\":{\"port\":0,\"tls\":{\"selfSigned\":true}},"
                        + "\"udp\":{\"transport\":\"udp\",\"host\":\"127.0.0.1\",\"port\":0},"
                        + "\"stamp\":{\"transport\":\"stamp\",\"host\":\"127.0.0.1\",\"port\":0,"
                        + "\"clockSource\":\"ntp\",\"clockErrorMicros\":100}}}");
        server = Vecho.serve("-c", config.toString());
        nobody = "tcp://127.0.0.1:" + Ports.free();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** Is valid, as what it is and as any report. */
    private static void assertValid(String kind, JsonObject report) {
        assertThat(Schemas.errors(Schemas.definition(schema, kind), report))
                .as(kind + " " + report.encodePrettily())
                .isEmpty();
        assertThat(Schemas.errors(schema, report)).isEmpty();
        assertThat(report.getInteger("version")).isEqualTo(2);
        assertThat(Schemas.errors(schema, report.copy().put("version", 1))).isNotEmpty();
        assertThat(Schemas.errors(schema, report.copy().put("unknown", 1))).isNotEmpty();
    }

    @Test
    void describesARunAndItsRounds() throws Exception {
        Path script = Files.writeString(
                directory.resolve("script.json"),
                "{\"matrix\":{\"sizes\":[100],\"connections\":[\"round\",\"kept\"]},\"repeat\":2,\"intervalMillis\":0,"
                        + "\"budget\":{\"maxMillis\":0},"
                        + "\"steps\":[{\"send\":{\"random\":\"${size}\"},\"count\":3,\"ratePerSecond\":100},{\"expect\":\"echo\"}]}");
        Path lines = directory.resolve("rounds.jsonl");
        Result result = Vecho.run(
                "check",
                server.address("tcp"),
                server.address("tls"),
                server.address("udp"),
                server.address("stamp"),
                nobody,
                "--insecure",
                "--option",
                "stamp.clockErrorMicros=100",
                "-s",
                script.toString(),
                "-o",
                "json",
                "--report",
                lines.toString());
        assertThat(result.exitCode()).as(result.err()).isEqualTo(1);
        JsonObject run = new JsonObject(result.out());
        assertValid("run", run);
        List<String> rounds = Files.readAllLines(lines);
        assertThat(rounds).hasSize(20);
        rounds.forEach(line -> assertValid("round", new JsonObject(line)));
        // What stands nowhere but in some reports stands in these.
        assertThat(run.encode())
                .contains("\"diagnosis\":", "\"budget\":", "\"messages\":", "\"corrected\":", "\"jitterMillis\":")
                .contains("\"forward\":", "\"backward\":", "\"lostUnknown\":", "\"delayMillis\":")
                .contains("\"tlsMillis\":", "\"refused\"", "\"size\":100");
    }

    @Test
    void describesALoad() throws Exception {
        Path first = directory.resolve("load.json");
        for (String[] more : new String[][] {{}, {"--compare", first.toString()}, {"-r", "100"}}) {
            List<String> arguments =
                    new ArrayList<>(List.of("bench", server.address("tcp"), "-d", "1s", "-w", "50ms", "-o", "json"));
            arguments.addAll(Arrays.asList(more));
            Result result = Vecho.run(arguments.toArray(String[]::new));
            // On a busy machine the second may be worse than the first.
            assertThat(result.exitCode()).as(result.err()).isIn(0, 1);
            JsonObject load = new JsonObject(result.out());
            assertValid("load", load);
            assertThat(load.containsKey("comparison"))
                    .isEqualTo(Arrays.asList(more).contains("--compare"));
            assertThat(load.containsKey("correctedLatencyMillis"))
                    .isEqualTo(Arrays.asList(more).contains("-r"));
            if (more.length == 0) {
                Files.writeString(first, result.out());
            }
        }
    }

    @Test
    void knowsEachWord() {
        JsonArray words = property("diagnosis", "word").getJsonArray("enum");
        assertThat(words)
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(FailureKind.values())
                        .<Object>map(FailureKind::toString)
                        .toList());
        assertThat(property("summary", "diagnoses").getJsonObject("propertyNames"))
                .isEqualTo(new JsonObject().put("enum", words));
    }

    private static JsonObject property(String definition, String key) {
        return Schemas.definition(schema, definition)
                .getJsonObject("properties")
                .getJsonObject(key);
    }
}
