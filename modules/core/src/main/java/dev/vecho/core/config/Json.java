package dev.vecho.core.config;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** JSON as users write it, read strictly: RFC 8259, and no key twice. */
public final class Json {

    private static final JsonFactory FACTORY = new JsonFactory().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private static final Pattern UNKNOWN_TOKEN = Pattern.compile("^Unrecognized token '.*': ", Pattern.DOTALL);

    /** Says that the text is not JSON, where the parser's own message would suggest settings of the parser. */
    private static final Map<Pattern, String> IN_PLAIN_WORDS = inPlainWords();

    private static Map<Pattern, String> inPlainWords() {
        Map<Pattern, String> words = new LinkedHashMap<>();
        words.put(Pattern.compile(".*(ALLOW_COMMENTS|Unexpected character \\('#').*"), "JSON has no comments");
        words.put(Pattern.compile(".*ALLOW_NON_NUMERIC_NUMBERS.*"), "JSON has no NaN and no infinite numbers");
        words.put(Pattern.compile(".*ALLOW_LEADING_PLUS_SIGN.*"), "JSON has no plus sign before a number");
        // Where something was begun that has no end.
        words.put(
                Pattern.compile(" \\(start marker at \\[.*line: (\\d+), column: (\\d+)]\\)"),
                ", which begins at $1:$2");
        return words;
    }

    private Json() {}

    /**
     * Parses an object.
     *
     * @param name of the file or what else the text came from, for messages
     * @throws InvalidInputException with the line and column of what is wrong
     */
    public static JsonObject parse(String name, Buffer text) {
        try (JsonParser parser = FACTORY.createParser(text.getBytes())) {
            try {
                check(name, parser);
            } catch (JsonProcessingException e) {
                // What exceeds one of the parser's bounds has no location.
                JsonLocation where = e.getLocation() == null ? parser.currentLocation() : e.getLocation();
                throw invalid(name, where, plainly(e.getOriginalMessage()));
            }
            return new JsonObject(text);
        } catch (DecodeException e) {
            throw new InvalidInputException(List.of(name + ": " + e.getMessage()));
        } catch (IOException e) {
            // It reads from memory: what fails is the decoding of what seems to be UTF-16 or UTF-32.
            throw new InvalidInputException(List.of(name + ": is not text in UTF-8"));
        }
    }

    private static void check(String name, JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new InvalidInputException(List.of(name + ":1:1: must be a JSON object, starting with \"{\""));
        }
        parser.skipChildren();
        // Between the end of the object and the end of the text there must be nothing.
        if (parser.nextToken() != null) {
            throw invalid(name, parser.currentTokenLocation(), "nothing may follow the JSON object");
        }
    }

    /** Without the word that the parser does not know and quotes: it may be a password that lacks its quotes. */
    private static String plainly(String message) {
        String plain = UNKNOWN_TOKEN.matcher(message).replaceFirst("Unrecognized token: ");
        for (Map.Entry<Pattern, String> words : IN_PLAIN_WORDS.entrySet()) {
            plain = words.getKey().matcher(plain).replaceFirst(words.getValue());
        }
        return plain;
    }

    private static InvalidInputException invalid(String name, JsonLocation where, String message) {
        return new InvalidInputException(
                List.of(name + ":" + where.getLineNr() + ":" + where.getColumnNr() + ": " + message));
    }
}
