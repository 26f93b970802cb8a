package dev.vecho.transport.http;

import dev.vecho.core.FailureReason;
import dev.vecho.transport.quic.QuicEchoPipe;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http2.HttpConversionUtil;
import io.netty.handler.codec.http3.DefaultHttp3Headers;
import io.netty.handler.codec.http3.DefaultHttp3HeadersFrame;
import io.netty.handler.codec.http3.Http3DataFrame;
import io.netty.handler.codec.http3.Http3ErrorCode;
import io.netty.handler.codec.http3.Http3Exception;
import io.netty.handler.codec.http3.Http3Headers;
import io.netty.handler.codec.http3.Http3HeadersFrame;
import io.netty.handler.codec.http3.Http3HeadersValidationException;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.PromiseCombiner;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns the frames of a request's stream into HTTP/1.1 messages, and a response back into frames. Netty has such a codec; it
 * copies each part of a body, and does not tell a request without a body from one whose body follows.
 */
@SuppressWarnings("FutureReturnValueIgnored") // The stream below hears of every write.
final class Http3Messages extends ChannelDuplexHandler {

    private static final Logger LOG = LoggerFactory.getLogger(Http3Messages.class);

    /** What RFC 9114, section 4.2.2, adds to each header's name and value. */
    private static final int HEADER_OVERHEAD = 32;

    /** Methods whose answer depends on whether a body comes, or is complete without one, so that none need be cut off. */
    private static final Set<HttpMethod> OFTEN_BODILESS =
            Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS, HttpMethod.TRACE);

    /** Headers of one connection, of which HTTP/3 has none: RFC 9114, section 4.2. */
    private static final Set<AsciiString> OF_CONNECTIONS =
            Set.of(HttpHeaderNames.CONNECTION, AsciiString.cached("keep-alive"), HttpHeaderNames.TRANSFER_ENCODING);

    /** Where an {@link HttpEcho} finds what a stream is asked to carry, as Netty's codec of HTTP/2 has it. */
    private static final AsciiString PROTOCOL = HttpConversionUtil.ExtensionHeaderNames.PROTOCOL.text();

    private final QuicEchoPipe stream;
    private final int maxHeaderBytes;
    private boolean begun;
    private boolean inputEnded;
    private boolean bodied;

    /** A request that is not known to have a body yet: the next frame, or the end, tells. */
    private @Nullable HttpRequest held;

    Http3Messages(QuicEchoPipe stream, int maxHeaderBytes) {
        this.stream = stream;
        this.maxHeaderBytes = maxHeaderBytes;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof Http3DataFrame data) {
            release(ctx);
            ctx.fireChannelRead(new DefaultHttpContent(data.content()));
        } else if (message instanceof Http3HeadersFrame head && !begun) {
            begun = true;
            HttpRequest request = request(head.headers());
            if (OFTEN_BODILESS.contains(request.method()) && !HttpUtil.is100ContinueExpected(request)) {
                held = request;
            } else {
                ctx.fireChannelRead(request);
            }
        } else {
            if (message instanceof Http3HeadersFrame trailers) {
                Http3Fields.validate(trailers.headers());
            }
            // Trailers do not come back.
            ReferenceCountUtil.release(message);
        }
    }

    private void release(ChannelHandlerContext ctx) {
        if (held != null) {
            HttpRequest request = held;
            held = null;
            ctx.fireChannelRead(request);
        }
    }

    /**
     * A malformed request ends its stream, not the connection: RFC 9114, section 4.1.2. Netty reports it like any
     * other error, and resets the stream as if the request were cancelled.
     */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable root = cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
        if (root instanceof IllegalArgumentException
                || root instanceof Http3HeadersValidationException
                || (root instanceof Http3Exception error && error.errorCode() == Http3ErrorCode.H3_MESSAGE_ERROR)) {
            LOG.debug("{} of {}: {}", ctx.channel(), ctx.channel().parent(), root.toString());
            stream.reset(Http3ErrorCode.H3_MESSAGE_ERROR.code(), FailureReason.INPUT);
        } else {
            ctx.fireExceptionCaught(cause);
        }
    }

    private HttpRequest request(Http3Headers headers) {
        Http3Fields.validateRequest(headers);
        HttpRequest request = new DefaultHttpRequest(
                HttpVersion.HTTP_1_1,
                HttpMethod.valueOf(String.valueOf(headers.method())),
                headers.path() == null ? "/" : headers.path().toString());
        int size = 0;
        for (Map.Entry<CharSequence, CharSequence> header : headers) {
            size += header.getKey().length() + header.getValue().length() + HEADER_OVERHEAD;
            if (header.getKey().charAt(0) != ':' && !PROTOCOL.contentEqualsIgnoreCase(header.getKey())) {
                request.headers().add(header.getKey(), header.getValue());
            }
        }
        CharSequence protocol = headers.protocol();
        if (protocol != null) {
            request.headers().set(PROTOCOL, protocol);
        }
        if (size > maxHeaderBytes) {
            request.setDecoderResult(DecoderResult.failure(
                    new TooLongHttpHeaderException(size + " bytes of headers, allowed are " + maxHeaderBytes)));
        }
        return request;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownReadComplete) {
            // Netty has compared the length of the body with what its head says.
            end(ctx);
        } else if (!(event instanceof ChannelInputShutdownEvent)) {
            ctx.fireUserEventTriggered(event);
        }
    }

    private void end(ChannelHandlerContext ctx) {
        if (inputEnded) {
            return;
        }
        inputEnded = true;
        if (held != null) {
            HttpRequest request = held;
            held = null;
            ctx.fireChannelRead(new DefaultFullHttpRequest(
                    request.protocolVersion(),
                    request.method(),
                    request.uri(),
                    Unpooled.EMPTY_BUFFER,
                    request.headers(),
                    EmptyHttpHeaders.INSTANCE));
        } else if (begun) {
            ctx.fireChannelRead(LastHttpContent.EMPTY_LAST_CONTENT);
        } else {
            // RFC 9114, section 4.1: there is nothing that could be answered.
            stream.reset(Http3ErrorCode.H3_REQUEST_INCOMPLETE.code(), FailureReason.UNFINISHED);
        }
        ctx.fireChannelReadComplete();
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        PromiseCombiner parts = new PromiseCombiner(ctx.executor());
        boolean informational = false;
        if (message instanceof HttpResponse response) {
            informational = response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
            stream.owes(informational || HttpUtil.isContentLengthSet(response));
            parts.add(ctx.write(new DefaultHttp3HeadersFrame(headers(response))));
        }
        if (message instanceof HttpContent content) {
            ByteBuf bytes = content.content();
            if (bytes.isReadable()) {
                bodied = true;
                stream.write(Http3.dataHeader(ctx, bytes.readableBytes()), ctx.newPromise());
                ChannelPromise written = ctx.newPromise();
                parts.add((Future<?>) written);
                stream.write(bytes, written);
            } else {
                bytes.release();
                if (bodied && message instanceof LastHttpContent) {
                    // An end that comes with bytes need not wait until those before have arrived.
                    stream.write(Http3.dataHeader(ctx, 0), ctx.newPromise());
                }
            }
        }
        parts.finish(promise.unvoid());
        if (message instanceof LastHttpContent last && !informational) {
            if (!last.trailingHeaders().isEmpty()) {
                ctx.write(new DefaultHttp3HeadersFrame(fields(last.trailingHeaders(), new DefaultHttp3Headers())));
            }
            stream.finish();
        }
    }

    private static Http3Headers headers(HttpResponse response) {
        return fields(
                response.headers(),
                new DefaultHttp3Headers().status(response.status().codeAsText()));
    }

    private static Http3Headers fields(HttpHeaders from, Http3Headers headers) {
        from.iteratorCharSequence().forEachRemaining(header -> {
            AsciiString name = AsciiString.of(header.getKey()).toLowerCase();
            if (!OF_CONNECTIONS.contains(name)) {
                headers.add(name, header.getValue());
            }
        });
        return headers;
    }
}
