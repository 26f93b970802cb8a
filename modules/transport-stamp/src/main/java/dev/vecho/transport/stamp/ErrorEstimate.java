package dev.vecho.transport.stamp;

import java.time.Duration;

/**
 * How good a timestamp is, in two octets: whether the clock is synchronised with UTC (S), the format (Z), and by how much it may be
 * wrong, as a multiple of a power of two; RFC 4656, section 4.1.2, and RFC 8186.
 *
 * @param error at least 2^-32 of a second
 */
record ErrorEstimate(boolean synchronised, Timestamps format, Duration error) {

    private static final int S = 0x8000;
    private static final int Z = 0x4000;
    private static final int MAX_SCALE = 63;
    private static final int MAX_MULTIPLIER = 255;
    private static final double UNIT_NANOS = 1e9 / (1L << 32);

    /** That of a clock of which nothing is known. */
    static ErrorEstimate unknown(Timestamps format) {
        return new ErrorEstimate(false, format, Duration.ofDays(365_000));
    }

    /** The estimate in two octets, never less than it is. */
    int encode() {
        double units = (error.getSeconds() * 1e9 + error.getNano()) / UNIT_NANOS;
        int scale = 0;
        while (units > MAX_MULTIPLIER && scale < MAX_SCALE) {
            units /= 2;
            scale++;
        }
        int multiplier = (int) Math.min(MAX_MULTIPLIER, Math.max(1, Math.ceil(units)));
        return (synchronised ? S : 0) | (format == Timestamps.PTP ? Z : 0) | (scale << 8) | multiplier;
    }

    static ErrorEstimate decode(int octets) {
        double nanos = (octets & 0xFF) * UNIT_NANOS * Math.scalb(1.0, (octets >>> 8) & MAX_SCALE);
        // Of what a Duration can have, no more than what a long of nanoseconds can.
        long whole = (long) Math.ceil(Math.min(nanos, Long.MAX_VALUE / 2.0));
        return new ErrorEstimate(
                (octets & S) != 0, (octets & Z) != 0 ? Timestamps.PTP : Timestamps.NTP, Duration.ofNanos(whole));
    }
}
