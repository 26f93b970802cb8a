package dev.vecho.transport.http;

import dev.vecho.core.ConfiguredService.Answers;
import dev.vecho.core.Peer;
import dev.vecho.core.RequestFaults;
import dev.vecho.core.ServiceStream;
import dev.vecho.core.ServiceStream.Held;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** Faults on the bytes of a WebSocket, between its socket and a {@link WebSocketEcho}, and on the messages that this one hands over. */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write of Netty's comes with the end of its channel.
final class FaultyFrames extends ChannelDuplexHandler implements Held, ServedRequest.Faulty {

    private final RequestFaults faults;
    private final Context context;
    private final HttpSocket socket;
    private final Peer peer;

    private Wire wire;
    private RequestFaults.WebSocket webSocket;
    private ChannelHandlerContext ctx;
    private long incoming;
    private long outgoing;
    private @Nullable Object endOfInput;
    private boolean drains;
    private boolean stopped;

    @SuppressWarnings("NullAway.Init") // handlerAdded sets the rest before anything else is called.
    FaultyFrames(RequestFaults faults, Context context, HttpSocket socket, Peer peer) {
        this.faults = faults;
        this.context = context;
        this.socket = socket;
        this.peer = peer;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        ctx = added;
        socket.holds(this);
        wire = new Wire();
        wire.call(() -> faults.webSocket(wire, this::serve));
    }

    private void serve(RequestFaults.WebSocket begun) {
        webSocket = begun;
        ServiceStream bytes = begun.bytes();
        bytes.handler(this::deliver);
        bytes.endHandler(ended -> {
            if (endOfInput != null && !wire.isOver()) {
                ctx.fireUserEventTriggered(endOfInput);
            }
        });
        bytes.drainHandler(room -> {
            ctx.fireChannelWritabilityChanged();
            wire.readOrNot();
        });
    }

    @Override
    public void answer(Peer asking, Buffer message, Answers answers) {
        wire.call(() -> webSocket.answer(asking, message, answers));
    }

    @Override
    public void channelRead(ChannelHandlerContext from, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        incoming += bytes.readableBytes();
        Buffer copy = Buffer.buffer(ByteBufUtil.getBytes(bytes));
        bytes.release();
        wire.came(copy);
    }

    private void deliver(Buffer bytes) {
        incoming -= bytes.length();
        if (!wire.isOver()) {
            // The echo unmasks it in place.
            ctx.fireChannelRead(Unpooled.wrappedBuffer(bytes.getBytes()));
            drain();
        }
    }

    /** Not before what has come was handed on. */
    private void drain() {
        if (drains && incoming == 0) {
            drains = false;
            ctx.fireUserEventTriggered(HttpSocket.DRAIN);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext from, Object event) {
        if (event == HttpSocket.DRAIN) {
            drains = true;
            drain();
        } else if (HttpSocket.isEndOfInput(event)) {
            endOfInput = event;
            wire.ended();
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void write(ChannelHandlerContext from, Object message, ChannelPromise promise) {
        ByteBuf bytes = (ByteBuf) message;
        if (!wire.isOver()) {
            outgoing += bytes.readableBytes();
            webSocket.bytes().write(Buffer.buffer(ByteBufUtil.getBytes(bytes)));
        }
        bytes.release();
        if (!promise.isVoid()) {
            promise.trySuccess();
        }
        wire.readOrNot();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext from) {
        wire.writable();
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext gone) {
        wire.closed();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext gone) {
        wire.closed();
        socket.holdsNoMore(this);
    }

    @Override
    public boolean isAny() {
        return outgoing > 0 && !wire.isOver();
    }

    @Override
    public boolean isMoving() {
        return wire.isMoving();
    }

    /** The bytes of the connection. */
    private final class Wire extends FaultyWire {

        Wire() {
            super(context, socket);
        }

        @Override
        ChannelFuture pass(Buffer bytes) {
            outgoing -= bytes.length();
            ChannelFuture written = ctx.writeAndFlush(Unpooled.wrappedBuffer(bytes.getBytes()));
            socket.holdsLess();
            return written;
        }

        @Override
        ChannelFuture passEnd() {
            throw new IllegalStateException("the echo of a WebSocket ends its socket");
        }

        @Override
        void cut(boolean reset) {
            socket.cutOnPurpose(ctx, reset);
        }

        @Override
        void readOrNot() {
            boolean full = isPaused() || (!isOver() && webSocket.bytes().writeQueueFull());
            if (full != stopped) {
                stopped = full;
                socket.read(full ? Boolean.FALSE : null);
            }
        }

        @Override
        public Peer peer() {
            return peer;
        }
    }
}
