package dev.vecho.report;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Report.Messages;
import dev.vecho.client.report.Report.Warning;
import dev.vecho.client.report.RoundTrips;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Rounds, as a check might have found them. */
final class Rounds {

    static final String TARGET = "tcp://localhost:7007";

    private Rounds() {}

    static Report passed(int round, long... nanos) {
        RoundTrips.Recorder trips = new RoundTrips.Recorder();
        for (long trip : nanos) {
            trips.record(trip);
        }
        return round(round, null, trips.get(), null, List.of());
    }

    static Report failed(int round, FailureKind word, String sentence) {
        return round(round, new Diagnosis(word, null, sentence, 1, null, null, null), RoundTrips.NONE, null, List.of());
    }

    static Report of(Messages messages) {
        return round(1, null, RoundTrips.NONE, messages, List.of());
    }

    static Report warned(int round, String word, String sentence) {
        return round(round, null, RoundTrips.NONE, null, List.of(new Warning(word, sentence)));
    }

    private static Report round(
            int round,
            @Nullable Diagnosis diagnosis,
            RoundTrips trips,
            @Nullable Messages messages,
            List<Warning> warnings) {
        return new Report(
                TARGET,
                round,
                Instant.EPOCH,
                Duration.ofMillis(250),
                diagnosis,
                "127.0.0.1:50000",
                "127.0.0.1:7007",
                Map.of(),
                new Report.Phases(null, Duration.ofMillis(1), null, null, null),
                42,
                42,
                trips,
                RoundTrips.NONE,
                messages,
                warnings,
                Duration.ZERO,
                7);
    }
}
