package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.script.Script;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Fuzz;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whatever somebody writes into a script, there is a script or a list of what is wrong. */
public final class ScriptFuzzTest {

    private static final List<String> WORDS = List.of(
            "\"steps\":[",
            "{\"send\":",
            "{\"expect\":\"echo\"}",
            "\"random\":",
            "\"hex\":\"",
            "\"base64\":\"",
            "\"file\":",
            "\"matrix\":{",
            "\"sizes\":[",
            "${size}",
            "$${",
            "${",
            "}",
            "\"variables\":{",
            "\"budget\":{",
            "1e999",
            "-1",
            "null",
            "1125899906842624",
            "9223372036854775808",
            "[]",
            "\"\\ud800\"",
            "\"withinMillis\":",
            "\"count\":",
            "\"reset\":true");

    @Test
    void survivesWhateverComes() throws Exception {
        Fuzz.play(ScriptFuzzTest.class, WORDS, ScriptFuzzTest::fuzzerTestOneInput);
    }

    /** What is tried; Jazzer looks for this name. */
    public static void fuzzerTestOneInput(byte[] input) {
        Source source = Source.named("fuzz.json");
        try {
            Script script = Script.parse(Buffer.buffer(input), source);
            Script again = Script.parse(Buffer.buffer(input), source);
            assertThat(again.targets()).isEqualTo(script.targets());
            assertThat(again.matrix()).isEqualTo(script.matrix());
        } catch (InvalidInputException e) {
            assertThat(e.problems())
                    .isNotEmpty()
                    .allSatisfy(problem -> assertThat(problem).startsWith("fuzz.json"));
        }
    }
}
