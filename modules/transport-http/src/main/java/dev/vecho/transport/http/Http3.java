package dev.vecho.transport.http;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.FailureReason;
import dev.vecho.core.ServiceStream.Held;
import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.core.config.Options;
import dev.vecho.net.tls.TlsServer;
import dev.vecho.transport.quic.ApplicationErrorCodes;
import dev.vecho.transport.quic.QuicClientTransport;
import dev.vecho.transport.quic.QuicEchoPipe;
import dev.vecho.transport.quic.QuicProtocol;
import dev.vecho.transport.quic.QuicTransport;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http3.DefaultHttp3GoAwayFrame;
import io.netty.handler.codec.http3.DefaultHttp3SettingsFrame;
import io.netty.handler.codec.http3.Http3ErrorCode;
import io.netty.handler.codec.http3.Http3ServerConnectionHandler;
import io.netty.handler.codec.http3.Http3Settings;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.AttributeKey;
import io.vertx.core.Vertx;
import java.net.URI;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** HTTP/3 (RFC 9114) on the connections of a QUIC listener: each request's stream has an {@link HttpEcho} of its own. */
@SuppressWarnings("FutureReturnValueIgnored") // A connection that is gone needs no GOAWAY.
final class Http3 implements QuicProtocol {

    static final String ALPN = "h3";

    /** Of targets and addresses; a URI on the web says https, and finds out. */
    static final String SCHEME = "h3";

    private static final int DEFAULT_PORT = 443;

    /** The control stream and those of QPACK, and a few whose type nobody knows: RFC 9114, section 6.2. */
    static final int PEER_UNIDIRECTIONAL_STREAMS = 8;

    private static final ApplicationErrorCodes ERRORS = new ApplicationErrorCodes(
            code(Http3ErrorCode.H3_NO_ERROR),
            code(Http3ErrorCode.H3_REQUEST_REJECTED),
            code(Http3ErrorCode.H3_REQUEST_CANCELLED));

    private static final AttributeKey<Requests> REQUESTS = AttributeKey.valueOf(Http3.class, "requests");

    /** Streams of requests have every fourth id. */
    private static final int ID_STEP = 4;

    private final HttpListenerOptions options;

    /** Those of a connection. Used on its event loop only. */
    private static final class Requests {

        /** The id of the first stream that was not taken. */
        private long next;

        private final Set<QuicStreamChannel> open = new LinkedHashSet<>();
        private boolean draining;
    }

    Http3(HttpListenerOptions options) {
        this.options = options;
    }

    private static int code(Http3ErrorCode error) {
        return error.code();
    }

    @Override
    public String scheme() {
        return SCHEME;
    }

    @Override
    public List<String> alpn(TlsServer tls) {
        return List.of(ALPN);
    }

    @Override
    public ApplicationErrorCodes errors() {
        return ERRORS;
    }

    @Override
    public int peerUnidirectionalStreams() {
        return PEER_UNIDIRECTIONAL_STREAMS;
    }

    /** As for the other versions, which share the counters. */
    @Override
    public boolean countsConnections() {
        return true;
    }

    @Override
    public void connected(ChannelHandlerContext last) {
        last.channel().attr(REQUESTS).set(new Requests());
        Http3Settings settings = new Http3Settings()
                // Who exceeds what the codec is told loses the connection; up to there Http3Messages can answer.
                .maxFieldSectionSize(2L * options.maxHeaderBytes())
                // RFC 9220: a WebSocket on a stream.
                .enableConnectProtocol(true);
        last.pipeline()
                .addBefore(
                        last.name(),
                        null,
                        new Http3ServerConnectionHandler(
                                new ChannelInitializer<Channel>() {
                                    @Override
                                    protected void initChannel(Channel stream) {
                                        // opened() follows.
                                    }
                                },
                                null,
                                null,
                                new DefaultHttp3SettingsFrame(settings),
                                // What is compressed with a table of both sides can be guessed at, and costs memory.
                                true));
    }

    @Override
    public void opened(ChannelHandlerContext last, Traffic traffic, QuicEchoPipe stream) {
        QuicStreamChannel channel = (QuicStreamChannel) last.channel();
        Requests requests = channel.parent().attr(REQUESTS).get();
        requests.next = channel.streamId() + ID_STEP;
        requests.open.add(channel);
        channel.closeFuture().addListener(closed -> requests.open.remove(channel));
        stream.owes(true);
        last.pipeline().addFirst(new Http3Frames());
        HttpCarrier carrier = carrier(traffic, stream, channel, requests);
        FaultyExchange faulty =
                options.faults() == null ? null : options.faults().onStream(channel, carrier);
        last.pipeline().addBefore(last.name(), null, new Http3Messages(stream, options.maxHeaderBytes()));
        if (faulty != null) {
            last.pipeline().addBefore(last.name(), null, faulty);
        }
        last.pipeline().addBefore(last.name(), null, new HttpEcho(options, faulty == null ? carrier : faulty, null));
    }

    /**
     * Netty's handler of the control stream, which comes when the stream says its type, is behind the last one, which passes
     * nothing on.
     */
    @Override
    public void openedUnidirectional(ChannelHandlerContext last) {
        last.pipeline().addBefore(last.name(), null, new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                last.fireChannelRead(message);
            }

            @Override
            public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                last.fireUserEventTriggered(event);
                ctx.fireUserEventTriggered(event);
            }
        });
    }

    private static HttpCarrier carrier(
            Traffic traffic, QuicEchoPipe stream, QuicStreamChannel channel, Requests requests) {
        return new HttpCarrier() {
            @Override
            public void received(int bytes) {
                traffic.received(bytes);
            }

            @Override
            public void sent(int bytes) {
                traffic.sent(bytes);
            }

            @Override
            public boolean draining() {
                return requests.draining;
            }

            @Override
            public void broken() {
                stream.owes(true);
            }

            @Override
            public @Nullable String alternative() {
                return null;
            }

            @Override
            public boolean isFull() {
                return stream.isFull();
            }

            @Override
            public long waiting() {
                return stream.waiting();
            }

            @Override
            public void read(@Nullable Boolean on) {
                stream.keeps(on != null);
                channel.config().setAutoRead(on == null ? !isFull() : on);
            }

            @Override
            public void heldBack(boolean yes) {
                // Streams of QUIC share no window here.
            }

            @Override
            public void abort() {
                stream.reset(Http3ErrorCode.H3_EXCESSIVE_LOAD.code(), FailureReason.UNREAD);
            }

            @Override
            public void fault(String name) {
                traffic.fault(name);
            }

            @Override
            public void holds(Held held) {
                stream.holds(held);
            }

            @Override
            public void lingers() {
                stream.lingers();
            }

            @Override
            public void lastWords(Runnable words) {
                stream.lastWords(words);
            }

            @Override
            public void cutOnPurpose(ChannelHandlerContext ctx, boolean reset) {
                if (reset) {
                    stream.resetAfterBytes(Http3ErrorCode.H3_INTERNAL_ERROR.code(), FailureReason.FAULT);
                } else {
                    ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
                }
            }
        };
    }

    /** Reads a target and the options of connections to it. */
    static ClientTransport client(Vertx vertx, Target target, Options options, HttpClientOptions own) {
        QuicTransport.unavailable().ifPresent(why -> options.problem("", target + ": HTTP/3 cannot run here: " + why));
        String host = target.checkedHost(options, "host/path");
        target.refuseProxyHeader(options);
        int port = target.port() == -1 ? DEFAULT_PORT : target.port();
        URI uri = target.uri(host);
        Http3Request request = new Http3Request(uri.getRawAuthority(), HttpConnector.requestTarget(uri), own);
        return QuicClientTransport.read(vertx, options, host, port, request);
    }

    @Override
    public boolean isDoneWhenQuiet() {
        return false;
    }

    /** Tells the client to open no more streams, and what would not end by itself to end; the connection waits for the rest. */
    @Override
    public void drains(QuicChannel connection) {
        Requests requests = connection.attr(REQUESTS).get();
        requests.draining = true;
        QuicStreamChannel control = io.netty.handler.codec.http3.Http3.getLocalControlStream(connection);
        if (control != null) {
            control.writeAndFlush(new DefaultHttp3GoAwayFrame(requests.next));
        }
        for (QuicStreamChannel stream : List.copyOf(requests.open)) {
            StreamEcho echo = stream.pipeline().get(StreamEcho.class);
            if (echo != null) {
                echo.leaving();
            }
        }
    }

    /**
     * The header of a DATA frame. The bytes follow as they are, past Netty's codec, which would join and so copy them.
     *
     * @param length of the bytes
     */
    static ByteBuf dataHeader(ChannelHandlerContext ctx, int length) {
        ByteBuf header = ctx.alloc().directBuffer(5, 5).writeByte(0);
        if (length < 1 << 6) {
            return header.writeByte(length);
        }
        // The two highest bits tell how long the number is: RFC 9000, section 16.
        return length < 1 << 14 ? header.writeShort(length | 1 << 14) : header.writeInt(length | 1 << 31);
    }
}
