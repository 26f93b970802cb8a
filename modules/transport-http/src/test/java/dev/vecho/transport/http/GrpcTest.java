package dev.vecho.transport.http;

import static dev.vecho.transport.http.RawHttp2.DATA;
import static dev.vecho.transport.http.RawHttp2.END_HEADERS;
import static dev.vecho.transport.http.RawHttp2.END_STREAM;
import static dev.vecho.transport.http.RawHttp2.HEADERS;
import static dev.vecho.transport.http.RawHttp2.RST_STREAM;
import static dev.vecho.transport.http.RawHttp2.block;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls of gRPC frame by frame, for what no library sends; {@link GrpcForeignClientsTest} has the others. */
class GrpcTest {

    private static final String CHECK = "/grpc.health.v1.Health/Check";
    private static final String WATCH = "/grpc.health.v1.Health/Watch";

    private HttpServer server;

    @BeforeEach
    void listen() throws Exception {
        server = HttpServer.listen(new JsonObject());
    }

    @AfterEach
    void close() {
        server.close();
    }

    private static void begin(RawHttp2 client, int stream, String... more) throws IOException {
        List<String> headers = new ArrayList<>(List.of(
                ":method", "POST", ":scheme", "http", ":path", "/any.Service/Method", ":authority", "localhost"));
        headers.addAll(List.of("te", "trailers", "content-type", "application/grpc+proto"));
        for (int i = 0; i < more.length; i += 2) {
            int at = headers.indexOf(more[i]);
            if (at >= 0) {
                headers.set(at + 1, more[i + 1]);
            } else {
                headers.addAll(List.of(more[i], more[i + 1]));
            }
        }
        client.send(HEADERS, END_HEADERS, stream, block(headers.toArray(String[]::new)));
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    private static String status(Http2Headers end) {
        return String.valueOf(end.get(GrpcStatus.HEADER));
    }

    @Test
    void givesFramesBackWhereverTheyAreCut() throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            begin(client, 1, "grpc-encoding", "own");
            byte[] frames = bytes("0000000003616263" + "0100000001ff" + "0000000000");
            for (byte each : frames) {
                client.data(1, 0, new byte[] {each});
            }
            Http2Headers head = client.head(1);
            assertThat(head.get("content-type")).hasToString("application/grpc+proto");
            assertThat(head.get("grpc-encoding")).hasToString("own");
            client.data(1, END_STREAM, new byte[0]);
            assertThat(client.read(1, frames.length)).isEqualTo(frames);
            assertThat(status(client.end(1))).isEqualTo("0");
        }
    }

    @Test
    void losesItsStatusOnPurpose() throws Exception {
        JsonObject faults = new JsonObject().put("toPeer", new JsonObject().put("loseTrailers", true));
        try (HttpServer faulty = HttpServer.listen(new JsonObject().put("faults", faults));
                RawHttp2 client = new RawHttp2(faulty)) {
            begin(client, 1);
            byte[] frame = bytes("0000000003616263");
            client.data(1, END_STREAM, frame);
            assertThat(client.read(1, frame.length)).isEqualTo(frame);
            assertThat(client.end(1).get(GrpcStatus.HEADER)).isNull();
            assertThat(faulty.faults()).containsEntry("toPeer.loseTrailers", 1L);
        }
    }

    @ParameterizedTest
    @CsvSource({
        ":path, /, 12",
        ":path, /a/b/c, 12",
        ":method, PUT, 13",
        "grpc-timeout, 5, 13",
        "grpc-timeout, 123456789S, 13",
        "grpc-timeout, 1x, 13",
        ":path, /grpc.health.v1.Health/List, 12",
        "expect, something, 13",
    })
    void answersHeadsThatAreNoCallsWithAStatusAlone(String name, String value, String status) throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            begin(client, 1, name, value);
            client.send(DATA, END_STREAM, 1);
            Http2Headers end = client.end(1);
            assertThat(end.status()).hasToString("200");
            assertThat(end.get("content-type")).hasToString("application/grpc+proto");
            assertThat(status(end)).isEqualTo(status);
            assertThat(end.get(GrpcStatus.MESSAGE)).isNotEmpty();
            isServed(client, 3);
        }
    }

    private static void isServed(RawHttp2 client, int stream) throws Exception {
        begin(client, stream);
        client.data(stream, END_STREAM, bytes("0000000000"));
        assertThat(status(client.end(stream))).isEqualTo("0");
    }

    @Test
    void answersTooManyHeaders() throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            begin(client, 1, "large", "x".repeat(16_000));
            assertThat(status(client.end(1))).isEqualTo("8");
            assertThat(client.await(RST_STREAM, 1).number(0)).isEqualTo((int) Http2Error.NO_ERROR.code());
            isServed(client, 3);
        }
    }

    /** A message that cannot be one: what came before it is given back. */
    @ParameterizedTest
    @ValueSource(strings = {"02", "0100000000", "7f000000"})
    void endsCallsWithWrongMessages(String wrong) throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            begin(client, 1);
            client.data(1, 0, bytes("000000000161" + wrong));
            assertThat(client.read(1, 6)).isEqualTo(bytes("000000000161"));
            assertThat(status(client.end(1))).isEqualTo("13");
            assertThat(client.await(RST_STREAM, 1).number(0)).isEqualTo((int) Http2Error.NO_ERROR.code());
            isServed(client, 3);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"00", "0000000002", "000000000261"})
    void tellsWhereARequestEndsWithinAMessage(String cut) throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            begin(client, 1);
            client.data(1, END_STREAM, bytes(cut));
            assertThat(status(client.end(1))).isEqualTo("13");
        }
    }

    @Test
    void leavesGrpcWebToTheEchoOfHttp() throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            begin(client, 1, "content-type", "application/grpc-web+proto");
            client.data(1, END_STREAM, new byte[] {7});
            assertThat(client.await(DATA, 1).payload()).isEqualTo(new byte[] {7});
        }
    }

    @Test
    void endsCallsWhoseTimeIsOver() throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            begin(client, 1, "grpc-timeout", "50m");
            client.data(1, 0, bytes("000000000161"));
            assertThat(client.read(1, 6)).isEqualTo(bytes("000000000161"));
            assertThat(status(client.end(1))).isEqualTo("4");
            assertThat(client.await(RST_STREAM, 1).number(0)).isEqualTo((int) Http2Error.NO_ERROR.code());
        }
    }

    /** The client has not allowed as much as waits for it. */
    @Test
    void resetsCallsWhoseTimeIsOverWhileTheirAnswersWait() throws Exception {
        try (RawHttp2 client = new RawHttp2(server, RawHttp2.INITIAL_WINDOW_SIZE, 10)) {
            begin(client, 1, "grpc-timeout", "400m");
            byte[] message = new byte[100_000];
            message[2] = 1;
            client.data(1, 0, Arrays.copyOf(message, 16_000));
            for (int i = 0; i < 5; i++) {
                client.data(1, 0, new byte[15_000]);
            }
            assertThat(client.await(RST_STREAM, 1).number(0)).isEqualTo((int) Http2Error.CANCEL.code());
        }
    }

    @Test
    void checksWithCompressedMessages() throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            begin(client, 1, ":path", CHECK, "grpc-encoding", "gzip");
            client.data(1, END_STREAM, GrpcFrames.frame(Buffer.buffer(), true).getBytes());
            assertThat(client.read(1, 7)).isEqualTo(bytes("00000000020801"));
            assertThat(status(client.end(1))).isEqualTo("0");
            begin(client, 3, ":path", CHECK, "grpc-encoding", "own");
            client.data(3, END_STREAM, bytes("0100000000"));
            Http2Headers end = client.end(3);
            assertThat(status(end)).isEqualTo("12");
            assertThat(end.get("grpc-accept-encoding")).hasToString("identity,gzip");
        }
    }

    @ParameterizedTest
    @CsvSource({"'', 13", "00000000000000000000, 13", "0000000001ff, 13", "0000010001, 8", "00000000030a0178, 5"})
    void refusesWrongQuestionsForHealth(String request, String status) throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            begin(client, 1, ":path", CHECK);
            client.data(1, END_STREAM, bytes(request));
            assertThat(status(client.end(1))).isEqualTo(status);
        }
    }

    /** Fields that a later version may add are left out. */
    @Test
    void readsNamesAmongUnknownFields() throws Exception {
        String name = HexFormat.of().formatHex("grpc.health.v1.Health".getBytes(StandardCharsets.US_ASCII));
        String request = "1005" + "0a15" + name + "1a0161";
        try (RawHttp2 client = new RawHttp2(server)) {
            begin(client, 1, ":path", CHECK);
            client.data(1, END_STREAM, bytes(String.format("00%08x", request.length() / 2) + request));
            assertThat(client.read(1, 7)).isEqualTo(bytes("00000000020801"));
            assertThat(status(client.end(1))).isEqualTo("0");
        }
    }

    @Test
    void tellsWatchersThatItLeavesAndThenEndsTheirCalls() throws Exception {
        try (RawHttp2 client = new RawHttp2(server);
                RawHttp2 late = new RawHttp2(server)) {
            begin(client, 1, ":path", WATCH);
            client.data(1, END_STREAM, bytes("0000000000"));
            assertThat(client.read(1, 7)).isEqualTo(bytes("00000000020801"));
            isServed(late, 1);

            server.listener().leaves();
            assertThat(client.await(DATA, 1).payload()).isEqualTo(bytes("00000000020802"));
            begin(late, 3, ":path", CHECK);
            late.data(3, END_STREAM, bytes("0000000000"));
            assertThat(late.read(3, 7)).isEqualTo(bytes("00000000020802"));
            assertThat(status(late.end(3))).isEqualTo("0");

            var drained = server.listener().drain(Duration.ofSeconds(60));
            assertThat(status(client.end(1))).isEqualTo("14");
            StreamWait.until("the drain ends", drained::isComplete);
            assertThat(server.failures()).isEqualTo(Map.of());
        }
    }

    /** A watcher has no other way to leave than to reset its call, or to close its connection. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void countsNoFailureWhenAWatcherLeaves(boolean resets) throws Exception {
        try (RawHttp2 client = new RawHttp2(server)) {
            begin(client, 1, ":path", WATCH);
            client.data(1, END_STREAM, bytes("0000000000"));
            assertThat(client.read(1, 7)).isEqualTo(bytes("00000000020801"));
            if (resets) {
                client.sendNumber(RST_STREAM, 1, (int) Http2Error.CANCEL.code());
                isServed(client, 3);
            }
            client.closeOutput();
            client.awaitClose();
        }
        StreamWait.until("the connection ends", () -> server.traffic().active() == 0);
        assertThat(server.failures()).isEqualTo(Map.of());
    }

    @Test
    void tellsCallsThatTheirConnectionCloses() throws Exception {
        server.close();
        server = HttpServer.listen(new JsonObject().put("idleTimeoutMillis", 1000));
        try (RawHttp2 client = new RawHttp2(server)) {
            begin(client, 1);
            client.data(1, 0, bytes("000000000161"));
            assertThat(client.read(1, 6)).isEqualTo(bytes("000000000161"));
            assertThat(status(client.end(1))).isEqualTo("14");
        }
    }
}
