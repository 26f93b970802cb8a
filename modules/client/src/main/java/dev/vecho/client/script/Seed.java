package dev.vecho.client.script;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Where random payloads without a seed of their own come from: each connection of each round of each case has others, so
 * that an echo of another one is found out.
 *
 * @param value 0 to 2^53 - 1, which every reader of JSON keeps exactly
 */
public record Seed(long value) {

    /** The greatest value. */
    static final long MAX = (1L << 53) - 1;

    // Odd, so that no two of 2^53 cases or rounds have the same; what they are does not matter otherwise.
    private static final long BETWEEN_CASES = 0x1A2F5C6B9D37E5L;
    private static final long BETWEEN_ROUNDS = 0x0C9E3779B97F4BL;

    public Seed {
        if (value < 0 || value > MAX) {
            throw new IllegalArgumentException("must be 0.." + MAX + ", was " + value);
        }
    }

    /** Another one each time. */
    public static Seed any() {
        return new Seed(ThreadLocalRandom.current().nextLong(MAX + 1));
    }

    /**
     * The seed of a round, that of a run being this. The first round of the first case has the run's own: that is how any
     * round can be played again.
     *
     * @param index of the case, from 0
     * @param number of the round, from 1
     */
    public Seed round(int index, int number) {
        return new Seed((value + index * BETWEEN_CASES + (number - 1) * BETWEEN_ROUNDS) & MAX);
    }

    /**
     * The seed of a payload, that of its round being this.
     *
     * @param connection from 0
     * @param send from 0
     */
    public long payload(int connection, int send) {
        return RandomPayload.mix(RandomPayload.mix(value + RandomPayload.GOLDEN_GAMMA * (connection + 1L)) + send);
    }
}
