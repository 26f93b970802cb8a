package dev.vecho.net.listen;

import dev.vecho.core.config.Bounds;
import dev.vecho.core.config.Options;
import java.time.Duration;

/**
 * What every listener with connections limits.
 *
 * @param idle closes a connection that was quiet for so long; zero for never; key {@code idleTimeoutMillis}
 * @param maxConnections further ones are refused; default 10,000
 * @param writeQueueBytes how much may wait for a slow reader before its input is not read any more; default 65,536
 * @param admission who may connect
 * @param rates how fast a client may send
 * @param lifetime a connection that is so old ends as if its listener drained, and is cut when it is twice as old, {@link #GRACE}
 *     after that at the latest; zero for never, the default; key {@code maxLifetimeMillis}
 */
public record ConnectionLimits(
        Duration idle,
        int maxConnections,
        int writeQueueBytes,
        AdmissionRules admission,
        ByteRates rates,
        Duration lifetime) {

    /** How long a connection may take to end, once it is as old as it may be. */
    public static final Duration GRACE = Duration.ofSeconds(10);

    private static final String[] ADDRESS_KEYS = {
        "allow", "deny", "maxConnectionsPerAddress", "maxNewConnectionsPerSecondPerAddress"
    };
    private static final int DEFAULT_CONNECTIONS = 10_000;
    private static final int DEFAULT_WRITE_QUEUE = 64 * 1024;
    private static final int LEAST_WRITE_QUEUE = 1024;

    /** Reads them, for connections that end with an answer: by default an idle one is kept. */
    public static ConnectionLimits read(Options options) {
        return read(options, Duration.ZERO, Duration.ZERO);
    }

    /**
     * Reads them.
     *
     * @param idle how long a connection may be quiet by default
     * @param leastIdle how short that may be; zero where never is allowed
     */
    public static ConnectionLimits read(Options options, Duration idle, Duration leastIdle) {
        return new ConnectionLimits(
                options.millis("idleTimeoutMillis", idle, leastIdle),
                options.integer("maxConnections", DEFAULT_CONNECTIONS, 1, Integer.MAX_VALUE),
                options.integer("writeQueueBytes", DEFAULT_WRITE_QUEUE, LEAST_WRITE_QUEUE, Bounds.MAX_BYTES),
                AdmissionRules.read(options),
                ByteRates.read(options),
                options.millis("maxLifetimeMillis", Duration.ZERO, Duration.ZERO));
    }

    /** The same with another time that a connection may be quiet. */
    public ConnectionLimits withIdle(Duration other) {
        return new ConnectionLimits(other, maxConnections, writeQueueBytes, admission, rates, lifetime);
    }

    /** How long a connection that has reached its {@link #lifetime} may take to end before it is cut. */
    public Duration grace() {
        return lifetime.compareTo(GRACE) < 0 ? lifetime : GRACE;
    }

    /** Says that a listener does not know where its clients are. */
    public static void refuseAddresses(Options options, String why) {
        for (String key : ADDRESS_KEYS) {
            options.refuse(key, why);
        }
    }
}
