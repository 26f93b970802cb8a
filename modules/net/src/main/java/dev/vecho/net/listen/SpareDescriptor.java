package dev.vecho.net.listen;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * A file descriptor that the process keeps for the time when it has no other one: given up, it lets one connection be
 * accepted, and closed. Safe for any thread.
 */
final class SpareDescriptor {

    private static @Nullable SocketChannel held;

    private SpareDescriptor() {}

    /** Makes sure that it is there. Returns false if it is not, and there is no descriptor left for it. */
    static synchronized boolean hold() {
        if (held == null) {
            held = open();
        }
        return held != null;
    }

    /** Gives it up, for somebody to use its descriptor. Returns false if it had been given up before. */
    static synchronized boolean release() {
        if (held == null) {
            return false;
        }
        close(held);
        held = null;
        return true;
    }

    /** Whether this process, or this machine, can open nothing more. */
    static synchronized boolean isNeeded() {
        SocketChannel another = open();
        if (another == null) {
            return true;
        }
        close(another);
        return false;
    }

    private static @Nullable SocketChannel open() {
        try {
            return SocketChannel.open();
        } catch (IOException e) {
            return null;
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new IllegalStateException("a socket that was never used closes without an exception", e);
        }
    }
}
