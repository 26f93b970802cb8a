package dev.vecho.transport.http;

import static dev.vecho.transport.http.RawWebSocket.BINARY;
import static dev.vecho.transport.http.RawWebSocket.CLOSE;
import static dev.vecho.transport.http.RawWebSocket.FIN;
import static dev.vecho.transport.http.RawWebSocket.PING;
import static dev.vecho.transport.http.RawWebSocket.PONG;
import static dev.vecho.transport.http.RawWebSocket.TEXT;
import static dev.vecho.transport.http.RawWebSocket.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.testkit.Certificates;
import dev.vecho.transport.http.RawWebSocket.Frame;
import io.vertx.core.json.JsonObject;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Each fault of a WebSocket, on its bytes and on its messages, on a connection of its own and on a stream. */
@ParameterizedClass(name = "HTTP/{0}")
@EnumSource
class FaultyWebSocketTest {

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static Certificates.Issued certificate;

    private final HttpVersion version;

    FaultyWebSocketTest(HttpVersion version) {
        this.version = version;
    }

    @BeforeAll
    static void makeCertificates() {
        certificates = new Certificates(directory);
        certificate = certificates.localhost();
    }

    private HttpServer listen(String faults) throws Exception {
        return HttpServer.listen(
                version.listener(certificate).put("faults", new JsonObject(faults.replace('\'', '"'))));
    }

    private RawWebSocket connect(HttpServer server) throws IOException {
        return connect(server, "");
    }

    private RawWebSocket connect(HttpServer server, String headers) throws IOException {
        return version.webSocket(certificates, server, headers);
    }

    private static String text(Frame frame) {
        assertThat(frame.first()).isEqualTo(FIN | TEXT);
        return new String(frame.payload(), StandardCharsets.UTF_8);
    }

    /** What comes of some texts that are numbered from 0, up to the answer of a ping that is sent behind them. */
    private static List<String> answers(RawWebSocket client, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            client.send(FIN | TEXT, utf8("message " + i));
        }
        client.send(FIN | PING, new byte[0]);
        List<String> answers = new ArrayList<>();
        Frame frame = client.readMessage();
        while (frame.opcode() != PONG) {
            answers.add(text(frame));
            frame = client.readMessage();
        }
        return answers;
    }

    @Test
    void echoesMessagesOfBothKindsAndTheirCloseWhereThereIsNoFault() throws Exception {
        try (HttpServer server = listen("{}");
                RawWebSocket client = connect(server)) {
            client.send(FIN | TEXT, utf8("grüße"));
            assertThat(text(client.readMessage())).isEqualTo("grüße");
            client.send(BINARY, new byte[] {1, 2}).send(FIN, new byte[] {3});
            assertThat(client.readMessage())
                    .satisfies(frame -> assertThat(frame.first()).isEqualTo(FIN | BINARY))
                    .satisfies(frame -> assertThat(frame.payload()).containsExactly(1, 2, 3));
            client.send(FIN | CLOSE, new byte[] {3, (byte) 0xe8});
            assertThat(client.readClose()).isEqualTo(1000);
        }
    }

    @Test
    void decompressesAndAnswersInPlain() throws Exception {
        try (HttpServer server = listen("{}");
                RawWebSocket client = connect(server, "Sec-WebSocket-Extensions: permessage-deflate\r\n")) {
            assertThat(client.response()).contains("permessage-deflate");
            // RFC 7692, section 7.2.3.1: "Hello".
            client.send(
                    FIN | RawWebSocket.RSV1 | TEXT,
                    new byte[] {(byte) 0xf2, 0x48, (byte) 0xcd, (byte) 0xc9, (byte) 0xc9, 0x07, 0x00});
            assertThat(text(client.readMessage())).isEqualTo("Hello");
        }
    }

    @Test
    void losesTheSameMessagesForTheSameSeed() throws Exception {
        List<List<String>> runs = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            try (HttpServer server = listen("{'seed': 5, 'toPeer': {'loss': {'rate': 0.3}}}");
                    RawWebSocket client = connect(server)) {
                runs.add(answers(client, 100));
                assertThat(server.faults())
                        .isEqualTo(Map.of("toPeer.loss", 100L - runs.get(run).size()));
            }
        }
        // 70 on average, and a standard deviation of 4.6.
        assertThat(runs.get(0)).hasSizeBetween(45, 95).isEqualTo(runs.get(1));
    }

    @Test
    void duplicates() throws Exception {
        try (HttpServer server = listen("{'fromPeer': {'duplicate': 1}}");
                RawWebSocket client = connect(server)) {
            assertThat(answers(client, 2)).containsExactly("message 0", "message 0", "message 1", "message 1");
        }
    }

    @Test
    void reorders() throws Exception {
        try (HttpServer server = listen("{'toPeer': {'reorder': {'rate': 1, 'depth': 1, 'atMost': '50ms'}}}");
                RawWebSocket client = connect(server)) {
            // Each is held until others have passed, of which there are none, or its time is over.
            client.send(FIN | TEXT, utf8("one"));
            assertThat(text(client.readMessage())).isEqualTo("one");
        }
        try (HttpServer server = listen("{'seed': 1, 'toPeer': {'reorder': {'rate': 0.5, 'depth': 1}}}");
                RawWebSocket client = connect(server)) {
            List<String> answers = answers(client, 50);
            assertThat(answers)
                    .doesNotHaveDuplicates()
                    .isNotEqualTo(answers.stream().sorted().toList());
            assertThat(server.faults().get("toPeer.reorder")).isPositive();
        }
    }

    @Test
    void corruptsAPayloadAndNoFrame() throws Exception {
        try (HttpServer server = listen("{'toPeer': {'corrupt': {'offset': 1}}}");
                RawWebSocket client = connect(server)) {
            for (int i = 0; i < 10; i++) {
                client.send(FIN | BINARY, new byte[3]);
                byte[] back = client.readMessage().payload();
                assertThat(back).hasSize(3);
                assertThat(Integer.bitCount(back[1] & 0xff)).isEqualTo(1);
            }
        }
    }

    @Test
    void truncates() throws Exception {
        try (HttpServer server = listen("{'fromPeer': {'truncate': {'bytes': 4}}}");
                RawWebSocket client = connect(server)) {
            assertThat(answers(client, 2)).containsExactly("mess", "mess");
        }
    }

    @Test
    void delaysAndKeepsTheOrder() throws Exception {
        long begin = System.nanoTime();
        try (HttpServer server = listen("{'toPeer': {'latency': '0ms..60ms'}, 'fromPeer': {'latency': '50ms'}}");
                RawWebSocket client = connect(server)) {
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                expected.add("message " + i);
            }
            assertThat(answers(client, 20)).isEqualTo(expected);
            // The request for the WebSocket, and the messages.
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin)).isGreaterThanOrEqualTo(100);
        }
    }

    @Test
    void closesWithoutACloseFrame() throws Exception {
        // A head of 2 bytes, and 3 of the payload.
        try (HttpServer server = listen("{'toPeer': {'cut': {'afterBytes': 5, 'with': 'fin'}}}")) {
            try (RawWebSocket client = connect(server)) {
                client.send(FIN | BINARY, new byte[10]);
                assertThat(client.read().payload()).hasSize(3);
                // Of a stream whose client has not ended it, the reset without an error may come first.
                assertThatThrownBy(client::read)
                        .isInstanceOfAny(EOFException.class, SocketException.class)
                        .satisfies(end ->
                                assertThat(String.valueOf(end.getMessage())).matches("null|.* with error 0"));
            }
            if (version == HttpVersion.THREE) {
                // It counts connections, which go on without a stream that has ended in order.
                server.eventually(() -> server.traffic().active() == 0);
                assertThat(server.failures()).isEmpty();
            } else {
                ended(server);
            }
        }
    }

    private static void ended(HttpServer server) throws Exception {
        server.eventually(() -> server.traffic().active() == 0);
        assertThat(server.failures()).isEqualTo(Map.of("broken by a configured fault", 1L));
    }

    @Test
    void resets() throws Exception {
        try (HttpServer server = listen("{'fromPeer': {'cut': {'afterBytes': 20}}}")) {
            try (RawWebSocket client = connect(server)) {
                client.send(FIN | BINARY, new byte[10]).send(FIN | BINARY, new byte[10]);
                assertThatThrownBy(() -> {
                            while (true) {
                                client.read();
                            }
                        })
                        .isInstanceOf(IOException.class)
                        .message()
                        .containsIgnoringCase("reset");
            }
            ended(server);
        }
    }

    @Test
    void slicesAndLimitsTheBandwidth() throws Exception {
        byte[] payload = new byte[100_000];
        try (HttpServer server =
                        listen("{'toPeer': {'bytesPerSecond': 500000, 'slice': {'bytes': 1000, 'pause': '1us'}}}");
                RawWebSocket client = connect(server)) {
            long begin = System.nanoTime();
            client.send(FIN | BINARY, payload);
            assertThat(client.readMessage().payload()).isEqualTo(payload);
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin)).isGreaterThanOrEqualTo(150);
        }
    }

    @Test
    void refusesAWebSocketWithAStatus() throws Exception {
        try (HttpServer server = listen("{'toPeer': {'status': {'code': 503}}}");
                RawWebSocket client = connect(server)) {
            assertThat(client.response()).containsPattern("^(HTTP/1.1|:status:) 503");
        }
    }

    @Test
    void finishesWhatItHoldsWhenTheClientCloses() throws Exception {
        try (HttpServer server = listen("{'toPeer': {'latency': '100ms'}}")) {
            try (RawWebSocket client = connect(server)) {
                client.send(FIN | TEXT, utf8("last")).send(FIN | CLOSE, new byte[] {3, (byte) 0xe8});
                assertThat(text(client.readMessage())).isEqualTo("last");
                assertThat(client.readClose()).isEqualTo(1000);
                client.end();
            }
            server.eventually(() -> server.traffic().active() == 0);
            assertThat(server.failures()).isEmpty();
        }
    }
}
