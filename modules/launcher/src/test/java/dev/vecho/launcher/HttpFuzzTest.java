package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Fuzz;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Whatever comes instead of a request, of HTTP/1.1 or HTTP/2, its connection ends, and others are served. */
public final class HttpFuzzTest {

    private static final FuzzedListeners LISTENERS = new FuzzedListeners();

    private static final List<String> WORDS = List.of(
            "POST ",
            "GET ",
            " HTTP/1.1\r\n",
            "Host: a\r\n",
            "Content-Length: ",
            "Transfer-Encoding: chunked\r\n",
            "0\r\n\r\n",
            "\r\n\r\n",
            "Upgrade: websocket\r\n",
            "Expect: 100-continue\r\n",
            "Connection: close\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "\0\0\0\u0004\0\0\0\0\0",
            "\0\0\u0004\u0008\0\0\0\0\0",
            "\u00ff\u00ff\u00ff",
            ";a=b",
            "-1",
            "99999999999999999999",
            "\u0001\u0005\0\0\0\u0001\u0083\u0086\u0084");

    @AfterAll
    static void close() {
        LISTENERS.close();
    }

    @Test
    void survivesWhateverComes() throws Exception {
        Fuzz.play(HttpFuzzTest.class, WORDS, HttpFuzzTest::fuzzerTestOneInput);
    }

    /** What is tried; Jazzer looks for this name. */
    public static void fuzzerTestOneInput(byte[] input) {
        LISTENERS.send("http", input);
        String answer = new String(
                LISTENERS.send(
                        "http",
                        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
                                .getBytes(ISO_8859_1)),
                ISO_8859_1);
        assertThat(answer).startsWith("HTTP/1.1 200").endsWith("\r\n\r\nabc");
        LISTENERS.assertQuiet();
    }
}
