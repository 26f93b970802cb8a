package dev.vecho.testkit.torture;

import dev.vecho.testkit.EchoClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.net.QuicStreamInternal;
import io.vertx.core.net.QuicConnection;
import io.vertx.core.net.QuicStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketException;

/**
 * One stream of a connection of QUIC by Vert.x, which is read from the network only as far as somebody reads. It is read from
 * Netty's channel: to Vert.x a stream is closed although what has come on it was not fetched yet.
 */
final class QuicStreamClient implements EchoClient {

    private static final int CODE = 42;

    private final QuicStream stream;
    private final QueuedInput input;
    private final Promise<Void> reset = Promise.promise();

    private QuicStreamClient(QuicStream stream) {
        this.stream = stream;
        ChannelHandlerContext last = ((QuicStreamInternal) stream).channelHandlerContext();
        this.input = new QueuedInput(last.channel()::read);
        last.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        last.channel().config().setAutoRead(false);
        last.pipeline().addBefore(last.name(), null, new Ear(input));
        // Every failure is reported to the receiver.
        stream.exceptionHandler(failure -> {});
    }

    /** Opens a stream. */
    static QuicStreamClient open(QuicConnection connection) throws IOException {
        // On the event loop, before anything can come.
        return Blocking.get(connection.openStream().map(QuicStreamClient::new));
    }

    /** The only stream of a connection, which hears of the end of that one: Vert.x leaves what is under way on the stream. */
    static QuicStreamClient openSole(QuicConnection connection) throws IOException {
        Promise<QuicStreamClient> opened = Promise.promise();
        Promise<Void> closed = Promise.promise();
        connection.closeHandler(closed::tryComplete);
        closed.future().onComplete(gone -> opened.tryFail(new SocketException("the connection was closed")));
        connection
                .openStream()
                .map(QuicStreamClient::new)
                .onSuccess(opened::tryComplete)
                .onFailure(opened::tryFail);
        QuicStreamClient client = Blocking.get(opened.future());
        closed.future().onComplete(gone -> {
            client.reset.tryComplete();
            client.input.failed("the connection was closed");
        });
        return client;
    }

    private static final class Ear extends ChannelInboundHandlerAdapter {

        private final QueuedInput input;

        Ear(QueuedInput input) {
            this.input = input;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            input.came(ByteBufUtil.getBytes((ByteBuf) message));
            ReferenceCountUtil.release(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                input.ended();
            }
            ctx.fireUserEventTriggered(event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            input.failed(cause.toString());
            ctx.fireExceptionCaught(cause);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            input.failed("the stream was closed");
            ctx.fireChannelInactive();
        }
    }

    @Override
    public OutputStream out() {
        return Blocking.output(this::write);
    }

    /** Vert.x tells nobody of what was under way when the stream is reset, or the connection closed. */
    private Future<Void> write(Buffer bytes) {
        Promise<Void> first = Promise.promise();
        reset.future().onComplete(gone -> first.tryFail("it was reset"));
        stream.write(bytes).onSuccess(first::tryComplete).onFailure(first::tryFail);
        return first.future();
    }

    @Override
    public InputStream in() {
        return input;
    }

    @Override
    public void closeOutput() throws IOException {
        Blocking.get(stream.end());
    }

    /** Both ways, else the listener would have to send all that is under way. */
    @Override
    public void reset() {
        reset.tryComplete();
        moot(stream.reset(CODE));
        moot(stream.abort(CODE));
        input.failed("we have reset it");
    }

    @Override
    public void close() {
        moot(stream.close());
        input.failed("we have closed it");
    }

    private static void moot(Future<Void> closing) {
        closing.onFailure(failure -> System.getLogger(QuicStreamClient.class.getName())
                .log(System.Logger.Level.DEBUG, "it was closed already", failure));
    }
}
