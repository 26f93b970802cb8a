package dev.vecho.transport.stamp;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.MessageClient;
import dev.vecho.testkit.MessageContract;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A message is the padding of a test packet of unauthenticated mode. */
@ParameterizedClass(name = "on {0} at {1}")
@MethodSource("places")
class StampContractTest extends MessageContract {

    private final String host;

    StampContractTest(String io, String host) {
        super(io);
        this.host = host;
    }

    static List<Arguments> places() {
        return Io.available().stream()
                .flatMap(io -> List.of("127.0.0.1", "::1").stream().map(host -> Arguments.of(io, host)))
                .toList();
    }

    @Override
    protected Transport transport() {
        return new StampTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("host", host).put("port", 0);
    }

    @Override
    protected MessageClient connect(String address) throws IOException {
        Target target = Target.parse(address);
        return new Sender(new InetSocketAddress(target.host(), target.port()));
    }

    @Override
    protected int largestMessage() {
        return (host.equals("::1") ? 65_527 : 65_507) - Sender.BASE - Sender.HEADER;
    }

    @Override
    protected boolean mayLoseMessages() {
        return true;
    }

    /** Octets by hand, on the JDK's blocking socket. */
    private static final class Sender implements MessageClient {

        private static final int BASE = 44;
        private static final int HEADER = 4;

        private final DatagramSocket socket = new DatagramSocket();
        private final InetSocketAddress peer;
        private final byte[] block = new byte[65_536];
        private int next;

        Sender(InetSocketAddress peer) throws IOException {
            this.peer = peer;
            socket.setReceiveBufferSize(1 << 20);
            socket.setSendBufferSize(1 << 20);
        }

        @Override
        public void send(byte[] message) throws IOException {
            ByteBuffer packet = ByteBuffer.allocate(BASE + HEADER + message.length);
            packet.putInt(next++);
            packet.position(BASE);
            packet.put((byte) 0x80)
                    .put((byte) 1)
                    .putShort((short) message.length)
                    .put(message);
            socket.send(new DatagramPacket(packet.array(), packet.capacity(), peer));
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
            int length = packet.getLength();
            if (length < BASE + HEADER || block[BASE] != 0 || block[BASE + 1] != 1) {
                throw new IOException("a packet of " + length + " octets came without padding as its extension");
            }
            return Arrays.copyOfRange(block, BASE + HEADER, length);
        }

        @Override
        public void close() {
            socket.close();
        }
    }
}
