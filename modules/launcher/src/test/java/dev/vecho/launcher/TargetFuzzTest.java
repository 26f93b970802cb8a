package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Target;
import dev.vecho.core.config.Hosts;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Fuzz;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whatever somebody gives as a target, it is one, or there is a sentence that says why not. */
public final class TargetFuzzTest {

    private static final List<String> WORDS = List.of(
            "tcp://",
            "unix:///",
            "[",
            "]",
            "::1",
            "%25",
            "%",
            ":",
            "/",
            "?",
            "#",
            "@",
            "65536",
            "-1",
            "..",
            "_",
            "\\",
            " ",
            "xn--",
            "\u00fc",
            "0x7f.1",
            "//");

    @Test
    void survivesWhateverComes() throws Exception {
        Fuzz.play(TargetFuzzTest.class, WORDS, TargetFuzzTest::fuzzerTestOneInput);
    }

    /** What is tried; Jazzer looks for this name. */
    public static void fuzzerTestOneInput(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        Target target;
        try {
            target = Target.parse(text);
        } catch (IllegalArgumentException e) {
            assertThat(e).isExactlyInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(text);
            return;
        }
        assertThat(Target.parse(target.toString())).isEqualTo(target);
        assertThat(target.port()).isBetween(-1, 65_535).isNotZero();
        assertThat(target.scheme()).isLowerCase();
        if (target.host() != null) {
            // A zone, which is the name of an interface, may have brackets.
            assertThat(target.host().split("%", 2)[0]).doesNotContain("[", "]");
            assertThat(target.host()).isNotEmpty();
            checkHost(target);
        }
    }

    private static void checkHost(Target target) {
        Problems problems = new Problems();
        String host = target.checkedHost(Options.of(new JsonObject(), Source.named("fuzz"), problems), "host");
        try {
            problems.throwIfAny();
        } catch (InvalidInputException e) {
            assertThat(e.problems())
                    .hasSize(1)
                    .allSatisfy(problem ->
                            assertThat(problem).startsWith("fuzz: " + target + ": host: \"" + target.host() + "\" "));
            return;
        }
        assertThat(Hosts.check(host)).as("checked again").isEqualTo(host);
        assertThat(target.uri(host).getScheme()).isEqualTo(target.scheme());
    }
}
