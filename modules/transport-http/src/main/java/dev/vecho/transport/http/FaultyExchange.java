package dev.vecho.transport.http;

import dev.vecho.core.Peer;
import dev.vecho.core.RequestFaults;
import dev.vecho.core.RequestFaults.Request;
import dev.vecho.core.RequestFaults.Status;
import dev.vecho.core.ServiceStream;
import dev.vecho.core.ServiceStream.Held;
import dev.vecho.core.VertxInternals;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Faults on requests and responses, one after another, between the codec of any version and an {@link HttpEcho}, for which it stands in
 * the place of what carries it. In each direction a head and the body behind it pass the faults as pieces of bytes, in order; what follows
 * a request that is not done yet waits.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write of Netty's comes with the end of its channel.
final class FaultyExchange extends ChannelDuplexHandler implements HttpCarrier, Held {

    private final RequestFaults faults;
    private final Context context;
    private final HttpCarrier carrier;

    /** Whether requests follow one another, and so do they and the events of their connection. */
    private final boolean connection;

    /** What has come and must wait for what came before: messages of HTTP, and {@link Event}s. */
    private final Queue<Object> waiting = new ArrayDeque<>();

    private @Nullable Exchange current;
    private @Nullable Boolean echoReads;
    private @Nullable Boolean reads;
    private boolean pumping;
    private boolean completing;
    private boolean removed;
    private ChannelHandlerContext ctx;

    /** An event of the pipeline. */
    private record Event(Object event) {}

    /**
     * Makes it for a connection of HTTP/1.1, or a stream.
     *
     * @param context on the channel's event loop
     * @param carrier is what the echo would have without faults
     */
    @SuppressWarnings("NullAway.Init") // handlerAdded sets ctx before anything else is called.
    FaultyExchange(RequestFaults faults, Context context, HttpCarrier carrier, boolean connection) {
        this.faults = faults;
        this.context = context;
        this.carrier = carrier;
        this.connection = connection;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        ctx = added;
        carrier.holds(this);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext gone) {
        end();
        removed = true;
        carrier.holdsNoMore(this);
    }

    @Override
    public void channelInactive(ChannelHandlerContext gone) {
        end();
        ctx.fireChannelInactive();
    }

    private void end() {
        Exchange last = current;
        if (last != null) {
            last.close();
        }
        waiting.forEach(ReferenceCountUtil::release);
        waiting.clear();
    }

    // What comes.

    @Override
    public void channelRead(ChannelHandlerContext from, Object message) {
        waiting.add(message);
        pump();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext from, Object event) {
        if (connection && (event == HttpSocket.DRAIN || HttpSocket.isEndOfInput(event))) {
            waiting.add(new Event(event));
            pump();
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    private void pump() {
        if (pumping) {
            return;
        }
        pumping = true;
        try {
            Object next = waiting.peek();
            while (next != null && mayGo(next)) {
                waiting.remove();
                go(next);
                next = waiting.peek();
            }
        } finally {
            pumping = false;
        }
        readOrNot();
    }

    private boolean mayGo(Object next) {
        Exchange now = current;
        if (now == null || now.isOver()) {
            return true;
        }
        boolean body =
                next instanceof HttpContent content && content.decoderResult().isSuccess();
        return !(next instanceof HttpRequest) && (body || !now.isRequestHeld());
    }

    private void go(Object next) {
        Exchange now = current;
        if (next instanceof Event event) {
            ctx.fireUserEventTriggered(event.event());
        } else if (next instanceof HttpObject object && object.decoderResult().isFailure()) {
            ctx.fireChannelRead(next);
        } else if (next instanceof HttpRequest request) {
            new Exchange(request).begin();
        } else if (next instanceof HttpContent content && now != null) {
            now.body(content);
        } else {
            ctx.fireChannelRead(next);
        }
    }

    /** The echo writes some of what it has only when it was told that nothing more comes for now. */
    private void completeSoon() {
        if (!completing) {
            completing = true;
            ctx.executor().execute(() -> {
                completing = false;
                if (!removed) {
                    ctx.fireChannelReadComplete();
                }
            });
        }
    }

    // What goes.

    @Override
    public void write(ChannelHandlerContext from, Object message, ChannelPromise promise) {
        Exchange now = current;
        boolean informational = message instanceof HttpResponse response
                && response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
        if (now == null || informational || !(message instanceof HttpObject object)) {
            ctx.write(message, promise);
        } else {
            now.respond(object, promise);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext from) {
        Exchange now = current;
        if (now != null) {
            now.writable();
        }
        ctx.fireChannelWritabilityChanged();
        readOrNot();
    }

    private void readOrNot() {
        Exchange now = current;
        boolean held = !waiting.isEmpty() || (now != null && now.isPaused());
        Boolean next = Boolean.FALSE;
        if (!held) {
            next = (echoReads == null && now != null && now.isFull()) ? Boolean.FALSE : echoReads;
        }
        if (!Objects.equals(next, reads)) {
            reads = next;
            carrier.read(next);
        }
    }

    /** One request and its response. */
    private final class Exchange extends FaultyWire {

        private final HttpRequest head;
        private boolean headHeld;
        private @Nullable Request request;
        private @Nullable ServiceStream bodies;
        private @Nullable HttpResponse response;
        private @Nullable HttpHeaders trailers;

        private long requestBytes;
        private boolean requestEnded;
        private boolean requestDone;

        private long responseBytes;
        private boolean answered;
        private boolean responseEnded;
        private boolean responseDone;

        Exchange(HttpRequest head) {
            super(context, carrier);
            this.head = head;
        }

        void begin() {
            current = this;
            call(() -> faults.request(this, this::serve));
            headHeld = request != null;
            if (!headHeld) {
                ReferenceCountUtil.release(head);
            }
            came(Buffer.buffer());
            if (head instanceof FullHttpRequest) {
                endRequest();
            }
        }

        private void serve(Request begun) {
            request = begun;
            bodies = begun.bodies();
            bodies.handler(this::deliver);
            bodies.endHandler(ended -> deliverEnd());
            bodies.drainHandler(room -> {
                ctx.fireChannelWritabilityChanged();
                FaultyExchange.this.readOrNot();
            });
        }

        @Nullable Status status() {
            return request == null ? null : request.status();
        }

        /** Whether some of what has come of the request was not handed on. */
        boolean isRequestHeld() {
            return request != null && !isOver() && (headHeld || requestBytes > 0 || (requestEnded && !requestDone));
        }

        /** Whether some of the response was not sent. */
        boolean isResponseHeld() {
            return !isOver() && (response != null || responseBytes > 0 || (responseEnded && !responseDone));
        }

        boolean isFull() {
            return bodies != null && !isOver() && bodies.writeQueueFull();
        }

        void body(HttpContent content) {
            ByteBuf bytes = content.content();
            if (bytes.isReadable()) {
                requestBytes += bytes.readableBytes();
                came(Buffer.buffer(ByteBufUtil.getBytes(bytes)));
            }
            content.release();
            if (content instanceof LastHttpContent) {
                endRequest();
            }
        }

        private void endRequest() {
            requestEnded = true;
            ended();
        }

        private void deliver(Buffer bytes) {
            if (isOver()) {
                return;
            }
            if (headHeld && !(head instanceof FullHttpRequest)) {
                headHeld = false;
                ctx.fireChannelRead(head);
            }
            if (bytes.length() > 0) {
                requestBytes -= bytes.length();
                ctx.fireChannelRead(new DefaultHttpContent(VertxInternals.bytes(bytes)));
            }
            delivered();
        }

        private void deliverEnd() {
            if (isOver()) {
                return;
            }
            requestDone = true;
            if (headHeld) {
                headHeld = false;
                ctx.fireChannelRead(head);
            } else {
                ctx.fireChannelRead(LastHttpContent.EMPTY_LAST_CONTENT);
            }
            delivered();
        }

        private void delivered() {
            if (!removed) {
                completeSoon();
                closeIfDone();
                pump();
            }
        }

        void respond(HttpObject message, ChannelPromise promise) {
            ServiceStream to = bodies;
            if (isOver() || to == null || responseEnded) {
                ReferenceCountUtil.release(message);
                promise.tryFailure(new ClosedChannelException());
                return;
            }
            if (message instanceof HttpResponse begun) {
                response = begun instanceof FullHttpResponse
                        ? new DefaultHttpResponse(begun.protocolVersion(), begun.status(), begun.headers())
                        : begun;
                to.write(Buffer.buffer());
            }
            if (message instanceof HttpContent content) {
                ByteBuf bytes = content.content();
                if (bytes.isReadable()) {
                    responseBytes += bytes.readableBytes();
                    to.write(Buffer.buffer(ByteBufUtil.getBytes(bytes)));
                }
                content.release();
            }
            if (message instanceof LastHttpContent last) {
                responseEnded = true;
                trailers = last.trailingHeaders();
                complete(to.closeOutput(), promise);
            } else {
                complete(Future.succeededFuture(), promise);
            }
        }

        private static void complete(Future<?> future, ChannelPromise promise) {
            if (!promise.isVoid()) {
                future.onComplete(done -> promise.trySuccess(), failure -> promise.tryFailure(failure));
            }
        }

        @Override
        ChannelFuture pass(Buffer bytes) {
            ChannelFuture last = null;
            HttpResponse begun = response;
            if (begun != null) {
                response = null;
                answered = true;
                last = ctx.writeAndFlush(begun);
            }
            if (last == null || bytes.length() > 0) {
                responseBytes -= bytes.length();
                last = ctx.writeAndFlush(new DefaultHttpContent(VertxInternals.bytes(bytes)));
            }
            carrier.holdsLess();
            return last;
        }

        @Override
        ChannelFuture passEnd() {
            responseDone = true;
            LastHttpContent last = LastHttpContent.EMPTY_LAST_CONTENT;
            HttpHeaders fields = trailers;
            if (fields != null && !fields.isEmpty()) {
                if (request != null && request.losesTrailers()) {
                    fault("toPeer.loseTrailers");
                } else {
                    last = new DefaultLastHttpContent();
                    last.trailingHeaders().set(fields);
                }
            }
            ChannelFuture written = ctx.writeAndFlush(last);
            carrier.holdsLess();
            closeIfDone();
            return written;
        }

        private void closeIfDone() {
            if (requestDone && responseDone && current == this) {
                current = null;
                // Not within the call of the faults that have passed the end.
                ctx.executor().execute(() -> {
                    closed();
                    if (!removed) {
                        pump();
                    }
                });
            }
        }

        void close() {
            if (headHeld) {
                headHeld = false;
                ReferenceCountUtil.release(head);
            }
            current = null;
            closed();
        }

        /** A stream whose response has not begun cannot end in order. */
        @Override
        void cut(boolean reset) {
            if (headHeld) {
                headHeld = false;
                ReferenceCountUtil.release(head);
            }
            carrier.cutOnPurpose(ctx, reset || (!connection && !answered));
        }

        @Override
        void readOrNot() {
            FaultyExchange.this.readOrNot();
        }

        @Override
        public Peer peer() {
            return () -> HttpFacts.of(ctx.channel(), head);
        }
    }

    // What the connection or stream asks.

    @Override
    public boolean isAny() {
        return current != null && current.isResponseHeld();
    }

    @Override
    public boolean isMoving() {
        return current != null && current.isMoving();
    }

    // What the echo asks.

    @Override
    public @Nullable Status status() {
        return current == null ? null : current.status();
    }

    @Override
    public ServedRequest.@Nullable Faulty becomesWebSocket() {
        Exchange now = current;
        if (now == null || now.request == null) {
            return null;
        }
        RequestFaults.WebSocket begun = now.request.webSocket();
        return (asking, message, answers) -> now.call(() -> begun.answer(asking, message, answers));
    }

    @Override
    public boolean hasEnd() {
        return current != null && current.requestEnded && !current.requestDone;
    }

    @Override
    public boolean isFull() {
        return carrier.isFull() || (current != null && current.isFull());
    }

    @Override
    public long waiting() {
        return carrier.waiting() + (current == null ? 0 : current.responseBytes);
    }

    @Override
    public void read(@Nullable Boolean on) {
        echoReads = on;
        readOrNot();
    }

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
    public boolean leaving() {
        return carrier.leaving();
    }

    @Override
    public void lingers() {
        carrier.lingers();
    }

    @Override
    public void lastWords(Runnable words) {
        carrier.lastWords(words);
    }

    @Override
    public void broken() {
        carrier.broken();
    }

    @Override
    public @Nullable String alternative() {
        return carrier.alternative();
    }

    @Override
    public void heldBack(boolean yes) {
        carrier.heldBack(yes);
    }

    @Override
    public void cut(ChannelHandlerContext last, @Nullable Throwable cause) {
        carrier.cut(last, cause);
    }

    @Override
    public void refused(ChannelHandlerContext last) {
        carrier.refused(last);
    }

    @Override
    public void abort() {
        carrier.abort();
    }

    @Override
    public void fault(String name) {
        carrier.fault(name);
    }

    @Override
    public void cutOnPurpose(ChannelHandlerContext last, boolean reset) {
        carrier.cutOnPurpose(last, reset);
    }
}
