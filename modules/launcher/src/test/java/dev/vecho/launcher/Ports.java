package dev.vecho.launcher;

import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.TimeUnit;

/** Ports of 127.0.0.1 for programs that cannot be told to take any. */
final class Ports {

    private static final int PATIENCE_SECONDS = 60;

    private Ports() {}

    /** See {@link dev.vecho.testkit.Ports#free}. */
    static int free() throws IOException {
        return dev.vecho.testkit.Ports.free();
    }

    /** Waits until a program accepts connections on a port; false where it ends before, or takes a minute. */
    static boolean listens(Process process, int port) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (process.isAlive() && System.nanoTime() - end < 0) {
            try (Socket socket = new Socket("127.0.0.1", port)) {
                return socket.isConnected();
            } catch (IOException e) {
                // Not yet, or never: its end tells.
                process.waitFor(10, TimeUnit.MILLISECONDS);
            }
        }
        return false;
    }
}
