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
import java.util.List;
import java.util.regex.Pattern;

/** JSON as users write it, read strictly: RFC 8259, and no key twice. */
public final class Json {

    private static final JsonFactory FACTORY = new JsonFactory().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private static final Pattern UNKNOWN_TOKEN = Pattern.compile("^Unrecognized token '.*': ", Pattern.DOTALL);

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
                throw invalid(name, where, withoutToken(e.getOriginalMessage()));
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

    /** The parser quotes a word that it does not know, which may be a password that lacks its quotes. */
    private static String withoutToken(String message) {
        return UNKNOWN_TOKEN.matcher(message).replaceFirst("Unrecognized token: ");
    }

    private static InvalidInputException invalid(String name, JsonLocation where, String message) {
        return new InvalidInputException(
                List.of(name + ":" + where.getLineNr() + ":" + where.getColumnNr() + ": " + message));
    }
}
