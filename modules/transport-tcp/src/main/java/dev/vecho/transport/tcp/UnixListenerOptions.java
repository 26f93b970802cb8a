package dev.vecho.transport.tcp;

import dev.vecho.core.Options;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;

/**
 * The options of one listener on a Unix domain socket.
 *
 * @param path of the socket file, relative to the file that names it; no default; at most 107 bytes when made absolute,
 *     for the operating system has room for no more
 * @param mode who may connect: the file's permissions, as three or four octal digits; default {@code "0600"}, the
 *     service's own user
 * @param backlog connections that the operating system keeps until they are accepted; default 1024
 * @param connections the options of accepted connections
 */
record UnixListenerOptions(Path path, Set<PosixFilePermission> mode, int backlog, ConnectionOptions connections) {

    private static final int MAX_PATH_BYTES = 107;

    static UnixListenerOptions read(Vertx vertx, Options options) {
        Path path = options.file("path");
        if (path == null) {
            if (!options.has("path")) {
                options.problem("path", "is missing: the socket's file");
            }
            path = Path.of("");
        }
        path = path.toAbsolutePath().normalize();
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_PATH_BYTES) {
            options.problem(
                    "path", "must be at most " + MAX_PATH_BYTES + " bytes when absolute, was " + bytes + ": " + path);
        }
        UnixListenerOptions read = new UnixListenerOptions(
                path,
                mode(options),
                options.integer("backlog", TcpListenerOptions.DEFAULT_BACKLOG, 1, 1 << 20),
                ConnectionOptions.read(vertx, options, "localhost"));
        options.rejectUnknownKeys();
        return read;
    }

    private static Set<PosixFilePermission> mode(Options options) {
        String text = options.text("mode", "0600");
        Set<PosixFilePermission> mode = EnumSet.noneOf(PosixFilePermission.class);
        if (!text.matches("0?[0-7]{3}")) {
            options.problem("mode", "must be three octal digits such as \"0660\", was \"" + text + "\"");
            return mode;
        }
        int bits = Integer.parseInt(text, 8);
        // The constants stand in the order of the bits, the owner's read permission first.
        PosixFilePermission[] all = PosixFilePermission.values();
        for (int i = 0; i < all.length; i++) {
            if ((bits >> (all.length - 1 - i) & 1) != 0) {
                mode.add(all[i]);
            }
        }
        return mode;
    }
}
