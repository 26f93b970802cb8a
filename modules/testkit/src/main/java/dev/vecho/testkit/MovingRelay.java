package dev.vecho.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A relay of UDP between one client and a server, as a NAT is that forgets: again and again it goes on from another address,
 * and what the server still sends to the one before is lost.
 */
public final class MovingRelay implements AutoCloseable {

    private static final int BUFFER_BYTES = 4 << 20;

    private final Selector selector;
    private final DatagramChannel front;
    private final InetSocketAddress server;
    private final List<InetAddress> hosts;
    private final int packets;
    private final int maxMoves;
    private final Thread thread;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(65_536);
    private DatagramChannel back;
    private @Nullable SocketAddress client;
    private int forwarded;
    private volatile boolean asked;
    private final AtomicInteger moves = new AtomicInteger();

    /**
     * Opens it, on 127.0.0.1.
     *
     * @param packets from the client after which it moves, each time
     * @param maxMoves that it makes by itself
     * @param hosts whose addresses it takes in turn, each time with another port
     */
    public MovingRelay(InetSocketAddress server, int packets, int maxMoves, String... hosts) throws IOException {
        this.server = server;
        this.packets = packets;
        this.maxMoves = maxMoves;
        this.hosts = List.of(hosts).stream().map(MovingRelay::host).toList();
        selector = Selector.open();
        front = open(host("127.0.0.1"));
        back = openBack();
        thread = new Thread(this::run, "relay");
        thread.setDaemon(true);
        thread.start();
    }

    private static InetAddress host(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private DatagramChannel open(InetAddress host) throws IOException {
        DatagramChannel channel = DatagramChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER_BYTES);
        channel.bind(new InetSocketAddress(host, 0));
        channel.configureBlocking(false);
        channel.register(selector, SelectionKey.OP_READ);
        return channel;
    }

    private DatagramChannel openBack() throws IOException {
        return open(hosts.get(moves.get() % hosts.size())).connect(server);
    }

    /** Where the client finds the server. */
    public InetSocketAddress address() throws IOException {
        return (InetSocketAddress) front.getLocalAddress();
    }

    /** How often it moved. */
    public int moves() {
        return moves.get();
    }

    /** Moves with the next packet of the client. */
    public void move() {
        asked = true;
    }

    private void run() {
        try {
            while (selector.isOpen()) {
                selector.select();
                // The channels are two at most, and neither waits.
                selector.selectedKeys().clear();
                while (forward()) {
                    backward();
                }
                backward();
            }
        } catch (ClosedSelectorException e) {
            return;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean forward() throws IOException {
        buffer.clear();
        SocketAddress from = front.receive(buffer);
        if (from == null) {
            return false;
        }
        client = from;
        forwarded++;
        if (asked || (moves.get() < maxMoves && forwarded % packets == 0)) {
            asked = false;
            back.close();
            moves.incrementAndGet();
            back = openBack();
        }
        sendOn(back, server);
        return true;
    }

    private void backward() throws IOException {
        for (; ; ) {
            buffer.clear();
            SocketAddress from;
            try {
                from = back.receive(buffer);
            } catch (IOException e) {
                // The server is gone.
                return;
            }
            if (from == null || client == null) {
                return;
            }
            sendOn(front, client);
        }
    }

    private void sendOn(DatagramChannel channel, SocketAddress to) {
        buffer.flip();
        try {
            channel.send(buffer, to);
        } catch (IOException e) {
            // As if it got lost.
            return;
        }
    }

    @Override
    public void close() throws IOException {
        selector.close();
        front.close();
        back.close();
        try {
            thread.join(10_000);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
