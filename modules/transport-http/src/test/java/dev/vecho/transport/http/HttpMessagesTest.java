package dev.vecho.transport.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.FailureReason;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.SocketClient;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What HTTP/1.1 asks of a server, byte by byte. */
class HttpMessagesTest {

    private static final String END = "Host: x\r\nConnection: close\r\n\r\n";

    private HttpServer server;

    @BeforeEach
    void listen() throws Exception {
        server = HttpServer.listen(new JsonObject().put("maxHeaderBytes", 1000));
    }

    @AfterEach
    void close() throws Exception {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "PATCH", "DELETE", "GET", "OPTIONS", "REPORT"})
    void echoesABodyOfAnyMethod(String method) throws Exception {
        String answer = server.exchange(method
                + " / HTTP/1.1\r\nContent-Type: text/x-own\r\nContent-Encoding: br\r\nX-Secret: s\r\nContent-Length: 5\r\n"
                + END + "hello");
        assertThat(answer)
                .startsWith("HTTP/1.1 200 OK\r\n")
                .containsIgnoringCase("content-type: text/x-own\r\n")
                .containsIgnoringCase("content-encoding: br\r\n")
                .containsIgnoringCase("content-length: 5\r\n")
                .doesNotContainIgnoringCase("secret")
                .endsWith("\r\n\r\nhello");
    }

    @Test
    void answersWhoAsksWithoutABody() throws Exception {
        assertThat(server.exchange("GET / HTTP/1.1\r\n" + END))
                .startsWith("HTTP/1.1 200 OK\r\n")
                .contains("an echo service");
        String head = server.exchange("HEAD / HTTP/1.1\r\n" + END);
        assertThat(head)
                .startsWith("HTTP/1.1 200 OK\r\n")
                .containsIgnoringCase("content-length: 79")
                .endsWith("\r\n\r\n");
        assertThat(server.exchange("OPTIONS * HTTP/1.1\r\n" + END))
                .startsWith("HTTP/1.1 204 ")
                .containsIgnoringCase("allow: GET, HEAD, POST");
        assertThat(server.exchange("POST / HTTP/1.1\r\n" + END))
                .startsWith("HTTP/1.1 200 OK\r\n")
                .containsIgnoringCase("content-length: 0\r\n")
                .endsWith("\r\n\r\n");
    }

    @Test
    void ignoresTheBodyOfAHead() throws Exception {
        assertThat(server.exchange(
                        "HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n" + END))
                .contains("an echo service")
                .doesNotContain("abc");
    }

    @ParameterizedTest
    @CsvSource({
        "TRACE / HTTP/1.1, 405",
        "CONNECT a:1 HTTP/1.1, 405",
        "GET / HTTP/3.0, 505",
        "NONSENSE, 400",
    })
    void refuses(String line, String status) throws Exception {
        assertThat(server.exchange(line + "\r\n" + END)).startsWith("HTTP/1.1 " + status + " ");
    }

    @ParameterizedTest
    @CsvSource({
        "'Content-Length: 3\r\nTransfer-Encoding: chunked', 400",
        "'Content-Length: 3\r\nContent-Length: 4', 400",
        "'Content-Length: -3', 400",
        "'Content-Length: 3x', 400",
        "'Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked', 501",
        "'Transfer-Encoding: chunked, gzip', 400",
        "'Transfer-Encoding: xchunked', 400",
        "'Host: y', 400",
        "'Expect: magic', 417",
        "'No colon', 400",
        "'Name : space', 400",
    })
    void refusesHeadersOnWhichTwoReadersMayDiffer(String headers, String status) throws Exception {
        assertThat(server.exchange("POST / HTTP/1.1\r\n" + headers + "\r\n" + END + "abcd"))
                .startsWith("HTTP/1.1 " + status + " ");
    }

    @Test
    void boundsHeaders() throws Exception {
        String longer = "x".repeat(1100);
        assertThat(server.exchange("GET /" + longer + " HTTP/1.1\r\n" + END)).startsWith("HTTP/1.1 414 ");
        assertThat(server.exchange("GET / HTTP/1.1\r\nA: " + longer + "\r\n" + END))
                .startsWith("HTTP/1.1 431 ");
    }

    @ParameterizedTest
    @MethodSource("dev.vecho.testkit.TlsEngines#available")
    void tellsWhyItRefusesThoughThePeerGoesOnSending(String engine, @TempDir Path directory) throws Exception {
        Certificates certificates = new Certificates(directory);
        JsonObject tls = certificates.localhost().options().put("engine", engine);
        SSLSocketFactory trusting =
                SocketClient.trusting(certificates.trustManager()).getSocketFactory();
        try (HttpServer secure = HttpServer.listen(new JsonObject().put("tls", tls));
                Socket socket = trusting.createSocket(secure.connect(), "localhost", secure.port(), true)) {
            socket.getOutputStream().write("NOT HTTP\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < 20; i++) {
                Thread.sleep(5);
                socket.getOutputStream().write(i);
            }
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 400 ");
        }
    }

    @Test
    void wantsAHost() throws Exception {
        assertThat(server.exchange("GET / HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 400 ");
        assertThat(server.exchange("GET / HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void answersPipelinedRequestsInOrder() throws Exception {
        String answer = server.exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
                + "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\nTrailer: t\r\n\r\n"
                + "POST / HTTP/1.1\r\nContent-Length: 5\r\n" + END + "three");
        assertThat(answer).containsSubsequence("one", "HTTP/1.1 200", "3\r\ntwo\r\n0\r\n\r\n", "three");
        assertThat(answer).doesNotContain("Trailer");
    }

    @Test
    void echoesEverythingToAClientThatHasClosedItsOutput() throws Exception {
        String body = "0123456789abcdef".repeat(500_000);
        try (Socket socket = server.connect()) {
            Thread sender = new Thread(() -> {
                try {
                    socket.getOutputStream()
                            .write(("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n"
                                            + body)
                                    .getBytes(StandardCharsets.US_ASCII));
                    socket.shutdownOutput();
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            sender.start();
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            sender.join(30_000);
            assertThat(answer.substring(answer.indexOf("\r\n\r\n") + 4).equals(body))
                    .isTrue();
        }
    }

    @Test
    void asksForTheBodyWhereTheClientWaits() throws Exception {
        try (Socket socket = server.connect()) {
            socket.getOutputStream()
                    .write(
                            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
            String expected = "HTTP/1.1 100 Continue\r\n\r\n";
            assertThat(new String(socket.getInputStream().readNBytes(expected.length()), StandardCharsets.US_ASCII))
                    .isEqualTo(expected);
            socket.getOutputStream().write("ok".getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 200 OK\r\n")
                    .endsWith("\r\n\r\nok");
        }
    }

    @Test
    void breaksOffWhereTheRequestDoes() throws Exception {
        assertThat(server.exchange(
                        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nnonsense\r\n"))
                .doesNotContain("\r\n0\r\n\r\n");
        StreamWait.until(
                "the connection is counted", () -> server.failures().equals(Map.of(FailureReason.INPUT.words(), 1L)));
    }

    @Test
    void refusesABodyWhoseFirstChunkIsNone() throws Exception {
        assertThat(server.exchange(
                        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\nok\r\n"))
                .startsWith("HTTP/1.1 400 Bad Request\r\n")
                .doesNotContain("200 OK");
    }

    /** A client may wait for the response before it sends its first chunk. */
    @Test
    void answersBeforeTheFirstChunk() throws Exception {
        try (Socket socket = server.connect()) {
            socket.getOutputStream()
                    .write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readNBytes(17), StandardCharsets.US_ASCII))
                    .isEqualTo("HTTP/1.1 200 OK\r\n");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "a b/c, 400",
        "a b, 400",
        "a/b, 400",
        "a@b, 400",
        "a?b, 400",
        "é, 400",
        "'', 200",
        "a:80, 200",
        "[::1]:80, 200",
        "a_b.example, 200",
        "a%20b, 200"
    })
    void refusesAHostThatIsNone(String host, String status) throws Exception {
        assertThat(server.exchange("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 " + status + " ");
    }

    @Test
    void agreesToTheFirstSubprotocolInCommon() throws Exception {
        try (HttpServer other = HttpServer.listen(
                new JsonObject().put("subprotocols", new JsonArray().add("b").add("c")))) {
            try (RawWebSocket socket = new RawWebSocket(other, "Sec-WebSocket-Protocol: a, c, b\r\n")) {
                assertThat(socket.response()).containsIgnoringCase("sec-websocket-protocol: c\r\n");
            }
        }
    }

    @Test
    void letsPagesOfTheOriginsThatItKnowsReadAndNoOthers() throws Exception {
        JsonArray origins = new JsonArray().add("https://a.example").add("http://localhost:7070");
        String post = "POST / HTTP/1.1\r\nContent-Length: 5\r\n";
        String preflight = "OPTIONS / HTTP/1.1\r\nAccess-Control-Request-Method: POST\r\n";
        try (HttpServer other = HttpServer.listen(new JsonObject().put("cors", origins))) {
            for (Object known : origins) {
                String header = "Origin: " + known + "\r\n";
                assertThat(other.exchange(post + header + END + "hello"))
                        .startsWith("HTTP/1.1 200 ")
                        .containsIgnoringCase("access-control-allow-origin: " + known + "\r\n")
                        .containsIgnoringCase("vary: origin\r\n")
                        .endsWith("hello");
                assertThat(other.exchange(preflight + header + END))
                        .startsWith("HTTP/1.1 204 ")
                        .containsIgnoringCase("access-control-allow-origin: " + known + "\r\n")
                        .containsIgnoringCase("access-control-allow-methods: GET, HEAD, POST")
                        .containsIgnoringCase("access-control-allow-headers: *\r\n")
                        .containsIgnoringCase("access-control-max-age: ");
            }
            for (String stranger : new String[] {
                "Origin: https://b.example\r\n",
                "Origin: http://a.example\r\n",
                "Origin: https://a.example:8443\r\n",
                "Origin: https://a.example.b.example\r\n",
                "Origin: HTTPS://A.EXAMPLE\r\n",
                "Origin: null\r\n",
                ""
            }) {
                assertThat(other.exchange(post + stranger + END + "hello"))
                        .as(stranger)
                        .endsWith("hello")
                        .containsIgnoringCase("vary: origin\r\n")
                        .doesNotContainIgnoringCase("access-control");
                assertThat(other.exchange(preflight + stranger + END))
                        .as(stranger)
                        .doesNotContainIgnoringCase("access-control");
            }
        }
        assertThat(server.exchange(post + "Origin: https://a.example\r\n" + END + "hello"))
                .doesNotContainIgnoringCase("access-control")
                .doesNotContainIgnoringCase("vary");
    }

    @Test
    void letsAnyPageReadWhereAsked() throws Exception {
        try (HttpServer other = HttpServer.listen(new JsonObject().put("cors", "*"))) {
            String head = " / HTTP/1.1\r\n";
            for (String from : List.of("Origin: https://any.example\r\n", "")) {
                assertThat(other.exchange("POST" + head + "Content-Length: 5\r\n" + from + END + "hello"))
                        .endsWith("hello")
                        .containsIgnoringCase("access-control-allow-origin: *\r\n")
                        .doesNotContainIgnoringCase("vary");
            }
            String preflight = "Origin: https://any.example\r\nAccess-Control-Request-Method: PUT\r\n";
            assertThat(other.exchange("OPTIONS" + head + preflight + END))
                    .startsWith("HTTP/1.1 204 ")
                    .containsIgnoringCase("access-control-allow-origin: *\r\n")
                    .containsIgnoringCase("access-control-allow-methods: ");
        }
        assertThatThrownBy(() -> HttpServer.listen(
                        new JsonObject().put("cors", new JsonArray().add("*").add("https://a.example"))))
                .hasMessageContaining("cors");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "a.example", "https://a.example/", "https://*.example", "HTTPS://a.example", ""})
    void refusesAnOriginThatIsNone(String origin) {
        assertThatThrownBy(() -> HttpServer.listen(new JsonObject().put("cors", new JsonArray().add(origin))))
                .hasMessageContaining("cors");
    }

    @ParameterizedTest
    @CsvSource({"Sec-WebSocket-Version: 8, 426", "'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short', 400"})
    void refusesAHandshakeThatIsNone(String header, String status) throws Exception {
        assertThat(server.exchange("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + header
                        + "\r\n\r\n"))
                .startsWith("HTTP/1.1 " + status + " ")
                .containsIgnoringCase("sec-websocket-version: 13\r\n");
    }
}
