package dev.vecho.transport.quic;

import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionPathStats;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Closes a connection on which bytes are under way so that its peer learns of it.
 *
 * <p>quiche sends the packet that closes a connection only where the congestion window has room, although such a
 * packet does not count as in flight (RFC 9002, section 2), and Netty forgets the connection at once. Closed with a
 * full window, the peer would not learn of it before its own timeout. So its streams are reset first, which takes
 * what waits out of the way, and it is closed when something has been acknowledged.
 */
final class ClosingNotice {

    /** For a peer that does not answer any more. */
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long PAUSE_MILLIS = 5;

    private final QuicChannel connection;
    private final Runnable close;
    private final long roundTrip;
    private final long end = System.nanoTime() + LIMIT_NANOS;

    private ClosingNotice(QuicChannel connection, Runnable close) {
        this.connection = connection;
        this.close = close;
        this.roundTrip = roundTrip();
    }

    /**
     * Waits for an acknowledgement, a second at most. To be called on the connection's event loop, when its streams have been
     * reset.
     *
     * @param close called there once, later; also if the connection is closed before
     */
    static void await(QuicChannel connection, Runnable close) {
        new ClosingNotice(connection, close).lookLater();
    }

    /** Changes with each acknowledgement, and with nothing else. */
    private long roundTrip() {
        Future<QuicConnectionPathStats> stats = connection.collectPathStats(0);
        return stats.isSuccess() ? stats.getNow().rtt() : -1;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // An event loop that has stopped has nothing to tell.
    private void lookLater() {
        connection.eventLoop().schedule(this::look, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void look() {
        if (!connection.isActive() || roundTrip() != roundTrip || System.nanoTime() - end > 0) {
            close.run();
        } else {
            lookLater();
        }
    }
}
