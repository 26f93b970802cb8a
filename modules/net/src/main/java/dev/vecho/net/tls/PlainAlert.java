package dev.vecho.net.tls;

import io.netty.buffer.ByteBuf;
import java.util.Map;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * A fatal alert that a client sends without encryption, although the server expects it to encrypt by then: OpenSSL does so in TLS 1.3
 * when it refuses the server's certificate, before it has sent anything that is encrypted. The engines of a server take that for a
 * record that was altered.
 */
final class PlainAlert {

    /** So many bytes are enough to find one. */
    private static final int RECORD_BYTES = 7;

    /** What TLS 1.3 may have before it, for the sake of middleboxes: RFC 8446, appendix D.4. */
    private static final int CHANGE_CIPHER_SPEC = 20;

    private static final int CHANGE_CIPHER_SPEC_BYTES = 6;

    private static final int ALERT = 21;
    private static final int ALERT_BYTES = 2;
    private static final int FATAL = 2;
    private static final int LENGTH = 3;

    /** RFC 8446, section 6, those that a client has a reason to send. */
    private static final Map<Integer, String> NAMES = Map.ofEntries(
            Map.entry(40, "handshake_failure"),
            Map.entry(42, "bad_certificate"),
            Map.entry(43, "unsupported_certificate"),
            Map.entry(44, "certificate_revoked"),
            Map.entry(45, "certificate_expired"),
            Map.entry(46, "certificate_unknown"),
            Map.entry(47, "illegal_parameter"),
            Map.entry(48, "unknown_ca"),
            Map.entry(49, "access_denied"),
            Map.entry(51, "decrypt_error"),
            Map.entry(70, "protocol_version"),
            Map.entry(71, "insufficient_security"),
            Map.entry(80, "internal_error"),
            Map.entry(116, "certificate_required"),
            Map.entry(120, "no_application_protocol"));

    private PlainAlert() {}

    /** What such an alert says, in the words of the JDK; null where the bytes, from the begin of a record on, are none. */
    static @Nullable SSLHandshakeException find(ByteBuf records) {
        int at = records.readerIndex();
        if (records.readableBytes() >= CHANGE_CIPHER_SPEC_BYTES + RECORD_BYTES
                && records.getByte(at) == CHANGE_CIPHER_SPEC
                && records.getShort(at + LENGTH) == 1) {
            at += CHANGE_CIPHER_SPEC_BYTES;
        }
        if (records.writerIndex() - at < RECORD_BYTES
                || records.getByte(at) != ALERT
                || records.getShort(at + LENGTH) != ALERT_BYTES
                || records.getByte(at + RECORD_BYTES - ALERT_BYTES) != FATAL) {
            return null;
        }
        int alert = records.getUnsignedByte(at + RECORD_BYTES - 1);
        return new SSLHandshakeException("Received fatal alert: " + NAMES.getOrDefault(alert, String.valueOf(alert)));
    }
}
