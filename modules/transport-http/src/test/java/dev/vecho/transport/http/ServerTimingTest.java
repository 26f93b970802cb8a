package dev.vecho.transport.http;

import static dev.vecho.transport.http.RawHttp2.END_HEADERS;
import static dev.vecho.transport.http.RawHttp2.END_STREAM;
import static dev.vecho.transport.http.RawHttp2.HEADERS;
import static dev.vecho.transport.http.RawHttp2.block;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** How long an answer took is told behind it, where the version of HTTP has a place for that. */
class ServerTimingTest {

    private static final String ECHO = "echo;dur=\\d+\\.\\d+";
    private static final String REQUEST = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    private static final String CHUNKED = REQUEST + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

    private static JsonObject on() {
        return new JsonObject().put("serverTiming", true);
    }

    @Test
    void isATrailerOfWhatIsInChunks() throws Exception {
        try (HttpServer server = HttpServer.listen(on())) {
            assertThat(server.exchange(CHUNKED))
                    .containsIgnoringCase("trailer: server-timing\r\n")
                    .containsPattern("(?i)5\r\nhello\r\n0\r\nserver-timing: " + ECHO + "\r\n\r\n$");
            assertThat(server.exchange(REQUEST + "Content-Length: 5\r\n\r\nhello"))
                    .doesNotContainIgnoringCase("server-timing")
                    .endsWith("\r\n\r\nhello");
        }
        try (HttpServer server = HttpServer.listen(new JsonObject())) {
            assertThat(server.exchange(CHUNKED)).doesNotContainIgnoringCase("server-timing");
        }
    }

    @Test
    void isATrailerOnAStream() throws Exception {
        try (HttpServer server = HttpServer.listen(on());
                RawHttp2 client = new RawHttp2(server)) {
            byte[] body = "hello".getBytes(StandardCharsets.US_ASCII);
            client.send(
                    HEADERS,
                    END_HEADERS,
                    1,
                    block(
                            ":method",
                            "POST",
                            ":scheme",
                            "http",
                            ":path",
                            "/",
                            ":authority",
                            "x",
                            "content-length",
                            "5"));
            client.data(1, END_STREAM, body);
            assertThat(client.read(1, body.length)).isEqualTo(body);
            assertThat(client.end(1).get("server-timing").toString()).matches(ECHO);
        }
    }

    @Test
    void isLostOnPurpose() throws Exception {
        JsonObject faults = new JsonObject().put("toPeer", new JsonObject().put("loseTrailers", true));
        try (HttpServer server = HttpServer.listen(on().put("faults", faults))) {
            assertThat(server.exchange(CHUNKED))
                    .containsIgnoringCase("trailer: server-timing\r\n")
                    .doesNotContainPattern("(?i)server-timing: ")
                    .contains("hello")
                    .endsWith("\r\n0\r\n\r\n");
            assertThat(server.faults()).containsEntry("toPeer.loseTrailers", 1L);
        }
    }
}
