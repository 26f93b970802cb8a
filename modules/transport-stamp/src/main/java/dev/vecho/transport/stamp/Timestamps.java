package dev.vecho.transport.stamp;

import java.time.Instant;

/** How a timestamp of 64 bits is written: RFC 8762, section 4.2.1, and RFC 8186. */
enum Timestamps {

    /** Seconds since 1900, and 2^-32 of one: the format of NTP (RFC 5905). */
    NTP {
        @Override
        long encode(Instant instant) {
            long seconds = instant.getEpochSecond() + SECONDS_1900_TO_1970;
            // Rounded up, so that decoding, which rounds down, gives the same nanosecond.
            long fraction = (((long) instant.getNano() << Integer.SIZE) + NANOS - 1) / NANOS;
            return (seconds << Integer.SIZE) | fraction;
        }

        @Override
        Instant decode(long timestamp, Instant near) {
            long nanos = ((timestamp & UNSIGNED) * NANOS) >>> Integer.SIZE;
            return Instant.ofEpochSecond(
                    nearest(timestamp >>> Integer.SIZE, near.getEpochSecond() + SECONDS_1900_TO_1970)
                            - SECONDS_1900_TO_1970,
                    nanos);
        }
    },

    /** Seconds since 1970, and nanoseconds: the truncated format of PTPv2 (IEEE 1588). */
    PTP {
        @Override
        long encode(Instant instant) {
            return (instant.getEpochSecond() << Integer.SIZE) | instant.getNano();
        }

        @Override
        Instant decode(long timestamp, Instant near) {
            return Instant.ofEpochSecond(
                    nearest(timestamp >>> Integer.SIZE, near.getEpochSecond()), timestamp & UNSIGNED);
        }
    };

    private static final long SECONDS_1900_TO_1970 = 2_208_988_800L;
    private static final long NANOS = 1_000_000_000;
    private static final long UNSIGNED = 0xFFFF_FFFFL;

    abstract long encode(Instant instant);

    /**
     * Reads a timestamp, whose seconds start again from 0 after 136 years.
     *
     * @param near decides which time it is: the nearest to this one
     */
    abstract Instant decode(long timestamp, Instant near);

    private static long nearest(long seconds, long near) {
        return near + (int) (seconds - near);
    }
}
