package dev.vecho.net;

import dev.vecho.core.FailureReason;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.security.cert.CertificateException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLException;

/**
 * Why a listener and its client did not agree upon TLS, by what the JDK's engine and BoringSSL say of their own errors and of the
 * client's alerts: their exceptions have little else that tells. What nobody knows is {@link FailureReason#TLS_OTHER}.
 */
final class TlsReason {

    /** In lower case with underscores; the first that is contained counts. */
    private static final Map<String, FailureReason> KNOWN = new LinkedHashMap<>();

    static {
        // Before the others, since the JDK's messages name the alert that goes to the client, too.
        know(
                FailureReason.TLS_CERTIFICATE_REQUIRED,
                "did_not_return_a_certificate",
                "empty_client_certificate_chain",
                "certificate_required");
        know(FailureReason.TLS_CLIENT_CERTIFICATE, "certificate_verify_failed");
        know(FailureReason.TLS_UNKNOWN_CA, "unknown_ca");
        know(
                FailureReason.TLS_BAD_CERTIFICATE,
                "bad_certificate",
                "certificate_expired",
                "certificate_revoked",
                "certificate_unknown",
                "unsupported_certificate",
                "access_denied");
        know(
                FailureReason.TLS_NO_APPLICATION_PROTOCOL,
                "no_application_protocol",
                "no_matching_application_layer_protocol");
        know(
                FailureReason.TLS_PROTOCOL_VERSION,
                "protocol_version",
                "unsupported_protocol",
                "client_requested_protocol",
                "inappropriate_fallback");
        know(
                FailureReason.TLS_NO_SHARED_CIPHER,
                "no_cipher_suites_in_common",
                "no_shared_cipher",
                "no_shared_group",
                "no_common_signature",
                "no_available_authentication_scheme",
                "no_supported_signature_algorithm",
                "handshake_failure",
                "insufficient_security");
    }

    private TlsReason() {}

    private static void know(FailureReason reason, String... words) {
        for (String each : words) {
            KNOWN.put(each, reason);
        }
    }

    static FailureReason of(SSLException failure) {
        if (failure instanceof SslHandshakeTimeoutException) {
            return FailureReason.TLS_TIMEOUT;
        }
        if (failure instanceof NotSslRecordException) {
            return FailureReason.TLS_PLAIN_TEXT;
        }
        // First: the message around it may name the alert that goes to the client, as if it had come from there.
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException) {
                return FailureReason.TLS_CLIENT_CERTIFICATE;
            }
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String words =
                    String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT).replace(' ', '_');
            for (Map.Entry<String, FailureReason> known : KNOWN.entrySet()) {
                if (words.contains(known.getKey())) {
                    return known.getValue();
                }
            }
        }
        return FailureReason.TLS_OTHER;
    }
}
