package dev.vecho.net.tls;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Shakes hands with a listener, in memory, before any client does: only that shows whether a key, its certificates,
 * an engine and the options work together.
 */
final class TlsProof {

    private static final int RECORDS_BYTES = 256 * 1024;

    /** More than a handshake has flights. */
    private static final int MAX_TURNS = 50;

    private TlsProof() {}

    /**
     * Tries a client of the same engine, and then one of the other, for an engine may sign with what it cannot verify.
     *
     * @param server the context of the listener
     * @return what hinders a handshake, or null
     */
    static @Nullable String fault(Tls tls, SslContext server) {
        SslProvider own = Tls.engine(server);
        String fault = fault(tls, server, own);
        if (fault != null && OpenSsl.isAvailable()) {
            SslProvider other = own == SslProvider.JDK ? SslProvider.OPENSSL : SslProvider.JDK;
            return fault(tls, server, other) == null ? null : fault;
        }
        return fault;
    }

    private static @Nullable String fault(Tls tls, SslContext server, SslProvider clientsEngine) {
        SSLEngine client = null;
        SSLEngine listener = null;
        try {
            SslContextBuilder builder = SslContextBuilder.forClient()
                    .trustManager(InsecureTrustManagerFactory.INSTANCE)
                    .endpointIdentificationAlgorithm(null);
            client = tls.newEngine(tls.build(builder, clientsEngine), UnpooledByteBufAllocator.DEFAULT, null, -1);
            listener = tls.newEngine(server, UnpooledByteBufAllocator.DEFAULT, null, -1);
            listener.setNeedClientAuth(false);
            shakeHands(client, listener);
            return null;
        } catch (SSLException | Tls.Refusal e) {
            Throwable root = e;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            return String.valueOf(root.getMessage());
        } finally {
            ReferenceCountUtil.release(client);
            ReferenceCountUtil.release(listener);
        }
    }

    private static void shakeHands(SSLEngine client, SSLEngine server) throws SSLException {
        ByteBuffer toServer = ByteBuffer.allocateDirect(RECORDS_BYTES);
        ByteBuffer toClient = ByteBuffer.allocateDirect(RECORDS_BYTES);
        client.beginHandshake();
        step(client, toClient, toServer);
        for (int turn = 0; turn < MAX_TURNS; turn++) {
            step(server, toServer, toClient);
            step(client, toClient, toServer);
            if (isDone(client) && isDone(server)) {
                return;
            }
        }
        throw new SSLException("the handshake does not end");
    }

    private static boolean isDone(SSLEngine engine) {
        return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
    }

    /** Reads all that there is, and says all that it has to say. */
    private static void step(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
        ByteBuffer plain = ByteBuffer.allocateDirect(engine.getSession().getApplicationBufferSize());
        in.flip();
        while (true) {
            HandshakeStatus status = engine.getHandshakeStatus();
            if (status == HandshakeStatus.NEED_TASK) {
                for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                    task.run();
                }
            } else if (status == HandshakeStatus.NEED_WRAP) {
                if (engine.wrap(ByteBuffer.allocate(0), out).bytesProduced() == 0) {
                    break;
                }
            } else {
                // Also with nothing in it, for the engine of OpenSSL notices only then that it is done.
                SSLEngineResult result = engine.unwrap(in, plain);
                if (result.bytesConsumed() == 0 && result.getHandshakeStatus() == status) {
                    break;
                }
            }
        }
        in.compact();
    }
}
