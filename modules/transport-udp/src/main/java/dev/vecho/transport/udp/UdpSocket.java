package dev.vecho.transport.udp;

import dev.vecho.core.VertxInternals;
import dev.vecho.net.echo.DatagramReads;
import dev.vecho.net.io.Io;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.InternetProtocolFamily;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import org.jspecify.annotations.Nullable;

/** A datagram socket of Netty's on the io that Vert.x runs on, and what Netty leaves out: datagrams without a byte. */
final class UdpSocket {

    /** What fits into a datagram of IPv4: 65,535 less the headers of IP and UDP. */
    static final int MAX_BYTES_IPV4 = 65_507;

    /** What fits into a datagram of IPv6, whose length does not count the header of IP. */
    static final int MAX_BYTES_IPV6 = 65_527;

    private static final ByteBuffer EMPTY = ByteBuffer.allocateDirect(0);

    private final Channel channel;
    private final @Nullable DatagramChannel nio;

    private UdpSocket(Channel channel, @Nullable DatagramChannel nio) {
        this.channel = channel;
        this.nio = nio;
        channel.config().setAllocator(PooledByteBufAllocator.DEFAULT);
        readEach(channel);
        channel.config().setOption(ChannelOption.SO_BROADCAST, false);
    }

    /** Makes a socket for one side's address; it is neither registered nor bound. */
    @SuppressWarnings("deprecation") // The type in the signature of Vert.x.
    static UdpSocket open(Vertx vertx, InetAddress address) throws IOException {
        boolean ipv6 = address instanceof Inet6Address;
        if (Io.of(vertx).equals("epoll")) {
            // Vert.x makes sockets of IPv6 for both, on which IPv4 takes longer.
            SocketProtocolFamily family = ipv6 ? SocketProtocolFamily.INET6 : SocketProtocolFamily.INET;
            return new UdpSocket(new EpollDatagramChannel(family), null);
        }
        if (vertx.isNativeTransportEnabled()) {
            InternetProtocolFamily family = ipv6 ? InternetProtocolFamily.IPv6 : InternetProtocolFamily.IPv4;
            return new UdpSocket(VertxInternals.transport(vertx).datagramChannel(family), null);
        }
        try {
            DatagramChannel nio =
                    DatagramChannel.open(ipv6 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
            return new UdpSocket(new NioDatagramChannel(nio), nio);
        } catch (UnsupportedOperationException e) {
            SocketException unavailable = new SocketException("Protocol family unavailable");
            unavailable.initCause(e);
            throw unavailable;
        }
    }

    /** Makes a socket read each datagram into a buffer of its own. */
    static void readEach(Channel channel) {
        channel.config()
                .setRecvByteBufAllocator(new FixedRecvByteBufAllocator(DatagramReads.DATAGRAM_BYTES)
                        .maxMessagesPerRead(DatagramReads.READS_PER_TURN));
    }

    Channel channel() {
        return channel;
    }

    InetSocketAddress localAddress() {
        return (InetSocketAddress) channel.localAddress();
    }

    /** Sets the sizes of the system's buffers; 0 leaves one as it is. */
    void bufferBytes(int receive, int send) {
        if (receive > 0) {
            channel.config().setOption(ChannelOption.SO_RCVBUF, receive);
        }
        if (send > 0) {
            channel.config().setOption(ChannelOption.SO_SNDBUF, send);
        }
    }

    /**
     * Sends a datagram without a byte, at once. Netty takes such a one for written without telling the system, on nio,
     * epoll and kqueue.
     */
    void sendEmpty(InetSocketAddress to) throws IOException {
        if (nio != null && nio.isConnected()) {
            // The JDK takes it for written, as Netty does.
            throw new IOException("io nio cannot send a datagram without a byte from a connected socket");
        } else if (nio != null) {
            nio.send(ByteBuffer.allocate(0), to);
        } else {
            ((Socket) ((UnixChannel) channel).fd()).sendTo(EMPTY, 0, 0, to.getAddress(), to.getPort());
        }
    }
}
