package dev.vecho.net;

import dev.vecho.core.FailureReason;
import dev.vecho.core.Traffic;
import dev.vecho.net.ConnectionEnd.State;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.DecoderException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * How a TCP connection ends for the peer when its socket is closed. A socket is closed from many places: by Netty when a write
 * fails or an event loop stops, by the handler of TLS, by the operating system when the process dies. Each of them sends FIN,
 * and the peer would take a truncated echo for a complete one. So a connection that may owe bytes is set to end with a reset,
 * whoever closes it, and to end with FIN only once everything was written.
 *
 * <p>It costs a system call where a connection begins and where it ends. A Unix domain socket cannot be reset: the peer reads
 * the end of the input, unless the closed socket held bytes that nobody had read, which Linux reports as a reset.
 *
 * <p>Used on the event loop of the channel.
 */
public final class SocketEnd {

    private SocketEnd() {}

    /** From now on, whatever closes the channel resets the connection; what the system has not sent yet is discarded. */
    public static void reset(Channel channel) {
        linger(channel, 0);
    }

    /** From now on, the connection ends with FIN after all that was written. */
    public static void orderly(Channel channel) {
        linger(channel, -1);
    }

    private static void linger(Channel channel, int seconds) {
        if (channel.isOpen()) {
            try {
                channel.config().setOption(ChannelOption.SO_LINGER, seconds);
            } catch (ChannelException gone) {
                // The peer has reset it: macOS refuses options then.
            }
        }
    }

    /** Counts a connection whose channel is closed. Returns why it broke, null if it did not. */
    public static @Nullable FailureReason count(Channel channel, ConnectionEnd end, Traffic traffic) {
        FailureReason otherwise = end.is(State.COMPLETE) ? FailureReason.DRAIN : whyClosed(channel);
        end.to(State.CLOSED);
        return end.count(traffic, otherwise);
    }

    /**
     * Why a channel is closed that nobody here has closed: Netty did, after a write that failed, or its event loop, which stops.
     * What has failed is told to whoever writes afterwards.
     */
    private static FailureReason whyClosed(Channel channel) {
        Throwable cause = channel.pipeline()
                .firstContext()
                .writeAndFlush(Unpooled.EMPTY_BUFFER)
                .cause();
        FailureReason reason = cause == null ? null : ConnectionEnd.reason(cause);
        return reason == null ? FailureReason.DRAIN : reason;
    }

    /**
     * Whether a failure says that the peer has broken the rules of a protocol, rather than that something failed here. What was
     * accepted before was written then, and a last alert should reach the peer.
     */
    public static boolean isPeersFault(Throwable cause) {
        return cause instanceof SSLException
                || (cause instanceof DecoderException
                        && (cause.getCause() == null || cause.getCause() instanceof SSLException));
    }
}
