package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Fuzz;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Whatever comes instead of a PROXY header, its connection ends, and what comes back does not depend on the segments. */
public final class ProxyHeaderFuzzTest {

    private static final FuzzedListeners LISTENERS = new FuzzedListeners();

    private static final List<String> WORDS = List.of(
            "PROXY ",
            "TCP4 ",
            "TCP6 ",
            "UNKNOWN",
            "\r\n",
            "\r",
            "\n",
            "\r\n\r\n\0\r\nQUIT\n",
            "!",
            "\u0011",
            "\0\f",
            "\u00ff\u00ff",
            "127.0.0.1 ",
            "::1 ",
            "65536",
            " ");

    @AfterAll
    static void close() {
        LISTENERS.close();
    }

    @Test
    void survivesWhateverComes() throws Exception {
        Fuzz.play(ProxyHeaderFuzzTest.class, WORDS, ProxyHeaderFuzzTest::fuzzerTestOneInput);
    }

    /** What is tried; Jazzer looks for this name. */
    public static void fuzzerTestOneInput(byte[] input) {
        byte[] came = LISTENERS.send("proxy", input);
        assertThat(came.length).isLessThanOrEqualTo(input.length);
        assertThat(Arrays.copyOfRange(input, input.length - came.length, input.length))
                .as("the end of what was sent, in order")
                .startsWith(came);
        int half = input.length / 2;
        byte[] again =
                LISTENERS.send("proxy", Arrays.copyOf(input, half), Arrays.copyOfRange(input, half, input.length));
        assertThat(again).as("in two segments").isEqualTo(came);
        LISTENERS.assertQuiet();
    }
}
