package dev.vecho.net.connect;

import dev.vecho.core.Receiver;
import dev.vecho.core.Receiver.Phase;
import dev.vecho.core.TransportException;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.connect.Connector.Attempt;
import dev.vecho.net.io.Io;
import dev.vecho.net.tls.TlsClient;
import dev.vecho.net.tls.TlsConnection;
import dev.vecho.net.tls.TlsQuestion;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import io.netty.handler.ssl.SslProvider;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens sockets of TCP, or of a Unix domain, and TLS on them: what the transports on top of sockets share. Its owner closes it. */
@SuppressWarnings("FutureReturnValueIgnored") // A failed close of Netty's is moot.
public final class SocketConnector {

    /** What goes on top of a socket. */
    public interface Opening<T> {

        /**
         * Called on the connection's event loop, before anything of the peer's is read.
         *
         * @param channel to whose pipeline handlers are added, at the end
         * @param tls has shaken hands, or null for no TLS
         */
        Future<T> open(Channel channel, @Nullable TlsConnection tls);
    }

    private static final Logger LOG = LoggerFactory.getLogger(SocketConnector.class);

    private static final int QUESTION_MILLIS = 3000;

    /** Until the next attempt at a Unix domain socket whose backlog is full. */
    private static final int BACKLOG_MILLIS = 10;

    private final Vertx vertx;
    private final @Nullable SentProxyHeader header;
    private final Set<Channel> channels = ConcurrentHashMap.newKeySet();
    private final boolean ioUring;
    private volatile boolean closed;

    public SocketConnector(Vertx vertx) {
        this(vertx, null);
    }

    /** @param header what each connection begins with; null for none */
    public SocketConnector(Vertx vertx, @Nullable SentProxyHeader header) {
        this.vertx = vertx;
        this.header = header;
        this.ioUring = Io.of(vertx).equals("io_uring");
    }

    /**
     * Connects over TCP, and shakes hands where TLS is wanted: where an engine cannot, and the other may, on a second connection,
     * of which the phases are told again.
     *
     * @param receiver told of the phases
     * @return completes on the event loop of the caller's context; fails with a {@link TransportException}
     */
    public <T> Future<T> connect(Connector connector, @Nullable TlsClient tls, Receiver receiver, Opening<T> opening) {
        Context context = vertx.getOrCreateContext();
        if (tls == null) {
            return dial(context, connector, receiver).compose(channel -> opening.open(channel, null));
        }
        SslProvider engine = tls.engine();
        return secure(context, connector, tls, engine, receiver)
                .recover(failure -> secureOtherwise(context, connector, tls, engine, receiver, failure))
                .compose(secured -> opening.open(secured.channel(), secured));
    }

    private Future<TlsConnection> secure(
            Context context, Connector connector, TlsClient tls, SslProvider engine, Receiver receiver) {
        return dial(context, connector, receiver)
                .compose(channel ->
                        TlsConnection.begin(tls, engine, channel, null, connector.port(), receiver, () -> closed));
    }

    /** Tries once more with the other engine, where there is one that may do better. */
    private Future<TlsConnection> secureOtherwise(
            Context context,
            Connector connector,
            TlsClient tls,
            SslProvider engine,
            Receiver receiver,
            Throwable failure) {
        SslProvider other = tls.engineAfter(engine, failure);
        if (other == null || closed) {
            return Future.failedFuture(failure);
        }
        return vertx.executeBlocking(() -> tls.prepare(other), false)
                .compose(ready -> ready
                        ? secure(context, connector, tls, other, receiver)
                        : Future.<TlsConnection>failedFuture(failure))
                .onSuccess(secured -> tls.prefer(other, failure))
                .recover(second -> Future.failedFuture(TlsClient.tellingOf(failure, second)));
    }

    private Future<Channel> dial(Context context, Connector connector, Receiver receiver) {
        return connector.connect(context, receiver, address -> dial(context, address, false));
    }

    /** Connects to a Unix domain socket; fails with what the operating system said. */
    public <T> Future<T> connect(String path, Receiver receiver, Opening<T> opening) {
        Context context = vertx.getOrCreateContext();
        SocketAddress address =
                VertxInternals.transport(vertx).convert(io.vertx.core.net.SocketAddress.domainSocketAddress(path));
        long start = System.nanoTime();
        receiver.began(Phase.CONNECT);
        return dialDomainSocket(context, address).compose(channel -> {
            receiver.completed(Phase.CONNECT, since(start));
            return opening.open(channel, null);
        });
    }

    /**
     * Connects to a Unix domain socket. While as many connections as the backlog takes wait to be accepted, Linux fails a
     * connect that does not block with EAGAIN, so it is repeated, until this is closed: unix(7).
     */
    private Future<Channel> dialDomainSocket(Context context, SocketAddress address) {
        return dial(context, address, true).result().recover(failure -> {
            boolean full = String.valueOf(failure.getMessage()).contains("temporarily unavailable");
            return full && !closed
                    ? vertx.timer(BACKLOG_MILLIS, TimeUnit.MILLISECONDS)
                            .compose(passed -> dialDomainSocket(context, address))
                    : Future.failedFuture(failure);
        });
    }

    /**
     * Finds out whether the target answers in TLS, on one more connection.
     *
     * @return false where it says anything else, or nothing for {@value #QUESTION_MILLIS} ms; never fails
     */
    public Future<Boolean> answersTls(Connector connector) {
        Context context = vertx.getOrCreateContext();
        return answersTls(connector.host(), connector.port(), () -> dial(context, connector, Receiver.NONE));
    }

    /** The same for a Unix domain socket. */
    public Future<Boolean> answersTls(String path) {
        Context context = vertx.getOrCreateContext();
        SocketAddress address =
                VertxInternals.transport(vertx).convert(io.vertx.core.net.SocketAddress.domainSocketAddress(path));
        return answersTls("localhost", -1, () -> dialDomainSocket(context, address));
    }

    private Future<Boolean> answersTls(String host, int port, Supplier<Future<Channel>> dialing) {
        return vertx.executeBlocking(() -> TlsQuestion.hello(host, port), false)
                .compose(hello -> {
                    Promise<Boolean> answered = Promise.promise();
                    // The time is counted from here, because the first use of TLS takes long.
                    long timer = vertx.setTimer(QUESTION_MILLIS, late -> answered.tryComplete(false));
                    answered.future().onComplete(done -> vertx.cancelTimer(timer));
                    dialing.get()
                            .compose(channel -> {
                                answered.future().onComplete(done -> channel.close());
                                return TlsQuestion.ask(channel, hello);
                            })
                            .onComplete(asked -> answered.tryComplete(asked.succeeded() && asked.result()));
                    return answered.future();
                })
                .otherwise(false);
    }

    private Attempt<Channel> dial(Context context, SocketAddress address, boolean domainSocket) {
        Bootstrap bootstrap = new Bootstrap()
                .group(VertxInternals.eventLoop(context))
                .channelFactory(VertxInternals.transport(vertx).channelFactory(domainSocket))
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
                // What the peer sent before it closed must still be read when a write fails.
                .option(ChannelOption.AUTO_CLOSE, false)
                .handler(new BrokenWrites());
        if (address instanceof InetSocketAddress) {
            bootstrap.option(ChannelOption.TCP_NODELAY, true);
        }
        Promise<Channel> promise = VertxInternals.promise(context);
        ChannelFuture connecting = bootstrap.connect(address);
        Channel channel = connecting.channel();
        connecting.addListener(connected -> {
            if (!connected.isSuccess()) {
                close(channel);
                promise.fail(connected.cause());
                return;
            }
            IOException failure = ioUring && !domainSocket ? failureOf(channel) : null;
            if (failure != null) {
                close(channel);
                promise.fail(failure);
                return;
            }
            channels.add(channel);
            channel.closeFuture().addListener(ended -> channels.remove(channel));
            if (closed) {
                channel.close();
            } else if (header != null) {
                header.send(channel);
            }
            promise.complete(channel);
        });
        return new Attempt<>() {
            @Override
            public Future<Channel> result() {
                return promise.future();
            }

            @Override
            public void cancel() {
                close(channel);
            }
        };
    }

    /**
     * Why a connection that io_uring reports as open is not; null if it is. Over IPv4, Linux 6.18 completes a connect
     * without an error, and without a connection, when ICMP answers it, and does not say which error it was.
     */
    private static @Nullable IOException failureOf(Channel channel) {
        Socket socket = (Socket) ((UnixChannel) channel).fd();
        if (socket.remoteAddress() != null) {
            return null;
        }
        try {
            socket.finishConnect();
            return new NoRouteToHostException();
        } catch (IOException known) {
            return known;
        }
    }

    private static void close(Channel channel) {
        // One that could not even be made, for want of file descriptors, cannot be closed.
        if (channel.isRegistered()) {
            channel.close();
        }
    }

    /**
     * Begins TLS on an open connection, on its event loop.
     *
     * @param before the handler that TLS goes before, or null where there are none
     * @param receiver told of the phase
     * @return fails with a {@link TransportException}, and then the channel is closed
     */
    public Future<TlsConnection> startTls(
            TlsClient tls, Channel channel, @Nullable ChannelHandler before, int port, Receiver receiver) {
        SslProvider engine = tls.broadest();
        Future<Boolean> ready = tls.isReady(engine)
                ? Future.succeededFuture(true)
                : vertx.executeBlocking(() -> tls.prepare(engine), false);
        return ready.compose(can ->
                TlsConnection.begin(tls, can ? engine : tls.engine(), channel, before, port, receiver, () -> closed));
    }

    /**
     * Breaks a connection off with a reset, without a TLS alert before. A Unix domain socket knows no reset, and is
     * closed.
     *
     * @return completes when it is closed; never fails
     */
    public static Future<Void> reset(Channel channel) {
        try {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
        } catch (ChannelException e) {
            // It is gone already, which the close below finds too.
            LOG.debug("{}: no reset: {}", channel, e.toString());
        }
        Promise<Void> promise = Promise.promise();
        channel.closeFuture().addListener(ended -> promise.complete());
        ChannelHandlerContext first = channel.pipeline().firstContext();
        if (first == null) {
            channel.close();
        } else {
            first.close();
        }
        return promise.future();
    }

    /** Closes every connection; never fails. */
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
