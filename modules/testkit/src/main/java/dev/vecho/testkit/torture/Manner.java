package dev.vecho.testkit.torture;

import java.util.SplittableRandom;

/**
 * How one stream is used.
 *
 * @param size how many bytes are written before the end
 * @param writing in which pieces they are written
 * @param reading in which pieces what comes back is read, and when
 * @param end what happens after the last byte was written
 */
record Manner(long size, Writing writing, Reading reading, End end) {

    /** How a client writes. */
    enum Writing {
        /** In blocks of 64 KiB. */
        BLOCKS,
        /** In pieces of any size, with a pause now and then. */
        PIECES,
        /** Byte by byte. */
        TRICKLE
    }

    /** How a client reads. */
    enum Reading {
        /** All that there is, at once. */
        GREEDY,
        /** In pieces of some bytes. */
        NIBBLING,
        /** Stops reading now and then. */
        STALLING,
        /** Reads only once everything was written, or nothing more can be. */
        LATE,
        /** Writes the next piece when the one before has come back. */
        IN_TURN
    }

    /** How a stream ends. */
    enum End {
        /** The output is closed, and everything comes back. */
        HALF_CLOSE,
        /** The connection is closed with echoes under way. */
        CLOSE,
        /** The connection is reset. */
        RESET
    }

    private static final long SMALL = 64 * 1024;
    private static final long TRICKLE = 2000;

    /**
     * Chooses one.
     *
     * @param largest size, sizes are spread evenly over its powers
     */
    static Manner any(SplittableRandom random, long largest) {
        long size = size(random, largest);
        Writing writing = Writing.BLOCKS;
        if (size <= TRICKLE && random.nextInt(3) == 0) {
            writing = Writing.TRICKLE;
        } else if (random.nextBoolean()) {
            writing = Writing.PIECES;
        }
        Reading[] readings = Reading.values();
        Reading reading = readings[random.nextInt(readings.length)];
        if (size > SMALL && (reading == Reading.NIBBLING || reading == Reading.IN_TURN)) {
            reading = Reading.GREEDY;
        }
        int end = random.nextInt(20);
        return new Manner(
                size,
                writing,
                reading,
                reading == Reading.IN_TURN || end < 15 ? End.HALF_CLOSE : end < 17 ? End.CLOSE : End.RESET);
    }

    /** A size from 0 to the largest, whose logarithm is spread evenly. */
    static long size(SplittableRandom random, long largest) {
        return (long) Math.exp(random.nextDouble() * Math.log(largest + 1.0)) - (random.nextInt(8) == 0 ? 1 : 0);
    }

    /** The same, with an orderly end. */
    Manner orderly() {
        return new Manner(size, writing, reading, End.HALF_CLOSE);
    }
}
