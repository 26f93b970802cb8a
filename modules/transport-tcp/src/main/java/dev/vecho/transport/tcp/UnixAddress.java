package dev.vecho.transport.tcp;

import dev.vecho.net.Addresses;
import io.vertx.core.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a Unix domain socket is: at a file, or, on Linux, at an abstract name, which is gone when the socket is, and which
 * everybody in the same network namespace may connect to, unix(7).
 *
 * @param path of the file, or a NUL and the abstract name, as the operating system has it
 */
record UnixAddress(String path) {

    private static final boolean LINUX = "Linux".equals(System.getProperty("os.name"));

    /** The room that the operating system has, with the NUL that is before an abstract name or after a path. */
    private static final int ROOM = 108;

    /** Whether a user means an abstract socket; a file whose name begins so is {@code ./@name}. */
    static boolean isAbstract(String text) {
        return text.startsWith("@");
    }

    /** Reads what {@link #toString} writes. */
    static UnixAddress of(String text) {
        return new UnixAddress(isAbstract(text) ? "\0" + text.substring(1) : text);
    }

    /** What is wrong with it, if anything is. */
    Optional<String> problem() {
        int bytes = path.getBytes(StandardCharsets.UTF_8).length;
        if (path.indexOf('\0', 1) >= 0) {
            return Optional.of("must have no NUL");
        }
        if (!isAbstract()) {
            return bytes < ROOM
                    ? Optional.empty()
                    : Optional.of("must be at most " + (ROOM - 1) + " bytes when absolute, was " + bytes + ": " + path);
        }
        if (!LINUX) {
            return Optional.of("abstract sockets (\"@\") are known to Linux only; write ./" + this + " for a file");
        }
        if (bytes == 1) {
            return Optional.of("has no name after its \"@\"");
        }
        return bytes <= ROOM
                ? Optional.empty()
                : Optional.of("must have at most " + (ROOM - 1) + " bytes after its \"@\", was " + (bytes - 1));
    }

    boolean isAbstract() {
        return path.startsWith("\0");
    }

    /** The file of a socket that is not abstract. */
    Path file() {
        return Path.of(path);
    }

    SocketAddress toVertx() {
        return SocketAddress.domainSocketAddress(path);
    }

    /** As users write it: {@code /run/echo.sock} or {@code @echo}. */
    @Override
    public String toString() {
        return Addresses.unixPath(path);
    }
}
