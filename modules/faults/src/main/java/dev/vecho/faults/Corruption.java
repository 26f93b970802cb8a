package dev.vecho.faults;

import dev.vecho.faults.DirectionFaults.Corrupt;
import io.vertx.core.buffer.Buffer;
import java.util.random.RandomGenerator;

/** Turns a bit of some bytes. */
final class Corruption {

    private final RandomGenerator random;
    private double rate;
    private long untilNext = -1;

    Corruption(RandomGenerator random) {
        this.random = random;
    }

    /**
     * Corrupts bytes that follow those of the last call.
     *
     * @param offset of the first of them
     * @param count is called for each byte that was changed
     * @return the same where nothing was changed, or else a copy
     */
    Buffer apply(Corrupt faults, Buffer bytes, long offset, Runnable count) {
        Buffer changed = bytes;
        int length = bytes.length();
        long fixed = faults.offset() - offset;
        if (fixed >= 0 && fixed < length) {
            changed = turn(bytes, changed, (int) fixed, count);
        }
        if (faults.rate() > 0) {
            if (faults.rate() != rate) {
                rate = faults.rate();
                untilNext = draw();
            }
            while (untilNext < length) {
                changed = turn(bytes, changed, (int) untilNext, count);
                untilNext += 1 + draw();
            }
            untilNext -= length;
        }
        return changed;
    }

    /** How many bytes stay as they are before the next that does not: so one draw is enough for all of them. */
    private long draw() {
        return rate >= 1 ? 0 : (long) (Math.log(1 - random.nextDouble()) / Math.log1p(-rate));
    }

    private Buffer turn(Buffer original, Buffer changed, int index, Runnable count) {
        Buffer copy = changed == original ? original.copy() : changed;
        copy.setByte(index, (byte) (copy.getByte(index) ^ (1 << random.nextInt(8))));
        count.run();
        return copy;
    }
}
