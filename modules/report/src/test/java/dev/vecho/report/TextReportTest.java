package dev.vecho.report;

import static dev.vecho.report.Rounds.TARGET;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.CaseReport;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Report.Messages;
import dev.vecho.client.report.RoundTrips;
import dev.vecho.client.report.Summary;
import dev.vecho.client.report.Summary.PhaseTime;
import dev.vecho.client.script.Budget;
import dev.vecho.client.script.Case;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextReportTest {

    private static final Case CASE = new Case(0, TARGET + " size=1", TARGET, 1L, null, null, false);

    private static String told(boolean coloured, boolean quiet, Report... rounds) {
        StringWriter text = new StringWriter();
        TextReport report = new TextReport(new PrintWriter(text), coloured, quiet);
        for (Report round : rounds) {
            report.finished(CASE, round, Duration.ZERO);
        }
        return text.toString();
    }

    @Test
    void tellsARoundTrip() {
        assertThat(told(false, false, Rounds.passed(3, 412_345)))
                .isEqualTo("tcp://localhost:7007 size=1 round=3 bytes=42 time=0.412 ms\n");
    }

    @Test
    void tellsSeveralRoundTrips() {
        assertThat(told(false, false, Rounds.passed(3, 1_000_000, 3_000_000)))
                .endsWith("bytes=42 time=1.000/2.000/3.000 ms\n");
    }

    @Test
    void tellsWhatFailedAndWhere() {
        assertThat(told(false, false, Rounds.failed(2, FailureKind.HALF_CLOSE, "the end did not come")))
                .isEqualTo("tcp://localhost:7007 size=1 round=2 FAILED half-close: the end did not come (steps[1])\n");
    }

    @Test
    void tellsWhatBecameOfMessages() {
        assertThat(told(false, false, Rounds.of(new Messages(10, 9, 2, 1, 3, null))))
                .endsWith(" lost=2 duplicated=1 reordered=3\n");
    }

    @Test
    void tellsAWarningOnce() {
        assertThat(told(
                        false,
                        true,
                        Rounds.warned(1, "family", "only one answered"),
                        Rounds.warned(2, "family", "only one answered")))
                .isEqualTo("tcp://localhost:7007 size=1 warning family: only one answered\n");
    }

    @Test
    void leavesOutWhatPassedWhereItIsToBeQuiet() {
        assertThat(told(false, true, Rounds.passed(1, 5), Rounds.failed(2, FailureKind.RESET, "gone"))
                        .lines())
                .singleElement()
                .satisfies(line -> assertThat(line).contains("round=2 FAILED reset: gone"));
    }

    @Test
    void coloursOnlyWhereItIsWanted() {
        Report failed = Rounds.failed(1, FailureKind.RESET, "gone");
        assertThat(told(true, false, failed)).startsWith("\u001b[31m").endsWith("\u001b[0m\n");
        assertThat(told(false, false, failed)).doesNotContain("\u001b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\u001b[2Jb", "a\nb", "a\u009bb", "a\u0000b"})
    void letsNoPeerRuleTheTerminal(String sentence) {
        assertThat(told(false, false, Rounds.failed(1, FailureKind.TLS, sentence))
                        .strip())
                .matches("[\\P{Cc}]*")
                .contains("FAILED tls: a?");
    }

    @Test
    void addsUpACase() {
        Summary summary = new Summary(
                3,
                2,
                1,
                126,
                123,
                RoundTrips.of(Duration.ofMillis(1), Duration.ofMillis(3)),
                RoundTrips.NONE,
                new Messages(200, 199, 1, 0, 2, Duration.ofNanos(1_500_000)),
                new Summary.Phases(
                        null, new PhaseTime(3, Duration.ofMillis(1), Duration.ofMillis(2)), null, null, null),
                Map.of(FailureKind.CORRUPTED, 1L),
                Map.of("family", 2L));
        assertThat(TextReport.summary(new CaseReport(CASE, summary, List.of(), Budget.NONE, summary), Style.PLAIN))
                .isEqualTo("""
                --- tcp://localhost:7007 size=1 ---
                3 rounds, 2 passed, 1 failed (corrupted 1); 126 bytes sent, 123 bytes received
                1 round was due while the one before was still being played
                messages: 200 sent, 199 received, 1 lost (0.50 %), 0 duplicated, 2 reordered, jitter 1.500 ms
                mean/max: connect 1.000/2.000 ms
                round trip min/mean/max = 1.000/2.000/3.000 ms
                warning family: in 2 rounds
                """);
    }
}
