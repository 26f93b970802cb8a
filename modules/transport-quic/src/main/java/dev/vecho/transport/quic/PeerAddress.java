package dev.vecho.transport.quic;

import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionPathStats;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The address of a connection's peer. To quiche it is the one that the peer had at first; what is sent to it goes to where the
 * peer is now. One instance a connection, used on its event loop only.
 *
 * <p>The peer is where its last packet came from, provided that quiche could decrypt it. As an observer might have sent a copy
 * of it with a forged address, little is sent to another host before the peer acknowledges something that went there. Another
 * port is that of the same host, or NAT, which gets what is sent to the peer anyway.
 */
final class PeerAddress extends InetSocketAddress {

    private static final long serialVersionUID = 1;

    /** What may be sent to a new address for each byte that came from there: RFC 9000, section 8. */
    private static final int AMPLIFICATION = 3;

    /** What may be sent there anyway: as much as on a new connection. */
    private static final int FIRST_CREDIT_BYTES = 12_000;

    /** What may be sent there each time however little comes, so that a probe of a peer that waits is not lost. */
    private static final int PROBE_CREDIT_BYTES = 2_400;

    private static final long PROBE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** For so long packets that were sent before a move may still come. */
    private static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    /** More are not remembered. */
    private static final int MAX_LEFT = 8;

    /** After so many round trips, and what an acknowledgement may be late, those that come are for what went to the new address. */
    private static final int ROUND_TRIPS = 2;

    /**
     * A packet that may tell something.
     *
     * @param before the path before quiche had it
     */
    private record Arriving(InetSocketAddress sender, int bytes, QuicConnectionPathStats before) {}

    private final transient QuicChannel channel;
    private final transient LongSupplier nanoTime;
    private final transient Deque<ConnectionId> ids = new ArrayDeque<>();
    private transient InetSocketAddress current;

    /** The addresses before, the last one last, and when the peer left them. */
    private final transient Map<InetSocketAddress, Long> left = new LinkedHashMap<>();

    /** One of those while its packets may be late ones, or the first of those that follow the peer's return. */
    private transient @Nullable InetSocketAddress returned;

    private transient @Nullable Arriving arriving;
    private boolean validated = true;
    private long movedAt;
    private long settledAt;
    private long credit;
    private long probedAt;

    /**
     * @param first what quiche knows
     * @param current where the last packet came from
     * @param nanoTime as {@link System#nanoTime} tells it
     */
    PeerAddress(QuicChannel channel, InetSocketAddress first, InetSocketAddress current, LongSupplier nanoTime) {
        super(first.getAddress(), first.getPort());
        this.channel = channel;
        this.nanoTime = nanoTime;
        this.current = current;
    }

    /** The ids that its packets came to, the last one last. */
    Deque<ConnectionId> ids() {
        return ids;
    }

    /** What is known of the only path that quiche sees; null once the connection is closed. */
    static @Nullable QuicConnectionPathStats path(QuicChannel channel) {
        Future<QuicConnectionPathStats> path = channel.collectPathStats(0);
        return path.isSuccess() ? path.getNow() : null;
    }

    /** Takes note of a packet before quiche has it. */
    void arriving(InetSocketAddress sender, int bytes) {
        boolean news = !validated || returned != null || !sender.equals(current);
        QuicConnectionPathStats path = news ? path(channel) : null;
        arriving = path == null ? null : new Arriving(sender, bytes, path);
    }

    /** Takes note of what quiche has made of it. */
    void arrived() {
        if (arriving != null) {
            Arriving packet = arriving;
            arriving = null;
            QuicConnectionPathStats path = path(channel);
            if (path != null && path.recv() != packet.before().recv()) {
                received(packet.sender(), packet.bytes(), packet.before(), path);
            }
        }
    }

    private void received(
            InetSocketAddress sender, int bytes, QuicConnectionPathStats before, QuicConnectionPathStats now) {
        long time = nanoTime.getAsLong();
        if (sender.equals(current)) {
            returned = null;
            credit += (long) AMPLIFICATION * bytes;
            // Only an acknowledgement changes it.
            validated |= now.rtt() != before.rtt() && time - settledAt > 0;
        } else if (mayBeLate(sender, time)) {
            returned = sender;
        } else {
            move(sender, time);
            credit += (long) AMPLIFICATION * bytes;
            long delay = TimeUnit.MILLISECONDS.toNanos(
                    channel.peerTransportParameters().maxAckDelay());
            settledAt = time + ROUND_TRIPS * now.rtt() + delay;
        }
    }

    private boolean mayBeLate(InetSocketAddress sender, long time) {
        Long leftAt = left.get(sender);
        return leftAt != null && time - leftAt < LATE_NANOS;
    }

    private void move(InetSocketAddress address, long time) {
        validated &= address.getAddress().equals(current.getAddress());
        left.remove(address);
        left.put(current, time);
        if (left.size() > MAX_LEFT) {
            left.remove(left.keySet().iterator().next());
        }
        current = address;
        returned = null;
        movedAt = time;
        credit = FIRST_CREDIT_BYTES;
        probedAt = time;
    }

    /** Where a packet has to go; null if it must not be sent. */
    @Nullable InetSocketAddress destination(int bytes) {
        // Netty may answer before it is done with the packet.
        arrived();
        if (validated && returned == null) {
            return current;
        }
        long time = nanoTime.getAsLong();
        if (returned != null && time - movedAt >= LATE_NANOS) {
            // Nothing has come from the newer address since.
            move(returned, time);
        }
        if (validated) {
            return current;
        }
        if (time - probedAt > PROBE_NANOS) {
            probedAt = time;
            credit = Math.max(credit, PROBE_CREDIT_BYTES);
        }
        if (credit < bytes) {
            return null;
        }
        credit -= bytes;
        return current;
    }
}
