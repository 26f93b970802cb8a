package dev.vecho.monitor;

import dev.vecho.core.config.Options;

/**
 * When a case is failing.
 *
 * @param failures so many rounds of the last {@code outOf} must fail, and as many in a row must pass until it is ok again; default 1
 * @param outOf how many rounds are looked at; default {@code failures}
 */
public record Alert(int failures, int outOf) {

    /** The results of the last rounds are the bits of one number. */
    static final int MOST = 60;

    public Alert {
        if (failures < 1 || outOf < failures || outOf > MOST) {
            throw new IllegalArgumentException(failures + " out of " + outOf);
        }
    }

    static Alert read(Options options) {
        int failures = options.integer("failures", 1, 1, MOST);
        int outOf = options.integer("outOf", failures, 1, MOST);
        options.rejectUnknownKeys();
        if (outOf < failures) {
            options.problem("outOf", "must be failures or more, which is " + failures + ", was " + outOf);
            return new Alert(1, 1);
        }
        return new Alert(failures, outOf);
    }
}
