package dev.vecho.transport.quic;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.quic.FlushStrategy;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.util.AttributeKey;
import java.util.Collection;
import java.util.List;
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

    /** A connection that was asked a moment ago need not be asked again. */
    private static final long MIN_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final AttributeKey<LateTimers<QuicChannel>> TIMERS =
            AttributeKey.valueOf(QuicSockets.class, "late timers");

    /** When a connection was last asked, as {@link System#nanoTime}. */
    private static final AttributeKey<Long> ASKED = AttributeKey.valueOf(QuicSockets.class, "asked");

    /** Sends packets soon, where many connections have some to send. */
    static final FlushStrategy SOON = (packets, bytes) ->
            packets >= (bytes >= (long) packets * FULL_PACKET_BYTES ? FULL_PACKETS_AT_ONCE : PACKETS_AT_ONCE);

    private QuicSockets() {}

    /**
     * Gives the socket of a connection room for what comes, lets it send {@linkplain SegmentedPackets several packets at once}, and asks
     * the connection from time to time whether it has to send, until it is closed.
     *
     * <p>Netty, as of 4.2.18, runs a timer of quiche's that it finds to be late while it sends, and does not send again what
     * that makes due: packets that got lost then wait for something else to happen, which may be the idle time. A busy machine
     * is enough. To ask costs an idle connection some microseconds.
     */
    public static void tend(QuicChannel connection) {
        Channel socket = connection.parent();
        SegmentedPackets.install(socket);
        LateTimers<QuicChannel> known = socket.attr(TIMERS).get();
        LateTimers<QuicChannel> timers = known == null
                ? new LateTimers<>(socket.eventLoop(), each -> ask(socket, each), System::nanoTime)
                : known;
        if (known == null) {
            socket.attr(TIMERS).set(timers);
            if (socket.config().getOption(ChannelOption.SO_RCVBUF) < RECEIVE_BUFFER_BYTES) {
                socket.config().setOption(ChannelOption.SO_RCVBUF, RECEIVE_BUFFER_BYTES);
            }
        }
        timers.add(connection);
        connection.closeFuture().addListener(closed -> timers.remove(connection));
    }

    /**
     * Says whether a connection was asked since some time, and asks it otherwise, unless that was done a moment ago: then call it
     * again. To be called on the event loop, in no callback of Netty's codec.
     *
     * @param since as {@link System#nanoTime}
     */
    static boolean sendWhatIsLate(QuicChannel connection, long since) {
        Long asked = connection.attr(ASKED).get();
        if (asked != null && asked - since >= 0) {
            return true;
        }
        if (asked == null || System.nanoTime() - asked >= MIN_PAUSE_NANOS) {
            ask(connection.parent(), List.of(connection));
        }
        return false;
    }

    private static void ask(Channel socket, Collection<QuicChannel> connections) {
        long now = System.nanoTime();
        connections.forEach(each -> each.attr(ASKED).set(now));
        ChannelHandlerContext peers = socket.pipeline().context(PeerAddresses.class);
        if (peers == null) {
            // A client's: it makes Netty's codec go through its connections, which are few.
            socket.pipeline().fireChannelWritabilityChanged();
            return;
        }
        // Netty has no call for one. It asks one that a packet has come for, even one that says nothing.
        for (QuicChannel connection : connections) {
            DatagramPacket nothing = PeerAddresses.emptyPacket(connection, socket.alloc());
            if (nothing != null) {
                peers.fireChannelRead(nothing);
            }
        }
        peers.fireChannelReadComplete();
    }
}
