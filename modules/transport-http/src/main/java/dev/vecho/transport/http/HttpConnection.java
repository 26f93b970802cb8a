package dev.vecho.transport.http;

import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.Addresses;
import dev.vecho.net.connect.SocketConnector;
import dev.vecho.net.tls.TlsConnection;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A client's request, whose body is the output, and its response, whose body is the input. */
@SuppressWarnings(
        "FutureReturnValueIgnored") // A failed write or close of Netty's comes to exceptionCaught, or is moot.
final class HttpConnection extends ChannelInboundHandlerAdapter implements Connection {

    private final HttpConnector connector;
    private final HttpClientOptions options;
    private final Receiver receiver;
    private final @Nullable TlsConnection tls;
    private final String version;
    private ChannelHandlerContext ctx;
    private boolean answered;
    private boolean informational;
    private boolean over;

    @SuppressWarnings("NullAway.Init") // handlerAdded sets ctx before anything else is called.
    HttpConnection(
            HttpConnector connector,
            HttpClientOptions options,
            Receiver receiver,
            @Nullable TlsConnection tls,
            String version) {
        this.connector = connector;
        this.options = options;
        this.receiver = receiver;
        this.tls = tls;
        this.version = version;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
    }

    /** Sends the head of the request. */
    void begin() {
        HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, options.method(), connector.requestTarget());
        options.putInto(request.headers().set(HttpHeaderNames.HOST, connector.authority()));
        if (!(ctx.channel() instanceof Http2StreamChannel)) {
            request.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        ctx.writeAndFlush(request);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        try {
            if (over) {
                return;
            }
            if (message instanceof HttpResponse response) {
                informational = response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
                answered |= !informational;
                if (response.decoderResult().isFailure()) {
                    fail(FirstBytes.notHttp(
                            connection(), response.decoderResult().cause()));
                    return;
                }
                if (!informational && !response.status().equals(HttpResponseStatus.OK)) {
                    fail(new TransportException(Fault.OTHER, remoteAddress() + " answered " + response.status(), null));
                    return;
                }
                String mismatch = informational
                        ? null
                        : options.mismatch(response.headers().get(HttpHeaderNames.CONTENT_TYPE));
                if (mismatch != null) {
                    fail(new TransportException(Fault.OTHER, remoteAddress() + " " + mismatch, null));
                    return;
                }
            }
            if (message instanceof HttpContent content && !informational) {
                if (content.decoderResult().isFailure()) {
                    fail(HttpConnector.failure(content.decoderResult().cause(), tls));
                    return;
                }
                if (content.content().isReadable()) {
                    receiver.received(VertxInternals.buffer(content.content()));
                }
                if (content instanceof LastHttpContent && !over) {
                    over = true;
                    receiver.ended();
                }
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        fail(HttpConnector.closed(
                remoteAddress(), answered ? "before the response was complete" : "without a response"));
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        broken(cause);
    }

    /** Something broke the connection, or this stream of it. */
    void broken(Throwable cause) {
        fail(HttpConnector.failure(cause, tls));
    }

    private void fail(TransportException cause) {
        if (!over) {
            over = true;
            receiver.failed(cause);
            close();
        }
    }

    @Override
    public Future<Void> send(Buffer bytes) {
        return adapt(ctx.writeAndFlush(new DefaultHttpContent(VertxInternals.bytes(bytes))), tls);
    }

    @Override
    public Future<Void> closeOutput() {
        return adapt(ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT), tls);
    }

    @Override
    public Future<Void> close() {
        over = true;
        return adapt(connection().close(), tls).otherwiseEmpty();
    }

    @Override
    public Future<Void> reset() {
        over = true;
        return SocketConnector.reset(connection());
    }

    /** A stream of HTTP/2 has the connection to itself. */
    private Channel connection() {
        return ctx.channel() instanceof Http2StreamChannel stream ? stream.parent() : ctx.channel();
    }

    static Future<Void> adapt(ChannelFuture future, @Nullable TlsConnection tls) {
        Promise<Void> promise = Promise.promise();
        future.addListener(done -> {
            if (done.isSuccess()) {
                promise.complete();
            } else {
                promise.fail(HttpConnector.failure(done.cause(), tls));
            }
        });
        return promise.future();
    }

    @Override
    public String localAddress() {
        return Addresses.format(connection().localAddress());
    }

    @Override
    public String remoteAddress() {
        return Addresses.format(connection().remoteAddress());
    }

    @Override
    public Map<String, String> details() {
        Map<String, String> details = new LinkedHashMap<>();
        details.put("http", version);
        if (tls != null) {
            details.putAll(tls.details());
        }
        return details;
    }
}
