package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Target;
import dev.vecho.testkit.Fuzz;
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
            assertThat(target.host()).isNotEmpty().doesNotContain("[", "]");
        }
    }
}
