package dev.vecho.net.tls;

import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.netty.handler.ssl.NotSslRecordException;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Why TLS was not agreed upon: a stable word, and a sentence with what the peer's certificate says.
 *
 * @param reason such as {@code expired}
 */
record TlsFailure(String reason, String sentence) {

    private static final int MAX_NAMES = 8;
    private static final int MAX_LENGTH = 200;

    private static final String CLIENT_REFUSED = "client-certificate-refused";

    /** What is in the alerts and errors of the JDK and of BoringSSL, in lower case with underscores. */
    private static final Map<String, TlsFailure> KNOWN = new LinkedHashMap<>();

    static {
        TlsFailure required = clientCertificateRequired();
        TlsFailure alpn = new TlsFailure("alpn", "no application protocol (ALPN) in common");
        TlsFailure cipher = new TlsFailure(
                "cipher", "no cipher suite, key exchange group or kind of signature in common, the peer says");
        KNOWN.put("certificate_required", required);
        KNOWN.put("did_not_return_a_certificate", required);
        KNOWN.put("no_application_protocol", alpn);
        KNOWN.put("unknown_ca", new TlsFailure(CLIENT_REFUSED, "the peer does not know who signed our certificate"));
        KNOWN.put("bad_certificate", new TlsFailure(CLIENT_REFUSED, "the peer takes our certificate for bad"));
        KNOWN.put("certificate_expired", new TlsFailure(CLIENT_REFUSED, "the peer says that our certificate expired"));
        KNOWN.put(
                "certificate_revoked", new TlsFailure(CLIENT_REFUSED, "the peer says that our certificate is revoked"));
        KNOWN.put("certificate_unknown", new TlsFailure(CLIENT_REFUSED, "the peer does not accept our certificate"));
        KNOWN.put(
                "unsupported_certificate", new TlsFailure(CLIENT_REFUSED, "the peer takes no certificate of our kind"));
        KNOWN.put("access_denied", new TlsFailure(CLIENT_REFUSED, "the peer denies access to our certificate"));
        KNOWN.put("unrecognized_name", new TlsFailure("wrong-name", "the peer has no certificate for this name (SNI)"));
        TlsFailure protocol = new TlsFailure("protocol", "no version of TLS in common");
        for (String words : List.of(
                "protocol_version",
                "unsupported_protocol",
                "no_appropriate_protocol",
                "wrong_version_number",
                "wrong_ssl_version")) {
            KNOWN.put(words, protocol);
        }
        for (String words : List.of("too_small", "too_weak", "insufficient_security")) {
            KNOWN.put(words, new TlsFailure("weak", "a key or a signature is too weak"));
        }
        for (String words :
                List.of("handshake_failure", "no_shared_cipher", "no_common_signature", "no_shared_group")) {
            KNOWN.put(words, cipher);
        }
    }

    TransportException exception(@Nullable Throwable cause) {
        return exception(cause, Map.of());
    }

    /** @param details of the peer */
    TransportException exception(@Nullable Throwable cause, Map<String, String> details) {
        return new TransportException(Fault.TLS, reason, sentence, cause, details);
    }

    /** The same with more to say. */
    TlsFailure and(String more) {
        return new TlsFailure(reason, sentence + more);
    }

    static TlsFailure clientCertificateRequired() {
        return new TlsFailure("client-certificate-required", "the peer wants a certificate of ours, and has got none");
    }

    static TlsFailure clientCertificateRefused(X509Certificate own) {
        return new TlsFailure(
                CLIENT_REFUSED,
                "the peer wants a certificate of ours, but none that is signed by "
                        + printable(own.getIssuerX500Principal().getName()) + ": " + described(own));
    }

    /** What an engine says, where it is not about the peer's certificate. */
    static TlsFailure of(Throwable failure) {
        Throwable root = failure;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            root = cause;
            if (cause instanceof NotSslRecordException) {
                return plainText("");
            }
            String message =
                    String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT).replace(' ', '_');
            for (Map.Entry<String, TlsFailure> known : KNOWN.entrySet()) {
                if (message.contains(known.getKey())) {
                    TlsFailure found = known.getValue();
                    return new TlsFailure(found.reason(), found.sentence() + " (" + brief(cause) + ")");
                }
            }
        }
        return new TlsFailure("other", brief(root));
    }

    /**
     * The peer does not speak TLS.
     *
     * @param said what it said instead
     */
    static TlsFailure plainText(String said) {
        return new TlsFailure(
                "plain-text", "the peer does not speak TLS" + (said.isEmpty() ? "" : ", it said " + said));
    }

    /**
     * Why a certificate was refused.
     *
     * @param peerName the name that it had to be for
     */
    static TlsFailure of(PeerTrust.Refusal refusal, String peerName) {
        X509Certificate own = refusal.chain().get(0);
        for (Throwable cause = refusal.cause(); cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            String lower = message.toLowerCase(Locale.ROOT);
            BasicReason basic = cause instanceof CertPathValidatorException invalid
                            && invalid.getReason() instanceof BasicReason known
                    ? known
                    : BasicReason.UNSPECIFIED;
            if (cause instanceof CertificateExpiredException || basic == BasicReason.EXPIRED) {
                X509Certificate one = first(refusal.chain(), TlsFailure::expired);
                return new TlsFailure("expired", "the certificate expired" + now() + ": " + described(one));
            }
            if (cause instanceof CertificateNotYetValidException || basic == BasicReason.NOT_YET_VALID) {
                X509Certificate one = first(refusal.chain(), TlsFailure::notYetValid);
                return new TlsFailure(
                        "not-yet-valid", "the certificate is not valid yet" + now() + ": " + described(one));
            }
            if (basic == BasicReason.ALGORITHM_CONSTRAINED
                    || lower.contains("algorithm constraints")
                    || lower.contains("constraints check failed")) {
                return new TlsFailure(
                        "weak",
                        "a key or a signature of the certificate is too weak (" + printable(message) + "): "
                                + described(own));
            }
            if (lower.contains("key usage") || lower.contains("keyusage")) {
                return new TlsFailure(
                        "wrong-purpose", "the certificate is not meant for a TLS server: " + described(own));
            }
            if (cause instanceof CertPathBuilderException) {
                return unknown(own);
            }
            if (lower.contains("unknown fingerprint")) {
                return new TlsFailure(
                        "unknown-authority",
                        "the certificate is not the one that is pinned, its fingerprint is " + Identity.fingerprint(own)
                                + ": " + described(own));
            }
            if (lower.startsWith("no subject alternative") || lower.startsWith("no name matching")) {
                return new TlsFailure(
                        "wrong-name", "the certificate is not for " + printable(peerName) + ": " + described(own));
            }
        }
        return new TlsFailure(
                "other", "the certificate is not accepted (" + brief(refusal.cause()) + "): " + described(own));
    }

    private static TlsFailure unknown(X509Certificate own) {
        if (signedByItself(own)) {
            return new TlsFailure(
                    "self-signed",
                    "the certificate is signed by nobody but itself, and its fingerprint is not pinned here ("
                            + Identity.fingerprint(own) + "): " + described(own));
        }
        return new TlsFailure(
                "unknown-authority",
                "the certificate is signed by "
                        + printable(own.getIssuerX500Principal().getName()) + ", whom nobody here trusts: "
                        + described(own));
    }

    private static boolean signedByItself(X509Certificate certificate) {
        if (!certificate.getIssuerX500Principal().equals(certificate.getSubjectX500Principal())) {
            return false;
        }
        try {
            certificate.verify(certificate.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static X509Certificate first(List<X509Certificate> chain, Predicate<X509Certificate> which) {
        return chain.stream().filter(which).findFirst().orElse(chain.get(0));
    }

    private static boolean expired(X509Certificate certificate) {
        return certificate.getNotAfter().toInstant().isBefore(Instant.now());
    }

    private static boolean notYetValid(X509Certificate certificate) {
        return certificate.getNotBefore().toInstant().isAfter(Instant.now());
    }

    /** The clock of this machine may be what is wrong. */
    private static String now() {
        return " (here it is " + Instant.now().truncatedTo(ChronoUnit.SECONDS) + ")";
    }

    /** Subject, names and dates. */
    private static String described(X509Certificate certificate) {
        List<String> names = names(certificate);
        return printable(certificate.getSubjectX500Principal().getName())
                + (names.isEmpty() ? ", without names" : ", for " + String.join(", ", names))
                + ", valid from " + certificate.getNotBefore().toInstant() + " to "
                + certificate.getNotAfter().toInstant();
    }

    private static List<String> names(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            Collection<List<?>> all = certificate.getSubjectAlternativeNames();
            for (List<?> name : all == null ? List.<List<?>>of() : all) {
                if (names.size() == MAX_NAMES) {
                    names.add((all.size() - MAX_NAMES) + " more");
                    break;
                }
                if (name.get(1) instanceof String text) {
                    names.add(printable(text));
                }
            }
        } catch (CertificateParsingException e) {
            names.add("unreadable names");
        }
        return names;
    }

    private static String brief(Throwable cause) {
        return printable(cause.getMessage() == null ? cause.toString() : cause.getMessage());
    }

    /** What others wrote, without control characters for a terminal, and not too long. */
    static String printable(String text) {
        StringBuilder printable = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            if (i == MAX_LENGTH) {
                return printable.append('…').toString();
            }
            char c = text.charAt(i);
            switch (Character.getType(c)) {
                case Character.CONTROL,
                        Character.FORMAT,
                        Character.SURROGATE,
                        Character.PRIVATE_USE,
                        Character.UNASSIGNED,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR -> printable.append(String.format("\\u%04x", (int) c));
                default -> printable.append(c);
            }
        }
        return printable.toString();
    }
}
