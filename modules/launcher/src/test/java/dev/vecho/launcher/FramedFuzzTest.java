package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Fuzz;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Whatever comes instead of frames, its connection ends, and what comes back is its beginning, in whole frames. */
public final class FramedFuzzTest {

    private static final FuzzedListeners LISTENERS = new FuzzedListeners();

    private static final List<String> WORDS = List.of(
            "\0\u0002{}",
            "\0\0",
            "\u00ff\u00ff",
            "\"byteorder\": \"big\"",
            "\"content-length\": ",
            "\"content-length\": -1",
            "\"content-length\": 1e9",
            "\"content-length\": 99999999999999999999",
            "\"content-type\": null",
            "\"content-encoding\": []",
            "{",
            "}",
            "[[[[",
            "\\ud800");

    @AfterAll
    static void close() {
        LISTENERS.close();
    }

    @Test
    void survivesWhateverComes() throws Exception {
        Fuzz.play(FramedFuzzTest.class, WORDS, FramedFuzzTest::fuzzerTestOneInput);
    }

    /** What is tried; Jazzer looks for this name. */
    public static void fuzzerTestOneInput(byte[] input) {
        byte[] came = LISTENERS.send("framed", input);
        assertThat(came.length).isLessThanOrEqualTo(input.length);
        assertThat(came).as("the begin of what was sent").isEqualTo(Arrays.copyOf(input, came.length));
        int half = input.length / 2;
        byte[] again =
                LISTENERS.send("framed", Arrays.copyOf(input, half), Arrays.copyOfRange(input, half, input.length));
        assertThat(again).as("in two segments").isEqualTo(came);
        LISTENERS.assertQuiet();
    }
}
