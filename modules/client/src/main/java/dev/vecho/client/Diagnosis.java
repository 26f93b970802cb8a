package dev.vecho.client;

import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.vertx.core.json.JsonObject;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What broke.
 *
 * @param word stable, for programs
 * @param sentence for people
 * @param step the index of the step that failed, or null if none had begun or all were done
 * @param offset of the first wrong, unexpected or missing byte in all that came, or null
 * @param expected hexadecimal, a few bytes from the offset on, or null
 * @param found hexadecimal, a few bytes from the offset on, or null
 */
public record Diagnosis(
        Word word,
        String sentence,
        @Nullable Integer step,
        @Nullable Long offset,
        @Nullable String expected,
        @Nullable String found) {

    /** The kinds of failure. In text, they are lower case with a hyphen, such as {@code half-close}. */
    public enum Word {
        /** The name did not resolve. */
        DNS,
        /** Nobody listens. */
        REFUSED,
        /** The network or the host cannot be reached. */
        UNREACHABLE,
        /** Something did not happen in time: the connection, the rest of an echo, the end. */
        TIMEOUT,
        /** TLS was not agreed upon. */
        TLS,
        /** The connection was broken. */
        RESET,
        /** The end came before all that was expected, or a message came back shorter. */
        TRUNCATED,
        /** A byte came back as another. */
        CORRUPTED,
        /** Bytes came that were never sent. */
        INJECTED,
        /** An echo or the end came when the script expected nothing. */
        UNEXPECTED,
        /** The output was closed, and the end never came. */
        HALF_CLOSE,
        /** Connected, and nothing at all came back. */
        SILENT,
        /** Anything else. */
        FAILED;

        static Word of(Fault fault) {
            return switch (fault) {
                case DNS -> DNS;
                case REFUSED -> REFUSED;
                case UNREACHABLE -> UNREACHABLE;
                case TIMEOUT -> TIMEOUT;
                case TLS -> TLS;
                case RESET -> RESET;
                case BIND, OTHER -> FAILED;
            };
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    static Diagnosis of(Word word, String sentence) {
        return new Diagnosis(word, sentence, null, null, null, null);
    }

    static Diagnosis at(Word word, String sentence, long offset) {
        return new Diagnosis(word, sentence, null, offset, null, null);
    }

    static Diagnosis of(Throwable cause) {
        Word word = cause instanceof TransportException fault ? Word.of(fault.fault()) : Word.FAILED;
        String message = cause.getMessage();
        return of(word, message == null ? cause.toString() : message);
    }

    /** This diagnosis with the step, unless it has one. */
    Diagnosis inStep(@Nullable Integer other) {
        return new Diagnosis(word, sentence, step == null ? other : step, offset, expected, found);
    }

    /** {@code word}, {@code sentence}, and where known {@code step}, {@code offset}, {@code expected}, {@code found}. */
    public JsonObject toJson() {
        JsonObject json = new JsonObject().put("word", word.toString()).put("sentence", sentence);
        putIfKnown(json, "step", step);
        putIfKnown(json, "offset", offset);
        putIfKnown(json, "expected", expected);
        putIfKnown(json, "found", found);
        return json;
    }

    static void putIfKnown(JsonObject json, String key, @Nullable Object value) {
        if (value != null) {
            json.put(key, value);
        }
    }
}
