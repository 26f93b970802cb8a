package dev.vecho.client;

import dev.vecho.core.Receiver.Phase;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What broke.
 *
 * @param word stable, for programs
 * @param reason which kind it is of those that the word stands for, lower case with hyphens, for programs too; null where
 *     the word says all. See {@link Word#TLS}, {@link Word#RESET} and {@link Word#IDLE}.
 * @param sentence for people
 * @param step the index of the step that failed, or null if none had begun or all were done
 * @param offset of the first wrong, unexpected or missing byte in all that came, or null
 * @param expected hexadecimal, a few bytes from the offset on, or null
 * @param found hexadecimal, a few bytes from the offset on, or null
 */
public record Diagnosis(
        Word word,
        @Nullable String reason,
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
        /** Nothing answered the attempt to connect: something on the way drops packets, or there is no such machine. */
        FILTERED,
        /** Something did not happen in time: the rest of an echo, the end, the name's address. */
        TIMEOUT,
        /**
         * TLS was not agreed upon. Reasons: {@code expired}, {@code not-yet-valid}, {@code wrong-name},
         * {@code unknown-authority}, {@code self-signed}, {@code wrong-purpose}, {@code weak}, {@code protocol},
         * {@code cipher}, {@code alpn}, {@code client-certificate-required}, {@code client-certificate-refused},
         * {@code plain-text} (the peer does not speak TLS), {@code required} (the peer speaks TLS, and plain text was
         * spoken to it), {@code closed}, {@code timeout}, {@code other}.
         */
        TLS,
        /**
         * The connection was broken off. Reasons: {@code before} (nothing had come back), {@code during}, {@code after}
         * (all that was sent had come back).
         */
        RESET,
        /** The end came without a reply, although one was due. */
        CLOSED,
        /** The end came in the middle of what was expected, or a message came back shorter. */
        TRUNCATED,
        /** Bytes came back as others. */
        CORRUPTED,
        /** Bytes came that were never sent, or too often; where an echo is expected, too, it may go on after them. */
        INJECTED,
        /** Bytes came that were sent on another connection, or in an earlier round. */
        FOREIGN,
        /** Some bytes, or messages, are missing, and what was sent after them came back. */
        LOST,
        /** A message came back more than once. */
        DUPLICATED,
        /** A message came back after one that was sent later. */
        REORDERED,
        /** Connected, and nothing at all came back. */
        SILENT,
        /** The output was closed, and the end never came. */
        HALF_CLOSE,
        /** The connection was cut while nothing was under way. Reasons: {@code closed}, {@code reset}. */
        IDLE,
        /** What should have come at once came when the output was closed, and only then: something waits for the end. */
        BUFFERED,
        /** Bytes still trickled in when the limit of a step had passed, or all of them came only after it. */
        SLOW,
        /** An echo or the end came when the script expected nothing, or bytes came beyond an exact answer. */
        UNEXPECTED,
        /** All came back, but not as well as the script demands. */
        BUDGET,
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
        return new Diagnosis(word, null, sentence, null, null, null, null);
    }

    static Diagnosis at(Word word, String sentence, long offset) {
        return new Diagnosis(word, null, sentence, null, offset, null, null);
    }

    static Diagnosis of(Throwable cause) {
        String message = Objects.requireNonNullElse(cause.getMessage(), cause.toString());
        return cause instanceof TransportException fault
                ? of(Word.of(fault.fault()), message).because(fault.reason())
                : of(Word.FAILED, message);
    }

    /** What came of an attempt to connect. */
    static Diagnosis connecting(Throwable cause, Map<Phase, Duration> phases) {
        Diagnosis diagnosis = of(cause);
        if (diagnosis.word == Word.TIMEOUT && !phases.containsKey(Phase.CONNECT)) {
            return of(Word.FILTERED, diagnosis.sentence);
        }
        if (diagnosis.word == Word.RESET) {
            boolean closed = "closed".equals(diagnosis.reason);
            return closed ? of(Word.CLOSED, diagnosis.sentence) : diagnosis.because("before");
        }
        return diagnosis;
    }

    /**
     * An attempt to connect took too long.
     *
     * @param begun the phase that was not done; null if the transport does not tell
     * @param done those before it
     */
    static Diagnosis noConnection(@Nullable Phase begun, Map<Phase, Duration> done, Duration within) {
        String late = " within " + within.toMillis() + " ms";
        if (begun == Phase.RESOLVE) {
            return of(Word.DNS, "the name did not resolve" + late);
        }
        if (begun == Phase.TLS) {
            return of(Word.TLS, "connected, but TLS was not agreed upon" + late).because("timeout");
        }
        if (begun == null && done.containsKey(Phase.CONNECT)) {
            return of(Word.TIMEOUT, "connected, but not ready to carry bytes (a TLS handshake, for example)" + late);
        }
        return of(Word.FILTERED, "no answer to the attempt to connect" + late);
    }

    /** This diagnosis with a reason. */
    Diagnosis because(@Nullable String other) {
        return new Diagnosis(word, other, sentence, step, offset, expected, found);
    }

    /** This diagnosis with the step, unless it has one. */
    Diagnosis inStep(@Nullable Integer other) {
        return new Diagnosis(word, reason, sentence, step == null ? other : step, offset, expected, found);
    }

    /** The word, with the reason where there is one: {@code tls: expired}. */
    public String kind() {
        return reason == null ? word.toString() : word + ": " + reason;
    }

    /** {@code 1 byte}, {@code 2 bytes}. */
    static String bytes(long count) {
        return count + (count == 1 ? " byte" : " bytes");
    }

    /** {@code word}, {@code sentence}, and where known {@code reason}, {@code step}, {@code offset}, {@code expected}, {@code found}. */
    public JsonObject toJson() {
        JsonObject json = new JsonObject().put("word", word.toString());
        putIfKnown(json, "reason", reason);
        json.put("sentence", sentence);
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
