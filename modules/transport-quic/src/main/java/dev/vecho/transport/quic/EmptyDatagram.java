package dev.vecho.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import java.nio.ByteBuffer;

/**
 * A datagram without a byte, which QUIC allows (RFC 9221, section 4). Netty, as of 4.2.18, takes one for written without telling
 * quiche: so this one seems to hold a byte, until quiche is about to be given its address and its length.
 */
final class EmptyDatagram extends UnpooledDirectByteBuf {

    private boolean addressed;

    private EmptyDatagram() {
        super(UnpooledByteBufAllocator.DEFAULT, 1, 1);
        writerIndex(1);
    }

    /** Makes one, and releases another. */
    static ByteBuf insteadOf(ByteBuf other) {
        other.release();
        return new EmptyDatagram();
    }

    @Override
    public long memoryAddress() {
        addressed = true;
        return super.memoryAddress();
    }

    @Override
    public ByteBuffer internalNioBuffer(int index, int length) {
        addressed = true;
        return super.internalNioBuffer(index, length);
    }

    @Override
    public int readableBytes() {
        return addressed ? 0 : super.readableBytes();
    }
}
