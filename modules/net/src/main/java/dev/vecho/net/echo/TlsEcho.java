package dev.vecho.net.echo;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Decrypts what was received and encrypts it again, one record after the other: after close_notify an engine may encrypt no
 * more. One for each event loop, used there only; what it holds is valid until the next connection uses it.
 */
final class TlsEcho {

    /** Why it has stopped. */
    enum End {
        /** All records are done, but for one whose end has not come yet. */
        RECORDS,
        /** Something of TLS's own, such as new keys, that the handler has to answer. */
        ANSWER,
        /** close_notify. */
        CLOSED
    }

    private static final int HEADER_BYTES = 5;

    /** The largest record of TLS 1.2, with its header. */
    private static final int RECORD_BYTES = HEADER_BYTES + 16_384 + 2048;

    private static final FastThreadLocal<TlsEcho> HERE = new FastThreadLocal<>() {
        @Override
        protected TlsEcho initialValue() {
            return new TlsEcho();
        }

        @Override
        protected void onRemoval(TlsEcho here) {
            here.records.release();
            here.echoes.release();
        }
    };

    private final ByteBuf records = Unpooled.directBuffer(RECORD_BYTES + DirectEcho.MAX_BYTES);
    private final ByteBuf echoes = Unpooled.directBuffer(2 * DirectEcho.MAX_BYTES);
    private final ByteBuffer source = records.nioBuffer(0, records.capacity());
    private final ByteBuffer target = echoes.nioBuffer(0, echoes.capacity());
    private final ByteBuffer plain = ByteBuffer.allocateDirect(2 * RECORD_BYTES);
    private int plainBytes;

    private TlsEcho() {}

    /** Finds the one of this event loop; null where there is no memory for it. */
    static @Nullable TlsEcho here() {
        try {
            return HERE.get();
        } catch (OutOfMemoryError e) {
            return null;
        }
    }

    /** What is received goes in here, behind the beginning of a record that has come before. */
    ByteBuf records(@Nullable ByteBuf beginning) {
        records.clear();
        if (beginning != null) {
            records.writeBytes(beginning, beginning.readerIndex(), beginning.readableBytes());
        }
        return records;
    }

    /** What is to be sent. */
    ByteBuf echoes() {
        return echoes;
    }

    /** Whether it may be worth waiting for the rest: Java's engine would wait for the rest of anything. */
    static boolean mayBeRecord(ByteBuf beginning) {
        return beginning.readableBytes() < HEADER_BYTES || SslHandler.isEncrypted(beginning, false);
    }

    /** How much data the records held. */
    int plainBytes() {
        return plainBytes;
    }

    /**
     * Echoes records until it finds one that is not data. What follows is left in the records.
     *
     * @throws SSLException if TLS is broken; the echoes hold those of all data before, and an alert, if it was OpenSSL's
     */
    End echo(SSLEngine engine) throws SSLException {
        plainBytes = 0;
        echoes.clear();
        source.limit(records.writerIndex()).position(records.readerIndex());
        target.clear();
        try {
            while (source.hasRemaining()) {
                plain.clear();
                SSLEngineResult result = engine.unwrap(source, plain);
                plainBytes += result.bytesProduced();
                encrypt(engine);
                if (result.getStatus() == Status.CLOSED) {
                    return End.CLOSED;
                }
                if (result.getStatus() == Status.BUFFER_UNDERFLOW) {
                    return End.RECORDS;
                }
                HandshakeStatus wanted = result.getHandshakeStatus();
                if (result.getStatus() == Status.OK && wanted == HandshakeStatus.NEED_WRAP) {
                    answer(engine);
                } else if (result.getStatus() != Status.OK
                        || wanted != HandshakeStatus.NOT_HANDSHAKING
                        || result.bytesProduced() == 0
                        || target.remaining() < 2 * RECORD_BYTES) {
                    return End.ANSWER;
                }
            }
            return End.RECORDS;
        } finally {
            records.readerIndex(source.position());
            echoes.writerIndex(target.position());
        }
    }

    private void encrypt(SSLEngine engine) throws SSLException {
        plain.flip();
        while (plain.hasRemaining()) {
            SSLEngineResult result = engine.wrap(plain, target);
            if (result.getStatus() != Status.OK || result.bytesProduced() == 0) {
                throw new IllegalStateException("data cannot be encrypted: " + result);
            }
        }
    }

    /** Lets the engine write an alert. OpenSSL's engine throws the failure only when it is called once more. */
    private void answer(SSLEngine engine) throws SSLException {
        plain.clear().flip();
        SSLEngineResult result;
        do {
            result = engine.wrap(plain, target);
        } while (result.bytesProduced() > 0
                && (engine instanceof ReferenceCountedOpenSslEngine
                        || result.getHandshakeStatus() == HandshakeStatus.NEED_WRAP));
    }
}
