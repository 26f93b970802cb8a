package dev.vecho.client.play;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;

/**
 * The most common mistake: speaking plain text to a TLS server. Some servers answer with an alert; others close,
 * reset, stay silent, or answer in HTTP, as servers do for other reasons, too. Only a TLS handshake tells them apart.
 */
public final class TlsRequired {

    /** The beginning of an answer in HTTP, in hexadecimal. */
    private static final String HTTP = "48545450";

    private TlsRequired() {}

    /** Whether this may explain the failure of a round, so that it is worth asking the server. */
    public static boolean mayExplain(Report round) {
        Diagnosis found = round.diagnosis();
        if (found == null) {
            return false;
        }
        if (found.found() != null && found.found().startsWith(HTTP)) {
            return true;
        }
        return round.bytesReceived() == 0
                && switch (found.word()) {
                    case CLOSED, SILENT -> true;
                    case RESET -> "before".equals(found.reason());
                    case FAILED -> round.phases().connect() != null;
                    default -> false;
                };
    }

    /** The report of a round whose server has answered a TLS handshake. */
    public static Report judge(Report round, Diagnosis found) {
        Diagnosis required = new Diagnosis(
                FailureKind.TLS,
                "required",
                found.sentence()
                        + "; plain text was spoken to it, and to a TLS handshake on a second connection it answered",
                found.step(),
                found.offset(),
                found.expected(),
                found.found());
        return round.judged(required, round.details());
    }
}
