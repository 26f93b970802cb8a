package dev.vecho.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.script.Script;
import dev.vecho.client.script.Step;
import dev.vecho.core.Target;
import dev.vecho.core.config.Source;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The check scripts that come with Vecho can be played. */
final class ConfScriptsTest {

    private static final Path SCRIPTS = Path.of("..", "..", "conf", "check");

    static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(SCRIPTS)) {
            return files.filter(file -> file.toString().endsWith(".json")
                            && !file.toString().endsWith(".schema.json"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void isValid(Path file) throws IOException {
        Script script = parse(file);
        assertThat(script.steps()).isNotEmpty();
        assertThat(script.targets())
                .isNotEmpty()
                .allSatisfy(target -> assertThat(Target.parse(target))
                        .extracting(Target::port)
                        .isNotEqualTo(-1));
        assertThat(script.steps().get(script.steps().size() - 1))
                .as("the last step: no script ends before it has seen everything")
                .isInstanceOfAny(
                        Step.ExpectEcho.class, Step.ExpectEnd.class, Step.ExpectBytes.class, Step.ExpectService.class);
    }

    @Test
    void defaultIsTheBuiltInOne() throws IOException {
        Script script = parse(SCRIPTS.resolve("default.json"));
        Script standard = Script.standard();
        assertThat(script.targets()).isEqualTo(standard.targets());
        assertThat(script.timeout()).isEqualTo(standard.timeout());
        assertThat(script.schedule()).isEqualTo(standard.schedule());
        assertThat(script.steps()).hasSameSizeAs(standard.steps());
        assertThat(script.steps().subList(1, 4)).isEqualTo(standard.steps().subList(1, 4));
    }

    private static Script parse(Path file) throws IOException {
        return Script.parse(Buffer.buffer(Files.readAllBytes(file)), Source.named(file.toString()));
    }
}
