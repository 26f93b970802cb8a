package dev.vecho.client.verify;

import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The four bytes of RFC 868. */
final class TimeAnswer extends ServiceAnswer {

    private static final long OFFSET_SECONDS = 2_208_988_800L;

    private final Duration tolerance;
    private final Clock clock;
    private int value;
    private int bytes;
    private long off;

    TimeAnswer(Duration tolerance, Clock clock) {
        this.tolerance = tolerance;
        this.clock = clock;
    }

    @Override
    @Nullable String take(byte at) {
        value = (value << 8) | (at & 0xff);
        bytes++;
        if (!isComplete()) {
            return null;
        }
        // As 32 bits, which begin again at 0 in 2036.
        int difference = value - (int) (clock.instant().getEpochSecond() + OFFSET_SECONDS);
        off = difference;
        return Math.abs(off) > tolerance.toSeconds()
                ? "the time is " + Math.abs(off) + " s " + (off < 0 ? "behind" : "ahead") + ", more than "
                        + tolerance.toSeconds() + " s"
                : null;
    }

    @Override
    boolean isComplete() {
        return bytes == Integer.BYTES;
    }

    @Override
    boolean goesOnWith(byte more) {
        return false;
    }

    @Override
    Map<String, String> facts() {
        return isComplete() ? Map.of("timeOffSeconds", Long.toString(off)) : Map.of();
    }
}
