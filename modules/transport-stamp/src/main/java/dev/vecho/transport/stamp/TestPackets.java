package dev.vecho.transport.stamp;

import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes the test packets of a session, and reads what comes back. */
final class TestPackets {

    /** What a packet has at most beside its message. */
    static final int MAX_OVERHEAD = PacketFormat.AUTHENTICATED.size
            + 4 * Extension.HEADER_OCTETS
            + Extension.TIMESTAMP_INFORMATION_OCTETS
            + Extension.FOLLOW_UP_OCTETS
            + PacketFormat.HMAC_OCTETS;

    private final StampOptions options;
    private final int ssid;
    private final PacketFormat format;
    private final @Nullable Authenticator authenticator;

    /**
     * What the reflector says.
     *
     * @param sequence its number
     * @param senderSequence the number of the packet that it has reflected
     * @param senderTimestamp the time at which that was sent, as that packet had it
     * @param received when it had it
     * @param sent when it let it go
     * @param estimate how good its times are
     * @param followUp null where it does not know this extension
     * @param padding null where none came back as an extension that the reflector knows
     * @param timestamping its timestamp information; null where it does not know this extension
     */
    record Reply(
            int sequence,
            int senderSequence,
            long senderTimestamp,
            Instant received,
            Instant sent,
            ErrorEstimate estimate,
            @Nullable FollowUp followUp,
            @Nullable Buffer padding,
            @Nullable Integer timestamping) {}

    /** What was reflected before, of which a reflector that keeps no state knows nothing: its timestamp is 0 then. */
    record FollowUp(int sequence, long timestamp) {}

    /** What came is no reply to a packet of this session. */
    static final class NoReplyException extends Exception {

        private static final long serialVersionUID = 1L;

        NoReplyException(String why) {
            super(why, null, false, false);
        }
    }

    TestPackets(StampOptions options, int ssid) {
        SharedKey key = options.key();
        this.options = options;
        this.ssid = ssid;
        this.format = key == null ? PacketFormat.UNAUTHENTICATED : PacketFormat.AUTHENTICATED;
        this.authenticator = key == null ? null : key.authenticator();
    }

    PacketFormat format() {
        return format;
    }

    /** A packet with a message as its padding. */
    byte[] write(int sequence, Instant now, byte[] message) {
        byte[] packet = new byte[format.size + (options.tlvs() ? extensionOctets(message) : message.length)];
        Duration error = options.clockError();
        Timestamps timestamps = options.timestamps();
        ErrorEstimate estimate =
                error == null ? ErrorEstimate.unknown(timestamps) : new ErrorEstimate(true, timestamps, error);
        ByteBuffer.wrap(packet)
                .putInt(0, sequence)
                .putLong(format.timestamp, timestamps.encode(now))
                .putShort(format.errorEstimate, (short) estimate.encode())
                .putShort(format.ssid, (short) ssid);
        if (options.tlvs()) {
            extend(packet, message);
        } else {
            System.arraycopy(message, 0, packet, format.size, message.length);
        }
        if (authenticator != null) {
            ByteBuffer.wrap(packet).put(format.hmac(), authenticator.ofPacket(packet));
        }
        return packet;
    }

    private int extensionOctets(byte[] message) {
        return MAX_OVERHEAD
                - PacketFormat.AUTHENTICATED.size
                - (authenticator == null ? Extension.HEADER_OCTETS + PacketFormat.HMAC_OCTETS : 0)
                + message.length;
    }

    private void extend(byte[] packet, byte[] message) {
        int at = Extension.begin(
                packet, format.size, Extension.TIMESTAMP_INFORMATION, Extension.TIMESTAMP_INFORMATION_OCTETS);
        at = Extension.begin(
                packet, at + Extension.TIMESTAMP_INFORMATION_OCTETS, Extension.FOLLOW_UP, Extension.FOLLOW_UP_OCTETS);
        at = Extension.begin(packet, at + Extension.FOLLOW_UP_OCTETS, Extension.PADDING, message.length);
        System.arraycopy(message, 0, packet, at, message.length);
        if (authenticator != null) {
            int hmac = at + message.length;
            at = Extension.begin(packet, hmac, Extension.HMAC, PacketFormat.HMAC_OCTETS);
            ByteBuffer.wrap(packet).put(at, authenticator.ofExtensions(packet, format.size, hmac));
        }
    }

    /**
     * Reads what came.
     *
     * @param now decides which times are meant
     */
    Reply read(byte[] packet, Instant now) throws NoReplyException {
        int least = authenticator == null ? PacketFormat.TWAMP_REFLECTED : format.size;
        if (packet.length < least) {
            throw new NoReplyException("too short");
        }
        if (authenticator != null && !Authenticator.isAt(authenticator.ofPacket(packet), packet, format.hmac())) {
            throw new NoReplyException("wrong HMAC");
        }
        ByteBuffer in = ByteBuffer.wrap(packet);
        int from = in.getShort(format.ssid) & 0xFFFF;
        // A reflector that knows RFC 8762 alone has zeros there.
        if (from != ssid && from != 0) {
            throw new NoReplyException("another session");
        }
        ErrorEstimate estimate = ErrorEstimate.decode(in.getShort(format.errorEstimate));
        List<Extension> extensions = options.tlvs() ? Extension.in(packet, format.size) : List.of();
        if (authenticator != null && !Reflector.isIntact(authenticator, packet, extensions)) {
            extensions = List.of();
        }
        Extension followUp = find(extensions, Extension.FOLLOW_UP, packet);
        Extension padding = find(extensions, Extension.PADDING, packet);
        Extension information = find(extensions, Extension.TIMESTAMP_INFORMATION, packet);
        return new Reply(
                in.getInt(0),
                in.getInt(format.senderSequence),
                in.getLong(format.senderTimestamp),
                estimate.format().decode(in.getLong(format.receiveTimestamp), now),
                estimate.format().decode(in.getLong(format.timestamp), now),
                estimate,
                followUp == null
                        ? null
                        : new FollowUp(in.getInt(followUp.value()), in.getLong(followUp.value() + Integer.BYTES)),
                padding == null
                        ? null
                        : Buffer.buffer(
                                Arrays.copyOfRange(packet, padding.value(), padding.value() + padding.length())),
                information == null ? null : in.getInt(information.value()));
    }

    /** Finds an extension that the reflector knows, and found nothing wrong with. */
    private static @Nullable Extension find(List<Extension> extensions, int type, byte[] packet) {
        int length = Extension.lengthOf(type);
        for (Extension each : extensions) {
            boolean right = each.length() >= 0 && (length < 0 || length == each.length());
            if (each.type() == type && right && packet[each.at()] == 0) {
                return each;
            }
        }
        return null;
    }
}
