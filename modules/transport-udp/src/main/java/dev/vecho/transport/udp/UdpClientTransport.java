package dev.vecho.transport.udp;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Receiver.Phase;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollChannelOption;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Exchanges datagrams with one target. Its sockets are connected, so that the operating system tells when nobody listens
 * there. Where a name has several addresses, the first that the system knows a way to: UDP has no handshake that would
 * tell more.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Netty's futures have listeners, or belong to something that is closed.
final class UdpClientTransport implements ClientTransport {

    private final Vertx vertx;
    private final String host;
    private final int port;
    private final Set<Channel> channels = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    UdpClientTransport(Vertx vertx, String host, int port) {
        this.vertx = vertx;
        this.host = host;
        this.port = port;
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        ContextInternal context = (ContextInternal) vertx.getOrCreateContext();
        long start = System.nanoTime();
        return context.executeBlocking(() -> List.of(InetAddress.getAllByName(host)), false)
                .recover(failure -> Future.failedFuture(
                        new TransportException(Fault.DNS, "the name " + host + " does not resolve", failure)))
                .compose(addresses -> {
                    receiver.completed(Phase.RESOLVE, since(start));
                    return connectFrom(context, addresses, 0, receiver);
                });
    }

    private Future<Connection> connectFrom(
            ContextInternal context, List<InetAddress> addresses, int index, Receiver receiver) {
        long start = System.nanoTime();
        InetSocketAddress peer = new InetSocketAddress(addresses.get(index), port);
        return connect(context, peer, receiver).transform(result -> {
            if (result.succeeded()) {
                receiver.completed(Phase.CONNECT, since(start));
                return Future.succeededFuture(result.result());
            }
            return index + 1 == addresses.size()
                    ? Future.failedFuture(UdpConnection.failure(peer, result.cause()))
                    : connectFrom(context, addresses, index + 1, receiver);
        });
    }

    private Future<Connection> connect(ContextInternal context, InetSocketAddress peer, Receiver receiver) {
        UdpSocket socket;
        try {
            socket = UdpSocket.open(vertx, peer.getAddress());
        } catch (IOException e) {
            return context.failedFuture(e);
        }
        Channel channel = socket.channel();
        receiveEmpty(channel);
        Promise<Connection> promise = context.promise();
        context.nettyEventLoop().register(channel).addListener(registered -> {
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
        return Future.join(channels.stream()
                        .map(channel -> {
                            Promise<Void> promise = Promise.promise();
                            channel.close().addListener(ended -> promise.complete());
                            return promise.future();
                        })
                        .toList())
                .mapEmpty();
    }

    private static Duration since(long nanoTime) {
        return Duration.ofNanos(System.nanoTime() - nanoTime);
    }
}
