package dev.vecho.client.script;

import io.vertx.core.json.pointer.JsonPointer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** An answer whose bytes are not known beforehand: that of a service which is no echo, or whatever matches a pattern. */
public sealed interface ServiceExpectation {

    /** The name of the service; {@code pattern} for a pattern. */
    String service();

    /** What it is, for people. */
    default String answer() {
        return "the answer of " + service();
    }

    /** Whether nothing that comes after the answer belongs to it, so that something else may be expected then. */
    default boolean ends() {
        return false;
    }

    /**
     * The shortest answer that matches a pattern; of messages, one that matches as a whole.
     *
     * @param maxBytes the most that it may have
     */
    record Matching(BytePattern pattern, int maxBytes) implements ServiceExpectation {

        @Override
        public String service() {
            return "pattern";
        }

        @Override
        public String answer() {
            return "an answer that matches the pattern";
        }

        @Override
        public boolean ends() {
            return true;
        }
    }

    /**
     * Lines of 72 printable characters, each one character further in a ring than the one before (RFC 864).
     *
     * @param lines how many a stream must have; of messages each is looked at alone
     */
    record Chargen(int lines) implements ServiceExpectation {

        @Override
        public String service() {
            return "chargen";
        }
    }

    /**
     * A line with a time of day (RFC 867), in whatever form and time zone.
     *
     * @param tolerance how far it may be from the time here
     */
    record Daytime(Duration tolerance) implements ServiceExpectation {

        @Override
        public String service() {
            return "daytime";
        }
    }

    /**
     * The seconds since 1900 (RFC 868).
     *
     * @param tolerance how far they may be from the time here
     */
    record Time(Duration tolerance) implements ServiceExpectation {

        @Override
        public String service() {
            return "time";
        }
    }

    /** A JSON document with certain values. */
    record Whoami(List<Value> values) implements ServiceExpectation {

        public Whoami {
            values = List.copyOf(values);
        }

        @Override
        public String service() {
            return "whoami";
        }
    }

    /**
     * A value that a document must have at a place: just this one, or a text in which a pattern is found.
     *
     * @param text the pointer, as it was written
     * @param exact null for none: there must be nothing at the place; not looked at where there is a pattern
     */
    record Value(
            String text,
            JsonPointer pointer,
            @Nullable Object exact,
            @Nullable Pattern pattern) {

        /** Whether it is what a document has there. */
        public boolean matches(@Nullable Object found) {
            if (pattern != null) {
                return found != null && pattern.matcher(found.toString()).find();
            }
            if (exact instanceof Number one && found instanceof Number other) {
                return one.doubleValue() == other.doubleValue();
            }
            return Objects.equals(exact, found);
        }

        @Override
        public String toString() {
            return pattern == null ? exact == null ? "nothing" : show(exact) : "what matches " + pattern;
        }

        /** A value for people. */
        public static String show(@Nullable Object value) {
            return value instanceof String text ? "\"" + text + "\"" : value == null ? "nothing" : value.toString();
        }
    }
}
