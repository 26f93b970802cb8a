package dev.vecho.client.verify;

import dev.vecho.client.script.ServiceExpectation.Value;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A JSON document of whoami, which ends with its last brace. */
final class WhoamiAnswer extends ServiceAnswer {

    private static final int MAX_BYTES = 1 << 20;

    private final List<Value> values;
    private final ByteArrayOutputStream document = new ByteArrayOutputStream();
    private int depth;
    private boolean inText;
    private boolean escaped;
    private boolean complete;

    WhoamiAnswer(List<Value> values) {
        this.values = values;
    }

    @Override
    @Nullable String take(byte at) {
        if (complete) {
            return null;
        }
        if (document.size() == 0 && at != '{') {
            return "what came is no JSON document: it does not begin with a brace";
        }
        if (document.size() == MAX_BYTES) {
            return "the document has more than " + MAX_BYTES + " bytes";
        }
        document.write(at);
        if (inText) {
            inText = escaped || at != '"';
            escaped = !escaped && at == '\\';
            return null;
        }
        inText = at == '"';
        depth += at == '{' ? 1 : at == '}' ? -1 : 0;
        complete = depth == 0;
        return complete ? verdict() : null;
    }

    private @Nullable String verdict() {
        JsonObject told;
        try {
            told = new JsonObject(document.toString(StandardCharsets.UTF_8));
        } catch (DecodeException e) {
            return "what came is no JSON document: " + e.getMessage();
        }
        for (Value value : values) {
            Object found = value.pointer().queryJson(told);
            if (!value.matches(found)) {
                return value.text() + " should be " + value + ", and is " + Value.show(found);
            }
        }
        return null;
    }

    @Override
    boolean isComplete() {
        return complete;
    }

    /** A line ends after it. */
    @Override
    boolean goesOnWith(byte more) {
        return more == '\n' || more == '\r' || more == ' ';
    }
}
