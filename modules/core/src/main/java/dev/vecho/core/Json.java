package dev.vecho.core;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** JSON as users write it, read strictly: RFC 8259, and no key twice. */
public final class Json {

    private static final JsonFactory FACTORY = new JsonFactory().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private Json() {}

    /**
     * Parses an object.
     *
     * @param name of the file or what else the text came from, for messages
     * @throws InvalidInputException with the line and column of what is wrong
     */
    public static JsonObject parse(String name, Buffer text) {
        try (JsonParser parser = FACTORY.createParser(text.getBytes())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new InvalidInputException(List.of(name + ":1:1: must be a JSON object, starting with \"{\""));
            }
            parser.skipChildren();
            // Between the end of the object and the end of the text there must be nothing.
            if (parser.nextToken() != null) {
                throw invalid(name, parser.currentTokenLocation(), "nothing may follow the JSON object");
            }
            return new JsonObject(text);
        } catch (JsonProcessingException e) {
            throw invalid(name, e.getLocation(), e.getOriginalMessage());
        } catch (IOException e) {
            throw new UncheckedIOException("reads from memory", e);
        }
    }

    private static InvalidInputException invalid(String name, JsonLocation where, String message) {
        return new InvalidInputException(
                List.of(name + ":" + where.getLineNr() + ":" + where.getColumnNr() + ": " + message));
    }
}
