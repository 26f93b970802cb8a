package dev.vecho.transport.http;

import static dev.vecho.transport.http.RawWebSocket.BINARY;
import static dev.vecho.transport.http.RawWebSocket.CLOSE;
import static dev.vecho.transport.http.RawWebSocket.FIN;
import static dev.vecho.transport.http.RawWebSocket.PING;
import static dev.vecho.transport.http.RawWebSocket.PONG;
import static dev.vecho.transport.http.RawWebSocket.RSV1;
import static dev.vecho.transport.http.RawWebSocket.TEXT;
import static dev.vecho.transport.http.RawWebSocket.frame;
import static dev.vecho.transport.http.RawWebSocket.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.transport.http.RawWebSocket.Frame;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 6455 and RFC 7692, in the groups of the Autobahn test suite, with a client that may send anything. */
@TestInstance(Lifecycle.PER_CLASS)
class WebSocketConformanceTest {

    private static final int MAX_MESSAGE = 1 << 20;
    private static final byte[] NOTHING = {};

    private HttpServer server;

    @BeforeAll
    void listen() throws Exception {
        server = HttpServer.listen(options().put("maxMessageBytes", MAX_MESSAGE));
    }

    @AfterAll
    void close() throws Exception {
        server.close();
    }

    /** What each listener needs. */
    JsonObject options() {
        return new JsonObject();
    }

    private RawWebSocket open() throws IOException {
        return connect(server, "");
    }

    /**
     * Opens a WebSocket to a listener.
     *
     * @param headers beside those of every handshake, each with its end of line
     */
    RawWebSocket connect(HttpServer listener, String headers) throws IOException {
        return new RawWebSocket(listener.connect(), headers);
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void answersTheHandshakeOfTheRfc() throws Exception {
        try (RawWebSocket socket = open()) {
            assertThat(socket.response())
                    .startsWith("HTTP/1.1 101 ")
                    .containsIgnoringCase("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
                    .doesNotContainIgnoringCase("sec-websocket-extensions")
                    .doesNotContainIgnoringCase("sec-websocket-protocol");
        }
    }

    // ---- 1 framing, 9 limits

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125, 126, 127, 128, 65_535, 65_536, 65_537, 300_000, MAX_MESSAGE})
    void echoesMessagesOfEverySize(int length) throws Exception {
        try (RawWebSocket socket = open()) {
            byte[] sent = random(length);
            Frame binary = socket.send(FIN | BINARY, sent).readMessage();
            assertThat(binary.first()).isEqualTo(FIN | BINARY);
            assertThat(binary.payload()).isEqualTo(sent);
            byte[] text = utf8("*".repeat(length));
            Frame answer = socket.send(FIN | TEXT, text).readMessage();
            assertThat(answer.first()).isEqualTo(FIN | TEXT);
            assertThat(answer.payload()).isEqualTo(text);
        }
    }

    @Test
    void echoesWhatComesByteByByte() throws Exception {
        try (RawWebSocket socket = open()) {
            for (byte one : frame(FIN | TEXT, utf8("Hello-µ@ßöäüàá-UTF-8!!"))) {
                socket.sendRaw(new byte[] {one});
            }
            assertThat(socket.readMessage().payload()).isEqualTo(utf8("Hello-µ@ßöäüàá-UTF-8!!"));
        }
    }

    /** Heads and payloads come together, or cut anywhere. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 50, 1000, 40_000, 1_000_000})
    void echoesFramesHoweverTheyAreCut(int longestPiece) throws Exception {
        int[] small = {0, 1, 2, 3, 124, 125, 126, 127, 128, 5};
        int[] large = {65_535, 4, 65_536, 0, 65_537, 300, 65_520, 6};
        int[] lengths = longestPiece < 1000 ? small : large;
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int length : lengths) {
            all.writeBytes(frame(FIN | BINARY, random(length)));
            all.writeBytes(frame(FIN | PING, random(length % 126)));
        }
        try (RawWebSocket socket = open()) {
            CompletableFuture<Void> sending =
                    CompletableFuture.runAsync(() -> socket.sendInPieces(all.toByteArray(), longestPiece));
            for (int length : lengths) {
                assertThat(socket.readMessage().payload()).isEqualTo(random(length));
                assertThat(socket.read().payload()).isEqualTo(random(length % 126));
            }
            sending.join();
        }
    }

    @Test
    void refusesMessagesThatAreTooBig() throws Exception {
        try (RawWebSocket socket = open()) {
            assertThat(socket.send(FIN | BINARY, new byte[MAX_MESSAGE + 1]).readClose())
                    .isEqualTo(1009);
        }
        try (RawWebSocket socket = open()) {
            socket.send(BINARY, new byte[MAX_MESSAGE]);
            assertThat(socket.send(FIN, new byte[1]).readClose()).isEqualTo(1009);
        }
    }

    /** A read becomes larger with what comes, and smaller again, but never too small for a small message. */
    @Test
    void echoesASmallMessageInOneFrameAfterLargeOnes() throws Exception {
        try (RawWebSocket socket = open()) {
            for (int i = 0; i < 3; i++) {
                socket.send(FIN | BINARY, random(200_000)).readMessage();
            }
            for (int i = 0; i < 12; i++) {
                socket.send(FIN | BINARY, random(50)).readMessage();
            }
            assertThat(socket.send(FIN | BINARY, random(1500)).read().payload()).isEqualTo(random(1500));
        }
    }

    // ---- 2 pings and pongs

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 125})
    void answersPings(int length) throws Exception {
        try (RawWebSocket socket = open()) {
            Frame pong = socket.send(FIN | PING, random(length)).read();
            assertThat(pong.first()).isEqualTo(FIN | PONG);
            assertThat(pong.payload()).isEqualTo(random(length));
            for (int i = 0; i < 10; i++) {
                socket.send(FIN | PING, new byte[] {(byte) i});
            }
            for (int i = 0; i < 10; i++) {
                assertThat(socket.read().payload()).containsExactly(i);
            }
        }
    }

    @Test
    void ignoresPongs() throws Exception {
        try (RawWebSocket socket = open()) {
            socket.send(FIN | PONG, utf8("unasked")).send(FIN | PING, utf8("asked"));
            assertThat(socket.read().payload()).isEqualTo(utf8("asked"));
        }
    }

    // ---- 2.5, 3, 4, 5: what is against the protocol

    @ParameterizedTest(name = "{1}")
    @CsvSource({
        "897e007e00000000, a ping of 126 bytes",
        "c1800000000000, a reserved bit",
        "a1800000000000, another",
        "91800000000000, and the third",
        "c980000000, a reserved bit of a ping",
        "8380000000, opcode 3",
        "8780000000, opcode 7",
        "8b80000000, opcode 11",
        "8f80000000, opcode 15",
        "0980000000, a fragmented ping",
        "0a80000000, a fragmented pong",
        "0880000000, a fragmented close",
        "8080000000, nothing to continue",
        "0080000000, nothing to continue and more to come",
        "0180000000 8180000000, a text within a text",
        "0180000000 8280000000, a binary within a text",
        "0180000000 c080000000, a reserved bit of a continuation",
        "8100, no mask",
        "81fe007d00000000, a length with two bytes more than needed",
        "81ff000000000000ffff00000000, a length with eight bytes more than needed",
        "81ff800000000000000000000000, a negative length",
    })
    void refusesWhatIsAgainstTheProtocol(String hex, String what) throws Exception {
        try (RawWebSocket socket = open()) {
            socket.sendRaw(HexFormat.of().parseHex(hex.replace(" ", "")));
            assertThat(socket.readClose()).as(what).isEqualTo(1002);
        }
    }

    @Test
    void echoesNothingAfterAProtocolError() throws Exception {
        try (RawWebSocket socket = open()) {
            socket.sendRaw(frame(FIN | TEXT, utf8("before")))
                    .send(FIN | 3, NOTHING)
                    .send(FIN | TEXT, utf8("after"));
            assertThat(socket.readMessage().payload()).isEqualTo(utf8("before"));
            assertThat(socket.readClose()).isEqualTo(1002);
        }
    }

    @Test
    void answersControlFramesBetweenFragments() throws Exception {
        try (RawWebSocket socket = open()) {
            socket.send(TEXT, utf8("one, ")).send(FIN | PING, utf8("ping")).send(0, utf8("two, "));
            socket.send(FIN | PONG, NOTHING).send(0, NOTHING).send(FIN, utf8("three"));
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            int pongs = 0;
            Frame frame;
            do {
                frame = socket.read();
                if (frame.opcode() == PONG) {
                    pongs++;
                } else {
                    text.writeBytes(frame.payload());
                }
            } while (frame.opcode() == PONG || (frame.first() & FIN) == 0);
            assertThat(text.toByteArray()).isEqualTo(utf8("one, two, three"));
            assertThat(pongs).isEqualTo(1);
        }
    }

    // ---- 6 UTF-8

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cebae1bdb9cf83cebcceb5eda080656469746564",
                "c080",
                "c1bf",
                "e09fbf",
                "eda080",
                "edbfbf",
                "f08fbfbf",
                "f4908080",
                "f8888080",
                "fe",
                "80",
                "bf",
                "c2",
                "e282",
                "f09f92",
                "c220",
                "e28220"
            })
    void refusesTextThatIsNone(String hex) throws Exception {
        byte[] bytes = HexFormat.of().parseHex(hex);
        try (RawWebSocket socket = open()) {
            assertThat(socket.send(FIN | TEXT, bytes).readClose()).isEqualTo(1007);
        }
        try (RawWebSocket socket = open()) {
            for (int i = 0; i < bytes.length; i++) {
                socket.send(i == 0 ? TEXT : 0, new byte[] {bytes[i]});
            }
            assertThat(socket.send(FIN, NOTHING).readClose()).isEqualTo(1007);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "κόσμε",
                "\u0000\u007f\u0080\u07ff\u0800\uffff",
                "\ud7ff\ue000\ufffd",
                "\ud800\udc00\udbff\udfff"
            })
    void echoesTextHoweverItIsCut(String text) throws Exception {
        byte[] bytes = utf8(text);
        try (RawWebSocket socket = open()) {
            socket.send(TEXT, NOTHING);
            for (byte one : bytes) {
                socket.send(0, new byte[] {one});
            }
            assertThat(socket.send(FIN, NOTHING).readMessage().payload()).isEqualTo(bytes);
        }
    }

    @Test
    void refusesAtTheByteThatIsWrong() throws Exception {
        byte[] whole = frame(FIN | TEXT, HexFormat.of().parseHex("cebae1bdb9cf83cebcceb5f490808080656469746564"));
        try (RawWebSocket socket = open()) {
            // The head, and the payload up to the second byte of a character beyond the last.
            socket.sendRaw(Arrays.copyOf(whole, 6 + 13));
            assertThat(socket.readClose()).isEqualTo(1007);
        }
    }

    // ---- 7 closing

    @ParameterizedTest
    @ValueSource(ints = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999})
    void answersACloseWithItsCode(int code) throws Exception {
        try (RawWebSocket socket = open()) {
            byte[] payload = {(byte) (code >> 8), (byte) code, 'b', 'y', 'e'};
            assertThat(socket.send(FIN | CLOSE, payload).readClose()).isEqualTo(code);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535})
    void refusesCloseCodesThatNobodyMaySend(int code) throws Exception {
        try (RawWebSocket socket = open()) {
            byte[] payload = {(byte) (code >> 8), (byte) code};
            assertThat(socket.send(FIN | CLOSE, payload).readClose()).isEqualTo(1002);
        }
    }

    @Test
    void closesAsItWasAskedTo() throws Exception {
        try (RawWebSocket socket = open()) {
            assertThat(socket.send(FIN | CLOSE, NOTHING).readClose()).isEqualTo(-1);
        }
        try (RawWebSocket socket = open()) {
            assertThat(socket.send(FIN | CLOSE, new byte[1]).readClose()).isEqualTo(1002);
        }
        try (RawWebSocket socket = open()) {
            byte[] payload = {0x03, (byte) 0xe8, (byte) 0xce, (byte) 0xba, (byte) 0xed, (byte) 0xa0};
            assertThat(socket.send(FIN | CLOSE, payload).readClose()).isEqualTo(1007);
        }
        try (RawWebSocket socket = open()) {
            byte[] longest = new byte[125];
            Arrays.fill(longest, (byte) '*');
            longest[0] = 0x03;
            longest[1] = (byte) 0xe8;
            socket.send(FIN | CLOSE, longest).send(FIN | PING, NOTHING).send(FIN | TEXT, utf8("late"));
            assertThat(socket.read().opcode()).isEqualTo(CLOSE);
        }
    }

    // ---- 10, 12, 13: pieces and compression

    @Test
    void echoesAMessageOfManyFragments() throws Exception {
        try (RawWebSocket socket = open()) {
            byte[] sent = random(65_536);
            for (int at = 0; at < sent.length; at += 1300) {
                byte[] part = Arrays.copyOfRange(sent, at, Math.min(sent.length, at + 1300));
                socket.send((at == 0 ? BINARY : 0) | (at + 1300 >= sent.length ? FIN : 0), part);
            }
            assertThat(socket.readMessage().payload()).isEqualTo(sent);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "permessage-deflate | permessage-deflate; server_no_context_takeover",
                "permessage-deflate; client_max_window_bits | permessage-deflate; server_no_context_takeover",
                "permessage-deflate; server_max_window_bits=10, permessage-deflate; client_no_context_takeover"
                        + " | permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                "permessage-deflate; server_max_window_bits=15"
                        + " | permessage-deflate; server_no_context_takeover; server_max_window_bits=15",
            })
    void agreesToCompression(String offer, String answer) throws Exception {
        try (RawWebSocket socket = connect(server, "Sec-WebSocket-Extensions: " + offer + "\r\n")) {
            assertThat(socket.response()).containsIgnoringCase("sec-websocket-extensions: " + answer + "\r\n");
            Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
            Inflater inflater = new Inflater(true);
            for (int length : new int[] {0, 5, 1000, 100_000}) {
                byte[] sent = utf8("abcdefghij".repeat(length / 10 + 1).substring(0, length));
                if (offer.contains("client_no_context_takeover")) {
                    deflater.reset();
                }
                byte[] compressed = compress(deflater, sent);
                int half = compressed.length / 2;
                socket.send(TEXT | RSV1, Arrays.copyOf(compressed, half));
                socket.send(FIN | PING, NOTHING).send(FIN, Arrays.copyOfRange(compressed, half, compressed.length));
                Frame answered = readCompressed(socket);
                assertThat(answered.first()).isEqualTo(TEXT | RSV1 | FIN);
                inflater.reset();
                assertThat(decompress(inflater, answered.payload(), length)).isEqualTo(sent);
                // One that is not compressed stays so.
                assertThat(socket.send(FIN | BINARY, sent).readMessage().first())
                        .isEqualTo(FIN | BINARY);
            }
        }
    }

    /** A message with one pong somewhere in it. */
    private static Frame readCompressed(RawWebSocket socket) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        int first = 0;
        boolean ended = false;
        boolean pong = false;
        while (!ended || !pong) {
            Frame frame = socket.read();
            if (frame.opcode() == PONG) {
                pong = true;
            } else {
                first = frame.opcode() == 0 ? first : frame.first();
                all.writeBytes(frame.payload());
                ended = (frame.first() & FIN) != 0;
            }
        }
        return new Frame(first | FIN, all.toByteArray());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "permessage-deflate; server_max_window_bits=9", "permessage-deflate; nonsense", "x-other"})
    void declinesWhatItCannotKeep(String offer) throws Exception {
        try (RawWebSocket socket = connect(server, "Sec-WebSocket-Extensions: " + offer + "\r\n")) {
            assertThat(socket.response()).doesNotContainIgnoringCase("sec-websocket-extensions");
            assertThat(socket.send(FIN | TEXT | RSV1, NOTHING).readClose()).isEqualTo(1002);
        }
    }

    @Test
    void boundsWhatIsDecompressed() throws Exception {
        byte[] bomb = compress(new Deflater(9, true), new byte[MAX_MESSAGE + 1]);
        assertThat(bomb.length).isLessThan(MAX_MESSAGE / 500);
        try (RawWebSocket socket = connect(server, "Sec-WebSocket-Extensions: permessage-deflate\r\n")) {
            assertThat(socket.send(FIN | BINARY | RSV1, bomb).readClose()).isEqualTo(1009);
        }
    }

    /** Nothing, and what RFC 7692 appends to it, is an empty message; the bit may be on the first frame alone. */
    @Test
    void takesACompressedFrameWithoutPayload() throws Exception {
        try (RawWebSocket socket = connect(server, "Sec-WebSocket-Extensions: permessage-deflate\r\n")) {
            Frame answered = socket.send(FIN | BINARY | RSV1, NOTHING).readMessage();
            assertThat(answered.first()).isEqualTo(FIN | BINARY | RSV1);
            assertThat(decompress(new Inflater(true), answered.payload(), 0)).isEmpty();
            assertThat(socket.send(BINARY | RSV1, NOTHING)
                            .send(FIN | RSV1, NOTHING)
                            .readClose())
                    .isEqualTo(1002);
        }
    }

    /** Who has said that it closes may leave as it likes. */
    @Test
    void countsNoFailureAfterAClose() throws Exception {
        try (HttpServer own = HttpServer.listen(options());
                RawWebSocket socket = connect(own, "")) {
            socket.send(FIN | CLOSE, new byte[] {3, (byte) 0xe8});
            socket.resetOnAnswer();
            StreamWait.until("the connection is over", () -> own.traffic().active() == 0);
            assertThat(own.traffic().failed()).isZero();
        }
    }

    @Test
    void refusesWhatIsNotCompressedAsAgreed() throws Exception {
        try (RawWebSocket socket = connect(server, "Sec-WebSocket-Extensions: permessage-deflate\r\n")) {
            assertThat(socket.send(FIN | BINARY | RSV1, new byte[] {7, 7, 7}).readClose())
                    .isEqualTo(1007);
        }
        try (RawWebSocket socket = connect(server, "Sec-WebSocket-Extensions: permessage-deflate\r\n")) {
            byte[] text = compress(new Deflater(9, true), new byte[] {(byte) 0xc0, (byte) 0x80});
            assertThat(socket.send(FIN | TEXT | RSV1, text).readClose()).isEqualTo(1007);
        }
    }

    private static byte[] compress(Deflater deflater, byte[] bytes) {
        deflater.setInput(bytes);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] block = new byte[1 << 16];
        int count;
        do {
            count = deflater.deflate(block, 0, block.length, Deflater.SYNC_FLUSH);
            out.write(block, 0, count);
        } while (count == block.length);
        byte[] all = out.toByteArray();
        return all.length < 4 ? new byte[1] : Arrays.copyOf(all, all.length - 4);
    }

    private static byte[] decompress(Inflater inflater, byte[] bytes, int length) throws DataFormatException {
        byte[] input = Arrays.copyOf(bytes, bytes.length + 4);
        input[input.length - 2] = (byte) 0xff;
        input[input.length - 1] = (byte) 0xff;
        inflater.setInput(input);
        byte[] out = new byte[length + 1];
        int at = 0;
        for (int count = inflater.inflate(out); count > 0; count = inflater.inflate(out, at, out.length - at)) {
            at += count;
        }
        return Arrays.copyOf(out, at);
    }
}
