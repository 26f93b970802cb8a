package dev.vecho.client.report;

import dev.vecho.core.Receiver.Phase;
import dev.vecho.core.TransportException;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What broke.
 *
 * @param word stable, for programs
 * @param reason which kind it is of those that the word stands for, lower case with hyphens, for programs too; null where
 *     the word says all. See {@link FailureKind#TLS}, {@link FailureKind#RESET} and {@link FailureKind#IDLE}.
 * @param sentence for people
 * @param step the index of the step that failed, or null if none had begun or all were done
 * @param offset of the first wrong, unexpected or missing byte in all that came, or null
 * @param expected hexadecimal, a few bytes from the offset on, or null
 * @param found hexadecimal, a few bytes from the offset on, or null
 */
public record Diagnosis(
        FailureKind word,
        @Nullable String reason,
        String sentence,
        @Nullable Integer step,
        @Nullable Long offset,
        @Nullable String expected,
        @Nullable String found) {

    public static Diagnosis of(FailureKind word, String sentence) {
        return new Diagnosis(word, null, sentence, null, null, null, null);
    }

    public static Diagnosis at(FailureKind word, String sentence, long offset) {
        return new Diagnosis(word, null, sentence, null, offset, null, null);
    }

    public static Diagnosis of(Throwable cause) {
        String message = Objects.requireNonNullElse(cause.getMessage(), cause.toString());
        return cause instanceof TransportException fault
                ? of(FailureKind.of(fault.fault()), message).because(fault.reason())
                : of(FailureKind.FAILED, message);
    }

    /** Why an attempt to connect has failed. */
    public static Diagnosis connecting(Throwable cause, Map<Phase, Duration> phases) {
        Diagnosis diagnosis = of(cause);
        if (diagnosis.word == FailureKind.TIMEOUT && !phases.containsKey(Phase.CONNECT)) {
            return of(FailureKind.FILTERED, diagnosis.sentence);
        }
        if (diagnosis.word == FailureKind.RESET) {
            boolean closed = "closed".equals(diagnosis.reason);
            return closed ? of(FailureKind.CLOSED, diagnosis.sentence) : diagnosis.because("before");
        }
        return diagnosis;
    }

    /**
     * An attempt to connect took too long.
     *
     * @param begun the phase that was not done; null if the transport does not tell
     * @param done those before it
     */
    public static Diagnosis noConnection(@Nullable Phase begun, Map<Phase, Duration> done, Duration within) {
        String late = " within " + within.toMillis() + " ms";
        if (begun == Phase.RESOLVE) {
            return of(FailureKind.DNS, "the name did not resolve" + late);
        }
        if (begun == Phase.TLS) {
            return of(FailureKind.TLS, "connected, but TLS was not agreed upon" + late)
                    .because("timeout");
        }
        if (begun == null && done.containsKey(Phase.CONNECT)) {
            return of(
                    FailureKind.TIMEOUT,
                    "connected, but not ready to carry bytes (a TLS handshake, for example)" + late);
        }
        return of(FailureKind.FILTERED, "no answer to the attempt to connect" + late);
    }

    /**
     * What to say where the process that checks could not run for too long.
     *
     * @param stalled for how long it could not run
     * @param took how long the round took
     */
    public Diagnosis unjudged(Duration stalled, Duration took) {
        return new Diagnosis(
                FailureKind.UNJUDGED,
                "time",
                "this process could not run for " + stalled.toMillis() + " of " + took.toMillis()
                        + " ms, so that nothing is known of the peer; else it would be " + kind() + ": " + sentence,
                step,
                null,
                null,
                null);
    }

    /** Whether it says that something did not come in time. */
    public boolean isOfTime() {
        return switch (word) {
            case DNS, TIMEOUT, FILTERED, SILENT, SLOW, HALF_CLOSE, BUFFERED -> true;
            // Bytes in a stream have an offset; messages are lost when they do not come.
            case LOST -> offset == null;
            case TLS -> "timeout".equals(reason);
            default -> false;
        };
    }

    /** Whether it says that the peer has ended a connection, which it may do, too, where something takes too long. */
    public boolean isOfTheEnd() {
        return switch (word) {
            case RESET, CLOSED, TRUNCATED, IDLE -> true;
            case TLS -> "closed".equals(reason);
            default -> false;
        };
    }

    /** This diagnosis with a reason. */
    public Diagnosis because(@Nullable String other) {
        return new Diagnosis(word, other, sentence, step, offset, expected, found);
    }

    /** This diagnosis with the step, unless it has one. */
    public Diagnosis inStep(@Nullable Integer other) {
        return new Diagnosis(word, reason, sentence, step == null ? other : step, offset, expected, found);
    }

    /** The word, with the reason where there is one: {@code tls: expired}. */
    public String kind() {
        return reason == null ? word.toString() : word + ": " + reason;
    }

    /** {@code 1 byte}, {@code 2 bytes}. */
    public static String bytes(long count) {
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

    public static void putIfKnown(JsonObject json, String key, @Nullable Object value) {
        if (value != null) {
            json.put(key, value);
        }
    }
}
