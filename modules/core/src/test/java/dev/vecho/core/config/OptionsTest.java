package dev.vecho.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vecho.core.config.ReadOption.Kind;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values that users wrote: what each getter takes, and what it says of the rest. */
final class OptionsTest {

    private final Problems problems = new Problems();

    @Test
    void readsWhatIsRight() {
        Options options = options("""
                { "text": "t", "any": "", "secret": "s", "number": 7, "long": 5000000000, "flag": true,
                  "word": "b", "list": ["x", "y"], "one": "x", "object": { "a": 1 }, "objects": [{ "a": 2 }],
                  "file": "sub/f.pem" }
                """);

        assertThat(options.text("text")).isEqualTo("t");
        assertThat(options.anyText("any")).isEmpty();
        assertThat(options.secret("secret")).isEqualTo("s");
        assertThat(options.integer("number", 1, 0, 7)).isEqualTo(7);
        assertThat(options.integer("long", 1L, 0, Long.MAX_VALUE)).isEqualTo(5_000_000_000L);
        assertThat(options.flag("flag", false)).isTrue();
        assertThat(options.choice("word", 1, choices())).isEqualTo(2);
        assertThat(options.texts("list")).containsExactly("x", "y");
        assertThat(options.texts("one")).containsExactly("x");
        assertThat(options.object("object").integer("a", 0, 0, 9)).isEqualTo(1);
        assertThat(options.objects("objects"))
                .singleElement()
                .satisfies(item -> assertThat(item.integer("a", 0, 0, 9)).isEqualTo(2));
        assertThat(options.file("file")).isEqualTo(Path.of("/etc/vecho/sub/f.pem"));
        assertThat(options.object("object").source("a").name()).isEqualTo("f.json");
        assertThat(problems.isEmpty()).isTrue();
    }

    @Test
    void givesDefaultsForWhatIsNotThereOrNull() {
        Options options = options("{ \"null\": null }");

        for (String key : List.of("none", "null")) {
            assertThat(options.has(key)).isFalse();
            assertThat(options.text(key)).isNull();
            assertThat(options.text(key, "d")).isEqualTo("d");
            assertThat(options.anyText(key)).isNull();
            assertThat(options.secret(key)).isNull();
            assertThat(options.integer(key, 3, 0, 9)).isEqualTo(3);
            assertThat(options.flag(key, true)).isTrue();
            assertThat(options.choice(key, 5, choices())).isEqualTo(5);
            assertThat(options.texts(key)).isEmpty();
            assertThat(options.file(key)).isNull();
            assertThat(options.object(key).keys()).isEmpty();
            assertThat(options.objects(key)).isEmpty();
        }
        assertThat(problems.isEmpty()).isTrue();
    }

    @Test
    void tellsAllThatIsWrongAtOnce() {
        Options root = options("""
                { "o": { "text": 5, "empty": "", "any": false, "secret": 4711, "high": 70000, "low": -1, "half": 1.5,
                  "digits": "7", "huge": 99999999999999999999, "flag": "true", "word": "c", "list": ["x", true],
                  "object": [], "objects": {}, "items": [{}, 1] } }
                """);
        Options options = root.object("o");

        assertThat(options.text("text", "d")).isEqualTo("d");
        options.text("empty");
        options.anyText("any");
        options.secret("secret");
        assertThat(options.integer("high", 80, 0, 65_535)).isEqualTo(80);
        options.integer("low", 80, 0, 65_535);
        options.integer("half", 80, 0, 65_535);
        options.integer("digits", 80, 0, 65_535);
        options.integer("huge", 80, 0, 65_535);
        options.flag("flag", false);
        options.choice("word", 1, choices());
        options.texts("list");
        options.object("object");
        options.objects("objects");
        assertThat(options.objects("items")).hasSize(1);
        options.problem("", "is odd");
        options.rejectUnknownKeys();

        assertThat(told())
                .containsExactly(
                        "f.json: o.text: must be a text that is not empty, was 5",
                        "f.json: o.empty: must be a text that is not empty, was \"\"",
                        "f.json: o.any: must be a text, was false",
                        "f.json: o.secret: must be a text",
                        "f.json: o.high: must be 0..65535, was 70000",
                        "f.json: o.low: must be 0..65535, was -1",
                        "f.json: o.half: must be 0..65535, was 1.5",
                        "f.json: o.digits: must be a number, 0..65535, was \"7\"",
                        "f.json: o.huge: must be 0..65535, was 99999999999999999999",
                        "f.json: o.flag: must be true or false, was \"true\"",
                        "f.json: o.word: must be one of a, b, was \"c\"",
                        "f.json: o.list: must be a list of texts, was a list",
                        "f.json: o.object: must be an object, was a list",
                        "f.json: o.objects: must be a list, was an object",
                        "f.json: o.items[1]: must be an object, was 1",
                        "f.json: o: is odd");
    }

    @Test
    void readsTextWhereTheSourceHasNothingElse() {
        Options options = Options.of(
                new JsonObject()
                        .put("port", " 7007 ")
                        .put("off", "false")
                        .put("on", "true")
                        .put("secret", "0042")
                        .put("list", "a, b ,c")
                        .put("bad", "many")
                        .put("maybe", "yes"),
                new Source("environment", Path.of(""), true),
                problems);

        assertThat(options.integer("port", 1, 0, 65_535)).isEqualTo(7007);
        assertThat(options.flag("off", true)).isFalse();
        assertThat(options.flag("on", false)).isTrue();
        assertThat(options.secret("secret")).isEqualTo("0042");
        assertThat(options.texts("list")).containsExactly("a", "b", "c");
        options.integer("bad", 1, 0, 9);
        options.flag("maybe", true);
        assertThat(told())
                .containsExactly(
                        "environment: bad: must be a number, 0..9, was \"many\"",
                        "environment: maybe: must be true or false, was \"yes\"");
    }

    @Test
    void keepsSecretsOutOfMessages() {
        Options options = options("""
                { "one": "", "more": ["a", "b"], "number": 4242, "mixed": ["4242", 4242], "object": { "a": "4242" } }""");
        assertThat(options.secrets("none")).isEmpty();
        assertThat(options.secrets("one")).containsExactly("");
        assertThat(options.secrets("more")).containsExactly("a", "b");
        assertThat(options.secrets("number")).isEmpty();
        assertThat(options.secrets("mixed")).isEmpty();
        assertThat(options.secrets("object")).isEmpty();
        assertThat(told())
                .containsExactly(
                        "f.json: number: must be a text or a list of texts",
                        "f.json: mixed: must be a text or a list of texts",
                        "f.json: object: must be a text or a list of texts");
    }

    @Test
    void shortensWhatItShows() {
        options("{ \"n\": \"" + "x".repeat(1000) + "\" }").integer("n", 1, 0, 9);
        assertThat(told()).containsExactly("f.json: n: must be a number, 0..9, was \"" + "x".repeat(60) + "…\"");
    }

    @ParameterizedTest
    @CsvSource({"prot, port", "PORT, port", "hots, host", "idleTimeoutMilli, idleTimeoutMillis"})
    void namesTheNearestKnownKey(String key, String nearest) {
        Options options = Options.of(new JsonObject().put(key, 1), Source.named("f.json"), problems);
        options.integer("port", 0, 0, 1);
        options.text("host");
        options.has("idleTimeoutMillis");
        options.rejectUnknownKeys();
        assertThat(told())
                .containsExactly("f.json: " + key + ": is not a known key, did you mean \"" + nearest + "\"?");
    }

    @Test
    void listsTheKnownKeysWhereNoneIsNear() {
        Options options = options("{ \"somethingElse\": 1 }");
        options.text("host");
        options.integer("port", 0, 0, 1);
        options.rejectUnknownKeys();
        assertThat(told()).containsExactly("f.json: somethingElse: is not a known key, expected one of host, port");
    }

    @Test
    void namesTheSourceOfEachPath() {
        Options options = new Options(
                new JsonObject("{ \"a\": { \"b\": 1, \"c\": 2 } }"),
                path -> Source.named(path.equals("a.b") ? "over.json" : "base.json"),
                problems);
        options.object("a").text("b");
        options.object("a").text("c");
        assertThat(told())
                .containsExactly(
                        "over.json: a.b: must be a text that is not empty, was 1",
                        "base.json: a.c: must be a text that is not empty, was 2");
    }

    @Test
    void tellsWhatIsReadOfIt() {
        List<ReadOption> reads = new ArrayList<>();
        JsonObject json = new JsonObject("""
                { "secret": "hunter2", "word": "b", "text": null, "object": { "millis": 250 } }
                """);
        Options options = new Options(json, path -> Source.named("f.json"), problems, reads::add);
        options.secret("secret");
        options.secrets("secret");
        options.choice("word", 1, choices());
        options.text("text", "d");
        options.texts("list", List.of("x"));
        assertThat(options.object("object").millis("millis", Duration.ofSeconds(1), Duration.ZERO))
                .isEqualTo(Duration.ofMillis(250));
        assertThat(reads)
                .containsExactly(
                        new ReadOption("secret", Kind.SECRET, true, "***", null, null, null, List.of()),
                        new ReadOption("secret", Kind.SECRETS, true, "***", null, null, null, List.of()),
                        new ReadOption("word", Kind.CHOICE, true, "b", "a", null, null, List.of("a", "b")),
                        new ReadOption("text", Kind.TEXT, false, "d", "d", null, null, List.of()),
                        new ReadOption("list", Kind.TEXTS, false, List.of("x"), List.of("x"), null, null, List.of()),
                        new ReadOption("object", Kind.OBJECT, true, null, null, null, null, List.of()),
                        new ReadOption(
                                "object.millis",
                                Kind.INTEGER,
                                true,
                                250L,
                                1000L,
                                0L,
                                Bounds.MAX_DURATION.toMillis(),
                                List.of()));
    }

    @Test
    void refusesAKeyThatHasNoMeaning() {
        List<ReadOption> reads = new ArrayList<>();
        Options options = new Options(
                new JsonObject("{ \"a\": 1, \"b\": null }"), path -> Source.named("f.json"), problems, reads::add);
        options.refuse("a", "has no meaning");
        options.refuse("b", "has no meaning");
        assertThat(options.integer("a", 5, 0, 9)).isEqualTo(5);
        options.rejectUnknownKeys();
        assertThat(reads).isEmpty();
        assertThat(told()).containsExactly("f.json: a: has no meaning");
    }

    @Test
    void readsTheSameAgainWithProblemsOfItsOwn() {
        Options options = options("{ \"object\": { \"a\": 10 } }").object("object");
        Problems others = new Problems();
        options.into(others).integer("a", 0, 0, 9);
        assertThat(others.messages()).containsExactly("f.json: object.a: must be 0..9, was 10");
        assertThat(problems.isEmpty()).isTrue();
    }

    @Test
    void throwsNothingWhereNothingIsWrong() {
        problems.throwIfAny();
        assertThat(problems.size()).isZero();
    }

    private Options options(String json) {
        return Options.of(new JsonObject(json), new Source("f.json", Path.of("/etc/vecho"), false), problems);
    }

    private static Map<String, Integer> choices() {
        Map<String, Integer> choices = new LinkedHashMap<>();
        choices.put("a", 1);
        choices.put("b", 2);
        return choices;
    }

    private List<String> told() {
        InvalidInputException failure = catchThrowableOfType(InvalidInputException.class, problems::throwIfAny);
        assertThat(failure).as("problems").isNotNull();
        assertThat(failure).hasMessage(String.join("\n", failure.problems()));
        assertThat(problems.size()).isEqualTo(failure.problems().size());
        return failure.problems();
    }
}
