package dev.vecho.transport.quic;

import io.netty.handler.codec.quic.QuicConnectionPathStats;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicTransportParameters;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Watches until all that a stream has sent has been acknowledged, as far as that can be observed: Netty has no event
 * for it.
 *
 * <p>When a packet comes, Netty notes how much may be written. That is the whole congestion window only if nothing was under
 * way: all that had been sent before has arrived, or counts as lost. What quiche still had to send, it sends right after; so
 * either nothing but acknowledgements may have followed, or it takes a second such packet. After a loss it begins anew, with
 * what is sent again. The note stays as it was when there is no room at all, so it counts only while less than a window has
 * been sent since, and after a round trip.
 *
 * <p>There may never be as much room: other streams go on, flow control allows less, and after a loss quiche allows
 * more. So all counts as arrived, too, when nothing was lost, or sent again, for longer than quiche would wait before
 * it probes a silent peer (RFC 9002, section 6.2): a round trip, four times its variation, which as quiche smooths
 * both is at most twice the round trip, and what the peer may delay an acknowledgement. The wait doubles with each
 * probe. It counts only the time that the event loop runs: when that stood still, what it missed may be a packet or a
 * timer of quiche. And it counts only after {@link QuicSockets#sendWhatIsLate}, since a probe may be due and not sent.
 *
 * <p>Where packets got lost since the stream began, its bytes may have been sent again just before, after the packet that
 * tells of room; so it takes another packet, or the time.
 */
final class DeliveryWatch {

    /** For timers that are late. */
    private static final long MARGIN_NANOS = TimeUnit.MILLISECONDS.toNanos(25);

    /** One, and four times a variation of at most two. */
    private static final int ROUND_TRIPS = 9;

    /** A longer round trip, or delay of the peer, counts as this long. */
    private static final long MAX_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** Where packets get lost, it may take longer until one comes that tells. */
    private static final long SETTLE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final int MAX_DOUBLINGS = 4;
    private static final long MIN_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(200);
    private static final long MAX_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** A packet that does nothing but acknowledge is not larger, as a rule. */
    private static final int ACK_BYTES = 64;

    private final QuicStreamChannel stream;
    private final Runnable arrived;

    private final long delayNanos;
    private boolean fresh;
    private @Nullable QuicConnectionPathStats last;
    private boolean unheard;
    private boolean sentSinceHeard;
    private boolean emptyBefore;

    /** How much had been sent, at most, when there first was room for a whole window. */
    private long sentBeforeRoom;

    private long lookedAt = System.nanoTime();
    private long waitedNanos;
    private long quietNanos;
    private int doublings;

    /** Since when it would have been long enough, as {@link System#nanoTime}, if anything that was due had been sent. */
    private @Nullable Long lateSince;

    /**
     * Begins to watch, on the stream's event loop.
     *
     * @param fresh whether the last bytes may have been sent after the last packet came that tells of room
     * @param lossesBefore the {@link #losses} when the stream began
     * @param arrived called there once, not at once; also when the stream is closed before
     */
    static void await(QuicStreamChannel stream, boolean fresh, long lossesBefore, Runnable arrived) {
        boolean lossy = losses(stream) != lossesBefore;
        DeliveryWatch watch = new DeliveryWatch(stream, fresh || lossy, arrived);
        watch.last = watch.stats();
        watch.sentBeforeRoom = watch.last == null ? 0 : watch.last.sentBytes();
        watch.lookLater();
    }

    private DeliveryWatch(QuicStreamChannel stream, boolean fresh, Runnable arrived) {
        this.stream = stream;
        this.fresh = fresh;
        this.arrived = arrived;
        QuicTransportParameters peer = stream.parent().peerTransportParameters();
        long delayMillis = peer == null ? 0 : peer.maxAckDelay();
        this.delayNanos = MARGIN_NANOS + Math.min(TimeUnit.MILLISECONDS.toNanos(delayMillis), MAX_DELAY_NANOS);
    }

    /** How many packets of a stream's connection got lost, or were sent again; 0 once it is closed. */
    static long losses(QuicStreamChannel stream) {
        QuicConnectionPathStats path = PeerAddress.path(stream.parent());
        return path == null ? 0 : path.lost() + path.retrans();
    }

    private @Nullable QuicConnectionPathStats stats() {
        return PeerAddress.path(stream.parent());
    }

    @SuppressWarnings("FutureReturnValueIgnored") // An event loop that has stopped has nothing to tell.
    private void lookLater() {
        // Often: what came and what went between two looks has no order. Less so the longer it takes, for it costs
        // time.
        long quarter = Math.max(last == null ? 0 : last.rtt() / 4, waitedNanos / 8);
        long pause = Math.min(MAX_PAUSE_NANOS, Math.max(MIN_PAUSE_NANOS, quarter));
        stream.eventLoop().schedule(this::look, pause, TimeUnit.NANOSECONDS);
    }

    private void look() {
        QuicConnectionPathStats before = last;
        QuicConnectionPathStats now = stream.isActive() ? stats() : null;
        if (before == null || now == null) {
            arrived.run();
            return;
        }
        long time = System.nanoTime();
        long passed = Math.min(time - lookedAt, MAX_PAUSE_NANOS);
        lookedAt = time;
        waitedNanos += passed;
        quietNanos = isLoss(before, now) ? 0 : quietNanos + passed;
        if (isEmpty(before, now) || isLate(before, now, time)) {
            arrived.run();
        } else {
            last = now;
            lookLater();
        }
    }

    private boolean isEmpty(QuicConnectionPathStats before, QuicConnectionPathStats now) {
        boolean heard = now.recv() != before.recv();
        boolean sent = now.sentBytes() - before.sentBytes() > ACK_BYTES * (now.sent() - before.sent());
        sentSinceHeard = sent || (sentSinceHeard && !heard);
        boolean room = now.cwnd() == stream.bytesBeforeUnwritable();
        if (!room) {
            sentBeforeRoom = now.sentBytes();
        }
        if (fresh || isLoss(before, now)) {
            // Now it has been sent, perhaps again; only what comes from here on can tell of it.
            fresh = false;
            unheard = true;
            emptyBefore = false;
            sentBeforeRoom = Math.max(sentBeforeRoom, before.sentBytes());
            return false;
        }
        unheard &= !heard;
        if (!room || unheard || now.sentBytes() - sentBeforeRoom >= now.cwnd() || !isSettled(now)) {
            return false;
        }
        boolean emptyAgain = emptyBefore && heard;
        emptyBefore = true;
        return emptyAgain || !sentSinceHeard;
    }

    /** Whether so much time has passed that a window that was full before this began to watch would have shown. */
    private boolean isSettled(QuicConnectionPathStats now) {
        return quietNanos >= now.rtt() + (now.lost() == 0 ? 0 : SETTLE_NANOS);
    }

    private boolean isLate(QuicConnectionPathStats before, QuicConnectionPathStats now, long time) {
        if (now.rtt() != before.rtt()) {
            // Only an acknowledgement changes it.
            doublings = 0;
        } else if (now.retrans() != before.retrans()) {
            doublings = Math.min(doublings + 1, MAX_DOUBLINGS);
        }
        long patience = delayNanos + ROUND_TRIPS * Math.min(now.rtt(), MAX_DELAY_NANOS);
        if (quietNanos <= patience << doublings && waitedNanos <= patience << MAX_DOUBLINGS) {
            lateSince = null;
            return false;
        }
        if (lateSince == null) {
            lateSince = time;
        }
        // What that sends shows with the next look.
        return QuicSockets.sendWhatIsLate(stream.parent(), lateSince);
    }

    private static boolean isLoss(QuicConnectionPathStats before, QuicConnectionPathStats now) {
        return now.lost() != before.lost() || now.retrans() != before.retrans();
    }
}
