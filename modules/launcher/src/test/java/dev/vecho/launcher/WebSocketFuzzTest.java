package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Fuzz;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Whatever comes instead of frames, compressed or not, its connection ends, and others are served. */
public final class WebSocketFuzzTest {

    private static final FuzzedListeners LISTENERS = new FuzzedListeners();

    private static final byte[] UPGRADE = """
                    GET / HTTP/1.1\r
                    Host: a\r
                    Upgrade: websocket\r
                    Connection: Upgrade\r
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                    Sec-WebSocket-Version: 13\r
                    Sec-WebSocket-Extensions: permessage-deflate\r
                    \r
                    """.getBytes(ISO_8859_1);

    /** A message of three bytes, and the end, without masks that would change anything. */
    private static final byte[] GOOD = "\u0082\u0083\0\0\0\0abc\u0088\u0082\0\0\0\0\u0003\u00e8".getBytes(ISO_8859_1);

    private static final List<String> WORDS = List.of(
            "\u0081\u0080\0\0\0\0",
            "\u0082\u00fe\0~\0\0\0\0",
            "\u0082\u00ff",
            "\u00c1\u0087\0\0\0\0",
            "\u0089\u0080\0\0\0\0",
            "\u008a\u0080\0\0\0\0",
            "\u0088\u0080\0\0\0\0",
            "\0\u0080\0\0\0\0",
            "\u00c2\u0080\0\0\0\0",
            "\u0001\u0083\0\0\0\0abc",
            "\u00ff\u00ff\u00ff\u00ff",
            "\u00f2H\u00cd\u00c9\u00c9\u0007\0");

    @AfterAll
    static void close() {
        LISTENERS.close();
    }

    @Test
    void survivesWhateverComes() throws Exception {
        Fuzz.play(WebSocketFuzzTest.class, WORDS, WebSocketFuzzTest::fuzzerTestOneInput);
    }

    /** What is tried; Jazzer looks for this name. */
    public static void fuzzerTestOneInput(byte[] input) {
        LISTENERS.send("http", UPGRADE, input);
        String answer = new String(LISTENERS.send("http", UPGRADE, GOOD), ISO_8859_1);
        assertThat(answer).startsWith("HTTP/1.1 101").endsWith("\u0082\u0003abc\u0088\u0002\u0003\u00e8");
        LISTENERS.assertQuiet();
    }
}
