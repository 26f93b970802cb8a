package dev.vecho.testkit.torture;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;

/** Datagrams of all sizes, some at once, each sent again as often as the network loses it. */
final class DatagramClient {

    private static final int TIMEOUT_MILLIS = 500;
    private static final int TRIES = 60;
    private static final int MAX = 100;
    private static final int AT_ONCE = 4;
    private static final int LARGEST = 65_507;

    private DatagramClient() {}

    static void play(Play play, String listener) throws Exception {
        int count = 1 + (int) Manner.size(play.random(), MAX);
        Payload payload = play.payload();
        SplittableRandom random = play.random().split();
        Ledger.Account account = play.account(listener);
        boolean isLoopback = play.stage().settings().link() == null;
        Set<ByteBuffer> sent = new HashSet<>();
        try (DatagramSocket socket = play.keep(new DatagramSocket())) {
            InetSocketAddress address = play.dial().address(listener);
            socket.connect(address);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            for (int at = 0; at < count; ) {
                int atOnce = Math.min(1 + random.nextInt(AT_ONCE), count - at);
                byte[][] some = new byte[atOnce][];
                for (int i = 0; i < atOnce; i++) {
                    // A datagram in fragments is lost with any of them. One without a byte is never told by the JDK's
                    // socket.
                    int size = Math.max(1, (int) Manner.size(random, isLoopback ? LARGEST : 4 * 1200));
                    some[i] = new byte[size];
                    payload.fill(some[i], 0, size, (long) at << 20);
                    sent.add(ByteBuffer.wrap(some[i]));
                    at++;
                }
                exchange(socket, some, sent, account);
            }
        }
    }

    /** Sends some until all of them have come back. */
    private static void exchange(DatagramSocket socket, byte[][] some, Set<ByteBuffer> sent, Ledger.Account account)
            throws IOException {
        boolean[] back = new boolean[some.length];
        int left = some.length;
        for (int tries = 0; left > 0; tries++) {
            if (tries == TRIES) {
                throw new IOException(left + " datagrams did not come back in " + TRIES + " tries, of "
                        + Arrays.toString(
                                Arrays.stream(some).mapToInt(one -> one.length).toArray()) + " bytes: "
                        + Arrays.toString(back));
            }
            for (int i = 0; i < some.length; i++) {
                if (!back[i]) {
                    account.writes(some[i].length);
                    socket.send(new DatagramPacket(some[i], some[i].length));
                }
            }
            left -= receive(socket, some, back, left, sent, account);
        }
    }

    private static int receive(
            DatagramSocket socket,
            byte[][] some,
            boolean[] back,
            int most,
            Set<ByteBuffer> sent,
            Ledger.Account account)
            throws IOException {
        byte[] buffer = new byte[LARGEST];
        int came = 0;
        try {
            while (came < most) {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                int which = which(buffer, packet.getLength(), some, back);
                if (which >= 0) {
                    back[which] = true;
                    came++;
                    account.verified(packet.getLength());
                } else if (!sent.contains(ByteBuffer.wrap(buffer, 0, packet.getLength()))) {
                    throw new WrongBytes("a datagram of " + packet.getLength() + " bytes that was never sent");
                }
            }
        } catch (SocketTimeoutException e) {
            return came;
        }
        return came;
    }

    /** Which of those that are awaited it is; less than 0 for one that has come late, after it was sent again. */
    private static int which(byte[] bytes, int length, byte[][] some, boolean[] back) {
        for (int i = 0; i < some.length; i++) {
            if (!back[i] && Arrays.equals(bytes, 0, length, some[i], 0, some[i].length)) {
                return i;
            }
        }
        return -1;
    }
}
