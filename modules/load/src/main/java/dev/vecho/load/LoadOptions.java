package dev.vecho.load;

import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * What load to put on a target.
 *
 * @param target a URI such as {@code tcp://localhost:7007}
 * @param connections how many at the same time; at least 1
 * @param size of a message, in bytes; at least 1
 * @param depth how many messages a connection may have under way; at least 1
 * @param rate messages a second, over all connections, sent when they are due whether or not the earlier ones have come
 *     back; 0 sends the next message when one has come back. With {@code newConnections}, connections a second
 * @param warmup how long load is put on before it is measured
 * @param duration how long it is measured; more than 0
 * @param threads how many event loops; at least 1. Vert.x must have as many
 * @param newConnections whether each message gets a connection of its own: connect, one echo, close
 * @param timeout how long a message, or a connection, may take before it counts as lost or failed
 * @param tls options of TLS, for the transport
 * @param options of connections, by the {@link dev.vecho.core.Transport#optionsKey key} of the transport; texts may stand for
 *     numbers, truth values and, with commas, lists
 */
public record LoadOptions(
        String target,
        int connections,
        int size,
        int depth,
        double rate,
        Duration warmup,
        Duration duration,
        int threads,
        boolean newConnections,
        Duration timeout,
        JsonObject tls,
        JsonObject options) {

    /** The largest message. */
    public static final int MAX_BYTES = 16 << 20;

    /** One connection, 64 bytes, one message under way, for 10 seconds after 2 of warm-up, on one thread. */
    public static LoadOptions of(String target) {
        return new LoadOptions(
                target,
                1,
                64,
                1,
                0,
                Duration.ofSeconds(2),
                Duration.ofSeconds(10),
                1,
                false,
                Duration.ofSeconds(5),
                new JsonObject(),
                new JsonObject());
    }

    /**
     * Checks them.
     *
     * @throws IllegalArgumentException which names the option, what was expected and what was found
     */
    public LoadOptions {
        within("connections", connections, 1, 1_000_000);
        within("size", size, 1, MAX_BYTES);
        within("depth", depth, 1, 65_536);
        within("threads", threads, 1, 1024);
        if (!(rate >= 0 && rate <= 1e9)) {
            throw new IllegalArgumentException("rate: must be 0..1000000000, was " + rate);
        }
        if (warmup.isNegative()) {
            throw new IllegalArgumentException("warmup: must be 0 or more, was " + warmup);
        }
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException("duration: must be more than 0, was " + duration);
        }
        if (timeout.toMillis() < 1) {
            throw new IllegalArgumentException("timeout: must be 1 ms or more, was " + timeout);
        }
        if (newConnections && depth > 1) {
            throw new IllegalArgumentException(
                    "depth: must be 1 where each message gets a new connection, was " + depth);
        }
        tls = tls.copy();
        options = options.copy();
    }

    private static void within(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + ": must be " + min + ".." + max + ", was " + value);
        }
    }

    /** As JSON, without secrets (keys, passwords). */
    JsonObject toJson() {
        return new JsonObject()
                .put("connections", connections)
                .put("size", size)
                .put("depth", depth)
                .put("rate", rate)
                .put("warmupMillis", warmup.toMillis())
                .put("durationMillis", duration.toMillis())
                .put("threads", threads)
                .put("newConnections", newConnections);
    }
}
