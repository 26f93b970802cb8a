package dev.vecho.client.script;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
final class BytePatternTest {

    /** Whether all of some bytes match. */
    private static boolean matches(BytePattern pattern, byte[] bytes) {
        BytePattern.Progress progress = pattern.begin();
        for (byte each : bytes) {
            if (!progress.take(each)) {
                return false;
            }
        }
        return progress.matches();
    }

    private static boolean matches(String pattern, String text) {
        return matches(BytePattern.of(pattern), text.getBytes(UTF_8));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '~', textBlock = """
            220 [^\\r\\n]*X   ~ 220 mail ESMTPX     ~ true
            220 [^\\r\\n]*X   ~ 221 mail ESMTPX     ~ false
            (250-.*;)*250 .*! ~ 250-a;250-b;250 c!   ~ true
            a|bc|d+           ~ ddd                 ~ true
            a|bc|d+           ~ b                   ~ false
            (?:ab){2,3}       ~ abab                ~ true
            (?:ab){2,3}       ~ abababab            ~ false
            a{3}              ~ aaa                 ~ true
            a{3}              ~ aaaa                ~ false
            a{2,}b            ~ aaaaab              ~ true
            a{2,}b            ~ ab                  ~ false
            a{0,2}b           ~ b                   ~ true
            a{0}              ~ a                   ~ refused
            xa{0,1}           ~ x                   ~ true
            \\x41\\x7a        ~ Az                  ~ true
            \\xc3.            ~ é                   ~ true
            é+                ~ éé                  ~ true
            é{2}              ~ éé                  ~ true
            [a-c-]+           ~ a-c                 ~ true
            [\\d.]+\\.        ~ 10.11.              ~ true
            [^\\x00]+         ~ abc                 ~ true
            \\Q$1.(x)\\E      ~ $1.(x)              ~ true
            \\Q$1.(x)\\E      ~ $1a(x)              ~ false
            \\w+\\s\\D\\W\\S  ~ a_1 x-y             ~ true
            """)
    void matchesAsAWhole(String pattern, String text, String verdict) {
        if (verdict.equals("refused")) {
            assertThatThrownBy(() -> BytePattern.of(pattern)).isInstanceOf(IllegalArgumentException.class);
        } else {
            assertThat(matches(pattern, text)).isEqualTo(verdict.equals("true"));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '~', textBlock = """
            ''        ~ matches an answer without a byte, which is the shortest
            a*        ~ matches an answer without a byte, which is the shortest
            x|        ~ matches an answer without a byte, which is the shortest
            (a        ~ has a ( without a ), at index 2
            a)        ~ has a ) without a (, at index 1
            [a        ~ has a [ without a ], at index 2
            []        ~ has [] without a byte in it, at index 2
            [^\\x00-\\xff] ~ has [] without a byte in it, at index 12
            [z-a]     ~ has a range in [] that is none, at index 4
            [\\d-z]   ~ has a range in [] that is none, at index 5
            [é]       ~ has a character in [] that is more than one byte: write bytes as \\xHH, at index 2
            ^a        ~ has ^, which it needs not: it is the whole answer that must match; write \\^ for the character, at index 0
            a$        ~ has $, which it needs not: it is the whole answer that must match; write \\$ for the character, at index 1
            *a        ~ has * with nothing before it to repeat; write \\* for the character, at index 0
            a|+       ~ has + with nothing before it to repeat; write \\+ for the character, at index 2
            a**       ~ repeats what is repeated: the shortest answer that matches is taken in any case, at index 2
            a+?       ~ repeats what is repeated: the shortest answer that matches is taken in any case, at index 2
            a{,2}     ~ must have numbers in {}, as {2} or {2,5} or {2,} do; write \\{ for the character, at index 2
            a{3,2}    ~ must have numbers in {}, as {2} or {2,5} or {2,} do; write \\{ for the character, at index 2
            a{2       ~ must have numbers in {}, as {2} or {2,5} or {2,} do; write \\{ for the character, at index 2
            (){2}     ~ repeats nothing, at index 3
            (?=a)     ~ has (?, of which only (?: is known, at index 2
            (a)\\1    ~ has \\1, which is not known here, at index 5
            \\ba      ~ has \\b, which is not known here, at index 2
            \\x4      ~ must have two hexadecimal digits after \\x, at index 2
            a\\       ~ ends with \\, at index 2
            a{999}bb  ~ is too long: it must have at most 1000 bytes and sets of bytes, each counted as often as it is repeated in {}
            """)
    void refuses(String pattern, String problem) {
        assertThatThrownBy(() -> BytePattern.of(pattern))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(problem);
    }

    @Test
    void refusesWhatIsNestedTooDeep() {
        assertThat(matches("(".repeat(100) + "a" + ")".repeat(100), "a")).isTrue();
        assertThatThrownBy(() -> BytePattern.of("(".repeat(101) + "a" + ")".repeat(101)))
                .hasMessageStartingWith("has more than 100 ( within each other");
    }

    @Test
    void knowsTheFirstByteThatCannotMatch() {
        BytePattern.Progress progress = BytePattern.of("(220|250)[ -].*\\r\\n").begin();
        assertThat(progress.expected()).isEqualTo("2");
        assertThat(progress.take((byte) '2')).isTrue();
        assertThat(progress.expected()).isEqualTo("[25]");
        assertThat(progress.take((byte) 'x')).isFalse();
        assertThat(progress.expected()).as("as if it had not come").isEqualTo("[25]");
        progress.take((byte) '5');
        progress.take((byte) '0');
        assertThat(progress.expected()).isEqualTo("[ -]");
        progress.take((byte) '-');
        assertThat(progress.expected()).isEqualTo("any byte");
        assertThat(BytePattern.of("[^\\x00\\r\\n]").begin().expected()).isEqualTo("[^\\x00\\n\\r]");
        assertThat(BytePattern.of("[0-9a-f\\xff]").begin().expected()).isEqualTo("[0-9a-f\\xff]");
    }

    @Test
    void tellsWhetherMoreCouldFollow() {
        assertThat(BytePattern.of("220.*").goesOn()).isTrue();
        assertThat(BytePattern.of("\\d+").goesOn()).isTrue();
        assertThat(BytePattern.of("ab?").goesOn()).isTrue();
        assertThat(BytePattern.of("220.*\\r\\n").goesOn()).isFalse();
        assertThat(BytePattern.of("(250-.*\\r\\n)*250 .*\\r\\n").goesOn()).isFalse();
    }

    /** What takes exponential time by backtracking, with as many positions as there may be. */
    @Test
    void takesTimeByBytesAndPositionsAlone() {
        BytePattern pattern = BytePattern.of("((a?){300}a{300}|(a|a|aa)*|((a+)+)+){1,1}b");
        assertThat(matches(pattern, "a".repeat(64 * 1024).getBytes(UTF_8))).isFalse();
        assertThat(matches(pattern, ("a".repeat(64 * 1024) + "b").getBytes(UTF_8)))
                .isTrue();
    }

    /** Java's own regular expressions, which backtrack, say the same of short texts. */
    @Test
    void agreesWithJava() {
        Random random = new Random(20);
        int matched = 0;
        for (int i = 0; i < 20_000; i++) {
            String text = expression(random, 4);
            String bytes = random.ints(random.nextInt(7), 'a', 'd')
                    .collect(StringBuilder::new, (all, each) -> all.append((char) each), StringBuilder::append)
                    .toString();
            if (Pattern.matches(text, "")) {
                continue;
            }
            boolean expected =
                    Pattern.compile(text, Pattern.DOTALL).matcher(bytes).matches();
            assertThat(matches(BytePattern.of(text), bytes.getBytes(ISO_8859_1)))
                    .as("%s of %s", bytes, text)
                    .isEqualTo(expected);
            matched += expected ? 1 : 0;
        }
        assertThat(matched).isGreaterThan(500);
    }

    private static String expression(Random random, int depth) {
        if (depth == 0) {
            return switch (random.nextInt(4)) {
                case 0 -> ".";
                case 1 -> "[ab]";
                case 2 -> "[^c]";
                default -> Character.toString('a' + random.nextInt(3));
            };
        }
        String inner = expression(random, depth - 1);
        return switch (random.nextInt(7)) {
            case 0 -> inner + "|" + expression(random, depth - 1);
            case 1 -> "(" + inner + ")*";
            case 2 -> "(?:" + inner + ")+";
            case 3 -> "(" + inner + ")?";
            case 4 -> "(" + inner + "){" + random.nextInt(3) + "," + (2 + random.nextInt(2)) + "}";
            case 5 -> "(" + inner + "){1,}";
            default -> "(" + inner + ")" + expression(random, depth - 1);
        };
    }
}
