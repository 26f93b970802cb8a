package dev.vecho.net.echo;

import dev.vecho.net.NettyInternals;
import io.netty.channel.Channel;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.IdentityHashMap;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Netty's epoll, with a {@link DirectEcho} before each channel, which does nothing until the {@link EchoPipe} of that channel
 * starts it, and with a {@link BusyPoll}. One instance an event loop, used there only.
 */
public final class EpollLoop implements IoHandler {

    private static final FastThreadLocal<EpollLoop> CURRENT = new FastThreadLocal<>();

    /** How long bytes that a read has left may wait at most, if nothing else comes. */
    private static final long LOOK_AFTER_MILLIS = 100;

    private final IoHandler epoll;
    private final EventExecutor executor;
    private final IdentityHashMap<IoHandle, DirectEcho> echoes = new IdentityHashMap<>();
    private final Queue<DirectEcho> toLookAgain = new ArrayDeque<>();
    private final Consumer<DirectEcho> lookLater = this::lookLater;
    private boolean isToLook;

    private final BusyPoll busyPoll;

    private EpollLoop(IoHandler epoll, EventExecutor executor) {
        this.epoll = epoll;
        this.executor = executor;
        this.busyPoll = new BusyPoll(epoll);
    }

    /** Netty's event loops as given, each with one of these before it. */
    public static IoHandlerFactory factory(IoHandlerFactory epoll) {
        return new IoHandlerFactory() {
            @Override
            public IoHandler newHandler(ThreadAwareExecutor executor) {
                return new EpollLoop(epoll.newHandler(executor), (EventExecutor) executor);
            }

            @Override
            public boolean isChangingThreadSupported() {
                return epoll.isChangingThreadSupported();
            }
        };
    }

    /**
     * Finds what stands before a channel, on the channel's event loop, once it is registered there.
     *
     * @return null on event loops of another kind
     */
    static @Nullable DirectEcho before(Channel channel) {
        EpollLoop here = CURRENT.get();
        IoHandle its = here == null ? null : NettyInternals.handle(channel);
        return here == null || its == null ? null : here.echoes.get(its);
    }

    /** Sets it on the calling event loop; does nothing on one of another kind. */
    public static void busyPoll(Duration limit) {
        EpollLoop here = CURRENT.get();
        if (here != null) {
            here.busyPoll.limit(limit);
        }
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
        if (!NettyInternals.isChannel(handle)) {
            return epoll.register(handle);
        }
        DirectEcho direct = new DirectEcho((EpollIoHandle) handle, echoes, lookLater);
        return direct.heard(epoll.register(direct));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // It does not fail.
    private void lookLater(DirectEcho direct) {
        toLookAgain.add(direct);
        if (!isToLook) {
            executor.schedule(this::look, LOOK_AFTER_MILLIS, TimeUnit.MILLISECONDS);
            isToLook = true;
        }
    }

    private void look() {
        isToLook = false;
        for (int left = toLookAgain.size(); left > 0; left--) {
            toLookAgain.remove().lookAgain();
        }
    }

    @Override
    public void initialize() {
        CURRENT.set(this);
        epoll.initialize();
    }

    @Override
    public int run(IoHandlerContext context) {
        return busyPoll.run(context);
    }

    @Override
    public void prepareToDestroy() {
        epoll.prepareToDestroy();
    }

    @Override
    public void destroy() {
        epoll.destroy();
    }

    @Override
    public void wakeup() {
        epoll.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> type) {
        return epoll.isCompatible(type);
    }
}
