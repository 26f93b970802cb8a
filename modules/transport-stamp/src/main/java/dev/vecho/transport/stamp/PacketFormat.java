package dev.vecho.transport.stamp;

/**
 * Where the fields of a test packet are, in octets from its start: RFC 8762, sections 4.2 and 4.3, with the identifier of the session
 * (SSID) of RFC 8972, section 3. Packets of both sides have one size, the sender's with zeros where the reflector's have more fields. The
 * sequence number is first in all of them.
 */
enum PacketFormat {
    UNAUTHENTICATED(44, 4, 16, 24),
    /** Ends with 16 octets of HMAC-SHA-256 over all before. */
    AUTHENTICATED(112, 16, 32, 48);

    /** What the reflected packet of TWAMP (RFC 5357) has, of which STAMP's is a copy but for zeros at its end. */
    static final int TWAMP_REFLECTED = 41;

    static final int HMAC_OCTETS = 16;

    final int size;
    final int timestamp;
    final int errorEstimate;
    final int ssid;

    /** From here on, fields of the reflector alone. */
    final int receiveTimestamp;

    final int senderSequence;
    final int senderTimestamp;
    final int senderErrorEstimate;
    final int senderTtl;

    PacketFormat(int size, int timestamp, int receiveTimestamp, int senderSequence) {
        this.size = size;
        this.timestamp = timestamp;
        this.errorEstimate = timestamp + 8;
        this.ssid = timestamp + 10;
        this.receiveTimestamp = receiveTimestamp;
        this.senderSequence = senderSequence;
        // As far from the sequence number as in the sender's packet.
        this.senderTimestamp = senderSequence + timestamp;
        this.senderErrorEstimate = senderTimestamp + 8;
        this.senderTtl = size == 44 ? 40 : 80;
    }

    /** Where the HMAC begins, of a packet that has one. */
    int hmac() {
        return size - HMAC_OCTETS;
    }
}
