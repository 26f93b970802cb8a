package dev.vecho.transport.http;

import static dev.vecho.transport.http.RawHttp2.CONTINUATION;
import static dev.vecho.transport.http.RawHttp2.DATA;
import static dev.vecho.transport.http.RawHttp2.END_HEADERS;
import static dev.vecho.transport.http.RawHttp2.END_STREAM;
import static dev.vecho.transport.http.RawHttp2.GOAWAY;
import static dev.vecho.transport.http.RawHttp2.HEADERS;
import static dev.vecho.transport.http.RawHttp2.PING;
import static dev.vecho.transport.http.RawHttp2.RST_STREAM;
import static dev.vecho.transport.http.RawHttp2.WINDOW_UPDATE;
import static dev.vecho.transport.http.RawHttp2.block;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.FailureReason;
import dev.vecho.transport.http.RawHttp2.Frame;
import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.json.JsonObject;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What RFC 9113 asks of a server whose client breaks it, frame by frame. */
class Http2ConformanceTest {

    private static final String[] GET = {":method", "GET", ":scheme", "http", ":path", "/", ":authority", "localhost"};
    private static final String[] POST = {":method", "POST", ":scheme", "http", ":path", "/", ":authority", "localhost"
    };

    private HttpServer server;

    @BeforeEach
    void listen() throws Exception {
        server = HttpServer.listen(new JsonObject());
    }

    @AfterEach
    void close() {
        server.close();
    }

    private static String[] with(String[] headers, String... more) {
        return Stream.concat(Arrays.stream(headers), Arrays.stream(more)).toArray(String[]::new);
    }

    private static String[] without(String[] headers, String name) {
        int at = List.of(headers).indexOf(name);
        return Stream.concat(Arrays.stream(headers, 0, at), Arrays.stream(headers, at + 2, headers.length))
                .toArray(String[]::new);
    }

    /** Malformed requests, section 8.1.1. */
    static Stream<List<String>> malformed() {
        return Stream.of(
                        without(GET, ":method"),
                        without(GET, ":scheme"),
                        without(GET, ":path"),
                        with(without(GET, ":path"), ":path", ""),
                        with(GET, ":path", "/"),
                        with(GET, ":status", "200"),
                        with(GET, ":unknown", "x"),
                        with(new String[] {"a", "b"}, GET),
                        with(GET, "Upper", "x"),
                        with(GET, "connection", "close"),
                        with(GET, "te", "gzip"),
                        with(GET, "content-length", "3"))
                .map(List::of);
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void resetsMalformedRequests(List<String> headers) throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            for (int flags : new int[] {END_HEADERS | END_STREAM, END_HEADERS}) {
                int stream = flags == END_HEADERS ? 3 : 1;
                if (flags == END_HEADERS && headers.contains("content-length")) {
                    continue;
                }
                client.send(HEADERS, flags, stream, block(headers.toArray(String[]::new)));
                assertThat(client.await(RST_STREAM, stream).number(0))
                        .isEqualTo((int) Http2Error.PROTOCOL_ERROR.code());
            }
            isServed(client, 5);
        }
    }

    private static void isServed(RawHttp2 client, int stream) throws Exception {
        client.post(stream);
        client.data(stream, END_STREAM, new byte[] {7});
        assertThat(client.status(stream)).isEqualTo("200");
        assertThat(client.await(DATA, stream).payload()).isEqualTo(new byte[] {7});
    }

    /** More of them than there may be streams at a time: none keeps its place. */
    @Test
    void forgetsMalformedRequests() throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            int stream = 1;
            for (; stream < 2 * 150; stream += 2) {
                client.send(HEADERS, END_HEADERS | END_STREAM, stream, block(without(GET, ":method")));
                assertThat(client.await(RST_STREAM, stream).number(0))
                        .isEqualTo((int) Http2Error.PROTOCOL_ERROR.code());
            }
            isServed(client, stream);
        }
    }

    @Test
    void resetsRequestsThatGoOnMalformed() throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            client.post(1);
            client.send(HEADERS, END_HEADERS, 1, block("a", "b"));
            assertThat(client.await(RST_STREAM, 1).number(0)).isEqualTo((int) Http2Error.PROTOCOL_ERROR.code());
            client.post(3);
            client.send(HEADERS, END_HEADERS | END_STREAM, 3, block(":path", "/"));
            assertThat(client.await(RST_STREAM, 3).number(0)).isEqualTo((int) Http2Error.PROTOCOL_ERROR.code());
            client.send(HEADERS, END_HEADERS, 5, block(with(POST, "content-length", "2")));
            client.data(5, END_STREAM, new byte[3]);
            assertThat(client.await(RST_STREAM, 5).number(0)).isEqualTo((int) Http2Error.PROTOCOL_ERROR.code());
            isServed(client, 7);
        }
    }

    @Test
    void resetsAStreamWhoseWindowIsBroken() throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            client.post(1);
            client.sendNumber(WINDOW_UPDATE, 1, 0);
            assertThat(client.await(RST_STREAM, 1).number(0)).isEqualTo((int) Http2Error.PROTOCOL_ERROR.code());
            client.post(3);
            client.sendNumber(WINDOW_UPDATE, 3, Integer.MAX_VALUE);
            assertThat(client.await(RST_STREAM, 3).number(0)).isEqualTo((int) Http2Error.FLOW_CONTROL_ERROR.code());
            isServed(client, 5);
        }
    }

    /** Nothing follows the reset of a stream, another reset the least. */
    @Test
    void resetsOnce() throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            client.post(1);
            client.data(1, 0, new byte[1000]);
            client.sendNumber(RST_STREAM, 1, (int) Http2Error.CANCEL.code());
            client.send(HEADERS, END_HEADERS | END_STREAM, 3, block(without(GET, ":path")));
            client.send(PING, 0, 0, new byte[8]);
            int resets = 0;
            for (Frame frame = client.next(); frame != null && frame.type() != PING; frame = client.next()) {
                assertThat(frame.is(RST_STREAM, 1)).isFalse();
                resets += frame.is(RST_STREAM, 3) ? 1 : 0;
            }
            assertThat(resets).isEqualTo(1);
        }
    }

    /** What breaks a connection is told before it is closed, section 5.4.1. */
    @ParameterizedTest
    @CsvSource({
        "window, FLOW_CONTROL_ERROR",
        "ping, FRAME_SIZE_ERROR",
        "data, PROTOCOL_ERROR",
        "continuation, PROTOCOL_ERROR",
        "compression, COMPRESSION_ERROR"
    })
    void saysWhyItClosesAConnection(String what, Http2Error error) throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            switch (what) {
                case "window" -> client.sendNumber(WINDOW_UPDATE, 0, Integer.MAX_VALUE);
                case "ping" -> client.send(PING, 0, 0, new byte[7]);
                case "data" -> client.send(DATA, 0, 0, new byte[1]);
                case "continuation" -> client.send(CONTINUATION, END_HEADERS, 1, block(GET));
                default ->
                    client.send(
                            HEADERS,
                            END_HEADERS,
                            1,
                            (byte) 0xff,
                            (byte) 0xff,
                            (byte) 0xff,
                            (byte) 0xff,
                            (byte) 0xff,
                            (byte) 0xff);
            }
            assertThat(client.await(GOAWAY, 0).number(4)).isEqualTo((int) error.code());
            Frame next = client.next();
            while (next != null && next.type() == GOAWAY) {
                next = client.next();
            }
            assertThat(next).isNull();
        }
        StreamWait.until("the connection is over", () -> server.traffic().active() == 0);
        assertThat(server.failures()).isEqualTo(Map.of(FailureReason.INPUT.words(), 1L));
    }

    /** As HTTP/1.1 does, whatever their size within reason; and the connection lives on. */
    @ParameterizedTest
    @ValueSource(ints = {16_400, 40_000, 70_000})
    void answersHeadersThatAreTooLarge(int size) throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            byte[] headers = block(with(GET, "large", "x".repeat(size)));
            client.send(HEADERS, END_STREAM, 1, Arrays.copyOf(headers, 16_384));
            for (int at = 16_384; at < headers.length; at += 16_384) {
                int end = Math.min(headers.length, at + 16_384);
                client.send(
                        CONTINUATION, end == headers.length ? END_HEADERS : 0, 1, Arrays.copyOfRange(headers, at, end));
            }
            assertThat(client.status(1)).isEqualTo("431");
            isServed(client, 3);
        }
    }
}
