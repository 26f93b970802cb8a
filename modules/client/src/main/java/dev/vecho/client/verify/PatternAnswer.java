package dev.vecho.client.verify;

import dev.vecho.client.script.BytePattern;
import dev.vecho.client.script.ServiceExpectation.Matching;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/** An answer that must match a pattern: of a stream the shortest that does. */
final class PatternAnswer extends ServiceAnswer {

    private static final int SHOWN = 64;

    private final BytePattern.Progress progress;
    private final int maxBytes;
    private final ByteArrayOutputStream start = new ByteArrayOutputStream(SHOWN);
    private int count;

    PatternAnswer(Matching expected) {
        this.progress = expected.pattern().begin();
        this.maxBytes = expected.maxBytes();
    }

    @Override
    @Nullable String take(byte next) {
        String wrong = step(next);
        return wrong == null && count == maxBytes && !progress.matches()
                ? "it does not match within the " + maxBytes + " bytes of maxBytes" + soFar()
                : wrong;
    }

    private @Nullable String step(byte next) {
        if (!progress.take(next)) {
            return "its byte " + count + " is " + BytePattern.show(next & 0xff) + ", expected " + progress.expected()
                    + soFar();
        }
        if (count < SHOWN) {
            start.write(next);
        }
        count++;
        return null;
    }

    @Override
    boolean isComplete() {
        return progress.matches();
    }

    @Override
    boolean goesOnWith(byte next) {
        return false;
    }

    @Override
    @Nullable String message(byte[] bytes) {
        if (bytes.length > maxBytes) {
            return "it has " + bytes.length + " bytes, more than the " + maxBytes + " of maxBytes";
        }
        for (byte each : bytes) {
            String wrong = step(each);
            if (wrong != null) {
                return wrong;
            }
        }
        return isComplete()
                ? null
                : "it ended after " + bytes.length + " bytes, expected " + progress.expected() + soFar();
    }

    @Override
    String soFar() {
        if (count == 0) {
            return "";
        }
        StringBuilder shown = new StringBuilder("; it began with \"");
        for (byte each : start.toByteArray()) {
            shown.append(BytePattern.show(each & 0xff));
        }
        return shown.append(count > SHOWN ? "…\"" : "\"").toString();
    }
}
