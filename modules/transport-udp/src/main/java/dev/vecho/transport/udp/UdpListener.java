package dev.vecho.transport.udp;

import dev.vecho.core.Listener;
import dev.vecho.core.Traffic;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.io.Io;
import dev.vecho.net.listen.SharedPort;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.socket.SocketProtocolFamily;
import io.vertx.core.Closeable;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.core.spi.metrics.DatagramSocketMetrics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop's sockets of one listener, each bound to one address of this machine.
 *
 * <p>They are Netty's, registered with the event loop of Vert.x, because the public API of Vert.x copies each datagram
 * and queues what it sends without a bound.
 *
 * <p>A wildcard listener has a socket for each address, too, for an answer must come from the address that was asked, and
 * with one socket for all the system would choose. Addresses that appear later are looked for from time to time. Where
 * epoll is at hand, whatever io Vert.x runs on, a {@link UdpCatchAll} finds them at once, and those that no interface
 * has: all of 127.0.0.0/8.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Netty's futures have listeners, or belong to something that is closed.
final class UdpListener implements Listener {

    private static final Logger LOG = LoggerFactory.getLogger(UdpListener.class);

    /** How often a wildcard listener looks for new addresses. */
    private static final long LOOK_MILLIS = 5_000;

    /** How many addresses a wildcard listener serves, since the system may have whole networks routed to itself. */
    private static final int MAX_ADDRESSES = 1_024;

    private final Vertx vertx;
    private final Context context;
    private volatile UdpListenerOptions options;
    private final UdpRules rules;
    private final UdpDrops drops;
    private final Traffic traffic;
    private final Consumer<UdpListener> closed;
    private final Map<InetAddress, Future<UdpSocket>> sockets = new ConcurrentHashMap<>();
    private final List<Channel> channels = new CopyOnWriteArrayList<>();
    /** Vert.x knows nothing of Netty's channels: without it, one that is closed would leave them open. */
    private final Closeable hook = completion -> drain(Duration.ZERO).onComplete(completion);

    private List<String> addresses = List.of();
    private List<String> notes = List.of();
    private @Nullable EventLoopGroup ownLoop;
    private long timer = -1;
    private volatile int port;
    private volatile boolean sharing;
    private volatile boolean closing;

    /**
     * Makes a listener on the caller's context.
     *
     * @param closed called once, when all is closed
     */
    UdpListener(
            Vertx vertx,
            UdpListenerOptions options,
            UdpRules rules,
            UdpDrops drops,
            Traffic traffic,
            Consumer<UdpListener> closed) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.options = options;
        this.rules = rules;
        this.drops = drops;
        this.traffic = traffic;
        this.closed = closed;
        VertxInternals.closeWith(context, hook);
    }

    /** Whether wildcard listeners of IPv4 learn the address that a datagram was sent to. */
    static boolean hasCatchAll() {
        return Epoll.isAvailable();
    }

    /**
     * Opens a socket.
     *
     * @param address of this machine, no wildcard; port 0 for any free one
     * @param first whether it must be the only one with its address so far; otherwise it joins those there are
     */
    Future<UdpSocket> open(InetSocketAddress address, boolean first) {
        UdpSocket socket;
        try {
            socket = UdpSocket.open(vertx, address.getAddress());
        } catch (IOException e) {
            return VertxInternals.failed(context, e);
        }
        socket.bufferBytes(options.receiveBufferBytes(), options.sendBufferBytes());
        Channel channel = socket.channel();
        DatagramSocketMetrics metrics = VertxInternals.datagramMetrics(vertx);
        if (metrics != null) {
            channel.pipeline().addLast(new MeteredDatagrams(metrics));
        }
        channel.pipeline().addLast(handler(socket));
        return register(VertxInternals.eventLoop(context), channel).compose(registered -> {
            if (!first) {
                SharedPort.allow(channel);
            }
            return bind(channel, address).map(bound -> {
                // Not before: the address must have been free of any other, even of another that would share it.
                sharing = SharedPort.allow(channel);
                sockets.putIfAbsent(address.getAddress(), Future.succeededFuture(socket));
                return socket;
            });
        });
    }

    /** What answers: the echo, or another service. */
    private ChannelHandler handler(UdpSocket socket) {
        DatagramService service = options.service();
        return service == null
                ? new UdpEcho(rules, drops, traffic, socket::sendEmpty)
                : new UdpService(service, context, rules, drops, traffic, socket::sendEmpty);
    }

    /**
     * Gives the sockets that are open, and those that will be, other sizes of buffers, and another service.
     *
     * @return completes when the next datagram is answered so; never fails
     */
    Future<Void> change(UdpListenerOptions next) {
        boolean serves = options.service() != null || next.service() != null;
        options = next;
        return Future.join(sockets.values().stream()
                        .map(socket -> socket.compose(open -> {
                            open.bufferBytes(next.receiveBufferBytes(), next.sendBufferBytes());
                            return serves ? serveAnew(open) : Future.succeededFuture();
                        }))
                        .toList())
                .transform(changed -> Future.succeededFuture());
    }

    private Future<Void> serveAnew(UdpSocket socket) {
        Channel channel = socket.channel();
        Promise<Void> promise = VertxInternals.promise(context);
        channel.eventLoop()
                .submit(() -> {
                    if (channel.isOpen()) {
                        channel.pipeline().replace(channel.pipeline().last(), null, handler(socket));
                    }
                })
                .addListener(replaced -> settle(promise, replaced.cause()));
        return promise.future();
    }

    /** Whether other event loops can have the same addresses; known once one is open. */
    boolean sharing() {
        return sharing;
    }

    /** Opens the catch-all of a wildcard listener; returns its port. */
    Future<Integer> openCatchAll(InetSocketAddress any) {
        EventLoop loop = VertxInternals.eventLoop(context);
        if (!Io.of(vertx).equals("epoll")) {
            ownLoop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
            loop = ownLoop.next();
        }
        Channel channel = new EpollDatagramChannel(SocketProtocolFamily.INET);
        channel.config().setAllocator(PooledByteBufAllocator.DEFAULT);
        channel.config().setRecvByteBufAllocator(new FixedRecvByteBufAllocator(1 << 16));
        channel.config().setOption(ChannelOption.SO_BROADCAST, false);
        channel.config().setOption(EpollChannelOption.IP_RECVORIGDSTADDR, true);
        channel.pipeline().addLast(new UdpCatchAll(rules, drops, this::socket));
        return register(loop, channel).compose(registered -> bind(channel, any)).map(bound -> {
            SharedPort.allow(channel);
            return bound.getPort();
        });
    }

    private Future<Void> register(EventLoop loop, Channel channel) {
        Promise<Void> promise = VertxInternals.promise(context);
        loop.register(channel).addListener(registered -> settle(promise, registered.cause()));
        return promise.future();
    }

    private Future<InetSocketAddress> bind(Channel channel, InetSocketAddress address) {
        Promise<InetSocketAddress> promise = VertxInternals.promise(context);
        ChannelFuture binding = channel.bind(address);
        binding.addListener(bound -> {
            if (!bound.isSuccess()) {
                channel.close();
                promise.fail(bound.cause());
                return;
            }
            // Known as ours before anything is read from it.
            InetSocketAddress local = (InetSocketAddress) channel.localAddress();
            InetSocketAddress own =
                    local.getAddress().isAnyLocalAddress() ? OwnSockets.wildcard(local.getPort()) : local;
            OwnSockets.add(own);
            channel.closeFuture().addListener(ended -> OwnSockets.remove(own));
            channels.add(channel);
            port = local.getPort();
            if (closing) {
                channel.close();
            }
            promise.complete(local);
        });
        return promise.future();
    }

    private static void settle(Promise<Void> promise, @Nullable Throwable cause) {
        if (cause == null) {
            promise.complete();
        } else {
            promise.fail(cause);
        }
    }

    /** The socket of an address, which is opened if need be, beside a catch-all that has the port. Any thread. */
    private Future<UdpSocket> socket(InetAddress address) {
        Future<UdpSocket> known = sockets.get(address);
        if (known != null) {
            return known;
        }
        if (closing || sockets.size() >= MAX_ADDRESSES) {
            return Future.failedFuture(new SocketException("too many addresses"));
        }
        Promise<UdpSocket> promise = Promise.promise();
        Future<UdpSocket> other = sockets.putIfAbsent(address, promise.future());
        if (other != null) {
            return other;
        }
        open(new InetSocketAddress(address, port), false)
                .onFailure(failure -> {
                    LOG.debug("no socket for {}: {}", address, failure.toString());
                    sockets.remove(address);
                })
                .onComplete(promise);
        return promise.future();
    }

    /**
     * Looks for new addresses from time to time.
     *
     * @param wanted all that this machine has now, of those that the listener is to serve
     */
    void follow(Supplier<Future<List<InetAddress>>> wanted) {
        timer = vertx.setPeriodic(LOOK_MILLIS, fired -> wanted.get().onSuccess(found -> found.forEach(this::socket)));
    }

    /** Tells what has been opened. */
    void opened(List<String> realAddresses, List<String> toKnow) {
        addresses = realAddresses;
        notes = toKnow;
    }

    @Override
    public List<String> addresses() {
        return addresses;
    }

    @Override
    public List<String> notes() {
        return notes;
    }

    @Override
    public JsonObject ownClient(String address) {
        DatagramService service = options.service();
        return service == null ? new JsonObject() : service.ownClientOptions();
    }

    /** Closes at once: a datagram that was taken is answered or dropped by the time this is called. */
    @Override
    public Future<Void> drain(Duration grace) {
        if (closing) {
            return Future.succeededFuture();
        }
        closing = true;
        VertxInternals.keep(context, hook);
        vertx.cancelTimer(timer);
        addresses = List.of();
        return Future.join(channels.stream().map(this::close).toList()).transform(all -> {
            channels.clear();
            sockets.clear();
            closed.accept(this);
            return endOwnLoop();
        });
    }

    private Future<Void> close(Channel channel) {
        Promise<Void> promise = VertxInternals.promise(context);
        channel.flush();
        channel.close().addListener(ended -> {
            // On nio, the address is not free before the selector has run once more.
            channel.eventLoop().schedule(() -> promise.complete(), 1, TimeUnit.MILLISECONDS);
        });
        return promise.future();
    }

    private Future<Void> endOwnLoop() {
        Promise<Void> promise = VertxInternals.promise(context);
        if (ownLoop == null) {
            promise.complete();
        } else {
            ownLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS).addListener(ended -> promise.complete());
        }
        return promise.future();
    }
}
