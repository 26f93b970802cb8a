package dev.vecho.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.quic.QuicTokenHandler;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Address tokens (RFC 9000, section 8.1): the time, a digest of it, of the peer's host and of the connection id that it began with,
 * and that id. The key is made for each listener: a token is of use to nobody but the peer that asked, and not for long.
 *
 * <p>Used on all event loops of a listener.
 */
final class AddressToken implements QuicTokenHandler {

    /** A peer comes back with it at once, or when a packet that got lost was sent again. */
    static final long VALID_NANOS = TimeUnit.SECONDS.toNanos(60);

    private static final String DIGEST = "HmacSHA256";
    private static final int DIGEST_BYTES = 32;

    /** Before the connection id. */
    private static final int HEAD_BYTES = Long.BYTES + DIGEST_BYTES;

    private static final int MAX_ID_BYTES = 20;

    private final SecretKeySpec key;
    private final LongSupplier nanoTime;

    AddressToken() {
        this(System::nanoTime);
    }

    /**
     * Makes it with a key of its own.
     *
     * @param nanoTime as {@link System#nanoTime} tells it
     */
    AddressToken(LongSupplier nanoTime) {
        byte[] secret = new byte[DIGEST_BYTES];
        new SecureRandom().nextBytes(secret);
        this.key = new SecretKeySpec(secret, DIGEST);
        this.nanoTime = nanoTime;
    }

    @Override
    public boolean writeToken(ByteBuf out, ByteBuf id, InetSocketAddress address) {
        byte[] idBytes = ByteBufUtil.getBytes(id);
        long now = nanoTime.getAsLong();
        out.writeLong(now).writeBytes(digest(now, idBytes, address)).writeBytes(idBytes);
        return true;
    }

    /** Where the connection id begins in a token; -1 if it is not one of ours, or too old. */
    @Override
    public int validateToken(ByteBuf token, InetSocketAddress address) {
        int at = token.readerIndex();
        int idBytes = token.readableBytes() - HEAD_BYTES;
        if (idBytes < 0 || idBytes > MAX_ID_BYTES) {
            return -1;
        }
        long time = token.getLong(at);
        byte[] digest = ByteBufUtil.getBytes(token, at + Long.BYTES, DIGEST_BYTES);
        byte[] expected = digest(time, ByteBufUtil.getBytes(token, at + HEAD_BYTES, idBytes), address);
        long age = nanoTime.getAsLong() - time;
        return MessageDigest.isEqual(digest, expected) && age >= 0 && age < VALID_NANOS ? at + HEAD_BYTES : -1;
    }

    @Override
    public int maxTokenLength() {
        return HEAD_BYTES + MAX_ID_BYTES;
    }

    private byte[] digest(long time, byte[] id, InetSocketAddress address) {
        try {
            Mac mac = Mac.getInstance(DIGEST);
            mac.init(key);
            mac.update(ByteBuffer.allocate(Long.BYTES).putLong(0, time));
            byte[] host = address.getAddress().getAddress();
            mac.update((byte) host.length);
            mac.update(host);
            return mac.doFinal(id);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + DIGEST, e);
        }
    }
}
