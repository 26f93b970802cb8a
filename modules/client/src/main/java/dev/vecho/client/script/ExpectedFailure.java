package dev.vecho.client.script;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A failure that must happen, as where a firewall must let nothing pass: a round that fails so has passed, and any other
 * has not. Written {@code refused}, or with a reason {@code tls:expired}.
 *
 * @param reason null for any
 */
public record ExpectedFailure(FailureKind word, @Nullable String reason) {

    /** The key of a report's details that tells the failure which was expected, and came. */
    static final String DETAIL = "expectedFailure";

    private static final Pattern REASON = Pattern.compile("[a-z]+(-[a-z]+)*");

    /**
     * Parses it.
     *
     * @throws IllegalArgumentException with what was expected
     */
    public static ExpectedFailure parse(String text) {
        String[] parts = text.split(":", 2);
        FailureKind word = Arrays.stream(FailureKind.values())
                .filter(each -> canBeExpected(each) && each.toString().equals(parts[0]))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("must be one of " + words()));
        if (parts.length == 2 && !REASON.matcher(parts[1]).matches()) {
            throw new IllegalArgumentException("must have after the colon a reason such as expired");
        }
        return new ExpectedFailure(word, parts.length == 2 ? parts[1] : null);
    }

    /** Those that a round can fail with. */
    static List<String> all() {
        return Arrays.stream(FailureKind.values())
                .filter(ExpectedFailure::canBeExpected)
                .map(FailureKind::toString)
                .toList();
    }

    private static boolean canBeExpected(FailureKind word) {
        return word != FailureKind.BUDGET && word != FailureKind.UNJUDGED;
    }

    private static String words() {
        return all().stream().collect(Collectors.joining(", "));
    }

    /** The round as it counts: passed if it failed as expected, else failed; one that could not be judged is as it was. */
    public Report judge(Report round) {
        Diagnosis found = round.diagnosis();
        if (found == null) {
            return round.judged(
                    Diagnosis.of(FailureKind.UNEXPECTED, "expected to fail with " + this + ", but it passed"),
                    round.details());
        }
        if (found.word() == FailureKind.UNJUDGED) {
            return round;
        }
        if (found.word() == word && (reason == null || reason.equals(found.reason()))) {
            Map<String, String> details = new HashMap<>(round.details());
            details.put(DETAIL, found.kind() + ": " + found.sentence());
            return round.judged(null, details);
        }
        String sentence =
                "expected to fail with " + this + ", but failed with " + found.kind() + ": " + found.sentence();
        return round.judged(
                new Diagnosis(
                        FailureKind.UNEXPECTED,
                        null,
                        sentence,
                        found.step(),
                        found.offset(),
                        found.expected(),
                        found.found()),
                round.details());
    }

    @Override
    public String toString() {
        return reason == null ? word.toString() : word + ":" + reason;
    }
}
