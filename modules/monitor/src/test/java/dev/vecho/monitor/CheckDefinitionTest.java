package dev.vecho.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Transports;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.server.Configuration;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong in the section {@code checks} is told like what is wrong with a listener, with its path. */
class CheckDefinitionTest {

    private static Vertx vertx;

    @TempDir
    static Path directory;

    @BeforeAll
    static void start() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void stop() {
        vertx.close().await();
    }

    private static List<String> problems(String checks) throws IOException {
        Path file =
                Files.writeString(directory.resolve("vecho.json"), "{ \"checks\": " + checks.replace('\'', '"') + " }");
        try {
            Configuration.load(vertx, List.of(file)).await().effective(vertx, Transports.load());
            return List.of();
        } catch (InvalidInputException e) {
            return e.problems().stream()
                    .map(problem -> problem.replace(directory + "/", ""))
                    .toList();
        }
    }

    @Test
    void takesWhatIsRight() throws IOException {
        Files.writeString(directory.resolve("script.json"), "{ \"targets\": \"tcp://localhost:7\" }");
        assertThat(problems("{}")).isEmpty();
        assertThat(problems("{ 'a': {} }")).isEmpty();
        assertThat(problems("{ 'a': { 'targets': 'tcp://localhost:7', 'everyMillis': 100 } }"))
                .isEmpty();
        assertThat(problems("{ 'a': { 'scriptFile': 'script.json', 'labels': { 'team': 'net' } } }"))
                .isEmpty();
        assertThat(problems("{ 'a': { 'alert': { 'failures': 3, 'outOf': 5 } }, 'b': null }"))
                .isEmpty();
        assertThat(problems("{ 'a': { 'enabled': false, 'targets': 'nonsense' } }"))
                .isEmpty();
        assertThat(problems("{ 'a': { 'script': { 'matrix': { 'sizes': [1, 2] }, 'expectFailure': 'refused' } } }"))
                .isEmpty();
    }

    @Test
    void tellsThePath() throws IOException {
        assertThat(problems("{ 'a': { 'everyMillis': 99 } }"))
                .containsExactly("vecho.json: checks.a.everyMillis: must be 100..86400000, was 99");
        assertThat(problems("{ 'a b': {} }"))
                .containsExactly("vecho.json: checks.a b: must be named with letters, digits, \"-\" and \"_\" only");
        assertThat(problems("{ 'a': { 'target': 'tcp://localhost:7' } }"))
                .singleElement()
                .asString()
                .startsWith("vecho.json: checks.a.target: is not a known key, did you mean \"targets\"?");
        assertThat(problems("{ 'a': { 'targets': ['tcp://localhost:7', 'pigeon://x'] } }"))
                .singleElement()
                .asString()
                .startsWith("vecho.json: checks.a.targets[1]: ");
        assertThat(problems("{ 'a': { 'script': { 'steps': [ { 'send': { 'hex': '0' } } ] } } }"))
                .containsExactly("vecho.json: checks.a.script.steps[0].send.hex: odd number of digits");
        assertThat(problems("{ 'a': { 'script': { 'targets': 'pigeon://x', 'repaet': 1 } } }"))
                .allSatisfy(problem -> assertThat(problem).startsWith("vecho.json: checks.a.script."));
        assertThat(problems("{ 'a': { 'script': { 'budget': { 'loss': 0 } } } }"))
                .singleElement()
                .asString()
                .startsWith("vecho.json: checks.a.script.budget.loss: tcp://localhost:7007 carries a stream");
        assertThat(problems("{ 'a': { 'alert': { 'failures': 3, 'outOf': 2 } } }"))
                .containsExactly("vecho.json: checks.a.alert.outOf: must be failures or more, which is 3, was 2");
        assertThat(problems("{ 'a': { 'labels': { '1a': 'x', 'check': 'y', 'ok': 7 } } }"))
                .hasSize(3)
                .allSatisfy(problem -> assertThat(problem).startsWith("vecho.json: checks.a.labels."));
    }

    @Test
    void namesTheFileOfAScript() throws IOException {
        assertThat(problems("{ 'a': { 'scriptFile': 'none.json' } }"))
                .containsExactly("vecho.json: checks.a.scriptFile: no such file: none.json");
        Files.writeString(directory.resolve("wrong.json"), "{ \"steps\": [ { \"close\": \"door\" } ] }");
        assertThat(problems("{ 'a': { 'scriptFile': 'wrong.json' } }"))
                .containsExactly(
                        "vecho.json: checks.a.scriptFile: wrong.json: steps[0].close: must be output, was \"door\"");
        assertThat(problems("{ 'a': { 'scriptFile': 'wrong.json', 'script': {} } }"))
                .containsExactly("vecho.json: checks.a.scriptFile: stands beside script: give one or the other");
    }
}
