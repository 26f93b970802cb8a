package dev.vecho.transport.quic;

import io.netty.handler.codec.quic.QuicConnectionPathStats;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Watches until all that a connection has sent has been acknowledged, as far as one can tell: Netty has no word for it. What
 * is under way is the congestion window less the room that there was for writing when the last packet came, and what went out
 * since.
 *
 * <p>It is not for ever, for other streams may go on, and there may be less room by flow control: after four round trips and
 * 100 ms without a loss all counts as arrived. After a loss it is twice as long, like quiche's own patience with a silent
 * peer (RFC 9002, section 6.2), up to sixteen times.
 */
final class Arrival {

    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long MAX_ROUND_TRIP_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int MAX_DOUBLINGS = 4;
    private static final long MIN_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(200);
    private static final long MAX_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** A packet that does nothing but acknowledge is not larger, as a rule. */
    private static final int ACK_BYTES = 64;

    private final QuicStreamChannel stream;
    private final Runnable arrived;
    private final long begin = System.nanoTime();
    private @Nullable QuicConnectionPathStats last;
    private long sentSinceHeard;
    private long lossAt = begin;
    private int doublings;

    /**
     * Begins to watch, on the stream's event loop.
     *
     * @param arrived called there once, not at once; not if the stream is closed before
     */
    static void await(QuicStreamChannel stream, Runnable arrived) {
        Arrival arrival = new Arrival(stream, arrived);
        arrival.last = arrival.stats();
        arrival.lookLater();
    }

    private Arrival(QuicStreamChannel stream, Runnable arrived) {
        this.stream = stream;
        this.arrived = arrived;
    }

    private @Nullable QuicConnectionPathStats stats() {
        Future<QuicConnectionPathStats> stats = stream.parent().collectPathStats(0);
        return stats.isSuccess() ? stats.getNow() : null;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // An event loop that has stopped has nothing to tell.
    private void lookLater() {
        // Often: between two looks no packet with bytes may hide among acknowledgements.
        long quarter = last == null ? 0 : last.rtt() / 4;
        long pause = Math.min(MAX_PAUSE_NANOS, Math.max(MIN_PAUSE_NANOS, quarter));
        stream.eventLoop().schedule(this::look, pause, TimeUnit.NANOSECONDS);
    }

    private void look() {
        if (!stream.isActive()) {
            return;
        }
        QuicConnectionPathStats before = last;
        QuicConnectionPathStats now = stats();
        if (before == null || now == null || isEmpty(before, now) || isLate(now)) {
            arrived.run();
        } else {
            last = now;
            lookLater();
        }
    }

    private boolean isEmpty(QuicConnectionPathStats before, QuicConnectionPathStats now) {
        long sent = Math.max(0, now.sentBytes() - before.sentBytes() - ACK_BYTES * (now.sent() - before.sent()));
        boolean heard = now.recv() != before.recv();
        boolean lost = now.lost() != before.lost() || now.retrans() != before.retrans();
        sentSinceHeard = heard ? sent : sentSinceHeard + sent;
        if (lost) {
            lossAt = System.nanoTime();
            doublings = Math.min(doublings + 1, MAX_DOUBLINGS);
        }
        // There is more room than the window while quiche asks what became of silent packets.
        return !lost && sentSinceHeard == 0 && now.cwnd() == stream.bytesBeforeUnwritable();
    }

    private boolean isLate(QuicConnectionPathStats now) {
        long time = System.nanoTime();
        long patience = PATIENCE_NANOS + 4 * Math.min(now.rtt(), MAX_ROUND_TRIP_NANOS);
        return time - lossAt > patience << doublings || time - begin > patience << MAX_DOUBLINGS;
    }
}
