package dev.vecho.transport.http;

import dev.vecho.core.FailureReason;
import dev.vecho.core.ServiceStream.Held;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The streams of one HTTP/2 connection, each with an {@link HttpEcho} of its own, and how they end together. */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write of Netty's comes to exceptionCaught.
final class Http2Streams extends ChannelDuplexHandler {

    /** What a client may send on one stream before we have read it; bounds a stream's memory. */
    private static final int STREAM_WINDOW = 256 * 1024;

    /** The same for all streams of a connection together. */
    private static final int CONNECTION_WINDOW = 1024 * 1024;

    /** What is read of headers that are too large, so that they can be answered; who sends more loses the connection. */
    private static final int REFUSED_HEADERS = 64 * 1024;

    /** What RFC 9113, section 6.5.2, adds to each header's name and value. */
    private static final int HEADER_OVERHEAD = 32;

    /** How often to look whether what is held on purpose has passed. */
    private static final int HELD_MILLIS = 10;

    private final HttpListenerOptions options;
    private final HttpSocket socket;
    private final Http2FrameCodec codec;
    private final Set<Channel> streams = new LinkedHashSet<>();
    private boolean closing;
    private boolean gone;

    private Http2Streams(HttpListenerOptions options, HttpSocket socket, Http2FrameCodec codec) {
        this.options = options;
        this.socket = socket;
        this.codec = codec;
    }

    /** Puts everything that HTTP/2 needs behind a handler. */
    static void install(ChannelHandlerContext ctx, HttpListenerOptions options, HttpSocket socket) {
        Http2FrameCodec codec = Http2FrameCodecBuilder.forServer()
                .initialSettings(Http2Settings.defaultSettings()
                        .maxConcurrentStreams(options.maxStreams())
                        // RFC 8441: a WebSocket on a stream.
                        .connectProtocolEnabled(true)
                        .maxHeaderListSize(options.maxHeaderBytes() + REFUSED_HEADERS)
                        .initialWindowSize(STREAM_WINDOW))
                .validateRequiredPseudoHeaders(true)
                // Whoever closes the connection has waited for the streams that it wants to wait for.
                .gracefulShutdownTimeoutMillis(0)
                .build();
        Http2Streams streams = new Http2Streams(options, socket, codec);
        // The second looks for the first when it is added.
        ctx.pipeline().addAfter(ctx.name(), "http2", codec);
        ctx.pipeline().addAfter("http2", "multiplex", new Http2MultiplexHandler(streams.initializer()));
        ctx.pipeline().addAfter("multiplex", "streams", streams);
        widen(codec, CONNECTION_WINDOW - Http2CodecUtil.DEFAULT_WINDOW_SIZE);
    }

    /** Changes what a client may send on all streams of a connection together. */
    private static void widen(Http2FrameCodec codec, int bytes) {
        try {
            var connection = codec.connection();
            connection.local().flowController().incrementWindowSize(connection.connectionStream(), bytes);
        } catch (Http2Exception e) {
            throw new IllegalStateException("the window of a connection is far from its limits", e);
        }
    }

    private ChannelInitializer<Channel> initializer() {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel stream) {
                streams.add(stream);
                stream.closeFuture().addListener(closed -> {
                    streams.remove(stream);
                    closeIfDone();
                });
                stream.config()
                        .setWriteBufferWaterMark(new WriteBufferWaterMark(
                                options.limits().writeQueueBytes() / 2,
                                options.limits().writeQueueBytes()));
                // Else what waits when the client resets a stream makes Netty reset it once more.
                stream.config().setAutoClose(false);
                Stream carrier = new Stream(stream);
                stream.pipeline().addLast(new Http2StreamFrameToHttpObjectCodec(true), carrier);
                HttpFaults faults = options.faults();
                FaultyExchange faulty = faults == null ? null : faults.onStream(stream, carrier);
                if (faulty != null) {
                    stream.pipeline().addLast(faulty);
                }
                stream.pipeline().addLast(new HttpEcho(options, faulty == null ? carrier : faulty, null));
            }
        };
    }

    /** One stream: reads no more of it while too much of its echo waits. */
    private final class Stream extends ChannelInboundHandlerAdapter implements HttpCarrier {

        private final Channel channel;
        private boolean readsOtherwise;
        private boolean requestEnded;

        /** Whether the connection's window is wider for what this stream holds back. */
        private boolean lends;

        Stream(Channel channel) {
            this.channel = channel;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (message instanceof HttpRequest request) {
                refuseLargeHeaders(request);
            }
            requestEnded |= message instanceof LastHttpContent;
            ctx.fireChannelRead(message);
            if (!channel.isWritable() && !readsOtherwise) {
                ctx.flush();
                channel.config().setAutoRead(channel.isWritable());
            }
        }

        private void refuseLargeHeaders(HttpRequest request) {
            int size = request.method().name().length() + request.uri().length() + 2 * HEADER_OVERHEAD;
            for (Map.Entry<String, String> header : request.headers()) {
                size += header.getKey().length() + header.getValue().length() + HEADER_OVERHEAD;
            }
            if (size > options.maxHeaderBytes()) {
                request.setDecoderResult(DecoderResult.failure(new TooLongHttpHeaderException(
                        size + " bytes of headers, allowed are " + options.maxHeaderBytes())));
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (channel.isWritable() && !readsOtherwise) {
                channel.config().setAutoRead(true);
            }
            ctx.fireChannelWritabilityChanged();
        }

        /** Netty keeps a stream with frames that nobody reads, even when its client has reset it. */
        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof Http2ResetFrame) {
                if (!channel.pipeline().get(StreamEcho.class).mayBeLeft()) {
                    socket.broken(FailureReason.RESET);
                }
                // Later: Netty would reset it once more.
                channel.eventLoop().execute(channel::close);
            }
            ctx.fireUserEventTriggered(event);
        }

        @Override
        public void received(int bytes) {
            socket.received(bytes);
        }

        @Override
        public void sent(int bytes) {
            socket.sent(bytes);
        }

        @Override
        public boolean draining() {
            return socket.draining();
        }

        @Override
        public boolean leaving() {
            return socket.leaving();
        }

        @Override
        public void broken() {
            socket.broken();
        }

        @Override
        public @Nullable String alternative() {
            return socket.alternative();
        }

        @Override
        public boolean isFull() {
            return !channel.isWritable();
        }

        @Override
        public long waiting() {
            return channel.bytesBeforeWritable();
        }

        @Override
        public void read(@Nullable Boolean on) {
            readsOtherwise = on != null;
            channel.config().setAutoRead(on == null ? !isFull() : on);
        }

        /** What a stream holds back counts against the connection's window, which the other streams need. */
        @Override
        public void heldBack(boolean yes) {
            if (yes == lends || (yes && options.space().isMemoryFull())) {
                return;
            }
            lends = yes;
            options.space().memory(yes ? STREAM_WINDOW : -STREAM_WINDOW);
            // Twice as much, because Netty widens a window only when half of it is used.
            widen(codec, yes ? 2 * STREAM_WINDOW : -2 * STREAM_WINDOW);
        }

        @Override
        public void cut(ChannelHandlerContext ctx, @Nullable Throwable cause) {
            if (cause instanceof Http2Exception.StreamException) {
                // Netty resets it with the error that the exception tells.
                return;
            }
            reset(cause == null ? Http2Error.CANCEL : Http2Error.PROTOCOL_ERROR);
        }

        /** RFC 9113, section 8.1: with any other error a client may discard the response. */
        @Override
        public void refused(ChannelHandlerContext ctx) {
            if (requestEnded) {
                ctx.close();
            } else {
                reset(Http2Error.NO_ERROR);
            }
        }

        @Override
        public void abort() {
            socket.broken(FailureReason.UNREAD);
            reset(Http2Error.ENHANCE_YOUR_CALM);
        }

        @Override
        public void fault(String name) {
            socket.fault(name);
        }

        @Override
        public void cutOnPurpose(ChannelHandlerContext ctx, boolean reset) {
            socket.broken(FailureReason.FAULT);
            if (reset) {
                // A reset throws away what waits for the connection's next flush.
                channel.parent().flush();
                reset(Http2Error.INTERNAL_ERROR);
            } else {
                ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(ended -> refused(ctx));
            }
        }

        @Override
        public void holds(Held held) {
            socket.holds(held);
        }

        @Override
        public void holdsNoMore(Held held) {
            socket.holdsNoMore(held);
        }

        /** Netty resets no stream that is closed when its request has ended, and forgets none that was not reset. */
        private void reset(Http2Error error) {
            channel.writeAndFlush(new DefaultHttp2ResetFrame(error));
            channel.close();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == HttpSocket.DRAIN) {
            goAway(ctx);
        }
        if (event == HttpSocket.DRAIN || event == HttpSocket.LEAVING) {
            echoes().forEach(StreamEcho::leaving);
        }
        if (event == HttpSocket.DRAIN || HttpSocket.isEndOfInput(event)) {
            closing = true;
            closeIfDone();
        }
        if (HttpSocket.isEndOfInput(event)) {
            echoes().forEach(StreamEcho::inputLost);
            cutWhatCannotBeSent(ctx);
        }
        ctx.fireUserEventTriggered(event);
    }

    /** The client will not widen a window any more, so what does not fit into one when the socket took all else is lost. */
    private void cutWhatCannotBeSent(ChannelHandlerContext ctx) {
        if (streams.isEmpty()) {
            return;
        }
        socket.flush().addListener(flushed -> {
            if (!flushed.isSuccess()) {
                return;
            }
            if (ctx.channel().isWritable() && socket.isDrained()) {
                echoes().stream().filter(echo -> !echo.isCatchingUp()).forEach(StreamEcho::cut);
            }
            if (socket.isHolding()) {
                ctx.executor().schedule(() -> cutWhatCannotBeSent(ctx), HELD_MILLIS, TimeUnit.MILLISECONDS);
            } else if (!streams.isEmpty()) {
                // Later: this runs before Netty has subtracted what it has just written.
                ctx.executor().execute(() -> cutWhatCannotBeSent(ctx));
            }
        });
    }

    private List<StreamEcho> echoes() {
        return streams.stream()
                .map(stream -> stream.pipeline().get(StreamEcho.class))
                .toList();
    }

    private void closeIfDone() {
        if (closing && streams.isEmpty()) {
            socket.closeAfterLastByte();
        }
    }

    /** Tells the client to open no more streams. */
    private void goAway(ChannelHandlerContext ctx) {
        if (!gone) {
            gone = true;
            ctx.writeAndFlush(new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR));
        }
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        socket.noteClose();
        if (!socket.isDrained()) {
            // Even if all is written when that is checked next.
            socket.broken();
            ctx.close(promise);
            return;
        }
        for (Channel stream : streams.toArray(Channel[]::new)) {
            if (stream.bytesBeforeUnwritable() <= stream.config().getWriteBufferHighWaterMark()) {
                // Its client has not allowed us to send everything.
                socket.broken();
            } else {
                stream.pipeline().get(StreamEcho.class).endEarly();
            }
        }
        goAway(ctx);
        socket.closeAfterLastWords(promise);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        List.copyOf(streams).forEach(Channel::close);
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) == null) {
            socket.exceptionCaught(ctx, cause);
        } else {
            // Netty says GOAWAY, and closes.
            socket.failAfterLastWords(cause);
        }
    }
}
