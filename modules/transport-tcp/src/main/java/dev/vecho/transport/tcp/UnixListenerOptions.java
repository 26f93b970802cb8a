package dev.vecho.transport.tcp;

import dev.vecho.core.config.Options;
import dev.vecho.net.listen.ConnectionLimits;
import dev.vecho.net.listen.SocketOptions;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;

/**
 * The options of one listener on a Unix domain socket.
 *
 * @param address key {@code path}: the socket's file, relative to the file that names it, or {@code @} and the name of an
 *     abstract socket; no default
 * @param mode who may connect: the file's permissions, as three or four octal digits; default {@code "0600"}, the
 *     service's own user; an abstract socket has none
 * @param backlog connections that the operating system keeps until they are accepted; default 1024
 * @param connections the options of accepted connections
 */
record UnixListenerOptions(
        UnixAddress address, Set<PosixFilePermission> mode, int backlog, ConnectionOptions connections) {

    static UnixListenerOptions read(Vertx vertx, Options options) {
        String text = options.text("path");
        if (text == null && !options.has("path")) {
            options.problem("path", "is missing: the socket's file, or \"@\" and the name of an abstract one");
        }
        UnixAddress address;
        if (text != null && UnixAddress.isAbstract(text)) {
            address = UnixAddress.of(text);
            if (options.has("mode")) {
                options.problem("mode", "has no meaning for an abstract socket, which has no file");
            }
        } else {
            Path path = text == null ? null : options.file("path");
            address = new UnixAddress((path == null ? Path.of("") : path)
                    .toAbsolutePath()
                    .normalize()
                    .toString());
        }
        if (!options.flag("proxyProtocol", false)) {
            ConnectionLimits.refuseAddresses(
                    options, "needs proxyProtocol: a client of a Unix domain socket has no address");
        }
        address.problem().ifPresent(problem -> options.problem("path", problem));
        UnixListenerOptions read = new UnixListenerOptions(
                address,
                mode(options),
                SocketOptions.readBacklog(options),
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

    /** What a listener has after these that takes over others of the same address. */
    UnixListenerOptions then(UnixListenerOptions next) {
        return new UnixListenerOptions(address, next.mode, next.backlog, connections.then(next.connections));
    }
}
