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
 */
public record ConnectionLimits(Duration idle, int maxConnections, int writeQueueBytes) {

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
                options.integer("writeQueueBytes", DEFAULT_WRITE_QUEUE, LEAST_WRITE_QUEUE, Bounds.MAX_BYTES));
    }

    /** The same with another time that a connection may be quiet. */
    public ConnectionLimits withIdle(Duration other) {
        return new ConnectionLimits(other, maxConnections, writeQueueBytes);
    }
}
