package dev.vecho.launcher;

import dev.vecho.core.config.Bounds;
import dev.vecho.core.config.Options;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the access log goes.
 *
 * @param file relative to the source that names it; null for stdout
 * @param rotation when it is renamed; default by size
 * @param maxFileBytes how large it becomes, about, before it is renamed; default 100 MiB
 * @param maxFiles how many of the renamed ones are kept, or of how many hours or days; default 5
 * @param queueLines how many lines may wait to be written; default 8,192
 */
record AccessLogOptions(
        @Nullable Path file, AccessLogRotation rotation, long maxFileBytes, int maxFiles, int queueLines) {

    private static final long DEFAULT_BYTES = 100L << 20;
    private static final long LEAST_BYTES = 1024;
    private static final long MOST_BYTES = 1L << 40;

    static final int MOST_FILES = 1000;

    private static final Map<String, AccessLogRotation> ROTATIONS =
            Map.of("size", AccessLogRotation.SIZE, "hour", AccessLogRotation.HOUR, "day", AccessLogRotation.DAY);

    private static final int LEAST_LINES = 16;
    private static final int DEFAULT_LINES = 8192;

    static AccessLogOptions read(Options options) {
        AccessLogOptions read = new AccessLogOptions(
                file(options),
                options.choice("rotate", AccessLogRotation.SIZE, ROTATIONS),
                options.integer("maxFileBytes", DEFAULT_BYTES, LEAST_BYTES, MOST_BYTES),
                options.integer("maxFiles", 5, 1, MOST_FILES),
                options.integer("queueLines", DEFAULT_LINES, LEAST_LINES, Bounds.MAX_COUNT));
        options.rejectUnknownKeys();
        return read;
    }

    /** Not as a file whose content belongs to the configuration. */
    private static @Nullable Path file(Options options) {
        String text = options.text("file");
        if (text == null) {
            return null;
        }
        if (text.matches(".*[%(){}].*")) {
            options.problem("file", "must not have any of % ( ) { } in its name, which mean something else to logback");
            return null;
        }
        try {
            Path file = options.source("file").directory().resolve(text).toAbsolutePath();
            Path parent = file.getParent();
            if (parent == null || !Files.isDirectory(parent)) {
                options.problem("file", "must be in a directory that exists, was \"" + text + "\"");
            } else if (Files.isDirectory(file)) {
                options.problem("file", "must be a file, \"" + text + "\" is a directory");
            }
            return file;
        } catch (InvalidPathException e) {
            options.problem("file", "is no name of a file: " + e.getReason());
            return null;
        }
    }
}
