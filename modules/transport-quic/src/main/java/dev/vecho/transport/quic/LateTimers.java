package dev.vecho.transport.quic;

import io.netty.channel.Channel;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Keeps connections from standing still. Netty, as of 4.2.18, runs a timer of quiche's that it finds to be late while it sends,
 * and does not send again what that makes due: packets that got lost then wait for something else to happen, which may be
 * the idle time. A busy machine is enough. So each socket asks its connections twice a second whether they have to send; it
 * costs an idle connection some microseconds.
 */
public final class LateTimers {

    private static final long PERIOD_MILLIS = 500;
    private static final AttributeKey<Boolean> WATCHED = AttributeKey.valueOf(LateTimers.class, "watched");

    private LateTimers() {}

    /** Watches over the connections of this one's socket, until that is closed. */
    public static void watch(QuicChannel connection) {
        Channel socket = connection.parent();
        if (socket.attr(WATCHED).setIfAbsent(true) == null) {
            // It is what makes Netty's codec go through its connections.
            Future<?> watch = socket.eventLoop()
                    .scheduleWithFixedDelay(
                            () -> socket.pipeline().fireChannelWritabilityChanged(),
                            PERIOD_MILLIS,
                            PERIOD_MILLIS,
                            TimeUnit.MILLISECONDS);
            socket.closeFuture().addListener(closed -> watch.cancel(false));
        }
    }
}
