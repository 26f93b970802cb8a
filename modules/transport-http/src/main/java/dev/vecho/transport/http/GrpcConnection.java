package dev.vecho.transport.http;

import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import dev.vecho.net.Addresses;
import dev.vecho.net.connect.SocketConnector;
import dev.vecho.net.tls.TlsConnection;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection for gRPC: one call that takes all messages, or one for each. What a call of one message answers counts once its
 * status is known.
 */
@SuppressWarnings(
        "FutureReturnValueIgnored") // A failed write or close of Netty's comes to exceptionCaught, or is moot.
final class GrpcConnection implements Connection {

    /** How long the end of a call is awaited. */
    private static final int CLOSE_MILLIS = 1000;

    private final HttpConnector connector;
    private final GrpcClientOptions options;
    private final Receiver receiver;
    private final @Nullable TlsConnection tls;
    private final Channel channel;

    /** The one that takes all messages; null where each has one, and before it is open. */
    private @Nullable GrpcClientCall call;

    /** Where each message has a call: those that have not been answered to the caller, in the order in which they began. */
    private final Deque<Unary> underWay = new ArrayDeque<>();

    private boolean outputClosed;
    private boolean closing;
    private boolean over;

    GrpcConnection(
            HttpConnector connector,
            GrpcClientOptions options,
            Receiver receiver,
            @Nullable TlsConnection tls,
            Channel channel) {
        this.connector = connector;
        this.options = options;
        this.receiver = receiver;
        this.tls = tls;
        this.channel = channel;
    }

    /** Begins the call, where there is only one. */
    Future<Connection> open() {
        if (options.unary()) {
            return Future.succeededFuture(this);
        }
        return begin(new GrpcClientCall.Owner() {
                    @Override
                    public void message(Buffer message) {
                        received(message);
                    }

                    @Override
                    public void ended() {
                        GrpcConnection.this.ended();
                    }

                    @Override
                    public void failed(TransportException cause) {
                        fail(cause);
                    }
                })
                .map(begun -> {
                    call = begun;
                    return this;
                });
    }

    private Future<GrpcClientCall> begin(GrpcClientCall.Owner owner) {
        GrpcClientCall begun = new GrpcClientCall(owner, head(), options.compression(), remoteAddress(), tls);
        return Http2Calls.open(channel, begun)
                .map(open -> {
                    begun.begin();
                    return begun;
                })
                .recover(failure -> Future.failedFuture(HttpConnector.failure(failure, tls)));
    }

    private Http2Headers head() {
        Http2Headers head = new DefaultHttp2Headers()
                .method("POST")
                .scheme(tls == null ? "http" : "https")
                .authority(Objects.requireNonNullElse(options.headers().host(), connector.authority()))
                .path(connector.requestTarget())
                .set(HttpHeaderNames.TE, "trailers")
                .set(HttpHeaderNames.CONTENT_TYPE, "application/grpc")
                .set(HttpHeaderNames.USER_AGENT, "vecho")
                .set("grpc-accept-encoding", GrpcFrames.IDENTITY + "," + GrpcFrames.GZIP);
        if (options.compression()) {
            head.set(GrpcFrames.ENCODING, GrpcFrames.GZIP);
        }
        options.headers()
                .putInto(new DefaultHttpHeaders())
                .remove(HttpHeaderNames.HOST)
                .forEach(header -> head.set(header.getKey().toLowerCase(Locale.ROOT), header.getValue()));
        return head;
    }

    private void received(Buffer message) {
        if (!over && !closing) {
            receiver.received(message);
        }
    }

    private void ended() {
        if (closing) {
            channel.close();
        } else if (!over) {
            over = true;
            receiver.ended();
        }
    }

    /** Something broke the connection, or the one call. */
    void fail(TransportException cause) {
        if (closing) {
            channel.close();
        } else if (!over) {
            over = true;
            receiver.failed(cause);
            channel.close();
        }
    }

    @Override
    public Future<Void> send(Buffer bytes) {
        GrpcClientCall all = call;
        if (all != null) {
            return HttpConnection.adapt(all.send(bytes, false), tls);
        }
        Unary one = new Unary();
        underWay.add(one);
        return begin(one).compose(begun -> HttpConnection.adapt(begun.send(bytes, true), tls));
    }

    /** A call of one message. */
    private final class Unary implements GrpcClientCall.Owner {

        private final List<Buffer> answers = new ArrayList<>();
        private boolean complete;

        @Override
        public void message(Buffer message) {
            answers.add(message);
        }

        @Override
        public void ended() {
            complete = true;
            handOn();
        }

        @Override
        public void failed(TransportException cause) {
            fail(cause);
        }
    }

    /** Calls may overtake one another, which is no fault: the caller gets what they answer in order. */
    private void handOn() {
        Unary first;
        while ((first = underWay.peek()) != null && first.complete) {
            underWay.remove();
            first.answers.forEach(this::received);
        }
        if (outputClosed && underWay.isEmpty()) {
            ended();
        }
    }

    @Override
    public Future<Void> closeOutput() {
        GrpcClientCall all = call;
        if (all != null) {
            return HttpConnection.adapt(all.closeOutput(), tls);
        }
        outputClosed = true;
        // Later: the caller does not know yet that it has closed its output.
        channel.eventLoop().execute(this::handOn);
        return Future.succeededFuture();
    }

    @Override
    public Future<Void> close() {
        GrpcClientCall all = call;
        boolean begun = !over && all != null && !all.isOver() && channel.isActive();
        over = true;
        if (!begun || all == null) {
            return HttpConnection.adapt(channel.close(), tls).otherwiseEmpty();
        }
        // Closing within a call would break it off.
        closing = true;
        all.closeOutput();
        channel.eventLoop().schedule(() -> channel.close(), CLOSE_MILLIS, TimeUnit.MILLISECONDS);
        return HttpConnection.adapt(channel.closeFuture(), tls).otherwiseEmpty();
    }

    @Override
    public Future<Void> reset() {
        over = true;
        return SocketConnector.reset(channel);
    }

    @Override
    public String localAddress() {
        return Addresses.format(channel.localAddress());
    }

    @Override
    public String remoteAddress() {
        return Addresses.format(channel.remoteAddress());
    }

    @Override
    public Map<String, String> details() {
        Map<String, String> details = new LinkedHashMap<>();
        details.put("http", "HTTP/2");
        details.put("grpc", options.unary() ? "unary" : "streaming");
        if (options.compression()) {
            details.put("compression", GrpcFrames.GZIP);
        }
        if (tls != null) {
            details.putAll(tls.details());
        }
        return details;
    }
}
