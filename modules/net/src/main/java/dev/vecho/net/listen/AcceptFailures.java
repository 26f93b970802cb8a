package dev.vecho.net.listen;

import dev.vecho.net.NettyInternals;
import dev.vecho.net.SocketEnd;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a listening socket does when a connection cannot be accepted. Netty by itself would pause for a second, with a stack
 * trace each time, and leave the clients waiting.
 *
 * <p>Without a file descriptor for it, a connection is accepted with the {@link SpareDescriptor} and reset, so that its client
 * knows, and counted as refused. After any other failure, such as a peer that has gone meanwhile or a lack of memory, it goes
 * on at once, or after a second if failures do not end. Open connections are not affected.
 *
 * <p>One for each listening socket, used on its event loop only.
 */
public final class AcceptFailures extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(AcceptFailures.class);

    /** Whose the socket is that is being opened. */
    private static final ThreadLocal<@Nullable Opening> OPENING = new ThreadLocal<>();

    /** Up to so many failures in turn may be caused by peers. */
    private static final int MANY = 16;

    private static final long PAUSE_SECONDS = 1;

    private static final long LOG_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** For all listening sockets, which suffer together. */
    private static final AtomicLong LAST_LOGGED = new AtomicLong(System.nanoTime() - LOG_NANOS);

    private final Runnable refused;
    private final Accepting accepting;
    private int inTurn;
    private boolean paused;

    /**
     * A listener that opens a socket.
     *
     * @param refused is called for each refused connection
     */
    private record Opening(Runnable refused, Accepting accepting) {}

    private AcceptFailures(Opening opening) {
        this.refused = opening.refused();
        this.accepting = opening.accepting();
        SpareDescriptor.hold();
    }

    /** Runs what opens a listening socket on one of Vecho's transports, with what is to be called for each refused connection, and what decides whether it accepts any. */
    static <T> T counting(Runnable refused, Accepting accepting, Supplier<T> opening) {
        OPENING.set(new Opening(refused, accepting));
        try {
            return opening.get();
        } finally {
            OPENING.remove();
        }
    }

    /** Puts one before the listening socket that is going to be opened. */
    public static void install(ServerBootstrap server) {
        Opening opening = OPENING.get();
        server.handler(new AcceptFailures(opening == null ? new Opening(() -> {}, new Accepting()) : opening));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        accepting.add(ctx.channel());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        inTurn = 0;
        // It is missing where it was given up for this connection. If there is another one by now, the worst is over.
        if (SpareDescriptor.hold()) {
            ctx.fireChannelRead(message);
        } else {
            reset((Channel) message);
            SpareDescriptor.hold();
            refused.run();
        }
    }

    private static void reset(Channel connection) {
        SocketEnd.reset(connection);
        NettyInternals.closeUnregistered(connection);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!(cause instanceof IOException)) {
            ctx.fireExceptionCaught(cause);
            return;
        }
        if (SpareDescriptor.isNeeded()) {
            log(ctx, "new connections are reset until there is a file descriptor for them (ulimit -n)", cause);
            if (!SpareDescriptor.release()) {
                pause(ctx);
            }
        } else if (++inTurn > MANY) {
            log(ctx, "no connection can be accepted for now", cause);
            pause(ctx);
        }
    }

    private void log(ChannelHandlerContext ctx, String what, Throwable cause) {
        long now = System.nanoTime();
        long last = LAST_LOGGED.get();
        if (now - last >= LOG_NANOS && LAST_LOGGED.compareAndSet(last, now)) {
            LOG.warn("{}: {}: {}", ctx.channel().localAddress(), what, cause.getMessage());
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // It does not fail.
    private void pause(ChannelHandlerContext ctx) {
        if (!paused) {
            paused = true;
            ctx.channel().config().setAutoRead(false);
            ctx.executor()
                    .schedule(
                            () -> {
                                paused = false;
                                ctx.channel().config().setAutoRead(accepting.isOn());
                            },
                            PAUSE_SECONDS,
                            TimeUnit.SECONDS);
        }
    }
}
