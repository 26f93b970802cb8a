package dev.vecho.transport.quic;

import dev.vecho.core.Traffic;
import dev.vecho.net.listen.Admission;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Answers packets of unknown versions of QUIC, and drops those that begin a connection but are too short for it, which Netty's
 * codec would answer: RFC 9000, sections 5.2.2, 6.1 and 14.1. So are those that begin one from where nobody may. A connection id may be longer there than version 1 allows, for
 * which Netty's codec has no answer.
 */
@SuppressWarnings("FutureReturnValueIgnored") // An answer may get lost.
final class FirstPackets extends ChannelInboundHandlerAdapter {

    private static final int VERSION_1 = 1;

    /** Of a version that says what follows; RFC 8999, section 6. */
    private static final int VERSION_NEGOTIATION = 0;

    /** The smallest datagram that a client begins with, so that an answer is never larger. */
    private static final int MIN_BYTES = 1200;

    /** The bits of the first byte that tell the type of a packet of version 1: RFC 9000, section 17.2. */
    private static final int TYPE_MASK = 0x30;

    private static final int INITIAL = 0x00;
    private static final int LONG_HEADER = 0x80;

    /** Where the version is, and after it the connection ids, each after its length: RFC 8999, section 5.1. */
    private static final int VERSION = 1;

    private static final int IDS = VERSION + Integer.BYTES;

    private final Admission admission;
    private final Traffic traffic;

    /**
     * Makes it.
     *
     * @param admission says who may begin a connection at all; others get no answer
     * @param traffic counts their datagrams
     */
    FirstPackets(Admission admission, Traffic traffic) {
        this.admission = admission;
        this.traffic = traffic;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        DatagramPacket packet = (DatagramPacket) message;
        ByteBuf bytes = packet.content();
        int at = bytes.readerIndex();
        if (bytes.readableBytes() < IDS || (bytes.getByte(at) & LONG_HEADER) == 0) {
            ctx.fireChannelRead(packet);
            return;
        }
        int version = bytes.getInt(at + VERSION);
        boolean large = bytes.readableBytes() >= MIN_BYTES;
        boolean initial = (bytes.getByte(at) & TYPE_MASK) == INITIAL;
        if ((version != VERSION_1 || initial)
                && !admission.permits(packet.sender().getAddress())) {
            traffic.drop("not allowed");
            packet.release();
            return;
        }
        if (version == VERSION_1 && (large || !initial)) {
            ctx.fireChannelRead(packet);
            return;
        }
        try {
            if (version != VERSION_1 && version != VERSION_NEGOTIATION && large) {
                negotiate(ctx, packet);
            }
        } finally {
            packet.release();
        }
    }

    /** Says which version there is; RFC 9000, section 17.2.1. */
    private static void negotiate(ChannelHandlerContext ctx, DatagramPacket packet) {
        ByteBuf bytes = packet.content();
        int destination = bytes.readerIndex() + IDS;
        // A datagram of this size has room for two ids of any length.
        int source = destination + 1 + bytes.getUnsignedByte(destination);
        int end = source + 1 + bytes.getUnsignedByte(source);
        ByteBuf answer = ctx.alloc()
                .directBuffer()
                .writeByte(ThreadLocalRandom.current().nextInt() | LONG_HEADER)
                .writeInt(VERSION_NEGOTIATION)
                .writeBytes(bytes, source, end - source)
                .writeBytes(bytes, destination, source - destination)
                .writeInt(VERSION_1);
        ctx.writeAndFlush(new DatagramPacket(answer, packet.sender()));
    }
}
