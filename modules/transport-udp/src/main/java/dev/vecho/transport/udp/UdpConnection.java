package dev.vecho.transport.udp;

import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.Addresses;
import dev.vecho.net.LinuxUdp;
import dev.vecho.net.connect.ConnectFailure;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.Map;

/** A client's socket, connected to one peer, from which alone it receives. */
@SuppressWarnings("FutureReturnValueIgnored") // A failed close of Netty's is moot.
final class UdpConnection extends ChannelInboundHandlerAdapter implements Connection {

    private final UdpSocket socket;
    private final Channel channel;
    private final InetSocketAddress peer;
    private final Receiver receiver;
    private boolean over;
    private long unsent;

    UdpConnection(UdpSocket socket, InetSocketAddress peer, Receiver receiver) {
        this.socket = socket;
        this.channel = socket.channel();
        this.peer = peer;
        this.receiver = receiver;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        DatagramPacket datagram = (DatagramPacket) message;
        try {
            if (!over) {
                receiver.received(VertxInternals.buffer(datagram.content()));
            }
        } finally {
            datagram.release();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (!over) {
            over = true;
            receiver.ended();
        }
    }

    /** Such as the ICMP answer of a machine where nobody has the port. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!over) {
            over = true;
            receiver.failed(failure(peer, cause));
        }
        closeLater();
    }

    /**
     * Closes the socket when what is being read is read. Netty's epoll goes on to read after a close from within a read, and
     * by then the file descriptor may be that of another socket: its datagrams are lost, and if it blocks, so does the event
     * loop.
     */
    private ChannelPromise closeLater() {
        ChannelPromise closed = channel.newPromise();
        channel.eventLoop().execute(() -> channel.close(closed));
        return closed;
    }

    static TransportException failure(InetSocketAddress peer, Throwable cause) {
        ConnectFailure failure = ConnectFailure.of(cause);
        String where = Addresses.format(peer);
        if (failure.fault() != Fault.OTHER) {
            return failure.at(where);
        }
        return new TransportException(
                Fault.OTHER, "cannot exchange datagrams with " + where + ": " + failure.words(), cause);
    }

    @Override
    public Future<Void> send(Buffer bytes) {
        int most = peer.getAddress() instanceof Inet6Address ? UdpSocket.MAX_BYTES_IPV6 : UdpSocket.MAX_BYTES_IPV4;
        if (bytes.length() > most) {
            return Future.failedFuture(new TransportException(
                    Fault.OTHER,
                    "a datagram to " + Addresses.format(peer) + " has at most " + most + " bytes, this message has "
                            + bytes.length(),
                    null));
        }
        if (bytes.length() == 0) {
            return sendEmpty();
        }
        Promise<Void> promise = Promise.promise();
        channel.writeAndFlush(VertxInternals.bytes(bytes)).addListener(sent -> {
            if (sent.isSuccess()) {
                promise.complete();
            } else if (isDropped(sent.cause())) {
                unsent++;
                promise.complete();
            } else {
                promise.fail(failure(peer, sent.cause()));
            }
        });
        return promise.future();
    }

    /** Whether this machine had no room for a datagram, which is lost like one that a router has no room for. */
    private static boolean isDropped(Throwable cause) {
        return Addresses.reason(cause).contains("No buffer space available");
    }

    private Future<Void> sendEmpty() {
        try {
            socket.sendEmpty(peer);
            return Future.succeededFuture();
        } catch (IOException e) {
            return Future.failedFuture(failure(peer, e));
        }
    }

    @Override
    public Future<Void> closeOutput() {
        return Future.failedFuture(new TransportException(
                Fault.OTHER, "UDP carries messages, which have no output to close and no end", null));
    }

    @Override
    public Future<Void> close() {
        over = true;
        Promise<Void> promise = Promise.promise();
        closeLater().addListener(closed -> promise.complete());
        return promise.future();
    }

    @Override
    public String localAddress() {
        return Addresses.format(channel.localAddress());
    }

    @Override
    public String remoteAddress() {
        return Addresses.format(peer);
    }

    @Override
    public long dropped() {
        long came = LinuxUdp.dropped(channel);
        return came < 0 ? -1 : came + unsent;
    }

    @Override
    public Map<String, String> details() {
        return Map.of();
    }
}
