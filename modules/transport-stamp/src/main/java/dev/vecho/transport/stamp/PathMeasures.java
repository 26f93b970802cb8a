package dev.vecho.transport.stamp;

import dev.vecho.core.Directions;
import dev.vecho.core.Directions.Delay;
import dev.vecho.core.Directions.Direction;
import dev.vecho.transport.stamp.TestPackets.FollowUp;
import dev.vecho.transport.stamp.TestPackets.Reply;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what became of the packets of a session on each way, from the numbers of both sides: a stateful reflector numbers what it
 * sends back, so that a gap in its numbers is a packet that was lost on the way back, and what is missing beyond that did not reach it.
 *
 * <p>What was lost after the last packet that came back was lost on either way. So it is with all that is lost where the reflector repeats
 * the sender's numbers, and where it is not known whether it does: as long as nothing is lost on the way to it, both number alike. A
 * stateful reflector is known by a number that differs, and by the extension for follow-up telemetry.
 *
 * <p>Two bits are kept for each packet, until the directions are taken. Used on the connection's event loop only.
 */
final class PathMeasures {

    /** Of numbers in the order in which they came, before these are sorted. */
    private static final int MAX_PAIRS = 65_536;

    /** How far a reflector's numbers may be ahead of what was sent: twice as much, because of duplicates, and this. */
    private static final int MAX_AHEAD = 65_536;

    private static final double JITTER_GAIN = 1 / 16.0;
    private static final long UNSIGNED = 0xFFFF_FFFFL;

    private final @Nullable Duration clockError;
    private final boolean told;
    private @Nullable Boolean stateful;
    private long next;

    /** The highest number of the reflector; -1 before the first. */
    private long highest = -1;

    // What follows is of the packets since the directions were taken.

    private long first;
    private BitSet replied = new BitSet();
    private BitSet reflected = new BitSet();

    /** The reflector's number before these; known only where nothing before is in doubt. */
    private long base = -1;

    private boolean baseKnown;

    /** The first packet that is judged. */
    private long from;

    private long highestReplied = -1;
    private long highestArrived = -1;
    private boolean confused;
    private long duplicatedForward;
    private long duplicatedBackward;
    private long reorderedForward;
    private long reorderedBackward;
    private long[] pairs = new long[64];
    private int pairCount;
    private long reorderedUpTo = -1;
    private Way forward = new Way();
    private Way backward = new Way();
    private Duration estimate = Duration.ZERO;
    private boolean synchronised = true;
    private long processing;
    private long processed;

    /**
     * Begins a session.
     *
     * @param stateful whether the reflector is; null where that is to be found out
     * @param clockError how far this side's clock may be off; null where nothing keeps it right
     */
    PathMeasures(@Nullable Boolean stateful, @Nullable Duration clockError) {
        this.stateful = stateful;
        this.told = stateful != null;
        this.clockError = clockError;
    }

    /** The number of the packet that is sent now. */
    long send() {
        return next++;
    }

    /** Which packet has a number of 32 bits that came back; -1 if none can. */
    long number(int sequence) {
        long age = ((int) next - sequence) & UNSIGNED;
        return age == 0 || age > next ? -1 : next - age;
    }

    /** Whether the reflector numbers by itself; null where that is not known. */
    @Nullable Boolean stateful() {
        return stateful;
    }

    /** How long packets were with the reflector, on the average; null before one came back. */
    @Nullable Duration processing() {
        return processed == 0 ? null : Duration.ofNanos(processing / processed);
    }

    /**
     * A packet came back.
     *
     * @param number see {@link #number}
     * @param sent when it was sent
     * @param came when it came back
     */
    void back(long number, Reply reply, Instant sent, Instant came) {
        findOut((int) number, reply);
        int ahead = reply.sequence() - (int) highest;
        long reflector = highest < 0 ? reply.sequence() & UNSIGNED : highest + ahead;
        boolean late = number < first || replied.get((int) (number - first));
        count(number, reflector);
        if (late) {
            return;
        }
        forward.took(Duration.between(sent, reply.received()).toNanos());
        backward.took(Duration.between(reply.sent(), came).toNanos());
        processing += Duration.between(reply.received(), reply.sent()).toNanos();
        processed++;
        synchronised &= reply.estimate().synchronised();
        estimate = reply.estimate().error().compareTo(estimate) > 0
                ? reply.estimate().error()
                : estimate;
    }

    private void findOut(int number, Reply reply) {
        FollowUp followUp = reply.followUp();
        if (told || Boolean.TRUE.equals(stateful)) {
            return;
        }
        if (reply.sequence() != number) {
            stateful = true;
        } else if (followUp != null && followUp.timestamp() != 0) {
            if (followUp.sequence() == reply.sequence() - 1) {
                stateful = true;
            }
        } else if (followUp != null && reply.sequence() != 0) {
            stateful = false;
        }
    }

    private void count(long number, long reflector) {
        boolean late = number < first;
        if (!baseKnown) {
            if (late) {
                return;
            }
            baseKnown = true;
            boolean fromTheStart = highest < 0 && first == 0 && reflector <= number;
            base = fromTheStart ? -1 : reflector - 1;
            from = fromTheStart ? 0 : number;
            highestArrived = base;
        }
        long place = reflector - base - 1;
        boolean tooFar = place > MAX_AHEAD + 2 * (next - first);
        boolean taken = place < 0 || (!tooFar && reflected.get((int) place));
        boolean repeated = !late && replied.get((int) (number - first));
        if (!late) {
            replied.set((int) (number - first));
            // Such a number is that of a reflector that began anew, or lies.
            confused |= tooFar || (taken && !repeated && number >= from);
        }
        if (confused || tooFar) {
            return;
        }
        highest = Math.max(highest, reflector);
        if (repeated) {
            duplicatedForward += taken ? 0 : 1;
            duplicatedBackward += taken ? 1 : 0;
        }
        if (taken) {
            return;
        }
        reflected.set((int) place);
        if (!late) {
            reorderedBackward += reflector < highestArrived ? 1 : 0;
        }
        highestArrived = Math.max(highestArrived, reflector);
        if (!late && !repeated && number >= from) {
            highestReplied = Math.max(highestReplied, number);
            pair(place, number - first);
        }
    }

    private void pair(long place, long offset) {
        if (pairCount == MAX_PAIRS) {
            sortPairs();
        } else if (pairCount == pairs.length) {
            pairs = Arrays.copyOf(pairs, 2 * pairCount);
        }
        pairs[pairCount++] = (place << Integer.SIZE) | offset;
    }

    /** Goes through them in the order in which they reached the reflector. */
    private void sortPairs() {
        Arrays.sort(pairs, 0, pairCount);
        for (int i = 0; i < pairCount; i++) {
            long offset = pairs[i] & UNSIGNED;
            reorderedForward += offset < reorderedUpTo ? 1 : 0;
            reorderedUpTo = Math.max(reorderedUpTo, offset);
        }
        pairCount = 0;
    }

    /** Tells what was found out since this was called last. */
    Directions take() {
        sortPairs();
        long lost = next - first - replied.cardinality();
        boolean counts = Boolean.TRUE.equals(stateful) && baseKnown && !confused;
        // Where all came back, nothing was lost anywhere.
        boolean none = lost == 0 && next > first;
        long lostBackward = 0;
        long lostForward = 0;
        if (counts) {
            long begin = from - first;
            long end = Math.max(highestReplied + 1, from) - first;
            long missing = end - begin - replied.get((int) begin, (int) end).cardinality();
            // Of what came twice, one may be missing, and no packet.
            lostBackward = Math.min(lost, highestArrived - base - reflected.cardinality());
            lostForward = Math.max(0, missing - lostBackward);
        }
        long unknown = Math.max(0, lost - lostForward - lostBackward);
        Duration error = clockError == null || !synchronised ? null : clockError.plus(estimate);
        Directions directions = new Directions(
                new Direction(
                        none || counts ? lostForward : null,
                        counts ? duplicatedForward : null,
                        counts ? reorderedForward : null,
                        forward.jitter(),
                        forward.delay(error)),
                new Direction(
                        none || counts ? lostBackward : null,
                        counts ? duplicatedBackward : null,
                        counts ? reorderedBackward : null,
                        backward.jitter(),
                        backward.delay(error)),
                unknown);
        begin(unknown);
        return directions;
    }

    /** What is in doubt must not be counted for the packets that follow. */
    private void begin(long unknown) {
        boolean certain = next == first ? baseKnown : baseKnown && unknown == 0 && !confused;
        first = next;
        from = next;
        base = highestArrived;
        baseKnown = certain;
        replied = new BitSet();
        reflected = new BitSet();
        highestReplied = -1;
        confused = false;
        duplicatedForward = 0;
        duplicatedBackward = 0;
        reorderedForward = 0;
        reorderedBackward = 0;
        reorderedUpTo = -1;
        forward = new Way();
        backward = new Way();
        estimate = Duration.ZERO;
        synchronised = true;
    }

    /** The times of one way, by clocks that need not agree. */
    private static final class Way {

        private long count;
        private long least;
        private long most;
        private double sum;
        private long before;
        private double jitter;

        void took(long nanos) {
            if (count > 0) {
                jitter += (Math.abs((double) nanos - before) - jitter) * JITTER_GAIN;
            }
            least = count == 0 ? nanos : Math.min(least, nanos);
            most = count == 0 ? nanos : Math.max(most, nanos);
            sum += nanos;
            before = nanos;
            count++;
        }

        @Nullable Duration jitter() {
            return count < 2 ? null : Duration.ofNanos(Math.round(jitter));
        }

        @Nullable Delay delay(@Nullable Duration error) {
            return count == 0 || error == null
                    ? null
                    : new Delay(
                            count,
                            Duration.ofNanos(least),
                            Duration.ofNanos(Math.round(sum / count)),
                            Duration.ofNanos(most),
                            error);
        }
    }
}
