package dev.vecho.monitor;

import java.time.Duration;

/**
 * The times of notifications that nobody configures.
 *
 * @param gather how long a change waits for others, to be sent with them
 * @param firstPause after a request that failed; twice as long after each further one
 * @param longestPause how long that may become
 * @param look how often to look for checks that have come or gone
 * @param stop how long stopping waits for what is still to be told
 */
record Pace(Duration gather, Duration firstPause, Duration longestPause, Duration look, Duration stop) {

    static final Pace USUAL = new Pace(
            Duration.ofMillis(200),
            Duration.ofSeconds(1),
            Duration.ofMinutes(1),
            Duration.ofSeconds(1),
            Duration.ofSeconds(5));
}
