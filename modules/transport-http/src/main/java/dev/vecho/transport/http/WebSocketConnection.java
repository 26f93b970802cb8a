package dev.vecho.transport.http;

import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.Addresses;
import dev.vecho.net.connect.SocketConnector;
import dev.vecho.net.tls.TlsConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakerFactory;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketHandshakeException;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client's WebSocket. */
@SuppressWarnings(
        "FutureReturnValueIgnored") // A failed write or close of Netty's comes to exceptionCaught, or is moot.
final class WebSocketConnection extends ChannelInboundHandlerAdapter implements Connection {

    private static final int NORMAL = 1000;
    private static final int GOING_AWAY = 1001;

    /** How long the answer to a close frame is awaited. */
    private static final int CLOSE_MILLIS = 1000;

    private final WebSocketClientOptions options;
    private final Receiver receiver;
    private final @Nullable TlsConnection tls;
    private final Promise<Connection> opening;
    private final WebSocketClientHandshaker handshaker;
    private ChannelHandlerContext ctx;
    private boolean compressed;
    private boolean over;

    /**
     * Makes the handler.
     *
     * @param opening completed with this connection when the handshake is done, or failed
     */
    @SuppressWarnings("NullAway.Init") // handlerAdded sets ctx before anything else is called.
    WebSocketConnection(
            HttpConnector connector,
            WebSocketClientOptions options,
            Receiver receiver,
            @Nullable TlsConnection tls,
            Promise<Connection> opening) {
        this.options = options;
        this.receiver = receiver;
        this.tls = tls;
        this.opening = opening;
        this.handshaker = WebSocketClientHandshakerFactory.newHandshaker(
                connector.uri(),
                WebSocketVersion.V13,
                options.subprotocols().isEmpty() ? null : String.join(", ", options.subprotocols()),
                options.compression(),
                options.headers().putInto(new DefaultHttpHeaders()),
                WebSocketClientTransport.MAX_FRAME_BYTES);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
    }

    /** Asks for the WebSocket. */
    void begin() {
        handshaker.handshake(ctx.channel()).addListener(sent -> {
            if (!sent.isSuccess()) {
                fail(HttpConnector.failure(sent.cause(), tls));
            }
        });
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        try {
            if (over) {
                if (message instanceof CloseWebSocketFrame) {
                    ctx.close();
                }
                return;
            }
            if (message instanceof FullHttpResponse response) {
                answered(response);
            } else if (message instanceof WebSocketFrame frame) {
                received(frame);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void answered(FullHttpResponse response) {
        if (response.decoderResult().isFailure()) {
            fail(FirstBytes.notHttp(ctx.channel(), response.decoderResult().cause()));
            return;
        }
        if (!response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS)) {
            fail(new TransportException(Fault.OTHER, remoteAddress() + " answered " + response.status(), null));
            return;
        }
        if (!options.subprotocols().isEmpty() && !response.headers().contains(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL)) {
            fail(new TransportException(
                    Fault.OTHER,
                    remoteAddress() + " agreed to none of the subprotocols "
                            + String.join(", ", options.subprotocols()),
                    null));
            return;
        }
        // One that was not offered has failed before.
        compressed = options.compression() && response.headers().contains(HttpHeaderNames.SEC_WEBSOCKET_EXTENSIONS);
        try {
            handshaker.finishHandshake(ctx.channel(), response);
            opening.tryComplete(this);
        } catch (WebSocketHandshakeException e) {
            fail(new TransportException(
                    Fault.OTHER, remoteAddress() + " answered no WebSocket handshake: " + e.getMessage(), e));
        }
    }

    private void received(WebSocketFrame frame) {
        if (frame instanceof PingWebSocketFrame) {
            ctx.writeAndFlush(new PongWebSocketFrame(frame.content().retain()));
        } else if (frame instanceof BinaryWebSocketFrame || frame instanceof TextWebSocketFrame) {
            receiver.received(VertxInternals.buffer(frame.content()));
        } else if (frame instanceof CloseWebSocketFrame close) {
            closed(close);
        }
    }

    private void closed(CloseWebSocketFrame close) {
        int code = close.statusCode();
        if (code == -1 || code == NORMAL || code == GOING_AWAY) {
            over = true;
            receiver.ended();
            close();
        } else {
            fail(new TransportException(
                    Fault.OTHER,
                    remoteAddress() + " closed the WebSocket with " + code
                            + (close.reasonText().isEmpty() ? "" : ": " + close.reasonText()),
                    null));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        fail(HttpConnector.closed(remoteAddress(), "without a close frame"));
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        fail(HttpConnector.failure(cause, tls));
    }

    private void fail(TransportException cause) {
        if (!over) {
            over = true;
            if (!opening.tryFail(cause)) {
                receiver.failed(cause);
            }
            ctx.close();
        }
    }

    @Override
    public Future<Void> send(Buffer bytes) {
        ByteBuf message = VertxInternals.bytes(bytes);
        if (options.text() && !ByteBufUtil.isText(message, StandardCharsets.UTF_8)) {
            TransportException cause = new TransportException(
                    Fault.OTHER, "options.ws.text: a message that is not UTF-8 cannot be sent as text", null);
            fail(cause);
            return Future.failedFuture(cause);
        }
        // The mask is put on in place, and these bytes are not ours to change.
        ByteBuf copy = message.copy();
        return HttpConnection.adapt(
                ctx.writeAndFlush(options.text() ? new TextWebSocketFrame(copy) : new BinaryWebSocketFrame(copy)), tls);
    }

    @Override
    public Future<Void> closeOutput() {
        return Future.failedFuture(new TransportException(
                Fault.OTHER, "a WebSocket carries messages, which have no output to close", null));
    }

    @Override
    public Future<Void> close() {
        boolean begun = !over && opening.future().succeeded();
        over = true;
        if (!begun || !ctx.channel().isActive()) {
            return HttpConnection.adapt(ctx.close(), tls).otherwiseEmpty();
        }
        // Closing before the server has answered would reset the connection and discard its answer: RFC 6455, section
        // 7.1.1.
        ctx.writeAndFlush(new CloseWebSocketFrame(NORMAL, ""));
        ctx.executor().schedule(() -> ctx.close(), CLOSE_MILLIS, TimeUnit.MILLISECONDS);
        return HttpConnection.adapt(ctx.channel().closeFuture(), tls).otherwiseEmpty();
    }

    @Override
    public Future<Void> reset() {
        over = true;
        return SocketConnector.reset(ctx.channel());
    }

    @Override
    public String localAddress() {
        return Addresses.format(ctx.channel().localAddress());
    }

    @Override
    public String remoteAddress() {
        return Addresses.format(ctx.channel().remoteAddress());
    }

    @Override
    public Map<String, String> details() {
        Map<String, String> details = new LinkedHashMap<>();
        String subprotocol = handshaker.actualSubprotocol();
        if (subprotocol != null) {
            details.put("subprotocol", subprotocol);
        }
        if (options.compression()) {
            details.put("compression", compressed ? "permessage-deflate" : "none");
        }
        if (tls != null) {
            details.putAll(tls.details());
        }
        return details;
    }
}
