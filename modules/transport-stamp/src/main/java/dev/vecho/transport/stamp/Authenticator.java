package dev.vecho.transport.stamp;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HMAC-SHA-256 with one key, of which STAMP takes the first 16 octets: RFC 8762, section 4.4. Safe for any thread. */
final class Authenticator {

    private static final String ALGORITHM = "HmacSHA256";

    private final Mac keyed;

    Authenticator(byte[] key) {
        try {
            keyed = Mac.getInstance(ALGORITHM);
            keyed.init(new SecretKeySpec(key, ALGORITHM));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HMAC-SHA-256", e);
        }
    }

    /** Of a test packet: of all that is before its HMAC. */
    byte[] ofPacket(byte[] packet) {
        Mac mac = mac();
        mac.update(packet, 0, PacketFormat.AUTHENTICATED.hmac());
        return truncated(mac);
    }

    /** Of extensions: of the packet's sequence number, and of the extensions before that with the HMAC. */
    byte[] ofExtensions(byte[] packet, int from, int to) {
        Mac mac = mac();
        mac.update(packet, 0, Integer.BYTES);
        mac.update(packet, from, to - from);
        return truncated(mac);
    }

    /** Whether a digest is in a packet at a place, in a time that does not tell where they differ. */
    static boolean isAt(byte[] digest, byte[] packet, int at) {
        return MessageDigest.isEqual(digest, Arrays.copyOfRange(packet, at, at + digest.length));
    }

    private Mac mac() {
        try {
            return (Mac) keyed.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("that of every JDK can be cloned", e);
        }
    }

    private static byte[] truncated(Mac mac) {
        return Arrays.copyOf(mac.doFinal(), PacketFormat.HMAC_OCTETS);
    }
}
