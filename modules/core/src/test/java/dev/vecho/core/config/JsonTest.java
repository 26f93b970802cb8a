package dev.vecho.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** JSON that users wrote: what is accepted, and where an error is said to be. */
final class JsonTest {

    @Test
    void readsAnObject() {
        assertThat(parse("{ \"a\": { \"b\": [1, \"é\", null] }, \"c\": true }\n"))
                .isEqualTo(new JsonObject("{\"a\":{\"b\":[1,\"é\",null]},\"c\":true}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{ \"a\": 1 \"b\": 2 }            | f.json:1:10: ",
                "{ \"a\": 1,~  \"b\": }           | f.json:2:8: ",
                "{ \"a\": 1,~  \"a\": 2 }         | f.json:2:6: Duplicate field 'a'",
                "{ \"x\": { \"a\": 1, \"a\": 2 } } | f.json:1:21: Duplicate field 'a'",
                "{ \"a\": 1 } { }                 | f.json:1:12: nothing may follow the JSON object",
                "{ \"a\": 1                       | f.json:1:",
                "{ \"a\": 1, }                    | f.json:1:11: ",
                "{ // comment~ \"a\": 1 }         | f.json:1:3: JSON has no comments",
                "{ \"a\": 1,~  /* b */ \"c\": 1 } | f.json:2:3: JSON has no comments",
                "{ # comment~ \"a\": 1 }          | f.json:1:3: JSON has no comments",
                "{ \"a\": 1 } // comment         | f.json:1:12: JSON has no comments",
                "{ \"a\": NaN }                  | f.json:1:11: JSON has no NaN and no infinite numbers",
                "{ \"a\": +1 }                   | f.json:1:9: JSON has no plus sign before a number",
                "{~ \"a\": [1                     | f.json:2:9: Unexpected end-of-input: expected close marker for Array, which begins at 2:7",
                "{ 'a': 1 }                       | f.json:1:3: ",
                "[1]                              | f.json:1:1: must be a JSON object",
                "7                                | f.json:1:1: must be a JSON object"
            })
    void namesLineAndColumn(String text, String message) {
        assertThat(problem(text.replace('~', '\n'))).startsWith(message);
    }

    @Test
    void rejectsNothingAtAll() {
        assertThat(problem("")).startsWith("f.json:1:1: must be a JSON object");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{ \"password\": hunter2 }",
                "{ \"password\": hunter2'x': }",
                "{ \"password\": \"hunter2 }",
                "{ \"password\": \"hunter2\n\" }",
                "{ \"password\": \"hunter2\\q\" }",
                "{ \"password\" \"hunter2\" }",
                "{ password: \"hunter2\" }",
                "{ \"password\": \"hunter2\" \"hunter2\": 1 }",
                "hunter2"
            })
    void quotesNoPassword(String text) {
        assertThat(problem(text)).startsWith("f.json:").doesNotContain("hunter2");
    }

    @ParameterizedTest
    @ValueSource(ints = {1001, 100_000})
    void rejectsWhatIsTooLong(int length) {
        assertThat(problem("{ \"a\": " + "9".repeat(length) + " }")).startsWith("f.json:1:");
        assertThat(problem("{ \"a\": " + "[".repeat(length) + "]".repeat(length) + " }"))
                .startsWith("f.json:1:");
    }

    /** To a reader of JSON the first bytes may look like UTF-16 or UTF-32, whatever they are. */
    @ParameterizedTest
    @ValueSource(strings = {"7b0000", "00007b", "fffe0000", "00003412", "fffe7b", "7b007d", "ff", "efbb"})
    void rejectsWhatIsNoText(String hex) {
        Buffer bytes = Buffer.buffer(HexFormat.of().parseHex(hex));
        assertThatThrownBy(() -> Json.parse("f.json", bytes))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("f.json:");
    }

    @Test
    void rejectsATextThatIsTooLong() {
        assertThat(problem("{ \"a\": \"" + "x".repeat(20_000_001) + "\" }"))
                .startsWith("f.json: ")
                .doesNotContain("xxx");
    }

    private static JsonObject parse(String text) {
        return Json.parse("f.json", Buffer.buffer(text));
    }

    private static String problem(String text) {
        InvalidInputException failure =
                catchThrowableOfType(InvalidInputException.class, () -> Json.parse("f.json", Buffer.buffer(text)));
        assertThat(failure).as("rejected: %s", text).isNotNull();
        assertThat(failure.problems()).hasSize(1);
        return failure.problems().get(0);
    }
}
