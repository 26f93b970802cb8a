package dev.vecho.transport.udp;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.LinuxUdp;
import dev.vecho.net.connect.Connector;
import dev.vecho.net.connect.Connector.Attempt;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollChannelOption;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Exchanges datagrams with one target. Its sockets are connected, so that the operating system reports when nobody
 * listens there, or when there is no route: on nio only for some ICMP errors, since Java cannot ask for the rest.
 * Where a name has several addresses, it takes the first that the system has a route to: UDP has no handshake that
 * would tell more.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Netty's futures have listeners, or belong to something that is closed.
final class UdpClientTransport implements ClientTransport {

    private final Vertx vertx;
    private final Connector connector;
    private final Set<Channel> channels = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    UdpClientTransport(Vertx vertx, Connector connector) {
        this.vertx = vertx;
        this.connector = connector;
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        Context context = vertx.getOrCreateContext();
        return connector.connectInOrder(
                context, receiver, peer -> Attempt.of(connect(context, peer, receiver), Connection::close));
    }

    private Future<Connection> connect(Context context, InetSocketAddress peer, Receiver receiver) {
        UdpSocket socket;
        try {
            socket = UdpSocket.open(vertx, peer.getAddress());
        } catch (IOException e) {
            return VertxInternals.failed(context, e);
        }
        Channel channel = socket.channel();
        receiveEmpty(channel);
        LinuxUdp.reportIcmpErrors(channel);
        Promise<Connection> promise = VertxInternals.promise(context);
        VertxInternals.eventLoop(context).register(channel).addListener(registered -> {
            if (!registered.isSuccess()) {
                promise.fail(registered.cause());
                return;
            }
            channels.add(channel);
            channel.closeFuture().addListener(ended -> channels.remove(channel));
            channel.connect(peer).addListener(connected -> {
                if (connected.isSuccess() && !closed) {
                    UdpConnection connection = new UdpConnection(socket, peer, receiver);
                    channel.pipeline().addLast(connection);
                    promise.complete(connection);
                } else {
                    channel.close();
                    promise.fail(connected.isSuccess() ? new IOException("closed meanwhile") : connected.cause());
                }
            });
        });
        return promise.future();
    }

    /** From a connected socket, Netty's epoll swallows datagrams without a byte, unless it may come upon merged ones. */
    private static void receiveEmpty(Channel channel) {
        try {
            channel.config().setOption(EpollChannelOption.UDP_GRO, true);
        } catch (ChannelException e) {
            // Linux before 5.0. All others come.
            return;
        }
    }

    @Override
    public Future<Void> close() {
        closed = true;
        connector.close();
        return Future.join(channels.stream()
                        .map(channel -> {
                            Promise<Void> promise = Promise.promise();
                            // Not from within a read; see UdpConnection.
                            channel.closeFuture().addListener(ended -> promise.complete());
                            channel.eventLoop().execute(channel::close);
                            return promise.future();
                        })
                        .toList())
                .mapEmpty();
    }
}
