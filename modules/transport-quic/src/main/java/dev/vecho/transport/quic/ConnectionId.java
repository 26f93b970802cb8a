package dev.vecho.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.quic.QuicConnectionAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A connection id of the length that a listener gives out, as a key of maps. */
record ConnectionId(long first, long second, int third) {

    static final int BYTES = 20;

    /** Where the byte is that tells the codec, after those of Netty's that tell the socket. */
    static final int CODEC = 2;

    /** Where the length of the id is in a packet with a long header: RFC 8999, section 5.1. */
    private static final int LONG_HEADER_LENGTH = 5;

    /** The id that a packet is sent to; null if it has none of this length. */
    static @Nullable ConnectionId destination(ByteBuf packet) {
        int at = packet.readerIndex();
        int end = packet.writerIndex();
        if (at == end) {
            return null;
        }
        int id = at + 1;
        if (packet.getByte(at) < 0) {
            int length = at + LONG_HEADER_LENGTH;
            if (length >= end || packet.getUnsignedByte(length) != BYTES) {
                return null;
            }
            id = length + 1;
        }
        return end - id < BYTES
                ? null
                : new ConnectionId(packet.getLong(id), packet.getLong(id + 8), packet.getInt(id + 16));
    }

    static ConnectionId of(ByteBuffer id) {
        int at = id.position();
        return new ConnectionId(id.getLong(at), id.getLong(at + 8), id.getInt(at + 16));
    }

    /** The codec that made it. */
    byte codec() {
        return (byte) (first >>> ((7 - CODEC) * 8));
    }

    /** Writes it as it is in a packet. */
    void writeTo(ByteBuf packet) {
        packet.writeLong(first).writeLong(second).writeInt(third);
    }

    /** The same id as Netty has it. */
    QuicConnectionAddress address() {
        return new QuicConnectionAddress(ByteBuffer.allocate(BYTES)
                .putLong(first)
                .putLong(second)
                .putInt(third)
                .flip());
    }
}
