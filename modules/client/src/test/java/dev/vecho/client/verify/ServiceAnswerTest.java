package dev.vecho.client.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.script.ServiceExpectation.Value;
import io.vertx.core.json.pointer.JsonPointer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceAnswerTest {

    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-30T09:33:40Z"), ZoneOffset.UTC);

    /** Returns what is wrong with a stream. */
    private static @Nullable String take(ServiceAnswer answer, String text) {
        for (byte each : text.getBytes(StandardCharsets.ISO_8859_1)) {
            String wrong = take(answer, each);
            if (wrong != null) {
                return wrong;
            }
        }
        return null;
    }

    private static @Nullable String take(ServiceAnswer answer, byte each) {
        return !answer.isComplete() || answer.goesOnWith(each) ? answer.take(each) : "too much";
    }

    /** Lines of a ring, which begin again with the first where the number of lines says so. */
    private static String lines(char first, char last, int count, int again) {
        int ring = last - first + 1;
        StringBuilder lines = new StringBuilder();
        for (int line = 0; line < count; line++) {
            for (int column = 0; column < 72; column++) {
                lines.append((char) (first + (line % again + column) % ring));
            }
            lines.append("\r\n");
        }
        return lines.toString();
    }

    @Test
    void takesTheRingsOfTheWorld() {
        ChargenAnswer whole = new ChargenAnswer(200);
        assertThat(take(whole, lines(' ', '~', 300, 95))).isNull();
        assertThat(whole.facts()).containsEntry("chargenRing", "95 characters");
        ChargenAnswer xinetd = new ChargenAnswer(200);
        assertThat(take(xinetd, lines('!', '}', 300, 95))).isNull();
        assertThat(xinetd.facts()).containsEntry("chargenRing", "93 characters, without ' ' '~'");
        ChargenAnswer other = new ChargenAnswer(200);
        assertThat(take(other, lines('!', '~', 300, 94))).isNull();
        assertThat(other.facts()).containsEntry("chargenRing", "94 characters, without ' '");
    }

    @Test
    void isCompleteWithTheLastLineItWaitsFor() {
        ChargenAnswer answer = new ChargenAnswer(2);
        String lines = lines(' ', '~', 2, 95);
        assertThat(answer.atLeast()).isEqualTo(148);
        assertThat(take(answer, lines.substring(0, 147))).isNull();
        assertThat(answer.isComplete()).isFalse();
        assertThat(answer.atLeast()).isEqualTo(1);
        assertThat(take(answer, lines.substring(147))).isNull();
        assertThat(answer.isComplete()).isTrue();
        assertThat(answer.facts())
                .as("nobody knows the whole ring after two lines")
                .isEmpty();
    }

    @Test
    void refusesLinesThatDoNotRotate() {
        String lines = lines(' ', '~', 100, 95);
        assertThat(take(new ChargenAnswer(100), lines.substring(0, 74) + lines.substring(0, 74)))
                .isEqualTo("character 1 of line 2 should be '!', the next in the ring, and is ' '");
        assertThat(take(new ChargenAnswer(100), lines.substring(0, 74) + lines.substring(148)))
                .startsWith("character 1 of line 2 should be '!'");
        String changed = lines.substring(0, 100) + "~" + lines.substring(101);
        assertThat(take(new ChargenAnswer(100), changed))
                .isEqualTo("character 27 of line 2 should be ';', which has followed ':' before, and is '~'");
        assertThat(take(new ChargenAnswer(100), lines.replace("\r", "")))
                .isEqualTo("line 1 should have 72 characters, and CR and LF after them: 0x0a came");
        assertThat(take(new ChargenAnswer(100), "abc\u0007"))
                .isEqualTo("character 4 of line 1 is no printable character: 0x07");
    }

    @Test
    void takesMessagesOfSomeCharacters() {
        assertThat(new ChargenAnswer(100).message(new byte[0])).isNull();
        assertThat(new ChargenAnswer(100).message("abc\r\ndef".getBytes(StandardCharsets.US_ASCII)))
                .isNull();
        assertThat(new ChargenAnswer(100).message(new byte[] {65, 0})).startsWith("character 2 is not printable");
        assertThat(new ChargenAnswer(100).message("x".repeat(513).getBytes(StandardCharsets.US_ASCII)))
                .startsWith("a message must have at most 512");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Monday, November 30, 2026 09:33:40-UTC\r\n",
                "30 NOV 2026 09:33:12 UTC\r\n",
                "Mon Nov 30 15:18:40 2026\n\r",
                "61374 26-11-30 09:33:41 00 0 0 123.4 UTC(NIST) *\n",
                "30 NOV 26 09:34 CET\r\n"
            })
    void takesTheTimeInManyForms(String line) {
        DaytimeAnswer answer = new DaytimeAnswer(Duration.ofMinutes(1), CLOCK);
        assertThat(take(answer, line)).isNull();
        assertThat(answer.isComplete()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Monday, November 30, 2026 09:38:40-UTC\r\n",
                "Monday, November 30, 1999 09:33:40-UTC\r\n",
                "hello\r\n",
                "\u0001\n"
            })
    void refusesTimesThatItIsNowhere(String line) {
        assertThat(take(new DaytimeAnswer(Duration.ofMinutes(1), CLOCK), line)).isNotNull();
    }

    @Test
    void comparesTheTimeAsANumber() {
        assertThat(new TimeAnswer(Duration.ofSeconds(10), CLOCK).message(time(CLOCK, 0)))
                .isNull();
        assertThat(new TimeAnswer(Duration.ofSeconds(10), CLOCK).message(time(CLOCK, 10)))
                .isNull();
        assertThat(new TimeAnswer(Duration.ofSeconds(10), CLOCK).message(time(CLOCK, -11)))
                .isEqualTo("the time is 11 s behind, more than 10 s");
        assertThat(new TimeAnswer(Duration.ofSeconds(10), CLOCK).message(new byte[3]))
                .isEqualTo("it ended too early, after 3 bytes");
        assertThat(new TimeAnswer(Duration.ofSeconds(10), CLOCK).message(new byte[5]))
                .isNotNull();
        Clock later = Clock.fixed(Instant.parse("2036-02-07T06:28:17Z"), ZoneOffset.UTC);
        assertThat(time(later, 0)).as("RFC 868 begins again").containsExactly(0, 0, 0, 1);
        assertThat(new TimeAnswer(Duration.ofSeconds(10), later).message(time(later, -5)))
                .isNull();
    }

    private static byte[] time(Clock clock, int off) {
        return java.nio.ByteBuffer.allocate(4)
                .putInt((int) (clock.instant().getEpochSecond() + 2_208_988_800L + off))
                .array();
    }

    private static @Nullable String whoami(String document, Value... values) {
        return new WhoamiAnswer(List.of(values)).message(document.getBytes(StandardCharsets.UTF_8));
    }

    private static Value value(String pointer, @Nullable Object exact, @Nullable String pattern) {
        return new Value(pointer, JsonPointer.from(pointer), exact, pattern == null ? null : Pattern.compile(pattern));
    }

    @Test
    void comparesADocument() {
        String document = "{ \"a\": { \"b\": [1, \"two } \\\" \"] }, \"c\": null, \"d\": true }\r\n";
        assertThat(whoami(document)).isNull();
        assertThat(whoami(
                        document,
                        value("/a/b/0", 1, null),
                        value("/a/b/1", null, "^two"),
                        value("/c", null, null),
                        value("/x/y", null, null),
                        value("/d", true, null)))
                .isNull();
        assertThat(whoami(document, value("/a/b/0", 2, null))).isEqualTo("/a/b/0 should be 2, and is 1");
        assertThat(whoami(document, value("/a/b/1", null, "^tow")))
                .isEqualTo("/a/b/1 should be what matches ^tow, and is \"two } \" \"");
        assertThat(whoami(document, value("/x", "y", null))).isEqualTo("/x should be \"y\", and is nothing");
        assertThat(whoami("[]")).startsWith("what came is no JSON document");
        assertThat(whoami("{ \"a\": }")).startsWith("what came is no JSON document");
        assertThat(whoami("{ \"a\": {")).startsWith("it ended too early");
        assertThat(whoami("{}x")).isEqualTo("1 more bytes came than expected");
    }
}
