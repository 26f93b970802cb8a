package dev.vecho.core;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.unix.RawUnixChannelOption;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * How TCP finds out what the path bears (tcp(7), TCP_CONGESTION). It is the system's choice, but for connections that stay on
 * this machine: where no path is, what is left of it is its cost, and that of BBR, which paces by timers, is large.
 */
final class CongestionControl {

    /** The cheapest, part of every Linux, and free to be chosen by anybody. */
    private static final String CHEAPEST = "reno";

    private static final RawUnixChannelOption TCP_CONGESTION =
            new RawUnixChannelOption("TCP_CONGESTION", 6, 13, CHEAPEST.length());

    private CongestionControl() {}

    /** Lets a connection do without, if it stays on this machine. Only on Linux, with a native transport of Netty's. */
    static void fit(Channel channel) {
        if (!"Linux".equals(System.getProperty("os.name"))
                || !(channel.localAddress() instanceof InetSocketAddress local)
                || !(channel.remoteAddress() instanceof InetSocketAddress remote)
                || !isSameMachine(local, remote)) {
            return;
        }
        try {
            channel.config().setOption(TCP_CONGESTION, ByteBuffer.wrap(CHEAPEST.getBytes(StandardCharsets.US_ASCII)));
        } catch (ChannelException refused) {
            // It goes on with the system's choice. Or it is closed already, which its reads will tell.
        }
    }

    /** Whether two ends of a connection are on one machine, as seen there: between its own addresses both are the same. */
    static boolean isSameMachine(InetSocketAddress local, InetSocketAddress remote) {
        return remote.getAddress().isLoopbackAddress() || remote.getAddress().equals(local.getAddress());
    }
}
