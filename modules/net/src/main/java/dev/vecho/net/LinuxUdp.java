package dev.vecho.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.channel.unix.RawUnixChannelOption;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Options that Linux has for UDP sockets, ip(7) and ipv6(7). On other systems, and without a native transport of
 * Netty's, this does nothing.
 */
public final class LinuxUdp {

    private static final boolean LINUX = "Linux".equals(System.getProperty("os.name"));

    private static final int IPPROTO_IP = 0;
    private static final int IPPROTO_IPV6 = 41;

    private static final IntegerUnixChannelOption IP_RECVERR =
            new IntegerUnixChannelOption("IP_RECVERR", IPPROTO_IP, 11);
    private static final IntegerUnixChannelOption IPV6_RECVERR =
            new IntegerUnixChannelOption("IPV6_RECVERR", IPPROTO_IPV6, 25);

    private static final int SOL_SOCKET = 1;

    /** Nine numbers of 32 bits, of which the last says how many datagrams there was no room for, {@code linux/sock_diag.h}. */
    private static final RawUnixChannelOption SO_MEMINFO = new RawUnixChannelOption("SO_MEMINFO", SOL_SOCKET, 55, 36);

    private static final int DROPS = 32;

    private LinuxUdp() {}

    /** How many datagrams came to a socket, and were dropped because it had no room for them; -1 if that is not known. */
    public static long dropped(Channel channel) {
        try {
            ByteBuffer numbers = LINUX && channel.isOpen() ? channel.config().getOption(SO_MEMINFO) : null;
            return numbers == null
                    ? -1
                    : Integer.toUnsignedLong(
                            numbers.order(ByteOrder.nativeOrder()).getInt(DROPS));
        } catch (ChannelException refused) {
            return -1;
        }
    }

    /**
     * Lets the next read or write of a socket fail with whatever ICMP says of its datagrams. Otherwise Linux does not
     * report errors that may be temporary, such as that a host or network is unreachable, and reports the others on
     * connected sockets only.
     *
     * <p>The caller closes the socket at the first such error, since nobody reads the queue in which Linux keeps them. A write
     * may fail with {@code ENOBUFS}, too, where Linux would otherwise drop the datagram without a word.
     */
    public static void reportIcmpErrors(Channel channel) {
        if (LINUX) {
            // A socket of IPv6 may have peers of IPv4, whose errors the option of IPv4 reports.
            set(channel, IP_RECVERR);
            set(channel, IPV6_RECVERR);
        }
    }

    private static void set(Channel channel, IntegerUnixChannelOption option) {
        try {
            channel.config().setOption(option, 1);
        } catch (ChannelException refused) {
            // A socket of IPv4 has no options of IPv6.
        }
    }
}
