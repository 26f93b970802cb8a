package dev.vecho.management;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is answered to a request.
 *
 * @param type the media type of the body; empty where there is no body
 * @param headers further ones
 * @param stream takes the response once its headers are set, writes to it and ends it, in place of the body; null where the body is all
 */
record Answer(
        int status,
        String type,
        Buffer body,
        Map<String, String> headers,
        @Nullable Consumer<HttpServerResponse> stream) {

    static final String JSON = "application/json";
    private static final String PROBLEM = "application/problem+json";

    Answer {
        headers = Map.copyOf(headers);
    }

    Answer(int status, String type, Buffer body, Map<String, String> headers) {
        this(status, type, body, headers, null);
    }

    /** One that is written as time goes by. */
    static Answer stream(String type, Consumer<HttpServerResponse> stream) {
        return new Answer(200, type, Buffer.buffer(), Map.of(), stream);
    }

    static Answer json(Object value) {
        return json(200, value);
    }

    static Answer json(int status, Object value) {
        return new Answer(status, JSON, text(value), Map.of());
    }

    static Answer text(String type, String body) {
        return new Answer(200, type, Buffer.buffer(body), Map.of());
    }

    /** Nothing to say. */
    static Answer nothing() {
        return new Answer(204, "", Buffer.buffer(), Map.of());
    }

    /** What is wrong, RFC 9457. */
    static Answer problem(int status, String detail) {
        return problem(status, detail, new JsonObject());
    }

    /** The same with further members. */
    static Answer problem(int status, String detail, JsonObject more) {
        JsonObject problem = new JsonObject()
                .put("type", "about:blank")
                .put("title", HttpResponseStatus.valueOf(status).reasonPhrase())
                .put("status", status)
                .put("detail", detail)
                .mergeIn(more);
        return new Answer(status, PROBLEM, text(problem), Map.of());
    }

    /** The same with one more header. */
    Answer with(String header, String value) {
        Map<String, String> all = new java.util.TreeMap<>(headers);
        all.put(header, value);
        return new Answer(status, type, body, all, stream);
    }

    private static Buffer text(Object value) {
        return Buffer.buffer(Json.encodePrettily(value)).appendByte((byte) '\n');
    }
}
