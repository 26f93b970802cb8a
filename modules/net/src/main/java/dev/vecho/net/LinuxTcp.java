package dev.vecho.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.unix.RawUnixChannelOption;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Options that Linux has for TCP connections, tcp(7). On other systems, and without a native transport of Netty's, this
 * does nothing.
 */
public final class LinuxTcp {

    private static final boolean LINUX = "Linux".equals(System.getProperty("os.name"));

    private static final int IPPROTO_TCP = 6;

    /** The cheapest algorithm. It is part of every Linux, and every user may choose it. */
    private static final String CHEAPEST = "reno";

    private static final RawUnixChannelOption TCP_CONGESTION =
            new RawUnixChannelOption("TCP_CONGESTION", IPPROTO_TCP, 13, CHEAPEST.length());

    private static final RawUnixChannelOption TCP_QUICKACK =
            new RawUnixChannelOption("TCP_QUICKACK", IPPROTO_TCP, 12, Integer.BYTES);

    /** An even number other than zero: acknowledge now, without changing the mode. */
    private static final int NOW = 2;

    private LinuxTcp() {}

    /**
     * Replaces the system's congestion control on a connection within this machine. There is no path to probe, so it
     * would only cost time, and BBR, which paces by timers, costs much.
     */
    public static void fitCongestionControl(Channel channel) {
        if (channel.localAddress() instanceof InetSocketAddress local
                && channel.remoteAddress() instanceof InetSocketAddress remote
                && isSameMachine(local, remote)) {
            set(channel, TCP_CONGESTION, ByteBuffer.wrap(CHEAPEST.getBytes(StandardCharsets.US_ASCII)));
        }
    }

    /** Whether two ends of a connection are on one machine, as seen there: between its own addresses both are the same. */
    static boolean isSameMachine(InetSocketAddress local, InetSocketAddress remote) {
        return remote.getAddress().isLoopbackAddress() || remote.getAddress().equals(local.getAddress());
    }

    /** Acknowledges what was received now, instead of with the next answer or 40 ms later. */
    public static void acknowledgeNow(Channel channel) {
        if (channel.remoteAddress() instanceof InetSocketAddress) {
            set(
                    channel,
                    TCP_QUICKACK,
                    ByteBuffer.allocate(Integer.BYTES)
                            .order(ByteOrder.nativeOrder())
                            .putInt(0, NOW));
        }
    }

    private static void set(Channel channel, RawUnixChannelOption option, ByteBuffer value) {
        if (!LINUX) {
            return;
        }
        try {
            channel.config().setOption(option, value);
        } catch (ChannelException refused) {
            // The system's choice stays. Or the connection is closed already, which its reads will report.
        }
    }
}
