package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** An echo that answers nobody before so many connections have sent so much, and then the last one first. */
final class GateServer implements AutoCloseable {

    private final ServerSocket server;
    private final int connections;
    private final int bytes;
    private final List<String> received = new CopyOnWriteArrayList<>();

    /** Serves so many connections and no more. */
    GateServer(int connections, int bytes) throws IOException {
        this.server = new ServerSocket(0, connections, InetAddress.getByName("127.0.0.1"));
        this.connections = connections;
        this.bytes = bytes;
        Thread thread = new Thread(this::serve, "gate");
        thread.setDaemon(true);
        thread.start();
    }

    private void serve() {
        List<Socket> open = new ArrayList<>();
        try {
            for (int i = 0; i < connections; i++) {
                open.add(server.accept());
            }
            for (Socket each : open) {
                received.add(new String(each.getInputStream().readNBytes(bytes), ISO_8859_1));
            }
            List<String> echoes = new ArrayList<>(received);
            Collections.reverse(open);
            Collections.reverse(echoes);
            for (int i = 0; i < connections; i++) {
                open.get(i).getOutputStream().write(echoes.get(i).getBytes(ISO_8859_1));
                open.get(i).getInputStream().readAllBytes();
                open.get(i).close();
            }
        } catch (IOException e) {
            // The test is over, or the check has given up, and says so.
            received.add(e.toString());
        }
    }

    String target() {
        return "tcp://127.0.0.1:" + server.getLocalPort();
    }

    /** What each connection has sent, a character for each byte. */
    List<String> received() {
        return received;
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
