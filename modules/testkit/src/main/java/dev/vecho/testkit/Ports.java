package dev.vecho.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;

/**
 * Ports for what cannot be told to take any: programs, servers that come back where they were, targets at which nobody listens. They are not
 * among those that the system gives to whom takes any, and each process of tests has some of its own, so that nobody else takes one meanwhile.
 */
public final class Ports {

    /** Linux gives those from 32768 on to who takes any. */
    private static final int FIRST = 15_000;

    private static final int BLOCK = 500;
    private static final int BLOCKS = 34;

    /** Held as long as this process lives: the block that begins with it is this process's. */
    private static final ServerSocket CLAIM = claim();

    private static int next = 1;

    private Ports() {}

    private static ServerSocket claim() {
        int start = (int) (ProcessHandle.current().pid() % BLOCKS);
        IOException last = new IOException("no block of ports");
        for (int i = 0; i < BLOCKS; i++) {
            try {
                return new ServerSocket(FIRST + (start + i) % BLOCKS * BLOCK, 1, InetAddress.getByName("127.0.0.1"));
            } catch (IOException e) {
                // Another process has it.
                last = e;
            }
        }
        throw new UncheckedIOException(last);
    }

    /** One that nobody has, neither of TCP nor of UDP, on any address. */
    public static int free() throws IOException {
        return free(1);
    }

    /**
     * The first of several that follow one another.
     *
     * @param count less than 500
     */
    public static synchronized int free(int count) throws IOException {
        for (int tries = 0; tries < BLOCK; tries++) {
            next = next + count > BLOCK ? 1 : next;
            int first = CLAIM.getLocalPort() + next;
            next += count;
            if (areFree(first, count)) {
                return first;
            }
        }
        throw new IOException("no port is free");
    }

    private static boolean areFree(int first, int count) {
        for (int port = first; port < first + count; port++) {
            try (ServerSocket tcp = new ServerSocket(port, 1);
                    DatagramSocket udp = new DatagramSocket(port)) {
                if (!tcp.isBound() || !udp.isBound()) {
                    return false;
                }
            } catch (IOException e) {
                return false;
            }
        }
        return true;
    }
}
