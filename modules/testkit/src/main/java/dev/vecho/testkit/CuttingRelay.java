package dev.vecho.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stands between a client and a server of TCP, and sends on what the server says in small pieces: the first bytes one by one,
 * then up to 3,000 at a time. The end of either direction is passed on as it is; a reset ends the other side with a reset.
 */
public final class CuttingRelay implements AutoCloseable {

    private static final int ONE_BY_ONE = 64;
    private static final int LARGEST = 3000;

    private final ServerSocket listener;
    private final InetSocketAddress server;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private CuttingRelay(InetSocketAddress server) throws IOException {
        this.server = server;
        this.listener = new ServerSocket(0, 100, InetAddress.getByName("127.0.0.1"));
        start(this::accept);
    }

    /**
     * Opens a relay.
     *
     * @param target the URI of a server with a host and a port
     */
    public static CuttingRelay to(String target) throws IOException {
        URI uri = URI.create(target);
        return new CuttingRelay(new InetSocketAddress(uri.getHost(), uri.getPort()));
    }

    /** The target as it is reached through this relay. */
    public String target(String original) {
        URI uri = URI.create(original);
        return uri.getScheme() + "://127.0.0.1:" + listener.getLocalPort() + uri.getRawPath();
    }

    @Override
    public void close() throws IOException {
        closed = true;
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private interface Task {
        void run() throws IOException;
    }

    private void accept() throws IOException {
        while (true) {
            Socket client = opened(listener.accept());
            Socket behind = opened(new Socket(server.getAddress(), server.getPort()));
            start(() -> pass(client, behind, false));
            start(() -> pass(behind, client, true));
        }
    }

    private Socket opened(Socket socket) throws IOException {
        sockets.add(socket);
        socket.setTcpNoDelay(true);
        if (closed) {
            socket.close();
        }
        return socket;
    }

    private static void pass(Socket from, Socket to, boolean cut) throws IOException {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            Random random = new Random(1);
            byte[] bytes = new byte[64 * 1024];
            long passed = 0;
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                for (int at = 0; at < count; ) {
                    int piece = cut ? (passed < ONE_BY_ONE ? 1 : 1 + random.nextInt(LARGEST)) : count;
                    int some = Math.min(piece, count - at);
                    out.write(bytes, at, some);
                    at += some;
                    passed += some;
                }
            }
            to.shutdownOutput();
            if (from.isOutputShutdown()) {
                from.close();
                to.close();
            }
        } catch (IOException e) {
            reset(from);
            reset(to);
        }
    }

    private static void reset(Socket socket) throws IOException {
        if (!socket.isClosed()) {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }

    private void start(Task task) {
        Thread thread = new Thread(
                () -> {
                    try {
                        task.run();
                    } catch (IOException e) {
                        // Closed, or a peer is gone.
                        return;
                    }
                },
                "relay to " + server);
        thread.setDaemon(true);
        thread.start();
    }
}
