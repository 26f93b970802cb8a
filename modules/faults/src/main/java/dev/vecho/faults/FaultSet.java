package dev.vecho.faults;

import dev.vecho.core.Faults.Certificate;
import java.time.Duration;
import java.util.Map;

/**
 * All that a listener does on purpose.
 *
 * @param seed of everything that is drawn
 * @param probability the share of connections to which anything is done
 * @param every the length of a period, of which {@code duration} is the first part; zero where there is only one
 * @param duration how long it is done; zero for as long as it is configured
 * @param silent whether connections are accepted and nothing is said
 * @param neverAccept whether connections wait to be accepted for ever
 * @param certificates that are wrong, by the names that clients ask for
 * @param handshakeDelay holds up the handshake of TLS
 */
record FaultSet(
        long seed,
        double probability,
        Duration every,
        Duration duration,
        boolean silent,
        boolean neverAccept,
        Map<String, Certificate> certificates,
        Distribution handshakeDelay,
        DirectionFaults toPeer,
        DirectionFaults fromPeer) {

    private static final Distribution AT_ONCE = random -> 0;

    /** Nothing. */
    static final FaultSet NONE = new FaultSet(
            0,
            1,
            Duration.ZERO,
            Duration.ZERO,
            false,
            false,
            Map.of(),
            AT_ONCE,
            DirectionFaults.NONE,
            DirectionFaults.NONE);

    static Distribution atOnce() {
        return AT_ONCE;
    }

    /**
     * Whether it is done to a connection now.
     *
     * @param drawn what was drawn for the connection, from 0 to 1
     * @param nanos since this came into force
     */
    boolean acts(double drawn, long nanos) {
        if (drawn >= probability) {
            return false;
        }
        if (duration.isZero()) {
            return true;
        }
        return (every.isZero() ? nanos : nanos % every.toNanos()) < duration.toNanos();
    }

    /** How long until {@link #acts} may change; {@link Long#MAX_VALUE} for never. */
    long untilChange(long nanos) {
        if (duration.isZero()) {
            return Long.MAX_VALUE;
        }
        long within = every.isZero() ? nanos : nanos % every.toNanos();
        if (within < duration.toNanos()) {
            return duration.toNanos() - within;
        }
        return every.isZero() ? Long.MAX_VALUE : every.toNanos() - within;
    }
}
