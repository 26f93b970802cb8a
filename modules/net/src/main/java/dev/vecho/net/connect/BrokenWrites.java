package dev.vecho.net.connect;

import dev.vecho.net.Addresses;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The first handler of a client's socket. A write that finds the connection broken fails when the input has been read to its
 * end, not before: there, the peer may have said why, in an alert of TLS or a response. And where it was reset, the input
 * ends with that, although the system reports a reset only once, and has reported it to the write.
 */
final class BrokenWrites extends ChannelDuplexHandler {

    private final List<Runnable> failed = new ArrayList<>();
    private @Nullable Throwable reset;
    private boolean ended;

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ChannelPromise late = promise.unvoid();
        ctx.write(message).addListener(written -> {
            if (written.isSuccess()) {
                late.trySuccess();
            } else if (ended || !isBroken(written.cause())) {
                late.tryFailure(written.cause());
            } else {
                // "Broken pipe" means that the peer has closed before: that is a proper end of the input.
                if (reset == null && Addresses.reason(written.cause()).equals("connection reset")) {
                    reset = written.cause();
                }
                failed.add(() -> late.tryFailure(written.cause()));
            }
        });
    }

    private static boolean isBroken(Throwable cause) {
        String reason = Addresses.reason(cause);
        return cause instanceof ClosedChannelException
                || reason.equals("connection reset")
                || reason.equals("broken pipe");
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            tellReset(ctx);
            ctx.fireUserEventTriggered(event);
            tellFailed();
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        tellReset(ctx);
        ctx.fireChannelInactive();
        tellFailed();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.fireExceptionCaught(cause);
        tellFailed();
    }

    private void tellReset(ChannelHandlerContext ctx) {
        if (reset != null && !ended) {
            ctx.fireExceptionCaught(reset);
        }
    }

    private void tellFailed() {
        ended = true;
        List<Runnable> all = List.copyOf(failed);
        failed.clear();
        all.forEach(Runnable::run);
    }
}
