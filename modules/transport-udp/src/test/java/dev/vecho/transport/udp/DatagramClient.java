package dev.vecho.transport.udp;

import dev.vecho.testkit.MessageClient;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The JDK's blocking datagram socket. Not connected, for then it sends no datagrams without a byte. */
final class DatagramClient implements MessageClient {

    private final DatagramSocket socket;
    private final InetSocketAddress peer;
    private final byte[] block = new byte[65_536];

    DatagramClient(InetSocketAddress peer) throws IOException {
        this(new DatagramSocket(), peer);
    }

    DatagramClient(DatagramSocket socket, InetSocketAddress peer) throws IOException {
        this.socket = socket;
        socket.setReceiveBufferSize(1 << 20);
        socket.setSendBufferSize(1 << 20);
        this.peer = peer;
    }

    @Override
    public void send(byte[] message) throws IOException {
        socket.send(new DatagramPacket(message, message.length, peer));
    }

    @Override
    public byte @Nullable [] receive(Duration patience) throws IOException {
        socket.setSoTimeout((int) patience.toMillis());
        DatagramPacket packet = new DatagramPacket(block, block.length);
        try {
            socket.receive(packet);
        } catch (SocketTimeoutException e) {
            return null;
        }
        if (!packet.getSocketAddress().equals(peer)) {
            throw new IOException("an answer came from " + packet.getSocketAddress() + ", expected " + peer);
        }
        return Arrays.copyOf(block, packet.getLength());
    }

    @Override
    public void close() {
        socket.close();
    }
}
