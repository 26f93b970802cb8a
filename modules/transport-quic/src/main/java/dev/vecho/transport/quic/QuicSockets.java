package dev.vecho.transport.quic;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.Future;
import io.vertx.core.net.QuicEndpoint;
import java.util.concurrent.TimeUnit;

/** What the UDP sockets below the connections need beside what Vert.x and Netty give them. */
public final class QuicSockets {

    /**
     * What at least may wait to be read (SO_RCVBUF), as far as the system allows. All connections of a socket share it: in
     * Linux's usual 208 KiB is room for some 90 packets, and what comes beyond is dropped and sent again.
     */
    private static final int RECEIVE_BUFFER_BYTES = 2 << 20;

    /** Of all connections of a socket: with more, the first peer would wait while the answers to the others are made. */
    private static final int PACKETS_AT_ONCE = 2;

    /** Of full packets, after which others to the same peer follow, so that they go together. */
    private static final int FULL_PACKETS_AT_ONCE = 32;

    /** At least: the least that a path must take for QUIC (RFC 9000, section 14). */
    private static final int FULL_PACKET_BYTES = 1200;

    private static final long LATE_TIMER_MILLIS = 500;
    private static final long MIN_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** So many times what it took: with many connections to ask, others wait meanwhile. */
    private static final int PAUSE_FACTOR = 20;

    private static final AttributeKey<Asked> ASKED = AttributeKey.valueOf(QuicSockets.class, "asked");

    /**
     * When the connections of a socket were last asked whether they have to send.
     *
     * @param at as {@link System#nanoTime}
     * @param pauseNanos for which nobody needs to ask them again
     */
    private record Asked(long at, long pauseNanos) {}

    private QuicSockets() {}

    /** Sends packets soon, where many connections have some to send; call it before the endpoint opens its socket. */
    static void sendSoon(QuicEndpoint endpoint) {
        QuicInternals.flushStrategy(
                endpoint,
                (packets, bytes) -> packets
                        >= (bytes >= (long) packets * FULL_PACKET_BYTES ? FULL_PACKETS_AT_ONCE : PACKETS_AT_ONCE));
    }

    /**
     * Gives the socket of a connection room for what comes, lets it send {@linkplain SegmentedPackets several packets at once}, and asks its connections twice a second whether they have to send,
     * until it is closed.
     *
     * <p>Netty, as of 4.2.18, runs a timer of quiche's that it finds to be late while it sends, and does not send again what
     * that makes due: packets that got lost then wait for something else to happen, which may be the idle time. A busy machine
     * is enough. To ask costs an idle connection some microseconds.
     */
    public static void tend(QuicChannel connection) {
        Channel socket = connection.parent();
        SegmentedPackets.install(socket);
        if (socket.attr(ASKED).setIfAbsent(new Asked(System.nanoTime(), MIN_PAUSE_NANOS)) == null) {
            if (socket.config().getOption(ChannelOption.SO_RCVBUF) < RECEIVE_BUFFER_BYTES) {
                socket.config().setOption(ChannelOption.SO_RCVBUF, RECEIVE_BUFFER_BYTES);
            }
            Future<?> lateTimers = socket.eventLoop()
                    .scheduleWithFixedDelay(
                            () -> sendWhatIsLate(socket), LATE_TIMER_MILLIS, LATE_TIMER_MILLIS, TimeUnit.MILLISECONDS);
            socket.closeFuture().addListener(closed -> lateTimers.cancel(false));
        }
    }

    /**
     * Says whether the connections of a socket were asked since some time, and asks them otherwise, unless that was done a moment
     * ago: then call it again. To be called on the event loop, in no callback of Netty's codec.
     *
     * @param since as {@link System#nanoTime}
     */
    static boolean sendWhatIsLate(QuicChannel connection, long since) {
        Channel socket = connection.parent();
        Asked asked = socket.attr(ASKED).get();
        if (asked != null && asked.at() - since >= 0) {
            return true;
        }
        if (asked == null || System.nanoTime() - asked.at() >= asked.pauseNanos()) {
            sendWhatIsLate(socket);
        }
        return false;
    }

    private static void sendWhatIsLate(Channel socket) {
        long begin = System.nanoTime();
        // It is what makes Netty's codec go through its connections.
        socket.pipeline().fireChannelWritabilityChanged();
        long pause = Math.max(MIN_PAUSE_NANOS, PAUSE_FACTOR * (System.nanoTime() - begin));
        socket.attr(ASKED).set(new Asked(begin, pause));
    }
}
