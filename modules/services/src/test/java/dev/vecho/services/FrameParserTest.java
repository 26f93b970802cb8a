package dev.vecho.services;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.FailureReason;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameParserTest {

    private static final String HEADER = """
            {"byteorder": "little", "content-type": "text/plain", "content-encoding": "utf-8", "content-length": %s}""";
    private static final int MAX_HEADER = 200;
    private static final long MAX_CONTENT = 1_000_000;

    private final Source source = new Source();
    private final FrameParser parser = new FrameParser(source, MAX_HEADER, MAX_CONTENT);
    private final Buffer passed = Buffer.buffer();
    private final List<Throwable> failures = new ArrayList<>();
    private boolean ended;

    private void listen() {
        parser.exceptionHandler(failures::add)
                .endHandler(end -> ended = true)
                .handler(piece -> passed.appendBuffer(piece));
    }

    static Buffer frame(String header, String content) {
        byte[] json = header.getBytes(UTF_8);
        return Buffer.buffer()
                .appendUnsignedShort(json.length)
                .appendBytes(json)
                .appendString(content);
    }

    private static Buffer three() {
        return Buffer.buffer()
                .appendBuffer(frame("""
                        { "content-length":3,"more":[1, {}], "content-encoding" : "utf-8",
                          "byteorder":"big","content-type":"" }""", "abc"))
                .appendBuffer(Frame.of("text/plain", "utf-8", Buffer.buffer()).encode())
                .appendBuffer(Frame.of("x/y", "binary", Buffer.buffer("z".repeat(40_000)))
                        .encode());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 100, 16_384, 100_000})
    void passesFramesAsTheyCameHoweverTheyAreCut(int size) {
        listen();
        source.send(three(), size);
        source.end();
        assertThat(failures).isEmpty();
        assertThat(passed).isEqualTo(three());
        assertThat(ended).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 100_000})
    void tellsWholeFrames(int size) {
        List<Frame> frames = new ArrayList<>();
        parser.exceptionHandler(failures::add).frameHandler(frames::add);
        source.send(three(), size);
        assertThat(failures).isEmpty();
        assertThat(frames).hasSize(3);
        assertThat(frames.get(0).header()).isEqualTo(new FrameHeader("big", "", "utf-8", 3));
        assertThat(frames.get(0).content()).isEqualTo(Buffer.buffer("abc"));
        assertThat(frames.get(1).content().length()).isZero();
        assertThat(frames.get(2).content()).isEqualTo(Buffer.buffer("z".repeat(40_000)));
    }

    @Test
    void handsOverOnePieceForEachThatIsFetched() {
        parser.pause();
        listen();
        source.send(three(), 100_000);
        source.end();
        assertThat(passed.length()).isZero();
        int pieces = 0;
        while (passed.length() < three().length()) {
            int before = passed.length();
            parser.fetch(1);
            source.deliver();
            assertThat(passed.length()).isGreaterThan(before);
            pieces++;
        }
        assertThat(pieces).as("three headers and two contents").isEqualTo(5);
        parser.resume();
        source.deliver();
        assertThat(failures).isEmpty();
        assertThat(ended).isTrue();
    }

    @Test
    void handsOverWhatHasComeOfAContent() {
        listen();
        Buffer begin = frame(HEADER.formatted("100000"), "abc");
        source.send(begin, 100_000);
        assertThat(passed).isEqualTo(begin);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100_000})
    void failsWhereTheStreamEndsWithinAFrame(int size) {
        Buffer whole = frame(HEADER.formatted("3"), "abc");
        for (int cut = 1; cut < whole.length(); cut++) {
            FrameParserTest each = new FrameParserTest();
            each.listen();
            each.source.send(Buffer.buffer().appendBuffer(whole).appendBuffer(whole.getBuffer(0, cut)), size);
            each.source.end();
            assertThat(each.ended).as("an end in order after %d bytes", cut).isFalse();
            assertThat(each.failures)
                    .hasSize(1)
                    .allSatisfy(failure -> assertThat(failure)
                            .isInstanceOfSatisfying(
                                    FrameException.class,
                                    e -> assertThat(e.reason()).isEqualTo(FailureReason.UNFINISHED)));
            assertThat(each.passed.getBuffer(0, whole.length())).isEqualTo(whole);
        }
    }

    private void assertMalformed(Buffer bytes, String message) {
        Buffer good = frame(HEADER.formatted("3"), "abc");
        listen();
        source.send(
                Buffer.buffer()
                        .appendBuffer(good)
                        .appendBuffer(bytes)
                        .appendBuffer(good)
                        .appendBuffer(good),
                100_000);
        source.end();
        assertThat(failures).hasSize(1);
        assertThat(failures.get(0))
                .hasMessage(message)
                .isInstanceOfSatisfying(
                        FrameException.class, e -> assertThat(e.reason()).isEqualTo(FailureReason.INPUT));
        assertThat(passed).as("what came before, and nothing of it or after it").isEqualTo(good);
        assertThat(ended).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-1                         | the header's content-length must not be negative",
                "-9223372036854775809       | the header's content-length must not be negative",
                "1000001                    | a content must have at most 1000000 bytes, not 1000001",
                "99999999999999999999999999 | a content must have at most 1000000 bytes, not 9223372036854775807",
                "3.0                        | the header's content-length must be a whole number",
                "1e3                        | the header's content-length must be a whole number",
                "\"3\"                      | the header's content-length must be a whole number",
                "true                       | the header's content-length must be a whole number",
                "null                       | the header's content-length must be a whole number",
                "[3]                        | the header's content-length must be a whole number",
                "NaN                        | the header must be JSON in UTF-8",
            })
    void refusesAContentLength(String length, String message) {
        assertMalformed(frame(HEADER.formatted(length), "abc"), message);
    }

    @ParameterizedTest
    @CsvSource({
        "byteorder, the header's byteorder is missing",
        "content-type, the header's content-type is missing",
        "content-encoding, the header's content-encoding is missing",
        "content-length, the header's content-length is missing",
    })
    void refusesAHeaderWithoutAKey(String key, String message) {
        assertMalformed(frame(HEADER.formatted("3").replace(key, "Other"), "abc"), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"little\"     | 1          | the header's byteorder must be a text",
                "\"little\"     | \"middle\" | the header's byteorder must be little or big",
                "\"text/plain\" | null       | the header's content-type must be a text",
                "\"utf-8\"      | {}         | the header's content-encoding must be a text",
            })
    void refusesAValue(String value, String other, String message) {
        assertMalformed(frame(HEADER.formatted("3").replace(value, other), "abc"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1", "[]", "null", "7", "{", "{} {}", "{\"byteorder\"}", "'", "\u0000"})
    void refusesWhatIsNoObject(String header) {
        listen();
        source.send(frame(header, ""), 100_000);
        assertThat(failures).hasSize(1).hasOnlyElementsOfType(FrameException.class);
        assertThat(passed.length()).isZero();
    }

    @Test
    void refusesWhatIsNotInUtf8() {
        byte[] latin1 = HEADER.formatted("3").replace("plain", "plän").getBytes(ISO_8859_1);
        assertMalformed(
                Buffer.buffer().appendUnsignedShort(latin1.length).appendBytes(latin1),
                "the header must be JSON in UTF-8");
    }

    @Test
    void refusesAHeaderNestedDeeply() {
        new FrameParser(source, 65_535, 0).exceptionHandler(failures::add).handler(piece -> passed.appendBuffer(piece));
        source.send(frame("{\"a\":" + "[".repeat(60_000), ""), 100_000);
        assertThat(failures).hasSize(1).hasOnlyElementsOfType(FrameException.class);
    }

    @Test
    void refusesAnEmptyHeader() {
        assertMalformed(Buffer.buffer().appendUnsignedShort(0), "a header must have 1 to 200 bytes, not 0");
    }

    @Test
    void refusesALongHeaderBeforeItHasCome() {
        listen();
        source.send(Buffer.buffer().appendUnsignedShort(201), 2);
        assertThat(failures)
                .singleElement()
                .satisfies(e -> assertThat(e).hasMessage("a header must have 1 to 200 bytes, not 201"));
    }

    @Test
    void takesHeadersAndContentsAsLongAsTheyMayBe() {
        listen();
        String header = HEADER.formatted(MAX_CONTENT);
        Buffer longest = frame(header + " ".repeat(MAX_HEADER - header.length()), "x".repeat((int) MAX_CONTENT));
        source.send(longest, 100_000);
        source.end();
        assertThat(failures).isEmpty();
        assertThat(passed).isEqualTo(longest);
        assertThat(ended).isTrue();
    }

    @Test
    void writesNoFrameThatNobodyCouldRead() {
        Buffer none = Buffer.buffer();
        assertThatThrownBy(() -> Frame.of("x".repeat(65_536), "utf-8", none).encode())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Frame(new FrameHeader("big", "x", "y", 1), none).encode())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new FrameHeader("big", "x", "y", -1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void writesAsPythonDoes() {
        assertThat(new Frame(new FrameHeader("little", "a\"b", "utf-8", 2), Buffer.buffer("hi"))
                        .encode()
                        .toString()
                        .substring(2))
                .isEqualTo(HEADER.formatted("2").replace("text/plain", "a\\\"b") + "hi");
    }

    /** A stream that keeps what nobody wants yet. */
    private static final class Source implements ReadStream<Buffer> {

        private final List<Buffer> waiting = new ArrayList<>();
        private @Nullable Handler<Buffer> handler;
        private @Nullable Handler<Void> endHandler;
        private long demand = Long.MAX_VALUE;
        private boolean over;

        void send(Buffer bytes, int size) {
            for (int at = 0; at < bytes.length(); at += size) {
                waiting.add(bytes.getBuffer(at, Math.min(at + size, bytes.length())));
            }
            deliver();
        }

        void end() {
            over = true;
            deliver();
        }

        /** Sockets, too, do not do so within a call of resume(). */
        void deliver() {
            while (demand > 0 && handler != null && !waiting.isEmpty()) {
                demand -= demand == Long.MAX_VALUE ? 0 : 1;
                handler.handle(waiting.remove(0));
            }
            if (over && waiting.isEmpty() && demand > 0 && endHandler != null) {
                Handler<Void> told = endHandler;
                endHandler = null;
                told.handle(null);
            }
        }

        @Override
        public Source exceptionHandler(@Nullable Handler<Throwable> to) {
            return this;
        }

        @Override
        public Source handler(@Nullable Handler<Buffer> to) {
            handler = to;
            return this;
        }

        @Override
        public Source pause() {
            demand = 0;
            return this;
        }

        @Override
        public Source resume() {
            return fetch(Long.MAX_VALUE);
        }

        @Override
        public Source fetch(long amount) {
            demand = demand + amount < 0 ? Long.MAX_VALUE : demand + amount;
            return this;
        }

        @Override
        public Source endHandler(@Nullable Handler<Void> to) {
            endHandler = to;
            return this;
        }
    }
}
