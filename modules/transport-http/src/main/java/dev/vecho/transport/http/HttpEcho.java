package dev.vecho.transport.http;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.FailureReason;
import dev.vecho.core.Peer;
import dev.vecho.core.RequestFaults.Status;
import dev.vecho.core.VertxInternals;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The echo of HTTP: what comes as a request's body goes back as the response's, while it comes. It sees HTTP/1.1 messages
 * whatever the version, one after another on a connection of HTTP/1.1, and one on each stream of HTTP/2 and HTTP/3.
 *
 * <p>The response begins when the request does: its length and its types ({@code Content-Type}, {@code Content-Encoding})
 * are the request's, and nothing else of the request comes back. For a client that sends everything before it reads
 * anything, a {@link RequestBuffer} keeps what the queues between do not take.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write of Netty's comes to exceptionCaught.
final class HttpEcho extends ChannelDuplexHandler implements RequestBuffer.Echo, StreamEcho {

    private static final Logger LOG = LoggerFactory.getLogger(HttpEcho.class);

    private static final byte[] GREETING =
            "Vecho, an echo service. Send a body, with POST for example, and it comes back.\n"
                    .getBytes(StandardCharsets.US_ASCII);

    private static final AsciiString ALLOWED = AsciiString.cached("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    private static final AsciiString ALT_SVC = AsciiString.cached("alt-svc");
    private static final AsciiString SERVER_TIMING = AsciiString.cached("server-timing");
    private static final AsciiString NO_SNIFF = AsciiString.cached("nosniff");

    /** How long a browser may remember what it was allowed, in seconds. */
    private static final AsciiString CORS_MAX_AGE = AsciiString.cached("600");

    private final HttpListenerOptions options;
    private final HttpCarrier carrier;

    /** What HTTP/1.1 needs; null on a stream of its own. */
    private final @Nullable Http1 http1;

    /** From the head of a request to its end. */
    private boolean requested;

    /** Whether the body of the request in progress goes back. */
    private boolean echoing;

    /** Whether the end of the response's body must be marked, for nothing tells its length. */
    private boolean unbounded;

    /** The head of the response, where the client must hear 100 Continue and begin before. */
    private @Nullable HttpResponse delayed;

    /** The head of the response, while what came with the head of the request is looked at. */
    private @Nullable HttpResponse early;

    /** The page that the request in progress is from, where it may read the response. */
    private @Nullable String origin;

    private boolean closing;

    /** Whether nothing that still comes is looked at. */
    private boolean over;

    private @Nullable WebSocketHandshake handshake;

    /** The request in progress, where a service answers it and not the echo. */
    private @Nullable ServedRequest served;

    /** The call in progress, on a stream; null where its request is none of gRPC. */
    private @Nullable GrpcCall call;

    /** When the end of the request came, as {@link System#nanoTime}, where the client is to be told how long it took from there. */
    private long arrived;

    /** From the moment at which the client's input is not read any more. */
    private @Nullable RequestBuffer buffer;

    private ChannelHandlerContext ctx;

    @SuppressWarnings("NullAway.Init") // handlerAdded sets ctx before anything else is called.
    HttpEcho(HttpListenerOptions options, HttpCarrier carrier, @Nullable Http1 http1) {
        this.options = options;
        this.carrier = carrier;
        this.http1 = http1;
    }

    /**
     * A connection of HTTP/1.1, which takes one request after another.
     *
     * @param decoder before this handler, as is the encoder
     */
    record Http1(HttpSocket socket, HttpRequestDecoder decoder, HttpResponseEncoder encoder) {}

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (options.serverTiming() && message instanceof LastHttpContent) {
            arrived = System.nanoTime();
        }
        if (buffer == null || !buffer.takes(message)) {
            handle(message);
        }
    }

    private void handle(Object message) {
        if (!over && message instanceof HttpRequest request) {
            begin(ctx, request);
        }
        if (!over && message instanceof HttpContent content) {
            body(ctx, content);
        } else if (!(message instanceof HttpRequest) || over) {
            ReferenceCountUtil.release(message);
        }
    }

    private void begin(ChannelHandlerContext ctx, HttpRequest request) {
        requested = true;
        echoing = false;
        unbounded = false;
        early = null;
        served = served(ctx, request);
        origin = allowedOrigin(request);
        HttpResponseStatus refusal = refusal(request);
        if (http1 == null && GrpcCall.isWanted(request)) {
            call = new GrpcCall(ctx, carrier, request, method(request));
            call.begin(refusal);
            return;
        }
        if (refusal != null) {
            refuse(ctx, refusal, Map.of());
            return;
        }
        closing |= carrier.draining() || (http1 != null && !HttpUtil.isKeepAlive(request));
        HttpMethod method = request.method();
        boolean hasBody = hasBody(request);
        if (WebSocketHandshake.isWanted(request) && http1 != null && carrier.status() == null) {
            handshake = hasBody ? null : WebSocketHandshake.of(request, options);
            if (handshake == null) {
                refuseWebSocket(ctx, request);
            }
        } else if (http1 == null && WebSocketHandshake.isWantedOnStream(request)) {
            WebSocketHandshake agreed = WebSocketHandshake.onStream(request, options);
            Status fault = carrier.status();
            if (fault != null) {
                // Its client does not end it before there is an answer.
                refuse(ctx, HttpResponseStatus.valueOf(fault.code()), Map.of());
            } else if (agreed == null || !hasBody) {
                refuseWebSocket(ctx, request);
            } else {
                become(ctx, agreed);
            }
        } else if (served != null) {
            if (hasBody && HttpUtil.is100ContinueExpected(request)) {
                ctx.writeAndFlush(new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
            }
        } else if (method.equals(HttpMethod.HEAD) || (method.equals(HttpMethod.GET) && !hasBody)) {
            greet(ctx, request, method.equals(HttpMethod.GET));
        } else if (method.equals(HttpMethod.OPTIONS) && !hasBody) {
            HttpResponse response = response(request, HttpResponseStatus.NO_CONTENT);
            response.headers().set(HttpHeaderNames.ALLOW, ALLOWED);
            if (origin != null && request.headers().contains(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD)) {
                response.headers()
                        .set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_METHODS, ALLOWED)
                        .set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, "*")
                        .set(HttpHeaderNames.ACCESS_CONTROL_MAX_AGE, CORS_MAX_AGE);
            }
            ctx.write(response);
            ctx.write(LastHttpContent.EMPTY_LAST_CONTENT);
        } else {
            echo(ctx, request, hasBody);
        }
    }

    private void refuseWebSocket(ChannelHandlerContext ctx, HttpRequest request) {
        refuse(
                ctx,
                WebSocketHandshake.hasKnownVersion(request)
                        ? HttpResponseStatus.BAD_REQUEST
                        : HttpResponseStatus.UPGRADE_REQUIRED,
                Map.of(HttpHeaderNames.SEC_WEBSOCKET_VERSION, "13"));
    }

    /** Has a stream carry a WebSocket from now on. */
    private void become(ChannelHandlerContext ctx, WebSocketHandshake agreed) {
        over = true;
        ctx.writeAndFlush(agreed.response());
        ServedRequest messages = served(ctx, agreed, carrier.becomesWebSocket());
        ctx.pipeline().replace(this, null, new WebSocketStream(carrier, options, agreed, messages));
    }

    private @Nullable ServedRequest served(ChannelHandlerContext ctx, HttpRequest request) {
        Status fault = carrier.status();
        ConfiguredService service = fault == null ? options.service() : new StatusFault(fault);
        boolean own = fault == null && request.method().equals(HttpMethod.OPTIONS);
        return service == null || own
                ? null
                : new ServedRequest(
                        service, request, options.maxMessageBytes(), () -> HttpFacts.of(ctx.channel(), request));
    }

    /** What answers a call; null for the echo. */
    private GrpcCall.@Nullable Method method(HttpRequest request) {
        GrpcCall.Method health = GrpcHealth.of(request.uri(), carrier);
        return health != null || served == null
                ? health
                : new GrpcService(served, ctx.channel(), options.maxMessageBytes());
    }

    /** Answers a request that has ended. */
    private void serve(ChannelHandlerContext ctx, ServedRequest request) {
        Buffer answer;
        try {
            answer = request.answer();
        } catch (RuntimeException e) {
            ServedRequest.failed(ctx.channel(), e);
            refuse(ctx, HttpResponseStatus.INTERNAL_SERVER_ERROR, Map.of());
            return;
        }
        HttpResponse response =
                response(request.head(), answer == null ? HttpResponseStatus.NO_CONTENT : request.status());
        if (options.serverTiming()) {
            response.headers().set(SERVER_TIMING, timing("service"));
        }
        if (answer != null) {
            response.headers()
                    .set(HttpHeaderNames.CONTENT_TYPE, request.service().contentType())
                    .set(HttpHeaderNames.CONTENT_LENGTH, answer.length())
                    .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
                    .set("x-content-type-options", NO_SNIFF);
        }
        ctx.write(response);
        if (answer == null || request.head().method().equals(HttpMethod.HEAD)) {
            ctx.write(LastHttpContent.EMPTY_LAST_CONTENT);
        } else {
            carrier.sent(answer.length());
            ctx.write(new DefaultLastHttpContent(VertxInternals.bytes(answer)));
        }
    }

    private @Nullable String allowedOrigin(HttpRequest request) {
        if (options.cors().isEmpty()) {
            return null;
        }
        if (options.cors().contains(HttpListenerOptions.ANY_ORIGIN)) {
            return HttpListenerOptions.ANY_ORIGIN;
        }
        String from = request.headers().get(HttpHeaderNames.ORIGIN);
        return from != null && options.cors().contains(from) ? from : null;
    }

    private boolean hasBody(HttpRequest request) {
        return http1 == null
                ? !(request instanceof FullHttpRequest)
                : HttpUtil.isTransferEncodingChunked(request) || HttpUtil.getContentLength(request, 0L) > 0;
    }

    /** Why a request cannot be answered as it asks, or null. */
    private @Nullable HttpResponseStatus refusal(HttpRequest request) {
        if (request.decoderResult().isFailure()) {
            Throwable cause = request.decoderResult().cause();
            if (cause instanceof TooLongHttpLineException) {
                return HttpResponseStatus.REQUEST_URI_TOO_LONG;
            }
            return cause instanceof TooLongHttpHeaderException
                    ? HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                    : HttpResponseStatus.BAD_REQUEST;
        }
        HttpHeaders headers = request.headers();
        if (http1 != null) {
            HttpVersion version = request.protocolVersion();
            if (version.majorVersion() != 1) {
                return HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED;
            }
            List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
            if (hosts.size() > 1
                    || (hosts.isEmpty() && version.minorVersion() > 0)
                    || !hosts.stream().allMatch(HttpEcho::isHost)) {
                return HttpResponseStatus.BAD_REQUEST;
            }
            List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
            if (!codings.isEmpty() && !(codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked"))) {
                return HttpResponseStatus.NOT_IMPLEMENTED;
            }
        }
        boolean tunnel = request.method().equals(HttpMethod.CONNECT)
                && !(http1 == null && WebSocketHandshake.isWantedOnStream(request));
        if (request.method().equals(HttpMethod.TRACE) || tunnel) {
            // TRACE would return headers; CONNECT asks for a tunnel.
            return HttpResponseStatus.METHOD_NOT_ALLOWED;
        }
        Status fault = carrier.status();
        if (fault != null && fault.beforeBody()) {
            return HttpResponseStatus.valueOf(fault.code());
        }
        String expected = headers.get(HttpHeaderNames.EXPECT);
        return expected != null && !expected.equalsIgnoreCase("100-continue")
                ? HttpResponseStatus.EXPECTATION_FAILED
                : null;
    }

    /** Whether a text has only what a host and a port may have: RFC 3986, section 3.2. */
    private static boolean isHost(String text) {
        for (int i = 0; i < text.length(); i++) {
            char at = text.charAt(i);
            boolean alphanumeric = (at >= 'a' && at <= 'z') || (at >= 'A' && at <= 'Z') || (at >= '0' && at <= '9');
            if (!alphanumeric && "-._~!$&'()*+,;=%:[]".indexOf(at) < 0) {
                return false;
            }
        }
        return true;
    }

    /** What every response says. */
    private void begin(HttpResponse response) {
        response.headers().set(HttpHeaderNames.DATE, HttpDate.now());
        String alternative = carrier.alternative();
        if (alternative != null) {
            response.headers().set(ALT_SVC, alternative);
        }
        if (HttpListenerOptions.ANY_ORIGIN.equals(origin)) {
            response.headers().set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        } else if (!options.cors().isEmpty()) {
            // A cache must not give one page what another was allowed.
            response.headers().set(HttpHeaderNames.VARY, HttpHeaderNames.ORIGIN);
            if (origin != null) {
                response.headers().set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            }
        }
    }

    private HttpResponse response(HttpRequest request, HttpResponseStatus status) {
        HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, status);
        begin(response);
        if (closing) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (http1 != null && !request.protocolVersion().isKeepAliveDefault()) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
        return response;
    }

    private void greet(ChannelHandlerContext ctx, HttpRequest request, boolean withBody) {
        HttpResponse response = response(request, HttpResponseStatus.OK);
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.TEXT_PLAIN)
                .set(HttpHeaderNames.CONTENT_LENGTH, GREETING.length);
        ctx.write(response);
        ctx.write(
                withBody
                        ? new DefaultLastHttpContent(Unpooled.wrappedBuffer(GREETING))
                        : LastHttpContent.EMPTY_LAST_CONTENT);
    }

    private void echo(ChannelHandlerContext ctx, HttpRequest request, boolean hasBody) {
        HttpResponse response = response(request, HttpResponseStatus.OK);
        HttpHeaders headers = response.headers();
        String type = request.headers().get(HttpHeaderNames.CONTENT_TYPE);
        headers.set(
                HttpHeaderNames.CONTENT_TYPE,
                type == null || type.isEmpty() ? HttpHeaderValues.APPLICATION_OCTET_STREAM : type);
        // A browser must not interpret the echo of what it was made to send as anything but its declared type.
        headers.set("x-content-type-options", NO_SNIFF);
        List<String> codings = request.headers().getAll(HttpHeaderNames.CONTENT_ENCODING);
        if (!codings.isEmpty()) {
            headers.set(HttpHeaderNames.CONTENT_ENCODING, codings);
        }
        long length = hasBody ? HttpUtil.getContentLength(request, -1L) : 0;
        if (length >= 0) {
            headers.set(HttpHeaderNames.CONTENT_LENGTH, length);
        } else {
            unbounded = true;
            if (http1 != null) {
                headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
            }
        }
        if (hasTimedEnd()) {
            headers.set(HttpHeaderNames.TRAILER, SERVER_TIMING);
        }
        echoing = true;
        if (hasBody && HttpUtil.is100ContinueExpected(request)) {
            ctx.writeAndFlush(new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
            delayed = response;
        } else if (http1 != null && unbounded) {
            // Until the first chunk, or the end of what was read with the head, tells whether the body can be read.
            early = response;
        } else {
            ctx.write(response);
        }
    }

    /** Whether the end of the echo in progress tells how long it took: HTTP/1.1 has nothing behind a body whose length was told. */
    private boolean hasTimedEnd() {
        return options.serverTiming() && (http1 == null || unbounded);
    }

    /** The time since the end of the request came, in milliseconds: W3C, Server Timing. */
    private String timing(String what) {
        return what + ";dur=" + TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - arrived) / 1e3;
    }

    private void writeEarly() {
        HttpResponse head = early;
        if (head != null) {
            early = null;
            ctx.write(head);
        }
    }

    private void body(ChannelHandlerContext ctx, HttpContent content) {
        ByteBuf bytes = content.content();
        if (call != null && call.isOver()) {
            bytes.release();
            return;
        }
        if (content.decoderResult().isFailure()) {
            bytes.release();
            if (early != null || served != null) {
                early = null;
                refuse(ctx, HttpResponseStatus.BAD_REQUEST, Map.of());
                return;
            }
            over = true;
            // The response has begun, so breaking it off is the only way to report the error.
            if (http1 == null) {
                cut(content.decoderResult().cause());
            } else {
                http1.socket().fail(content.decoderResult().cause());
            }
            return;
        }
        writeEarly();
        boolean last = content instanceof LastHttpContent;
        if (call != null) {
            carrier.received(bytes.readableBytes());
            call.body(bytes, last);
        } else if (echoing) {
            carrier.received(bytes.readableBytes());
            carrier.sent(bytes.readableBytes());
            if (delayed != null) {
                ctx.write(delayed);
                delayed = null;
            }
            if (last && hasTimedEnd()) {
                DefaultLastHttpContent end = new DefaultLastHttpContent(bytes);
                end.trailingHeaders().set(SERVER_TIMING, timing("echo"));
                ctx.write(end);
            } else if (last && !bytes.isReadable()) {
                bytes.release();
                ctx.write(LastHttpContent.EMPTY_LAST_CONTENT);
            } else {
                ctx.write(last ? new DefaultLastHttpContent(bytes) : new DefaultHttpContent(bytes));
            }
        } else {
            ServedRequest request = handshake == null ? served : null;
            boolean fits = request == null || request.add(bytes);
            if (request != null) {
                carrier.received(bytes.readableBytes());
            }
            bytes.release();
            if (!fits) {
                refuse(ctx, HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE, Map.of());
                return;
            }
            if (request != null && last) {
                serve(ctx, request);
            }
        }
        if (last && !over) {
            end(ctx);
        }
    }

    private void end(ChannelHandlerContext ctx) {
        requested = false;
        if (handshake != null && http1 != null) {
            over = true;
            if (buffer != null && buffer.isHolding()) {
                // What follows the handshake was parsed as HTTP already.
                http1.socket().broken(FailureReason.INPUT);
                exceptionCaught(
                        ctx, new IllegalStateException("a WebSocket behind a request whose response is not read"));
                return;
            }
            // The encoder writes the answer, and nothing after it.
            ctx.writeAndFlush(handshake.response());
            FaultyFrames faulty = faulty(ctx, http1.socket(), handshake);
            WebSocketEcho webSocket =
                    new WebSocketEcho(options, http1.socket(), handshake.compressed(), served(ctx, handshake, faulty));
            ctx.pipeline().replace(this, null, webSocket);
            if (faulty != null) {
                ctx.pipeline().replace(FaultyExchange.class, null, faulty);
            }
            ctx.pipeline().remove(http1.encoder());
            // It passes on what it has read beyond the request.
            ctx.pipeline().remove(http1.decoder());
        } else if (closing && http1 != null) {
            over = true;
            http1.socket().closeAfterLastByte();
        }
    }

    private static Peer peer(ChannelHandlerContext ctx, HttpRequest request, WebSocketHandshake agreed) {
        return () -> HttpFacts.of(ctx.channel(), request, agreed.response());
    }

    private @Nullable ServedRequest served(
            ChannelHandlerContext ctx, WebSocketHandshake agreed, ServedRequest.@Nullable Faulty faulty) {
        HttpFaults faults = options.faults();
        if (faulty != null && faults != null) {
            return new ServedRequest(
                            faults.requests().service(),
                            agreed.request(),
                            options.maxMessageBytes(),
                            peer(ctx, agreed.request(), agreed))
                    .with(faulty, faults.requests().isEcho());
        }
        ServedRequest request = served;
        return request == null ? null : request.with(peer(ctx, request.head(), agreed));
    }

    private @Nullable FaultyFrames faulty(ChannelHandlerContext ctx, HttpSocket socket, WebSocketHandshake agreed) {
        HttpFaults faults = options.faults();
        return faults == null ? null : faults.onWebSocket(ctx.channel(), socket, peer(ctx, agreed.request(), agreed));
    }

    private void refuse(ChannelHandlerContext ctx, HttpResponseStatus status, Map<AsciiString, String> headers) {
        over = true;
        DefaultFullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, status, Unpooled.copiedBuffer(status + "\n", StandardCharsets.US_ASCII));
        begin(response);
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.TEXT_PLAIN)
                .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        if (status.equals(HttpResponseStatus.METHOD_NOT_ALLOWED)) {
            response.headers().set(HttpHeaderNames.ALLOW, ALLOWED);
        }
        headers.forEach((name, value) -> response.headers().set(name, value));
        if (http1 == null) {
            ctx.writeAndFlush(response).addListener(written -> carrier.refused(ctx));
        } else {
            ctx.write(response);
            http1.socket().closeAndDiscardInput();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (http1 == null) {
            ctx.flush();
        } else {
            writeEarly();
        }
        if (buffer == null && !over && carrier.isFull()) {
            buffer = new RequestBuffer(ctx.executor(), options.space(), this);
        }
        ctx.fireChannelReadComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (buffer != null) {
            buffer.roomChanged();
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (call != null) {
            call.close();
        }
        forgetBuffer();
    }

    private void forgetBuffer() {
        if (buffer != null) {
            buffer.release();
            buffer = null;
        }
    }

    @Override
    public void take(Object message) {
        if (message instanceof HttpObject) {
            handle(message);
        } else {
            heard(message);
        }
        ctx.flush();
    }

    @Override
    public boolean isFull() {
        return carrier.isFull();
    }

    @Override
    public long waiting() {
        return carrier.waiting();
    }

    @Override
    public boolean isWithinRequest() {
        return requested && !over;
    }

    @Override
    public void read(boolean on) {
        carrier.read(on);
    }

    @Override
    public void heldBack(boolean yes) {
        carrier.heldBack(yes);
    }

    @Override
    public void over() {
        buffer = null;
        carrier.read(null);
    }

    @Override
    public void abort(String why) {
        LOG.debug("{}: {}: broken off", ctx.channel(), why);
        over = true;
        forgetBuffer();
        carrier.abort();
    }

    /** Whether what the client sent is being handed on, and not all of it was yet. */
    @Override
    public boolean isCatchingUp() {
        return buffer != null && buffer.isHolding() && !carrier.isFull();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (http1 == null || !HttpSocket.isEndOfInput(event) || buffer == null || !buffer.takes(event)) {
            heard(event);
        }
    }

    private void heard(Object event) {
        if (http1 != null && !over) {
            if (event == HttpSocket.DRAIN) {
                closing = true;
                if (!requested) {
                    over = true;
                    http1.socket().closeAfterLastByte();
                }
            } else if (HttpSocket.isEndOfInput(event)) {
                over = true;
                if (requested) {
                    // The request was cut off, and so must be the response.
                    carrier.broken();
                }
                http1.socket().closeAfterLastByte();
            }
        } else if (event instanceof Http2ResetFrame && !mayBeLeft()) {
            carrier.broken();
        }
        ctx.fireUserEventTriggered(event);
    }

    /** The connection closes at the end of a grace period, or because it was idle. */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (http1 != null) {
            http1.socket().noteClose();
        }
        if (http1 != null && http1.socket().isDrained() && (buffer == null || !buffer.isHolding())) {
            endEarly();
            http1.socket().closeAfterLastWords(promise);
        } else {
            if (http1 != null) {
                // Even if all is written when that is checked next.
                carrier.broken();
            }
            ctx.close(promise);
        }
    }

    /** A stream's request can get no longer: where it has not ended, it never will, and the response must not either. */
    @Override
    public void inputLost() {
        if (call != null && call.isEndless()) {
            over = true;
            ctx.close();
        } else if (requested && !carrier.hasEnd() && (buffer == null || !buffer.hasEnd())) {
            cut();
        }
    }

    /** Whether a client that resets a stream has broken nothing off: to cancel a call is how one ends that has no other end. */
    @Override
    public boolean mayBeLeft() {
        return call != null && (call.isEndless() || call.isOver() || (buffer == null && carrier.waiting() == 0));
    }

    /** The listener has begun to leave, or to drain. */
    @Override
    public void leaving() {
        if (call != null) {
            call.leaving();
        }
    }

    /** Breaks a stream off. */
    @Override
    public void cut() {
        cut(null);
    }

    private void cut(@Nullable Throwable cause) {
        over = true;
        carrier.broken();
        carrier.cut(ctx, cause);
    }

    /**
     * Ends a response whose request has not ended, because everything that came was echoed, where the protocol can
     * express that.
     */
    @Override
    public void endEarly() {
        if (call != null && !over) {
            over = true;
            call.end(GrpcStatus.UNAVAILABLE, "the connection closes");
            ctx.flush();
            return;
        }
        if (!requested || over) {
            return;
        }
        over = true;
        if (buffer != null && buffer.isHolding()) {
            carrier.broken();
        } else if (echoing && unbounded && delayed == null && early == null) {
            ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (http1 == null) {
            cut(cause);
        } else {
            http1.socket().exceptionCaught(context, cause);
        }
    }
}
