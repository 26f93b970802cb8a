package dev.vecho.services;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * What precedes the content of a frame, as JSON.
 *
 * @param byteOrder of numbers in a binary content: {@code little} or {@code big}
 * @param contentType such as {@code text/json}
 * @param contentEncoding such as {@code utf-8}, or {@code binary}
 * @param contentLength in bytes, not negative
 */
public record FrameHeader(String byteOrder, String contentType, String contentEncoding, long contentLength) {

    private static final String BYTE_ORDER = "byteorder";
    private static final String CONTENT_TYPE = "content-type";
    private static final String CONTENT_ENCODING = "content-encoding";
    private static final String CONTENT_LENGTH = "content-length";

    public FrameHeader {
        if (!byteOrder.equals("little") && !byteOrder.equals("big")) {
            throw new IllegalArgumentException(BYTE_ORDER + " must be little or big");
        }
        if (contentLength < 0) {
            throw new IllegalArgumentException(CONTENT_LENGTH + " must not be negative");
        }
    }

    /** Reads a header; keys that it does not know are ignored. */
    static FrameHeader parse(Buffer json) throws FrameException {
        try {
            // A decoder of its own is strict, unlike String and Buffer.
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(json.getBytes()))
                    .toString();
            if (!(Json.decodeValue(text) instanceof JsonObject header)) {
                throw FrameException.malformed("the header must be a JSON object");
            }
            return new FrameHeader(
                    text(header, BYTE_ORDER),
                    text(header, CONTENT_TYPE),
                    text(header, CONTENT_ENCODING),
                    wholeNumber(header, CONTENT_LENGTH));
        } catch (CharacterCodingException | DecodeException e) {
            throw FrameException.malformed("the header must be JSON in UTF-8");
        } catch (IllegalArgumentException e) {
            throw FrameException.malformed("the header's " + e.getMessage());
        }
    }

    private static String text(JsonObject header, String key) {
        if (header.getValue(key) instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException(key + (header.containsKey(key) ? " must be a text" : " is missing"));
    }

    private static long wholeNumber(JsonObject header, String key) {
        Object value = header.getValue(key);
        if (value instanceof Integer || value instanceof Long) {
            return ((Number) value).longValue();
        }
        if (value instanceof BigInteger huge) {
            return huge.signum() < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
        throw new IllegalArgumentException(key + (header.containsKey(key) ? " must be a whole number" : " is missing"));
    }

    /** In one line, with a space after each colon and comma, as Python writes it. */
    Buffer encode() {
        return Buffer.buffer("{\"" + BYTE_ORDER + "\": " + Json.encode(byteOrder)
                + ", \"" + CONTENT_TYPE + "\": " + Json.encode(contentType)
                + ", \"" + CONTENT_ENCODING + "\": " + Json.encode(contentEncoding)
                + ", \"" + CONTENT_LENGTH + "\": " + contentLength + "}");
    }
}
