package dev.vecho.transport.udp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Datagrams that came from one source in turn and can be given to the system as one, which it splits again
 * (UDP_SEGMENT of Linux, udp(7)): all of one size, but for the last, which may be smaller.
 *
 * <p>Used on the event loop of its socket only.
 */
final class DatagramRun {

    /** What the system takes at most, in every version. */
    private static final int MAX_DATAGRAMS = 64;

    /** Together, with the headers of IP and UDP in one packet of IPv4. */
    private static final int MAX_BYTES = UdpSocket.MAX_BYTES_IPV4;

    /** The largest that Ethernet takes in one packet of IPv6: larger ones must be cut into fragments. */
    private static final int LARGEST = 1_452;

    private static final boolean SUPPORTED = EpollDatagramChannel.isSegmentedDatagramPacketSupported();

    private final List<ByteBuf> datagrams = new ArrayList<>();
    private @Nullable InetSocketAddress source;
    private int bytes;

    /** How many there are. */
    int size() {
        return datagrams.size();
    }

    /** Adds a datagram, which is its own from then on; false if it does not belong to those it has. */
    boolean add(InetSocketAddress from, ByteBuf datagram) {
        int size = datagram.readableBytes();
        if (!datagrams.isEmpty()) {
            int first = datagrams.get(0).readableBytes();
            int last = datagrams.get(datagrams.size() - 1).readableBytes();
            if (!SUPPORTED
                    || first > LARGEST
                    || last < first
                    || size > first
                    || bytes + size > MAX_BYTES
                    || datagrams.size() == MAX_DATAGRAMS
                    || !isSame(from, source)) {
                return false;
            }
        }
        datagrams.add(datagram);
        source = from;
        bytes += size;
        return true;
    }

    /** Addresses of IPv6 are equal to Java whatever their link is. */
    private static boolean isSame(InetSocketAddress one, @Nullable InetSocketAddress other) {
        return other != null && one.equals(other) && scope(one) == scope(other);
    }

    private static int scope(InetSocketAddress address) {
        return address.getAddress() instanceof Inet6Address ipv6 ? ipv6.getScopeId() : 0;
    }

    /** Takes each on its own. */
    List<DatagramPacket> takeEach() {
        List<DatagramPacket> each = new ArrayList<>(datagrams.size());
        for (ByteBuf datagram : datagrams) {
            each.add(new DatagramPacket(datagram, source));
        }
        clear();
        return each;
    }

    /** Takes all in one; null, and takes none, if there is no memory for it. */
    @Nullable SegmentedDatagramPacket takeTogether(ByteBufAllocator allocator) {
        ByteBuf all;
        try {
            all = allocator.directBuffer(bytes);
        } catch (OutOfMemoryError e) {
            return null;
        }
        int size = datagrams.get(0).readableBytes();
        datagrams.forEach(datagram -> {
            all.writeBytes(datagram);
            datagram.release();
        });
        SegmentedDatagramPacket packet = new SegmentedDatagramPacket(all, size, source);
        clear();
        return packet;
    }

    private void clear() {
        datagrams.clear();
        source = null;
        bytes = 0;
    }
}
