package dev.vecho.transport.http;

import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.net.tls.TlsClient;
import dev.vecho.net.tls.TlsConnection;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.buffer.Buffer;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A call of a client, on a stream of HTTP/2: messages go out and come back, and a status follows. */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write of Netty's comes to exceptionCaught.
final class GrpcClientCall extends ChannelInboundHandlerAdapter {

    private static final String CONTENT_TYPE = "application/grpc";

    /** Told what comes. {@link #ended} or {@link #failed} is the last call. */
    interface Owner {

        void message(Buffer message);

        /** The status is OK. */
        void ended();

        void failed(TransportException cause);
    }

    private final Owner owner;
    private final Http2Headers head;
    private final boolean compressing;
    private final String remoteAddress;
    private final @Nullable TlsConnection tls;
    private ChannelHandlerContext ctx;
    private @Nullable GrpcFrames frames;
    private boolean over;

    /**
     * Makes the handler.
     *
     * @param head of the request
     * @param remoteAddress for messages
     */
    @SuppressWarnings("NullAway.Init") // handlerAdded sets ctx before anything else is called.
    GrpcClientCall(
            Owner owner, Http2Headers head, boolean compressing, String remoteAddress, @Nullable TlsConnection tls) {
        this.owner = owner;
        this.head = head;
        this.compressing = compressing;
        this.remoteAddress = remoteAddress;
        this.tls = tls;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
    }

    /** Begins the call. */
    void begin() {
        ctx.writeAndFlush(new DefaultHttp2HeadersFrame(head));
    }

    /** Sends a message. */
    ChannelFuture send(Buffer message, boolean last) {
        Buffer frame = GrpcFrames.frame(message, compressing);
        return ctx.writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(frame.getBytes()), last));
    }

    /** Says that no more messages follow. */
    ChannelFuture closeOutput() {
        return ctx.writeAndFlush(new DefaultHttp2DataFrame(true));
    }

    boolean isOver() {
        return over;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        try {
            if (over) {
                return;
            }
            if (message instanceof Http2HeadersFrame headers) {
                GrpcFrames begun = frames;
                if (begun != null) {
                    finish(headers.headers(), begun);
                } else if (!String.valueOf(headers.headers().status()).startsWith("1")) {
                    answered(headers);
                }
            } else if (message instanceof Http2DataFrame data) {
                read(data);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void answered(Http2HeadersFrame frame) {
        Http2Headers headers = frame.headers();
        CharSequence type = headers.get(HttpHeaderNames.CONTENT_TYPE);
        CharSequence encoding = headers.get(GrpcFrames.ENCODING);
        GrpcFrames begun = new GrpcFrames(
                encoding == null ? null : encoding.toString(),
                WebSocketClientTransport.MAX_MESSAGE_BYTES,
                owner::message);
        frames = begun;
        if (headers.contains(GrpcStatus.HEADER)) {
            finish(headers, begun);
        } else if (!"200".contentEquals(String.valueOf(headers.status()))) {
            String status = TlsClient.printable(String.valueOf(headers.status()));
            fail(GrpcStatus.ofHttp(status).word(), "answered " + status + " of HTTP, and no status of gRPC");
        } else if (type == null || !type.toString().startsWith(CONTENT_TYPE)) {
            fail(
                    GrpcStatus.UNKNOWN.word(),
                    "does not speak gRPC: its answer "
                            + (type == null
                                    ? "has no Content-Type"
                                    : "has the Content-Type \"" + TlsClient.printable(type.toString()) + '"'));
        } else if (frame.isEndStream()) {
            missing();
        }
    }

    private void read(Http2DataFrame data) {
        GrpcFrames begun = frames;
        if (begun == null) {
            return;
        }
        try {
            begun.read(data.content());
        } catch (GrpcException e) {
            failed(new TransportException(Fault.OTHER, remoteAddress + ": " + e.getMessage(), e));
        }
        if (data.isEndStream() && !over) {
            partial(begun);
            missing();
        }
    }

    /** What came of a message that does not go on is compared with what was to come. */
    private void partial(GrpcFrames begun) {
        if (begun.isWithinMessage()) {
            owner.message(begun.partial());
        }
    }

    private void missing() {
        fail("missing", "ended its answer without a status of gRPC");
    }

    private void finish(Http2Headers trailers, GrpcFrames begun) {
        partial(begun);
        CharSequence code = trailers.get(GrpcStatus.HEADER);
        if (over) {
            return;
        }
        if (code == null) {
            missing();
            return;
        }
        GrpcStatus status = GrpcStatus.of(code);
        if (status == GrpcStatus.OK) {
            over = true;
            owner.ended();
            return;
        }
        CharSequence message = trailers.get(GrpcStatus.MESSAGE);
        String why = message == null || message.isEmpty() ? "" : ": " + TlsClient.printable(decoded(message));
        fail(
                (status == null ? GrpcStatus.UNKNOWN : status).word(),
                "answered grpc " + TlsClient.printable(code.toString()) + (status == null ? "" : " " + status.word())
                        + why);
    }

    /** The text of a message, which is percent-encoded UTF-8. */
    private static String decoded(CharSequence message) {
        try {
            return URLDecoder.decode(message.toString().replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return message.toString();
        }
    }

    private void fail(String reason, String sentence) {
        failed(new TransportException(Fault.STATUS, reason, remoteAddress + " " + sentence, null));
    }

    private void failed(TransportException cause) {
        if (!over) {
            over = true;
            owner.failed(cause);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof Http2ResetFrame reset) {
            Http2Error error = Http2Error.valueOf(reset.errorCode());
            failed(new TransportException(
                    Fault.RESET,
                    remoteAddress + " reset the call with " + (error == null ? reset.errorCode() : error),
                    null));
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        failed(HttpConnector.closed(
                remoteAddress, frames == null ? "without a response" : "before the response was complete"));
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        failed(HttpConnector.failure(cause, tls));
    }
}
