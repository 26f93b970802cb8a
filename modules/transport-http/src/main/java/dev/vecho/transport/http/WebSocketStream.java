package dev.vecho.transport.http;

import dev.vecho.core.FailureReason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The stream of HTTP/2 or HTTP/3 that a WebSocket has instead of a connection: RFC 8441 and RFC 9220. What the body of the request has
 * goes to the {@link WebSocketEcho} behind it, and what that writes becomes the body of the response.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write of Netty's comes to exceptionCaught.
final class WebSocketStream extends ChannelDuplexHandler implements StreamEcho, WebSocketCarrier {

    /** How long a client may take to end its side, too. */
    private static final int LINGER_MILLIS = 2000;

    private final HttpCarrier carrier;
    private final WebSocketEcho echo;
    private ChannelHandlerContext ctx;
    private boolean broken;
    private boolean over;
    private boolean inputEnded;

    @SuppressWarnings("NullAway.Init") // handlerAdded sets ctx before anything else is called.
    WebSocketStream(
            HttpCarrier carrier,
            HttpListenerOptions options,
            WebSocketHandshake agreed,
            @Nullable ServedRequest served) {
        this.carrier = carrier;
        this.echo = new WebSocketEcho(options, this, agreed.compressed(), served);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        ctx.pipeline().addAfter(ctx.name(), null, echo);
        carrier.lastWords(() -> {
            endEarly();
            ctx.flush();
        });
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (!(message instanceof HttpContent content)) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (over) {
            content.release();
        } else {
            ctx.fireChannelRead(content.content());
        }
        if (content instanceof LastHttpContent) {
            inputEnded = true;
            ctx.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        ctx.flush();
        carrier.heldBack(carrier.isFull());
        ctx.fireChannelReadComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (!carrier.isFull()) {
            carrier.heldBack(false);
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        carrier.heldBack(false);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        ctx.write(message instanceof ByteBuf bytes ? new DefaultHttpContent(bytes) : message, promise.unvoid());
    }

    // ---- as the connection of the WebSocket

    @Override
    public void received(int bytes) {
        carrier.received(bytes);
    }

    @Override
    public void sent(int bytes) {
        carrier.sent(bytes);
    }

    @Override
    public boolean draining() {
        return carrier.draining();
    }

    @Override
    public void broken() {
        broken = true;
        carrier.broken();
    }

    @Override
    public void broken(FailureReason reason) {
        broken();
    }

    @Override
    public void fault(String name) {
        carrier.fault(name);
    }

    @Override
    public void closeAndDiscardInput() {
        if (!inputEnded) {
            carrier.lingers();
        }
        end();
        if (!inputEnded) {
            ctx.executor().schedule(this::linger, LINGER_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void linger() {
        if (!inputEnded && ctx.channel().isActive()) {
            carrier.refused(ctx);
        }
    }

    @Override
    public void closeAfterLastByte() {
        end();
    }

    private void end() {
        if (over) {
            return;
        }
        over = true;
        if (broken) {
            ctx.writeAndFlush(new DefaultHttpContent(Unpooled.EMPTY_BUFFER))
                    .addListener(written -> carrier.cut(ctx, null));
        } else {
            ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
        }
    }

    @Override
    public void noteClose() {
        // The connection below knows.
    }

    /** False, for whoever closes a stream does not wait for it. */
    @Override
    public boolean isDrained() {
        return false;
    }

    @Override
    public void closeAfterLastWords(ChannelPromise promise) {
        ctx.close(promise);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        over = true;
        carrier.broken();
        carrier.cut(ctx, cause);
    }

    // ---- as one stream of a connection

    @Override
    public void leaving() {
        ctx.fireUserEventTriggered(HttpSocket.DRAIN);
        ctx.flush();
    }

    @Override
    public void inputLost() {
        if (!inputEnded) {
            inputEnded = true;
            ctx.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
    }

    @Override
    public void endEarly() {
        echo.endEarly(ctx.pipeline().context(echo));
    }

    @Override
    public void cut() {
        over = true;
        carrier.broken();
        carrier.cut(ctx, null);
    }

    @Override
    public boolean isCatchingUp() {
        return false;
    }

    @Override
    public boolean mayBeLeft() {
        return over && !broken && carrier.waiting() == 0;
    }
}
