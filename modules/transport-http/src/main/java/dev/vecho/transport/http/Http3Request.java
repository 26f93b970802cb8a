package dev.vecho.transport.http;

import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.net.tls.TlsClient;
import dev.vecho.transport.quic.QuicInternals;
import dev.vecho.transport.quic.QuicRequest;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http3.DefaultHttp3Headers;
import io.netty.handler.codec.http3.DefaultHttp3HeadersFrame;
import io.netty.handler.codec.http3.Http3ClientConnectionHandler;
import io.netty.handler.codec.http3.Http3DataFrame;
import io.netty.handler.codec.http3.Http3Headers;
import io.netty.handler.codec.http3.Http3HeadersFrame;
import io.netty.handler.codec.http3.Http3RequestStreamInitializer;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.net.QuicConnection;
import io.vertx.core.net.QuicStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** A client's request over HTTP/3, whose body is what is sent, and whose response's body is what comes back. */
@SuppressWarnings("FutureReturnValueIgnored") // What cannot be written makes the stream fail.
final class Http3Request implements QuicRequest {

    private final String authority;
    private final String path;
    private final HttpClientOptions options;

    /**
     * @param path and query
     */
    Http3Request(String authority, String path, HttpClientOptions options) {
        this.authority = authority;
        this.path = path;
        this.options = options;
    }

    @Override
    public List<String> alpn(TlsClient tls) {
        return List.of(Http3.ALPN);
    }

    @Override
    public int peerUnidirectionalStreams() {
        return Http3.PEER_UNIDIRECTIONAL_STREAMS;
    }

    @Override
    public void connected(ChannelHandlerContext last) {
        last.pipeline().addBefore(last.name(), null, new Http3ClientConnectionHandler());
    }

    @Override
    public Future<QuicStream> open(QuicConnection connection, Context context) {
        return QuicInternals.openStream(connection, context, opened -> new Http3RequestStreamInitializer() {
            @Override
            protected void initRequestStream(QuicStreamChannel stream) {
                stream.pipeline().addLast(new Body());
                opened.accept(stream);
            }
        });
    }

    @Override
    public Map<String, String> details() {
        return Map.of("http", "HTTP/3");
    }

    private Http3Headers head() {
        Http3Headers head = new DefaultHttp3Headers()
                .method(options.method().asciiName())
                .scheme("https")
                .authority(Objects.requireNonNullElse(options.headers().host(), authority))
                .path(path);
        options.putInto(new DefaultHttpHeaders())
                .remove(HttpHeaderNames.HOST)
                .forEach(header -> head.add(header.getKey().toLowerCase(Locale.ROOT), header.getValue()));
        return head;
    }

    /** Turns frames into the bytes that they hold, and bytes into frames. */
    private final class Body extends ChannelDuplexHandler {

        private boolean begun;
        private boolean answered;

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            if (ctx.channel().isActive()) {
                begin(ctx);
            }
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            begin(ctx);
            ctx.fireChannelActive();
        }

        private void begin(ChannelHandlerContext ctx) {
            if (!begun) {
                begun = true;
                ctx.writeAndFlush(new DefaultHttp3HeadersFrame(head()));
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (message instanceof Http3DataFrame data) {
                ctx.fireChannelRead(data.content());
                return;
            }
            if (message instanceof Http3HeadersFrame head && !answered) {
                String status = String.valueOf(head.headers().status());
                answered = !status.startsWith("1");
                if (answered && !status.equals("200")) {
                    fail(ctx, Fault.OTHER, "answered " + status);
                } else if (answered) {
                    String mismatch = options.mismatch(head.headers().get(HttpHeaderNames.CONTENT_TYPE));
                    if (mismatch != null) {
                        fail(ctx, Fault.OTHER, mismatch);
                    }
                }
            }
            ReferenceCountUtil.release(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent && !answered) {
                fail(ctx, Fault.RESET, "ended the stream without a response");
            } else {
                ctx.fireUserEventTriggered(event);
            }
        }

        private void fail(ChannelHandlerContext ctx, Fault fault, String what) {
            ctx.fireExceptionCaught(new TransportException(fault, authority + " " + what, null));
        }

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            ByteBuf bytes = (ByteBuf) message;
            // Past Netty's codec: see Http3.dataHeader. Without bytes there is no frame, but the promise tells when
            // what was written before is out.
            ChannelHandlerContext first = ctx.pipeline().firstContext();
            if (bytes.isReadable()) {
                first.write(Http3.dataHeader(ctx, bytes.readableBytes()));
            }
            first.write(bytes, promise);
        }
    }
}
