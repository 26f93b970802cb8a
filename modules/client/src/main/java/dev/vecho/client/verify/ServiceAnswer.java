package dev.vecho.client.verify;

import dev.vecho.client.script.ServiceExpectation;
import dev.vecho.client.script.ServiceExpectation.Chargen;
import dev.vecho.client.script.ServiceExpectation.Daytime;
import dev.vecho.client.script.ServiceExpectation.Matching;
import dev.vecho.client.script.ServiceExpectation.Time;
import dev.vecho.client.script.ServiceExpectation.Whoami;
import java.time.Clock;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The answer of a service as it comes, byte by byte, in bounded memory. */
abstract class ServiceAnswer {

    static ServiceAnswer of(ServiceExpectation expected) {
        if (expected instanceof Chargen chargen) {
            return new ChargenAnswer(chargen.lines());
        }
        if (expected instanceof Daytime daytime) {
            return new DaytimeAnswer(daytime.tolerance(), Clock.systemUTC());
        }
        if (expected instanceof Matching matching) {
            return new PatternAnswer(matching);
        }
        return expected instanceof Time time
                ? new TimeAnswer(time.tolerance(), Clock.systemUTC())
                : new WhoamiAnswer(((Whoami) expected).values());
    }

    /** Takes a byte of a stream; returns what is wrong with what has come, or null. */
    abstract @Nullable String take(byte next);

    /** Whether all came that is expected. */
    abstract boolean isComplete();

    /**
     * How many bytes may be taken at once without taking one that comes after all that is expected, since it makes no difference
     * whether such a one comes at once or later; at least 1.
     */
    long atLeast() {
        return 1;
    }

    /** Whether a byte that comes when all came still belongs to it. */
    abstract boolean goesOnWith(byte next);

    /** Takes a whole message, in place of a stream; returns what is wrong with it, or null. */
    @Nullable String message(byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            if (isComplete() && !goesOnWith(bytes[i])) {
                return (bytes.length - i) + " more bytes came than expected";
            }
            String wrong = take(bytes[i]);
            if (wrong != null) {
                return wrong;
            }
        }
        return isComplete() ? null : "it ended too early, after " + bytes.length + " bytes";
    }

    /** The beginning of what came, for people, to be put behind a sentence; empty where that says nothing. */
    String soFar() {
        return "";
    }

    /** What was found out, for the report. */
    Map<String, String> facts() {
        return Map.of();
    }
}
