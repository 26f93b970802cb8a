package dev.vecho.transport.http;

import dev.vecho.core.VertxInternals;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.Future;
import io.vertx.core.buffer.Buffer;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A call of gRPC, on a stream of HTTP/2 or HTTP/3. Its method decides what is answered; the echo, which all methods are but those of
 * {@link GrpcHealth}, gives back the bytes of the messages as they come, so that it holds none of them, and takes compressed ones for what
 * they are. In the end a status follows in the trailers.
 *
 * @see <a href="https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md">gRPC over HTTP2</a>
 */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write of Netty's comes to exceptionCaught.
final class GrpcCall {

    private static final Logger LOG = LoggerFactory.getLogger(GrpcCall.class);

    private static final String CONTENT_TYPE = "application/grpc";
    private static final String TIMEOUT = "grpc-timeout";
    private static final Pattern TIMEOUT_VALUE = Pattern.compile("([0-9]{1,8})([HMSmun])");

    /** What is called: a service and one of its methods. */
    private static final Pattern PATH = Pattern.compile("/[^/]+/[^/]+");

    /** What answers a call in place of the echo. */
    interface Method {

        /** How long a message may be. */
        int maxMessageBytes();

        /** The call has begun. */
        default void begun(GrpcCall call) {
            // A call that fails at once says so in the head of its answer, which then is all of it.
        }

        /** A message has come. */
        void message(GrpcCall call, Buffer message) throws GrpcException;

        /** No more messages come. */
        void ended(GrpcCall call) throws GrpcException;

        /** The listener has begun to leave. */
        default void leaving(GrpcCall call) {
            // Most calls are finished as others are.
        }

        /** Whether a client that leaves now misses nothing, because the call has no end of its own. */
        default boolean isEndless() {
            return false;
        }
    }

    private final ChannelHandlerContext ctx;
    private final HttpCarrier carrier;
    private final HttpRequest request;
    private final @Nullable Method method;
    private final GrpcFrames frames;
    private @Nullable Future<?> deadline;
    private boolean answered;
    private boolean inputEnded;
    private boolean over;

    /**
     * Makes it; {@link #begin} follows.
     *
     * @param method null for the echo
     */
    GrpcCall(ChannelHandlerContext ctx, HttpCarrier carrier, HttpRequest request, @Nullable Method method) {
        this.ctx = ctx;
        this.carrier = carrier;
        this.request = request;
        this.method = method;
        String encoding = request.headers().get(GrpcFrames.ENCODING);
        this.frames = method == null
                ? new GrpcFrames(encoding, Integer.MAX_VALUE, null)
                : new GrpcFrames(encoding, method.maxMessageBytes(), message -> method.message(this, message));
    }

    /** Whether a request on a stream is a call: gRPC-Web, which has another framing, is not. */
    static boolean isWanted(HttpRequest request) {
        String type = request.headers().get(HttpHeaderNames.CONTENT_TYPE);
        return type != null
                && type.regionMatches(true, 0, CONTENT_TYPE, 0, CONTENT_TYPE.length())
                && (type.length() == CONTENT_TYPE.length() || "+;".indexOf(type.charAt(CONTENT_TYPE.length())) >= 0);
    }

    /** Whether a path names a service and one of its methods. */
    static boolean isPath(String path) {
        return PATH.matcher(path).matches();
    }

    /**
     * Looks at the head, and answers it where it need not wait for messages.
     *
     * @param refusal why it cannot be answered as HTTP; null for nothing
     */
    void begin(@Nullable HttpResponseStatus refusal) {
        String timeout = request.headers().get(TIMEOUT);
        Matcher value = TIMEOUT_VALUE.matcher(timeout == null ? "0S" : timeout);
        if (refusal != null) {
            boolean tooLarge = refusal.equals(HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE);
            end(
                    tooLarge ? GrpcStatus.RESOURCE_EXHAUSTED : GrpcStatus.INTERNAL,
                    tooLarge ? "the headers are too large" : "HTTP would answer " + refusal);
        } else if (!request.method().equals(HttpMethod.POST)) {
            end(GrpcStatus.INTERNAL, "a call is a POST");
        } else if (!isPath(request.uri())) {
            end(GrpcStatus.UNIMPLEMENTED, "the path of a call is /SERVICE/METHOD");
        } else if (!value.matches()) {
            end(GrpcStatus.INTERNAL, "grpc-timeout is not a number of at most eight digits and a unit");
        } else {
            if (timeout != null) {
                long nanos = unit(value.group(2).charAt(0)).toNanos(Long.parseLong(value.group(1)));
                deadline = ctx.executor().schedule(this::late, nanos, TimeUnit.NANOSECONDS);
            }
            if (method == null) {
                answer();
            } else {
                method.begun(this);
            }
        }
    }

    private static TimeUnit unit(char letter) {
        return switch (letter) {
            case 'H' -> TimeUnit.HOURS;
            case 'M' -> TimeUnit.MINUTES;
            case 'S' -> TimeUnit.SECONDS;
            case 'm' -> TimeUnit.MILLISECONDS;
            case 'u' -> TimeUnit.MICROSECONDS;
            default -> TimeUnit.NANOSECONDS;
        };
    }

    /** Its client does not wait any longer. */
    private void late() {
        if (over) {
            return;
        }
        if (carrier.isFull()) {
            // Nothing that is said now would arrive before all that waits.
            over = true;
            carrier.cut(ctx, null);
        } else {
            end(GrpcStatus.DEADLINE_EXCEEDED, "the time that grpc-timeout allows is over");
            ctx.flush();
        }
    }

    /** Takes a part of the request, and its reference. */
    void body(ByteBuf bytes, boolean last) {
        inputEnded |= last;
        int start = bytes.readerIndex();
        GrpcException failure = null;
        try {
            frames.read(bytes);
            if (last && frames.isWithinMessage()) {
                failure = new GrpcException(GrpcStatus.INTERNAL, "the request ends within a message");
            }
        } catch (GrpcException e) {
            failure = e;
        }
        if (method == null) {
            ByteBuf good = bytes.setIndex(start, bytes.readerIndex());
            carrier.sent(good.readableBytes());
            if (good.isReadable()) {
                ctx.write(new DefaultHttpContent(good));
            } else {
                good.release();
            }
        } else {
            bytes.release();
        }
        if (failure == null && last) {
            failure = ended();
        }
        if (failure != null) {
            LOG.debug("{}: {}: ended with {}", ctx.channel(), failure.getMessage(), failure.status());
            end(failure.status(), failure.getMessage());
        }
    }

    private @Nullable GrpcException ended() {
        if (method == null) {
            end(GrpcStatus.OK, null);
        } else if (!over) {
            try {
                method.ended(this);
            } catch (GrpcException e) {
                return e;
            }
        }
        return null;
    }

    /** Begins the answer, if that was not done before. */
    void answer() {
        if (!answered && !over) {
            answered = true;
            HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
            String encoding = request.headers().get(GrpcFrames.ENCODING);
            if (method == null && encoding != null) {
                response.headers().set(GrpcFrames.ENCODING, encoding);
            }
            ctx.write(type(response));
        }
    }

    private HttpResponse type(HttpResponse response) {
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, request.headers().get(HttpHeaderNames.CONTENT_TYPE));
        return response;
    }

    /** Answers with a message. */
    void send(Buffer message) {
        if (!over) {
            answer();
            Buffer framed = GrpcFrames.frame(message, false);
            carrier.sent(framed.length());
            ctx.write(new DefaultHttpContent(VertxInternals.bytes(framed)));
        }
    }

    /**
     * Ends the answer, if that was not done before. What still comes of the request is not wanted any more.
     *
     * @param message for people; null for none
     */
    void end(GrpcStatus status, @Nullable String message) {
        if (over) {
            return;
        }
        over = true;
        close();
        LastHttpContent end;
        if (answered) {
            DefaultLastHttpContent trailers = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
            say(trailers.trailingHeaders(), status, message);
            end = trailers;
        } else {
            DefaultFullHttpResponse whole =
                    new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.EMPTY_BUFFER);
            type(whole);
            say(whole.headers(), status, message);
            if (status == GrpcStatus.UNIMPLEMENTED) {
                whole.headers().set("grpc-accept-encoding", GrpcFrames.IDENTITY + "," + GrpcFrames.GZIP);
            }
            end = whole;
        }
        boolean wanted = inputEnded;
        ctx.write(end).addListener(written -> {
            if (written.isSuccess() && !wanted) {
                carrier.refused(ctx);
            }
        });
    }

    private static void say(HttpHeaders headers, GrpcStatus status, @Nullable String message) {
        headers.set(GrpcStatus.HEADER, status.code());
        if (message != null) {
            headers.set(GrpcStatus.MESSAGE, message);
        }
    }

    /** Whether its answer has ended. */
    boolean isOver() {
        return over;
    }

    /** Whether a client that leaves now misses nothing. */
    boolean isEndless() {
        return method != null && method.isEndless();
    }

    /** The listener has begun to leave. */
    void leaving() {
        if (method != null && !over) {
            method.leaving(this);
            ctx.flush();
        }
    }

    /** Frees what it holds. May be called more than once. */
    void close() {
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }
}
