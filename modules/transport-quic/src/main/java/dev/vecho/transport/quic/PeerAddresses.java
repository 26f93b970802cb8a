package dev.vecho.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionAddress;
import io.netty.handler.codec.quic.QuicConnectionPathStats;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Follows peers whose address changes (RFC 9000, section 9), below Netty's codec: to quiche each stays where it was.
 *
 * <p>quiche, as of Netty 4.2.18, does it so that a connection may stall for good. What was under way to the old address and
 * got lost is never sent again, because nothing that comes later is acknowledged on that path. Each address takes one of two
 * paths, and none is ever given up. And Netty sends to wherever the last packet came from, be it late, or forged.
 *
 * <p>One instance a socket, used on its event loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // The codec hears of its writes through their promises.
final class PeerAddresses extends ChannelDuplexHandler {

    /** The first byte of a packet with a short header: RFC 9000, section 17.3. */
    private static final int SHORT_HEADER = 0x40;

    /** Of a connection whose peer takes new ids all the time. */
    private static final int MAX_IDS = 8;

    private final ConnectionIds ids;

    /** By their first ids. */
    private final Map<QuicConnectionAddress, PeerAddress> peers = new HashMap<>();

    /** By those ids that packets came to. */
    private final Map<ConnectionId, PeerAddress> found = new HashMap<>();

    PeerAddresses(ConnectionIds ids) {
        this.ids = ids;
    }

    /** Follows the peer of a connection until it is closed; called when the handshake is done. */
    void follow(QuicChannel connection) {
        QuicConnectionPathStats path = PeerAddress.path(connection);
        QuicConnectionAddress id = connection.localAddress();
        if (path != null && id != null && connection.remoteSocketAddress() instanceof InetSocketAddress now) {
            PeerAddress peer = new PeerAddress(connection, first(path, connection), now, System::nanoTime);
            peers.put(id, peer);
            connection.closeFuture().addListener(closed -> {
                peers.remove(id);
                peer.ids().forEach(found::remove);
            });
        }
    }

    /** Where quiche sees the peer, which may have moved during the handshake already. */
    private static InetSocketAddress first(QuicConnectionPathStats path, QuicChannel connection) {
        InetSocketAddress address = path.peerAddress();
        // Netty tells quiche ports with their bytes swapped, but not those that quiche tells. Whether it does, this
        // end's
        // port shows if its two bytes differ, else that of a peer that has not moved.
        boolean swapped = isSwapped(connection.localSocketAddress(), path.localAddress())
                || (hasTwins(path.localAddress().getPort()) && isSwapped(connection.remoteSocketAddress(), address));
        return swapped ? new InetSocketAddress(address.getAddress(), swap(address.getPort())) : address;
    }

    private static boolean isSwapped(SocketAddress here, InetSocketAddress there) {
        return here instanceof InetSocketAddress address && address.getPort() != there.getPort();
    }

    private static boolean hasTwins(int port) {
        return swap(port) == port;
    }

    private static int swap(int port) {
        return Short.toUnsignedInt(Short.reverseBytes((short) port));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        DatagramPacket packet = (DatagramPacket) message;
        PeerAddress peer = peer(packet);
        if (peer == null) {
            ctx.fireChannelRead(packet);
            return;
        }
        peer.arriving(packet.sender(), packet.content().readableBytes());
        ctx.fireChannelRead(new DatagramPacket(packet.content(), packet.recipient(), peer));
        peer.arrived();
    }

    /**
     * A packet for a connection that is nothing but its header. quiche drops it as one that cannot be decrypted, after which Netty has
     * the connection send what it has to.
     *
     * @return null as long as no packet has come since the handshake, which the peer repeats
     */
    static @Nullable DatagramPacket emptyPacket(QuicChannel connection, ByteBufAllocator allocator) {
        ConnectionId id = connection.remoteSocketAddress() instanceof PeerAddress peer
                ? peer.ids().peekLast()
                : null;
        if (id == null || !(connection.localSocketAddress() instanceof InetSocketAddress local)) {
            return null;
        }
        ByteBuf header = allocator.directBuffer(1 + ConnectionId.BYTES).writeByte(SHORT_HEADER);
        id.writeTo(header);
        return new DatagramPacket(header, local, (PeerAddress) connection.remoteSocketAddress());
    }

    private @Nullable PeerAddress peer(DatagramPacket packet) {
        ConnectionId id = ConnectionId.destination(packet.content());
        if (id == null) {
            return null;
        }
        PeerAddress known = found.get(id);
        if (known != null) {
            return known;
        }
        PeerAddress peer = peers.get(ids.first(id).address());
        if (peer != null) {
            found.put(id, peer);
            peer.ids().add(id);
            if (peer.ids().size() > MAX_IDS) {
                found.remove(peer.ids().remove());
            }
        }
        return peer;
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof DatagramPacket packet && packet.recipient() instanceof PeerAddress peer) {
            InetSocketAddress destination = peer.destination(packet.content().readableBytes());
            if (destination == null) {
                // As if it got lost on the way.
                ReferenceCountUtil.release(packet);
                promise.trySuccess();
            } else {
                ctx.write(new DatagramPacket(packet.content(), destination), promise);
            }
        } else {
            ctx.write(message, promise);
        }
    }
}
