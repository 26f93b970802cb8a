package dev.vecho.transport.http;

import dev.vecho.core.config.Bounds;
import dev.vecho.core.config.Options;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What may be kept of requests whose clients send, and do not read what comes back.
 *
 * @param memoryBytes of one request, what is kept in memory; what is beyond goes to a temporary file; key {@code
 *     requestBufferBytes}, default 65,536
 * @param maxBytes of one request, in memory and file together; beyond that its input is not read any more; key {@code
 *     requestBufferMaxBytes}, default 268,435,456; 0 keeps nothing
 * @param totalBytes of all requests of the listener together; key {@code requestBufferTotalBytes}, default 1,073,741,824
 * @param directory for the temporary files; key {@code requestBufferDirectory}, default the JVM's
 * @param stall breaks off a request that waits for its client when no byte of its response was taken for so long; zero for
 *     never; key {@code stallTimeoutMillis}, default 60,000
 */
record RequestBufferOptions(int memoryBytes, long maxBytes, long totalBytes, Path directory, Duration stall) {

    private static final long MIB = 1 << 20;

    static RequestBufferOptions read(Options options) {
        long maxBytes = options.integer("requestBufferMaxBytes", 256 * MIB, 0, Long.MAX_VALUE);
        long totalBytes = options.integer("requestBufferTotalBytes", Math.max(1024 * MIB, maxBytes), 0, Long.MAX_VALUE);
        if (maxBytes > totalBytes) {
            options.problem(
                    "requestBufferMaxBytes",
                    "must be at most requestBufferTotalBytes, which is " + totalBytes + ", was " + maxBytes);
        }
        int memoryBytes = options.integer("requestBufferBytes", 64 * 1024, 0, Bounds.MAX_BYTES);
        if (options.has("requestBufferBytes") && memoryBytes > maxBytes) {
            options.problem(
                    "requestBufferBytes",
                    "must be at most requestBufferMaxBytes, which is " + maxBytes + ", was " + memoryBytes);
        }
        Path directory = options.file("requestBufferDirectory");
        if (directory == null) {
            directory = Path.of(System.getProperty("java.io.tmpdir"));
        } else if (!Files.isDirectory(directory) || !Files.isWritable(directory)) {
            options.problem("requestBufferDirectory", "must be a directory that can be written to, was " + directory);
        }
        return new RequestBufferOptions(
                memoryBytes,
                maxBytes,
                totalBytes,
                directory,
                options.millis("stallTimeoutMillis", Duration.ofMinutes(1), Duration.ZERO));
    }
}
