package dev.vecho.transport.stamp;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * An optional part of a packet: flags, type, length and value (TLV), RFC 8972, section 4.
 *
 * @param at where its flags are
 * @param length of its value; -1 if that, or its header, does not end with the packet
 */
record Extension(int at, int type, int length) {

    /** The reflector does not know its type; set by the sender, and taken back by a reflector that knows it. */
    static final int UNRECOGNISED = 0x80;

    /** Its length is wrong. */
    static final int MALFORMED = 0x40;

    /** The HMAC is wrong, or missing. */
    static final int NOT_INTACT = 0x20;

    static final int HEADER_OCTETS = 4;

    static final int PADDING = 1;
    static final int TIMESTAMP_INFORMATION = 3;
    static final int ACCESS_REPORT = 6;
    static final int FOLLOW_UP = 7;
    static final int HMAC = 8;

    static final int TIMESTAMP_INFORMATION_OCTETS = 4;
    static final int ACCESS_REPORT_OCTETS = 4;
    static final int FOLLOW_UP_OCTETS = 16;

    /** Of the timestamp information: taken by a program, without help of the hardware. */
    static final int SOFTWARE = 2;

    /** Finds those that follow the base packet, up to the first that is cut off. */
    static List<Extension> in(byte[] packet, int from) {
        List<Extension> found = new ArrayList<>();
        int at = from;
        while (at < packet.length) {
            boolean header = packet.length - at >= HEADER_OCTETS;
            int length = header ? ByteBuffer.wrap(packet).getShort(at + 2) & 0xFFFF : -1;
            if (length > packet.length - at - HEADER_OCTETS) {
                length = -1;
            }
            found.add(new Extension(at, packet.length - at > 1 ? packet[at + 1] & 0xFF : 0, length));
            if (length < 0) {
                break;
            }
            at += HEADER_OCTETS + length;
        }
        return found;
    }

    /** Writes the header of one that a sender adds. Returns where its value begins. */
    static int begin(byte[] packet, int at, int type, int length) {
        ByteBuffer.wrap(packet)
                .put(at, (byte) UNRECOGNISED)
                .put(at + 1, (byte) type)
                .putShort(at + 2, (short) length);
        return at + HEADER_OCTETS;
    }

    /** Where its value begins. */
    int value() {
        return at + HEADER_OCTETS;
    }

    /** The length of a type that is not known. */
    static final int UNKNOWN = -2;

    /** The length that a type always has; -1 where it may have any, {@link #UNKNOWN} where the type is not known. */
    static int lengthOf(int type) {
        return switch (type) {
            case PADDING -> -1;
            case TIMESTAMP_INFORMATION -> TIMESTAMP_INFORMATION_OCTETS;
            case ACCESS_REPORT -> ACCESS_REPORT_OCTETS;
            case FOLLOW_UP -> FOLLOW_UP_OCTETS;
            case HMAC -> PacketFormat.HMAC_OCTETS;
            default -> UNKNOWN;
        };
    }
}
