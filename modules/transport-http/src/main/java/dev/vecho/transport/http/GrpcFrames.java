package dev.vecho.transport.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the messages of one direction of a gRPC call: each is a byte that tells whether it is compressed, its length in four bytes, and
 * so many bytes. Messages may be cut anywhere on the way.
 */
final class GrpcFrames {

    static final String ENCODING = "grpc-encoding";
    static final String GZIP = "gzip";
    static final String IDENTITY = "identity";

    /** What is before each message. */
    static final int PREFIX = 5;

    /** Takes messages that have come whole. */
    @FunctionalInterface
    interface Messages {

        /** Takes one, decompressed. */
        void message(Buffer message) throws GrpcException;
    }

    private final @Nullable String encoding;
    private final int maxBytes;
    private final @Nullable Messages messages;

    private final byte[] prefix = new byte[PREFIX];
    private int prefixBytes;
    private long left;
    private Buffer message = Buffer.buffer();

    /**
     * Makes a reader.
     *
     * @param encoding what the head said of compressed messages; null for nothing
     * @param maxBytes how long a message may be that is handed on, compressed and decompressed
     * @param messages takes them; null where it is enough to see where they begin and end, and nothing is kept
     */
    GrpcFrames(@Nullable String encoding, int maxBytes, @Nullable Messages messages) {
        this.encoding = IDENTITY.equals(encoding) ? null : encoding;
        this.maxBytes = maxBytes;
        this.messages = messages;
    }

    /** Whether a message has begun, and not ended. */
    boolean isWithinMessage() {
        return prefixBytes > 0;
    }

    /** What has come of the message that has begun. */
    Buffer partial() {
        return message;
    }

    /**
     * Reads bytes up to their end, and moves the reader's index with them.
     *
     * @throws GrpcException where a message cannot be read; the index is at its first byte that came in these
     */
    void read(ByteBuf bytes) throws GrpcException {
        while (bytes.isReadable()) {
            if (prefixBytes < PREFIX) {
                int begin = bytes.readerIndex();
                int count = Math.min(PREFIX - prefixBytes, bytes.readableBytes());
                bytes.readBytes(prefix, prefixBytes, count);
                prefixBytes += count;
                try {
                    begun();
                } catch (GrpcException e) {
                    bytes.readerIndex(begin);
                    throw e;
                }
            } else {
                int count = (int) Math.min(left, bytes.readableBytes());
                if (messages == null) {
                    bytes.skipBytes(count);
                } else {
                    message.appendBytes(ByteBufUtil.getBytes(bytes, bytes.readerIndex(), count));
                    bytes.skipBytes(count);
                }
                left -= count;
            }
            if (prefixBytes == PREFIX && left == 0) {
                ended();
            }
        }
    }

    private void begun() throws GrpcException {
        if (prefix[0] != 0 && prefix[0] != 1) {
            throw new GrpcException(
                    GrpcStatus.INTERNAL,
                    String.format("a message begins with 0x%02x, which is neither 0 nor 1", prefix[0]));
        }
        if (prefix[0] == 1 && encoding == null) {
            throw new GrpcException(GrpcStatus.INTERNAL, "a message is compressed, and no grpc-encoding says how");
        }
        if (prefixBytes == PREFIX) {
            left = (prefix[1] & 0xffL) << 24 | (prefix[2] & 0xff) << 16 | (prefix[3] & 0xff) << 8 | (prefix[4] & 0xff);
            if (messages != null && left > maxBytes) {
                throw tooLong(left + " bytes, more");
            }
        }
    }

    private void ended() throws GrpcException {
        boolean compressed = prefix[0] == 1;
        Buffer whole = message;
        prefixBytes = 0;
        message = Buffer.buffer();
        if (messages != null) {
            messages.message(compressed ? decompressed(whole) : whole);
        }
    }

    private Buffer decompressed(Buffer compressed) throws GrpcException {
        if (!GZIP.equals(encoding)) {
            throw new GrpcException(GrpcStatus.UNIMPLEMENTED, "a message is compressed other than by gzip");
        }
        Buffer plain = Buffer.buffer();
        byte[] piece = new byte[8192];
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(compressed.getBytes()))) {
            int count;
            while ((count = in.read(piece)) >= 0) {
                if (plain.length() + count > maxBytes) {
                    throw tooLong("more bytes, once it is decompressed,");
                }
                plain.appendBytes(piece, 0, count);
            }
        } catch (ZipException | EOFException e) {
            throw new GrpcException(GrpcStatus.INTERNAL, "a message is not compressed by gzip, as grpc-encoding says");
        } catch (IOException e) {
            throw new IllegalStateException("memory has no other failures", e);
        }
        return plain;
    }

    private GrpcException tooLong(String length) {
        return new GrpcException(
                GrpcStatus.RESOURCE_EXHAUSTED, "a message has " + length + " than allowed are " + maxBytes);
    }

    /** A message with what is before it. */
    static Buffer frame(Buffer message, boolean compressed) {
        Buffer sent = compressed ? compressed(message) : message;
        return Buffer.buffer(PREFIX + sent.length())
                .appendByte((byte) (compressed ? 1 : 0))
                .appendInt(sent.length())
                .appendBuffer(sent);
    }

    private static Buffer compressed(Buffer message) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(message.getBytes());
        } catch (IOException e) {
            throw new IllegalStateException("memory has no failures", e);
        }
        return Buffer.buffer(out.toByteArray());
    }
}
