package dev.vecho.net.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/** Finds out whether a server speaks TLS: says a ClientHello, and looks for a ServerHello or an alert. */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write or close of Netty's is moot.
public final class TlsQuestion extends ChannelInboundHandlerAdapter {

    /** A record's header, and the first byte of what it holds. */
    private static final int ENOUGH = 6;

    private static final int ALERT = 21;
    private static final int ALERT_BYTES = 2;
    private static final int HANDSHAKE = 22;
    private static final int SERVER_HELLO = 2;
    private static final int MAJOR = 3;
    private static final int FATAL = 2;

    private final Promise<Boolean> answered = Promise.promise();
    private final ByteBuf heard = Unpooled.buffer(ENOUGH, ENOUGH);

    private TlsQuestion() {}

    /** The first words of a client. Blocks. */
    public static byte[] hello(String host, int port) throws SSLException {
        SSLEngine engine = SslContextBuilder.forClient()
                .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .build()
                .newEngine(UnpooledByteBufAllocator.DEFAULT, host, port);
        try {
            ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
            engine.beginHandshake();
            engine.wrap(ByteBuffer.allocate(0), hello);
            byte[] bytes = new byte[hello.flip().remaining()];
            hello.get(bytes);
            return bytes;
        } finally {
            ReferenceCountUtil.release(engine);
        }
    }

    /** Asks on a connection of its own, on its event loop. Completes when something came, or the end; never fails. */
    public static Future<Boolean> ask(Channel channel, byte[] hello) {
        TlsQuestion question = new TlsQuestion();
        channel.pipeline().addLast(question);
        channel.writeAndFlush(Unpooled.wrappedBuffer(hello));
        return question.answered.future();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        heard.writeBytes(bytes, Math.min(heard.writableBytes(), bytes.readableBytes()));
        bytes.release();
        if (!heard.isWritable()) {
            answered.tryComplete(isTls(heard));
        }
    }

    /** An echo in plain text is a ClientHello. */
    private static boolean isTls(ByteBuf heard) {
        int type = heard.getUnsignedByte(0);
        int first = heard.getUnsignedByte(ENOUGH - 1);
        boolean isAlert = type == ALERT && heard.getUnsignedShort(3) == ALERT_BYTES && first >= 1 && first <= FATAL;
        return heard.getUnsignedByte(1) == MAJOR && (isAlert || (type == HANDSHAKE && first == SERVER_HELLO));
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            answered.tryComplete(false);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        answered.tryComplete(false);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        answered.tryComplete(false);
    }
}
