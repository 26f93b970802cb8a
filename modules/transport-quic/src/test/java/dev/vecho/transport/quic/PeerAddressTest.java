package dev.vecho.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionPathStats;
import io.netty.handler.codec.quic.QuicTransportParameters;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Where a peer is, and how much may be sent there. */
class PeerAddressTest {

    private static final InetSocketAddress HOME = new InetSocketAddress("127.0.0.1", 1);
    private static final InetSocketAddress AWAY = new InetSocketAddress("127.0.0.2", 2);
    private static final InetSocketAddress FAR = new InetSocketAddress("127.0.0.3", 3);

    private long now = Long.MAX_VALUE - Duration.ofMillis(50).toNanos();
    private long received;
    private long roundTrip = Duration.ofMillis(10).toNanos();

    private final PeerAddress peer = new PeerAddress(channel(), HOME, HOME, () -> now);

    /** A channel whose path tells what this test says. */
    private QuicChannel channel() {
        return proxy(QuicChannel.class, (self, method, arguments) -> switch (method.getName()) {
            case "collectPathStats" -> ImmediateEventExecutor.INSTANCE.newSucceededFuture(path());
            case "peerTransportParameters" -> proxy(QuicTransportParameters.class, (params, max, none) -> 25L);
            default -> throw new UnsupportedOperationException(method.toString());
        });
    }

    private QuicConnectionPathStats path() {
        long count = received;
        long time = roundTrip;
        return proxy(QuicConnectionPathStats.class, (self, method, arguments) -> switch (method.getName()) {
            case "recv" -> count;
            case "rtt" -> time;
            default -> throw new UnsupportedOperationException(method.toString());
        });
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    /** A packet that quiche takes. */
    private void takes(InetSocketAddress sender, int bytes) {
        peer.arriving(sender, bytes);
        received++;
        peer.arrived();
    }

    private void takesAcknowledgement(InetSocketAddress sender) {
        peer.arriving(sender, 40);
        received++;
        roundTrip++;
        peer.arrived();
    }

    private void pass(long millis) {
        now += Duration.ofMillis(millis).toNanos();
    }

    private @Nullable InetSocketAddress destination() {
        return peer.destination(1200);
    }

    @Test
    void isToQuicheWhereItWasAtFirst() {
        takes(AWAY, 1200);
        assertThat((InetSocketAddress) peer).isEqualTo(HOME);
    }

    @Test
    void goesWhereAPacketCameFrom() {
        assertThat(destination()).isEqualTo(HOME);
        takes(AWAY, 1200);
        assertThat(destination()).isEqualTo(AWAY);
        takes(FAR, 1200);
        assertThat(destination()).isEqualTo(FAR);
    }

    /** Else what a datagram brings back at once would be lost. */
    @Test
    void getsTheAnswerToThePacketThatItMovesWith() {
        peer.arriving(AWAY, 1200);
        received++;
        assertThat(destination()).isEqualTo(AWAY);
    }

    @Test
    void staysWhereItWasWhenAPacketIsForgedOrComesTwice() {
        peer.arriving(AWAY, 1200);
        peer.arrived();
        assertThat(destination()).isEqualTo(HOME);
    }

    @Test
    void doesNotGoBackForAPacketThatIsLate() {
        takes(AWAY, 1200);
        takes(HOME, 1200);
        assertThat(destination()).isEqualTo(AWAY);
        takes(AWAY, 1200);
        pass(1000);
        assertThat(destination()).isEqualTo(AWAY);
    }

    /** The sockets of several event loops are not read in the order in which the packets came. */
    @Test
    void doesNotGoBackForAPacketFromBeforeSeveralMoves() {
        takes(AWAY, 1200);
        takes(FAR, 1200);
        takes(HOME, 1200);
        assertThat(destination()).isEqualTo(FAR);
        takes(AWAY, 1200);
        assertThat(destination()).isEqualTo(FAR);
    }

    /** Any number of addresses costs little memory. */
    @Test
    void remembersSomeOfManyAddresses() {
        for (int port = 10; port < 30; port++) {
            takes(new InetSocketAddress(HOME.getAddress(), port), 1200);
        }
        takes(new InetSocketAddress(HOME.getAddress(), 21), 1200);
        assertThat(destination()).isEqualTo(new InetSocketAddress(HOME.getAddress(), 29));
        takes(new InetSocketAddress(HOME.getAddress(), 20), 1200);
        assertThat(destination()).isEqualTo(new InetSocketAddress(HOME.getAddress(), 20));
    }

    @Test
    void goesBackWhenNothingElseFollows() {
        takes(AWAY, 1200);
        takes(HOME, 1200);
        pass(1000);
        assertThat(destination()).isEqualTo(HOME);
    }

    @Test
    void goesBackForAPacketThatCannotBeLate() {
        takes(AWAY, 1200);
        pass(1000);
        takes(HOME, 1200);
        assertThat(destination()).isEqualTo(HOME);
    }

    @Test
    void getsLittleUntilItAcknowledgesWhatWentThere() {
        takes(AWAY, 100);
        assertThat(sent()).isEqualTo(12_000 / 1200);
        takes(AWAY, 1200);
        assertThat(sent()).isEqualTo(3);
        // It may be for what went to the address before.
        takesAcknowledgement(AWAY);
        assertThat(sent()).isZero();
        pass(100);
        takes(AWAY, 400);
        assertThat(sent()).isEqualTo(1);
        takesAcknowledgement(AWAY);
        assertThat(sent()).isEqualTo(100);
    }

    @Test
    void getsAllAtAnotherPort() {
        takes(new InetSocketAddress(HOME.getAddress(), 4), 100);
        assertThat(sent()).isEqualTo(100);
        takes(AWAY, 100);
        assertThat(sent()).isEqualTo(10);
        takes(new InetSocketAddress(AWAY.getAddress(), 5), 100);
        assertThat(sent()).isEqualTo(10);
    }

    /** Else who only waits would be lost, when the first answers to the new address were. */
    @Test
    void getsProbes() {
        takes(AWAY, 100);
        assertThat(sent()).isEqualTo(10);
        pass(150);
        assertThat(sent()).isEqualTo(2);
        pass(150);
        assertThat(sent()).isEqualTo(2);
    }

    /** How many packets may be sent, of a hundred. */
    private int sent() {
        int sent = 0;
        while (sent < 100 && destination() != null) {
            sent++;
        }
        return sent;
    }
}
