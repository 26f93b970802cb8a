package dev.vecho.testkit.torture;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Carries the datagrams of one client, and gives it a new source port every some packets, as a NAT does that forgets. */
final class Relay implements AutoCloseable {

    private static final int LARGEST = 65_507;

    private final Executor executor;
    private final InetSocketAddress to;
    private final int packets;
    private final DatagramSocket front;
    private volatile @Nullable InetSocketAddress client;
    private volatile DatagramSocket back;

    /**
     * Starts it.
     *
     * @param packets from the client until its address changes
     */
    Relay(Executor executor, InetSocketAddress to, int packets) throws IOException {
        this.executor = executor;
        this.to = to;
        this.packets = packets;
        this.front = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        this.back = outgoing();
        executor.execute(this::forward);
    }

    /** Where a client connects to. */
    InetSocketAddress address() {
        return (InetSocketAddress) front.getLocalSocketAddress();
    }

    private DatagramSocket outgoing() throws IOException {
        DatagramSocket socket = new DatagramSocket();
        socket.connect(to);
        executor.execute(() -> backward(socket));
        return socket;
    }

    private void forward() {
        byte[] buffer = new byte[LARGEST];
        try {
            for (int count = 1; ; count++) {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                front.receive(packet);
                client = (InetSocketAddress) packet.getSocketAddress();
                if (count % packets == 0) {
                    DatagramSocket old = back;
                    back = outgoing();
                    old.close();
                }
                back.send(new DatagramPacket(buffer, packet.getLength()));
            }
        } catch (IOException e) {
            close();
        }
    }

    private void backward(DatagramSocket from) {
        byte[] buffer = new byte[LARGEST];
        try {
            while (true) {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                from.receive(packet);
                InetSocketAddress its = client;
                if (its != null) {
                    front.send(new DatagramPacket(buffer, packet.getLength(), its));
                }
            }
        } catch (IOException e) {
            from.close();
        }
    }

    @Override
    public void close() {
        front.close();
        back.close();
    }
}
